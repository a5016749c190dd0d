"""Pictures that are drawn with characters, and the one we draw ourselves."""

from __future__ import annotations

import pytest

from adapters.terminal import pixels, sheets
from adapters.terminal.pixels import Pixels
from core.errors import WrongType
from core.media.fit import probe_picture
from core.media.item import Kind
from tests.fakes.jobs import picture_bytes


@pytest.mark.parametrize(
    ("size", "expected"),
    [((64, 48), (20, 15)), ((48, 64), (15, 20)), ((640, 64), (20, 2)), ((4, 4), (4, 4))],
    ids=["landscape", "portrait", "wide", "tiny"],
)
def test_picture_is_shrunk_into_its_box(size: tuple[int, int], expected: tuple[int, int]) -> None:
    """A picture keeps its shape within the columns and rows given; a row is two pixels high."""
    small = pixels.shrink(picture_bytes(size=size), 20, 10)

    assert (small.width, small.height) == expected
    assert len(small.rgb) == 3 * small.width * small.height


def test_what_is_no_picture_is_refused() -> None:
    """Only pictures are drawn."""
    with pytest.raises(WrongType):
        pixels.shrink(b"%PDF-1.7", 20, 10)


def test_two_pixels_make_one_character() -> None:
    """The upper pixel is the foreground, the lower the background of a half block."""
    red_over_blue = Pixels(width=1, height=2, rgb=bytes([255, 0, 0, 0, 0, 255]))
    text = pixels.half_blocks(red_over_blue)

    assert text.plain == "▀"
    assert str(text.spans[0].style) == "#ff0000 on #0000ff"


def test_odd_last_row_is_drawn_double() -> None:
    """A picture of an odd height ends with a row of whole blocks."""
    text = pixels.half_blocks(Pixels(width=1, height=1, rgb=bytes([1, 2, 3])))

    assert str(text.spans[0].style) == "#010203 on #010203"


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("a woodcut", '"a woodcut"'),
        ("木版画", "One picture, every model"),
        ("a\nb", "One picture, every model"),
        ("x" * 71, "One picture, every model"),
        ("", "One picture, every model"),
    ],
    ids=["ascii", "japanese", "two lines", "long", "none"],
)
def test_title_quotes_only_what_can_be_written(prompt: str, expected: str) -> None:
    """The prompt stands above a sheet when the sheet's font has all its letters."""
    assert sheets.title(prompt) == expected


def test_sheets_are_jpegs() -> None:
    """Each of the three sheets is a JPEG that can be read."""
    pair = (picture_bytes("navy"), picture_bytes("gold"))

    for made in (
        sheets.of_one_model(pair, "Shade", True),
        sheets.of_all_models(pair, ["Shade", "Tint"], "a woodcut", False),
        sheets.of_both(*pair, True),
    ):
        assert probe_picture(made)[0] is Kind.JPEG
