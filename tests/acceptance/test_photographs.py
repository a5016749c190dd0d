"""Eight models, two prompts and one photograph, through the command that people type."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps

from core.catalogue import loader
from core.catalogue.model import Size, Sizing
from core.catalogue.sizes import nearest
from core.media.item import Kind
from core.media.probe import sniff
from tests.fakes.pictures import photo
from tests.integration.bot.processes import Done, redraw

pytestmark = pytest.mark.slow

CATALOGUE = loader.load()
MODEL_IDS = tuple(model.model_id for model in CATALOGUE.models)
PROMPTS = ("a woodcut of a harbour", "an oil painting at night")
PHOTO = photo("coffee", (480, 320))
RATIO = PHOTO.width / PHOTO.height

SHOWN = (0.85, 0.8)
"""Shares of the photograph's width and height, from its middle, that every crop for a size has."""
TOP = 0.42
"""The studio crops a little less of the top than of the bottom: this share of it."""
LOOK = (96, 64)
"""Pixels in which pictures are compared."""
CLEARLY = 8.0
"""Mean difference, of 255 levels, that nobody overlooks; a crop alone stays below a quarter."""


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """What one command made of the photograph."""

    done: Done
    folder: Path

    @property
    def said(self) -> dict[str, object]:
        found: dict[str, object] = json.loads(self.done.out)
        return found

    @property
    def jobs(self) -> list[dict[str, object]]:
        jobs = self.said["jobs"]
        assert isinstance(jobs, list)
        return jobs

    def outputs(self) -> dict[str, Path]:
        """The one picture of each model."""
        return {str(job["model"]): _only(job["outputs"]) for job in self.jobs}


def _only(outputs: object) -> Path:
    assert isinstance(outputs, list)
    (path,) = outputs
    return Path(path)


async def _try_all(folder: Path, prompt: str) -> Drawn:
    photo_path = folder / "photo.jpg"
    PHOTO.save(photo_path, quality=92)
    done = await redraw("try", photo_path.name, prompt, "--all-models", "--json", folder=folder)
    return Drawn(done=done, folder=folder / "redraw-out")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Drawn]:
    """One run of all models for each prompt, one after the other."""
    return {
        prompt: asyncio.run(_try_all(tmp_path_factory.mktemp("all"), prompt)) for prompt in PROMPTS
    }


def _look(picture: Image.Image) -> NDArray[np.float64]:
    """What is seen of the part of the photograph that every result shows, however it is cropped."""
    ratio = picture.width / picture.height
    across = picture.width * SHOWN[0] / min(1.0, ratio / RATIO)
    down = picture.height * SHOWN[1] / min(1.0, RATIO / ratio)
    left, top = (picture.width - across) / 2, (picture.height - down) * TOP
    assert min(left, top) >= 0
    box = (left, top, left + across, top + down)
    small = picture.convert("RGB").resize(LOOK, Image.Resampling.BOX, box=box)
    return np.asarray(small, dtype=np.float64)


def _apart(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    return float(np.abs(one - other).mean())


def _looks(drawn: Drawn) -> dict[str, NDArray[np.float64]]:
    looks = {}
    for model_id, path in drawn.outputs().items():
        with Image.open(path) as picture:
            looks[model_id] = _look(picture)
    return looks


def test_every_model_is_ready(drawn: Mapping[str, Drawn]) -> None:
    """Both commands end with 0 and with one picture of each of the eight models."""
    for run in drawn.values():
        assert (run.done.code, run.done.err, run.said["state"]) == (0, "", "ready")
        assert tuple(job["model"] for job in run.jobs) == MODEL_IDS
        assert [(job["state"], job["preview"]) for job in run.jobs] == [("ready", True)] * 8


def test_pictures_have_the_size_of_their_model(drawn: Mapping[str, Drawn]) -> None:
    """A model with listed sizes gives the nearest of them exactly, another the photograph's."""
    for run in drawn.values():
        for model_id, path in run.outputs().items():
            model = CATALOGUE[model_id]
            expected = Size(width_px=PHOTO.width, height_px=PHOTO.height)
            if model.sizing is Sizing.LISTED:
                expected = nearest(model.sizes, width_px=PHOTO.width, height_px=PHOTO.height)
            with Image.open(path) as picture:
                picture.load()
                assert Size(width_px=picture.width, height_px=picture.height) == expected, model_id


def test_extensions_are_honest(drawn: Mapping[str, Drawn]) -> None:
    """Every picture ends in what it is, and one model gives PNG although all names say WebP."""
    outputs = [path for run in drawn.values() for path in run.outputs().values()]
    kinds = [sniff(path.read_bytes()[:64]) for path in outputs]

    assert [path.suffix for path in outputs] == [f".{kind.extension}" for kind in kinds if kind]
    assert set(kinds) == {Kind.JPEG, Kind.PNG}


def test_crops_alone_look_alike() -> None:
    """The measure sees hardly any difference between the photograph and its crops for sizes."""
    for size in {size for model in CATALOGUE.models for size in model.sizes}:
        if not 1.3 <= size.ratio <= 1.8:
            continue
        fitted = ImageOps.fit(PHOTO, (size.width_px, size.height_px), centering=(0.5, TOP))
        assert _apart(_look(fitted), _look(PHOTO)) < CLEARLY / 4, size


def test_pictures_differ_from_the_photograph(drawn: Mapping[str, Drawn]) -> None:
    """Every model makes something of the photograph, with either prompt."""
    before = _look(PHOTO)
    for run in drawn.values():
        for model_id, after in _looks(run).items():
            assert _apart(before, after) > CLEARLY, model_id


def test_models_differ_from_each_other(drawn: Mapping[str, Drawn]) -> None:
    """With one prompt no two models draw the same picture."""
    for run in drawn.values():
        for one, other in itertools.combinations(_looks(run).items(), 2):
            assert _apart(one[1], other[1]) > CLEARLY, (one[0], other[0])


def test_prompts_differ_from_each_other(drawn: Mapping[str, Drawn]) -> None:
    """Each model draws the two prompts differently."""
    one, other = (_looks(run) for run in drawn.values())
    for model_id in MODEL_IDS:
        assert _apart(one[model_id], other[model_id]) > CLEARLY, model_id


def test_folder_has_all_that_was_said_and_nothing_else(drawn: Mapping[str, Drawn]) -> None:
    """The sheet of all, and of each model the picture and before-and-after; all of them decode."""
    for run in drawn.values():
        paths = [run.said["sheet"], *(job["before_after"] for job in run.jobs)]
        sheets = [job["sheet"] for job in run.jobs if job["sheet"] is not None]
        said = {Path(str(path)) for path in (*paths, *sheets)}
        assert None not in paths
        assert said | set(run.outputs().values()) == set(run.folder.iterdir())
        for path in said:
            with Image.open(path) as picture:
                picture.load()
                assert "local-preview" in path.name
                assert (picture.format, min(picture.size) >= 256) == ("JPEG", True), path.name


def test_sheet_of_all_shows_every_model(drawn: Mapping[str, Drawn]) -> None:
    """The sheet of all models has room for eight cells and is no small picture."""
    for run in drawn.values():
        with Image.open(str(run.said["sheet"])) as sheet:
            assert sheet.width * sheet.height > 8 * 300 * 200


async def test_strength_sets_how_far_flux_dev_goes(tmp_path: Path) -> None:
    """The more strength, the further Flux Dev departs from the photograph."""
    PHOTO.save(tmp_path / "photo.jpg", quality=92)
    far = []
    for strength in (".2", ".5", ".9"):
        told = ("--model", "flux-dev", "--strength", strength, "--json")
        done = await redraw("try", "photo.jpg", "an oil painting", *told, folder=tmp_path)
        with Image.open(_only(json.loads(done.out)["outputs"])) as picture:
            far.append(_apart(_look(PHOTO), _look(picture)))

    assert far == sorted(far)
    assert far[1] > 1.2 * far[0]
    assert far[2] > 1.2 * far[1]
