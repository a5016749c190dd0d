"""Sizes as text, and which listed size suits a picture."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.catalogue import loader, sizes
from core.catalogue.model import Size

SIDES = st.integers(1, 20_000)
LISTS = tuple(model.sizes for model in loader.load().models if model.sizes)


@given(SIDES, SIDES)
def test_written_size_is_read_back(width_px: int, height_px: int) -> None:
    """What a size writes is read as the same size."""
    size = Size(width_px=width_px, height_px=height_px)

    assert size == sizes.parse(str(size))


@pytest.mark.parametrize("text", ["1280x720", "1280X720", " 1280 \u00d7 720 ", "1280*720"])
def test_size_is_read_as_people_write_it(text: str) -> None:
    """The sign between the sides may be an x of either case, a cross or a star."""
    assert sizes.parse(text) == Size(width_px=1280, height_px=720)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "1280",
        "1280x",
        "0x1",
        "1x0",
        "-1x2",
        "1280x720x3",
        "1e3x1",
        "\u0661x\u0662",
        "9" * 99,
    ],
)
def test_anything_else_is_no_size(text: str) -> None:
    """Text that writes no size of two positive sides is none."""
    assert sizes.parse(text) is None


@given(st.sampled_from(LISTS), SIDES, SIDES)
def test_nearest_size_is_nearest_in_ratio(
    listed: tuple[Size, ...], width_px: int, height_px: int
) -> None:
    """No listed size has a ratio nearer to the picture's, and the orientation is kept."""
    found = sizes.nearest(listed, width_px=width_px, height_px=height_px)
    ratio = width_px / height_px
    off = [abs(math.log(size.ratio / ratio)) for size in listed]

    assert abs(math.log(found.ratio / ratio)) == pytest.approx(min(off))


def test_earlier_size_wins_a_tie() -> None:
    """Of two sizes that are equally near, the one that the page names first is taken."""
    pair = (Size(width_px=1, height_px=2), Size(width_px=2, height_px=1))

    assert sizes.nearest(pair, width_px=5, height_px=5) == pair[0]
    assert sizes.nearest(pair[::-1], width_px=5, height_px=5) == pair[1]


@given(SIDES, SIDES)
def test_free_size_is_within_bounds(width_px: int, height_px: int) -> None:
    """A free model gets 256 to 1536 each side, and the picture's own size where that fits."""
    size = sizes.within_bounds(width_px=width_px, height_px=height_px)
    own = Size(width_px=width_px, height_px=height_px)

    assert sizes.is_within_bounds(size)
    assert size == own or not sizes.is_within_bounds(own)
