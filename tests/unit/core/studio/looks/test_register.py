"""Every look, mood, scene and edit on pictures that are easy to stumble over."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from core.studio.looks import edits, register
from core.studio.looks.pixels import Pixels
from core.studio.looks.touch import Look, Touch

_TABLES: Mapping[str, Mapping[str, Look]] = {
    "looks": register.LOOKS,
    "moods": register.MOODS,
    "air": register.IN_THE_AIR,
    "scenes": register.SCENES,
    "edits": edits.EDITS,
}
_ALL = {
    f"{table}: {name}": look for table, looks in _TABLES.items() for name, look in looks.items()
}


def _pictures() -> Mapping[str, Pixels]:
    noise = np.random.default_rng(1).random((72, 97, 3), dtype=np.float32)
    flat = np.ones((72, 97, 3), np.float32)
    ramp = np.linspace(0, 1, 97, dtype=np.float32)[None, :, None] * flat
    return {"black": flat * 0, "white": flat, "noise": noise, "ramp": ramp}


@pytest.mark.parametrize("look", _ALL.values(), ids=_ALL.keys())
def test_look_gives_a_picture_of_the_same_shape(look: Look) -> None:
    """Black, white, noisy and even pictures give numbers of the same shape and kind, no warning."""
    for name, picture in _pictures().items():
        for gain in (0.62, 1.65):
            result = look(picture.copy(), Touch(seed=3, gain=gain, scale=0.1))

            assert (result.shape, result.dtype) == (picture.shape, picture.dtype), name
            assert np.isfinite(result).all(), name


@pytest.mark.parametrize("look", register.LOOKS.values(), ids=register.LOOKS.keys())
def test_look_depends_on_nothing_but_picture_and_touch(look: Look) -> None:
    """Drawn twice, a picture comes out alike, and the source is left as it was."""
    picture = _pictures()["noise"]
    kept = picture.copy()
    first, second = (look(picture, Touch(seed=9, scale=0.1)) for _ in range(2))

    assert (first == second).all()
    assert (picture == kept).all()


@pytest.mark.parametrize("name", [n for n in edits.EDITS if n != "keep-centre"])
def test_edit_changes_the_picture(name: str) -> None:
    """Every instruction but one, which the model itself carries out, changes pixels."""
    picture = _pictures()["noise"]

    assert np.abs(edits.EDITS[name](picture, Touch(seed=1)) - picture).mean() > 0.01
