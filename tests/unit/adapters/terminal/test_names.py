"""What the files are called, and what a job remembers of where it came from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from adapters.terminal import names, origin
from core.jobs.job import Origin
from core.media.item import Kind
from tests.fakes.jobs import item, job, run

ID = "01J00000000000000000000000"


@pytest.mark.parametrize("kind", Kind)
def test_output_has_an_honest_extension(kind: Kind) -> None:
    """A picture is named by its model, its job and its number, under what it really is."""
    assert names.output(job(), 2, kind) == f"shade-{ID}-2.{kind.value}"


def test_every_file_of_a_preview_says_so() -> None:
    """The names of pictures, sheets and comparisons of a preview say that it is one."""
    preview = job(preview=True)

    assert [
        names.output(preview, 1, Kind.JPEG),
        names.sheet(preview),
        names.before_after(preview),
        names.sheet_of_all("RUN", preview=True),
    ] == [
        f"shade-{ID}-1-local-preview.jpg",
        f"shade-{ID}-sheet-local-preview.jpg",
        f"shade-{ID}-before-after-local-preview.jpg",
        "all-models-RUN-sheet-local-preview.jpg",
    ]


def test_origin_comes_back_from_json() -> None:
    """What a row keeps of a run is the run again, after it has been JSON."""
    made = run(out=Path("/somewhere"), pictures=(item("a"), item("b", Kind.HEIC)), several=True)
    kept = origin.to_origin(made)
    data = json.loads(json.dumps(dict(kept.data)))
    read = origin.of(
        Origin(platform=kept.platform, place=kept.place, requester=kept.requester, data=data)
    )

    assert read == made
