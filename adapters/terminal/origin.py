"""Decider: where a job of the terminal came from, as the JSON that its row keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from core.jobs.job import Origin
from core.media import item as items
from core.media.item import MediaItem

PLATFORM = "terminal"
REQUESTER = "terminal:local"
"""Whoever sits here: the jobs of a terminal lie in that user's own folder."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One `redraw try`, as each of its jobs remembers it."""

    run_id: str
    """A ULID; the jobs of one command share it."""
    out: Path
    """The folder to write below, absolute: a later process may run elsewhere."""
    pictures: tuple[MediaItem, ...]
    """The user's pictures in the spool, unprepared; the files they came from may be gone."""
    several: bool = False
    """Whether the command asked for all models."""


def to_origin(run: Run) -> Origin:
    """Return the origin of a job of `run`."""
    return Origin(
        platform=PLATFORM,
        place=PLATFORM,
        requester=REQUESTER,
        data={
            "run": run.run_id,
            "out": str(run.out),
            "pictures": [items.to_json(picture) for picture in run.pictures],
            "several": run.several,
        },
    )


def of(origin: Origin) -> Run:
    """Return the run that `origin` was made from."""
    data = origin.data
    pictures = cast("list[Mapping[str, object]]", data["pictures"])
    return Run(
        run_id=str(data["run"]),
        out=Path(str(data["out"])),
        pictures=tuple(items.from_json(picture) for picture in pictures),
        several=bool(data["several"]),
    )
