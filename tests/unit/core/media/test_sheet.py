"""Sheets and comparisons: what is where."""

from __future__ import annotations

import io
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core.errors import MediaError, Unreadable
from core.media.fit import Prepared
from core.media.layout import Box, arrange, sheet_ratio
from core.media.lettering import fitting, pill, plain
from core.media.sheet import PICTURES_MAX, before_after, contact_sheet
from tests.fakes import pictures


def rows(boxes: tuple[Box, ...]) -> list[int]:
    """How many boxes each row has."""
    return [len(list(row)) for _, row in itertools.groupby(boxes, key=lambda box: box.top)]


def image_of(sheet: Prepared) -> Image.Image:
    image = Image.open(io.BytesIO(sheet.data)).convert("RGB")
    assert image.size == (sheet.width_px, sheet.height_px)
    return image


def plain_picture(colour: str, size: tuple[int, int]) -> bytes:
    return pictures.encoded(Image.new("RGB", size, colour))


@pytest.mark.parametrize(
    ("count", "ratio", "expected"),
    [
        (1, 1.0, [1]),
        (2, 1.0, [2]),
        (3, 1.0, [3]),
        (4, 1.0, [2, 2]),
        (5, 1.0, [2, 3]),
        (6, 1.0, [3, 3]),
        (8, 1.0, [4, 4]),
        (2, 1.5, [2]),
        (2, 16 / 9, [2]),
        (4, 1.5, [2, 2]),
        (6, 1.5, [3, 3]),
        (8, 1.5, [4, 4]),
        (2, 2 / 3, [2]),
        (4, 2 / 3, [4]),
        (8, 2 / 3, [4, 4]),
        (8, 9 / 16, [4, 4]),
        (16, 1.0, [4, 4, 4, 4]),
    ],
)
def test_equal_pictures_make_even_rows(count: int, ratio: float, expected: list[int]) -> None:
    """Pictures of one shape stand in rows of the same length wherever their number allows it."""
    assert rows(arrange([ratio] * count, width_px=1600, gap_px=12)) == expected


@given(st.lists(st.floats(min_value=0.2, max_value=5), min_size=1, max_size=14))
def test_every_edge_is_aligned(ratios: list[float]) -> None:
    """Rows begin at 0, end at the full width, do not overlap, and shapes are kept."""
    boxes = arrange(ratios, width_px=1600, gap_px=12)

    assert len(boxes) == len(ratios)
    for _, group in itertools.groupby(boxes, key=lambda box: box.top):
        row = list(group)
        assert row[0].left == 0
        assert row[-1].left + row[-1].width == 1600
        assert len({box.height for box in row}) == 1
        for left, right in itertools.pairwise(row):
            assert right.left - (left.left + left.width) == 12
    for box, ratio in zip(boxes, ratios, strict=True):
        assert box.width == pytest.approx(box.height * ratio, abs=max(2.0, ratio))
    assert sheet_ratio(ratios) > 0


@pytest.mark.parametrize("count", range(1, 9))
def test_a_sheet_shows_every_picture_whole(count: int) -> None:
    """Each picture's own corners can be found on the sheet, in order."""
    names = ["red", "lime", "blue", "yellow", "cyan", "magenta", "white", "orange"][:count]
    data = [plain_picture(name, (300, 200)) for name in names]

    image = image_of(contact_sheet(data, labels=[""] * count))

    boxes = arrange([1.5] * count, width_px=image.width - 24, gap_px=0)
    for box, name in zip(boxes, names, strict=True):
        pixel = image.getpixel((12 + box.left + box.width // 2, 12 + box.top + box.height // 2))
        assert pixel == pytest.approx(Image.new("RGB", (1, 1), name).getpixel((0, 0)), abs=6)


def test_a_sheet_with_lines_is_taller() -> None:
    """A title and a footer have lines of their own and cover no picture."""
    data = [plain_picture("red", (600, 400))] * 2

    bare = contact_sheet(data)
    titled = contact_sheet(data, title="Flux Dev", footer="local preview")

    assert titled.width_px == bare.width_px
    assert titled.height_px > bare.height_px + 40


def test_labels_are_drawn_where_they_belong() -> None:
    """Numbers stand in the top left corners when there are several pictures, and only then."""
    several = image_of(contact_sheet([plain_picture("white", (600, 600))] * 2))
    single = image_of(contact_sheet([plain_picture("white", (600, 600))]))

    assert min(several.crop((40, 40, 70, 70)).convert("L").tobytes()) < 100
    assert min(single.crop((40, 40, 70, 70)).convert("L").tobytes()) > 200


@pytest.mark.parametrize(
    "text",
    [
        "Zażółć \N{LEFT DOUBLE QUOTATION MARK}gęślą\N{EN DASH}jaźń",
        "漢字",
        "🦊 fox",
        "\x00\n\t",
        "مرحبا",
        "",
    ],
)
def test_any_letters_may_be_asked_for(text: str) -> None:
    """A label, title or footer in any script is no error."""
    data = [plain_picture("navy", (300, 200))]

    sheet = contact_sheet(data, labels=[text], title=text, footer=text)

    assert image_of(sheet).width > 300


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Zażółć", "Zazo?c"),
        ("a \N{EN DASH} b \N{MULTIPLICATION SIGN} c", "a - b x c"),
        ("漢字", "??"),
        ("  one\n two ", "one two"),
    ],
)
def test_letters_become_plain(text: str, expected: str) -> None:
    """What has a plain spelling gets it; the rest becomes a question mark."""
    assert plain(text) == expected


def test_long_texts_are_shortened_to_their_room() -> None:
    """A text never runs over its room, and none is left where there is no room."""
    line = fitting("a very long label " * 20, size_px=30, width_px=400)
    narrow = pill("a very long label", size_px=30, width_px=120)

    assert line.endswith("...")
    assert len(line) < 60
    assert fitting("the " * 2, size_px=20, width_px=1) == ""
    assert fitting("word " * 1000, size_px=20, width_px=300).count("word") > 3
    assert narrow is not None
    assert narrow.width <= 120
    assert pill("label", size_px=30, width_px=10) is None


def test_small_pictures_are_not_blown_up() -> None:
    """Thumbnails stay small instead of filling a large sheet with blur."""
    sheet = contact_sheet([plain_picture("red", (64, 64))] * 3)

    assert sheet.width_px < 500


def test_extreme_shapes_are_shown() -> None:
    """A line beside a tower is laid out like anything else."""
    sheet = contact_sheet([plain_picture("red", (1500, 4)), plain_picture("lime", (4, 1500))])

    assert image_of(sheet).width > 100


@pytest.mark.parametrize("count", [1, 8])
@pytest.mark.parametrize("size", [(1, 1536), (1536, 1), (1, 30_000), (2, 9_000)])
def test_a_thread_of_a_picture_makes_a_sheet_of_ordinary_shape(
    size: tuple[int, int], count: int
) -> None:
    """However thin the pictures, the sheet can be encoded and shown."""
    sheet = contact_sheet([plain_picture("red", size)] * count)

    assert 1 / 7 < sheet.width_px / sheet.height_px < 8
    assert max(image_of(sheet).size) < 8000


def test_a_thin_picture_beside_others_does_not_shrink_them() -> None:
    """One extreme shape does not decide how large the sheet is."""
    ordinary = plain_picture("red", (1200, 900))
    sheet = contact_sheet([ordinary, plain_picture("lime", (2, 1500)), ordinary])

    assert sheet.width_px > 1000


@pytest.mark.parametrize("count", [0, PICTURES_MAX + 1])
def test_a_wrong_number_of_pictures_is_a_mistake(count: int) -> None:
    """Nothing, or more than a sheet can show, is refused."""
    with pytest.raises(ValueError, match="1 to 16"):
        contact_sheet([plain_picture("red", (4, 4))] * count)


def test_a_damaged_picture_is_a_media_error() -> None:
    """A picture that cannot be read ends the sheet with the error it deserves."""
    with pytest.raises(Unreadable):
        contact_sheet([pictures.jpeg()[:2000]])
    with pytest.raises(MediaError):
        before_after(pictures.jpeg(), b"rubbish")


def test_equal_shapes_share_one_frame() -> None:
    """The left half is the picture before, the right half the one after."""
    before, after = plain_picture("red", (900, 600)), plain_picture("blue", (450, 300))

    image = image_of(before_after(before, after, footer="local preview"))

    assert image.size == (450, 300)
    assert image.getpixel((100, 200)) == pytest.approx((254, 0, 0), abs=6)
    assert image.getpixel((350, 200)) == pytest.approx((0, 0, 254), abs=6)
    assert image.getpixel((225, 150)) == pytest.approx((255, 255, 255), abs=30)


def test_a_narrow_comparison_goes_without_labels() -> None:
    """Labels that do not fit are left out rather than drawn over everything."""
    image = image_of(
        before_after(plain_picture("red", (20, 400)), plain_picture("blue", (20, 400)))
    )

    assert image.size == (20, 400)
    assert image.getpixel((4, 20)) == pytest.approx((254, 0, 0), abs=12)


def test_unequal_shapes_stand_side_by_side() -> None:
    """Both are shown whole, equally high, the picture before on the left."""
    before, after = plain_picture("red", (400, 800)), plain_picture("blue", (800, 400))

    image = image_of(before_after(before, after))

    middle = image.height // 2
    assert image.width > image.height * 1.5
    assert image.getpixel((image.width // 10, middle)) == pytest.approx((254, 0, 0), abs=6)
    assert image.getpixel((image.width // 2, middle)) == pytest.approx((0, 0, 254), abs=6)
