"""Decider: several pictures on one labelled sheet, and one picture before and after."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PIL import Image, ImageDraw

from core.media.fit import Prepared, encode_jpeg, load_srgb, probe_picture
from core.media.item import Kind
from core.media.layout import Box, arrange, sheet_ratio
from core.media.lettering import FAINT, fitting, pill, rounded, write

PICTURES_MAX = 16
"""Most pictures on one sheet; a job makes at most 8."""

JPEG_QUALITY = 90

_PAPER = (22, 24, 28)
_AREA_PX = 2_600_000
"""About how many pixels all pictures of a sheet have together."""
_WIDTH_MIN_PX, _WIDTH_MAX_PX = 1200, 2200
_GROWTH_MAX = 2.0
"""A small picture is not blown up further than this."""
_RATIO_MAX = 6.0
"""What is longer or taller gets a cell of this ratio, and room beside it."""
_BEFORE_AFTER_PX = 1600
"""Longest side of a comparison."""
_SAME_RATIO = 0.02
"""Ratios that differ by less than this are one ratio to the eye."""


def contact_sheet(
    pictures: Sequence[bytes],
    *,
    labels: Sequence[str] | None = None,
    title: str | None = None,
    footer: str | None = None,
) -> Prepared:
    """
    Return one JPEG that shows 1 to 16 pictures whole, in rows whose edges are aligned.

    Each carries its label, or its number when there are several and no labels. `title` stands
    above, `footer` (such as "local preview") small below; letters that the font lacks become "?".
    Raises ValueError for a wrong number of pictures or labels, and a MediaError for a picture
    that cannot be read.
    """
    if not 1 <= len(pictures) <= PICTURES_MAX:
        raise ValueError(f"a sheet shows 1 to {PICTURES_MAX} pictures, not {len(pictures)}")
    if labels is None:
        labels = [str(number + 1) for number in range(len(pictures))] if len(pictures) > 1 else [""]
    sizes = [probe_picture(data)[1:] for data in pictures]
    ratios = [min(_RATIO_MAX, max(1 / _RATIO_MAX, width / height)) for width, height in sizes]
    width_px = _sheet_width(ratios, sizes)
    gap = max(6, round(width_px * 0.0075))
    boxes = arrange(ratios, width_px=width_px, gap_px=gap)
    page = _Page(width_px, boxes[-1].top + boxes[-1].height, title=title, footer=footer)
    for data, size, label, box in zip(pictures, sizes, labels, boxes, strict=True):
        page.hang(_loaded(data, _inside(box, size)), label, box)
    return page.finished()


def before_after(before: bytes, after: bytes, *, footer: str | None = None) -> Prepared:
    """
    Return one JPEG that shows a picture and what became of it.

    Two of the same shape share one frame, split down the middle; others stand side by side,
    equally high. Raises a MediaError for a picture that cannot be read.
    """
    sizes = [probe_picture(data)[1:] for data in (before, after)]
    ratios = [width / height for width, height in sizes]
    if abs(math.log(ratios[0] / ratios[1])) < _SAME_RATIO:
        return _split(before, after, sizes[1], footer)
    return contact_sheet([before, after], labels=["before", "after"], footer=footer)


class _Page:
    """A sheet in the making: paper, title line, pictures, footer line."""

    def __init__(
        self, width_px: int, height_px: int, *, title: str | None, footer: str | None
    ) -> None:
        self.margin = max(12, round(width_px * 0.015))
        self._unit = width_px / 100
        self._title_px = round(self._unit * 2.3)
        self._footer_px = max(12, round(self._unit * 1.35))
        self._top = round(self._title_px * 2.5) if title else self.margin
        self._bottom = round(self._footer_px * 2.6) if footer else self.margin
        size = (width_px + 2 * self.margin, self._top + height_px + self._bottom)
        self._image = Image.new("RGB", size, _PAPER)
        if title:
            self._line(title, self._top // 2 + self.margin // 6, self._title_px)
        if footer:
            middle = size[1] - self._bottom // 2
            self._line(footer, middle, self._footer_px, is_footer=True)

    def hang(self, picture: Image.Image, label: str, box: Box) -> None:
        """Put `picture` into `box` with its label in the corner."""
        at = (self.margin + box.left, self._top + box.top)
        middle = (
            at[0] + (box.width - picture.width) // 2,
            at[1] + (box.height - picture.height) // 2,
        )
        self._image.paste(picture, middle, rounded(picture.size, max(3, round(self._unit * 0.5))))
        size_px = max(13, round(self._unit * 1.5))
        inset = round(size_px * 0.6)
        tag = pill(label, size_px=size_px, width_px=box.width - 2 * inset)
        if tag is not None:
            self._image.paste(tag, (at[0] + inset, at[1] + inset), tag)

    def finished(self) -> Prepared:
        """Return the sheet as a file."""
        return _as_jpeg(self._image)

    def _line(self, text: str, middle: int, size_px: int, *, is_footer: bool = False) -> None:
        room = self._image.width - 2 * self.margin
        line = fitting(text, size_px=size_px, width_px=room)
        left = self._image.width - self.margin if is_footer else self.margin
        if is_footer:
            write(
                self._image,
                line,
                left=left,
                middle=middle,
                size_px=size_px,
                ink=FAINT,
                from_right=True,
            )
        else:
            write(self._image, line, left=left, middle=middle, size_px=size_px)


def _sheet_width(ratios: Sequence[float], sizes: Sequence[tuple[int, int]]) -> int:
    """Return a width that gives the sheet its area and blows no picture up."""
    ratio = sheet_ratio(ratios)
    wanted = min(_WIDTH_MAX_PX, max(_WIDTH_MIN_PX, round(math.sqrt(_AREA_PX * ratio))))
    boxes = arrange(ratios, width_px=wanted, gap_px=0)
    growth = max(
        min(box.width / width, box.height / height)
        for box, (width, height) in zip(boxes, sizes, strict=True)
    )
    return max(64, round(wanted * min(1.0, _GROWTH_MAX / growth)))


def _inside(box: Box, size: tuple[int, int]) -> Box:
    """Return the part of `box` that a picture of `size` fills; all of it but for extreme shapes."""
    if 1 / _RATIO_MAX <= size[0] / size[1] <= _RATIO_MAX:
        return box
    scale = min(box.width / size[0], box.height / size[1])
    width, height = (max(1, round(side * scale)) for side in size)
    return Box(left=box.left, top=box.top, width=width, height=height)


def _loaded(data: bytes, box: Box) -> Image.Image:
    """Return a picture in the size of its box; decoded no larger than that where possible."""
    image = load_srgb(data, side_px=max(box.width, box.height))
    size = (box.width, box.height)
    return image if image.size == size else image.resize(size, Image.Resampling.LANCZOS)


def _split(before: bytes, after: bytes, size: tuple[int, int], footer: str | None) -> Prepared:
    """Lay the left half of one picture over the other, with a line between them."""
    scale = min(1.0, _BEFORE_AFTER_PX / max(size))
    box = Box(
        left=0, top=0, width=max(1, round(size[0] * scale)), height=max(1, round(size[1] * scale))
    )
    frame = _loaded(after, box)
    middle = box.width // 2
    frame.paste(_loaded(before, box).crop((0, 0, middle, box.height)), (0, 0))
    line = max(2, round(box.width * 0.003))
    ImageDraw.Draw(frame).rectangle(
        (middle - line // 2, 0, middle - line // 2 + line - 1, box.height), fill=(255, 255, 255)
    )
    _tag(frame, "before", box, from_right=False)
    _tag(frame, "after", box, from_right=True)
    if footer:
        _tag(frame, footer, box, from_right=True, from_bottom=True)
    return _as_jpeg(frame)


def _tag(
    frame: Image.Image, text: str, box: Box, *, from_right: bool, from_bottom: bool = False
) -> None:
    size_px = max(13, round(max(box.width, box.height) * 0.019))
    inset = round(size_px * 0.8)
    tag = pill(text, size_px=size_px, width_px=box.width // 2 - 2 * inset)
    if tag is None:
        return
    left = box.width - tag.width - inset if from_right else inset
    top = box.height - tag.height - inset if from_bottom else inset
    frame.paste(tag, (left, top), tag)


def _as_jpeg(image: Image.Image) -> Prepared:
    return Prepared(
        data=encode_jpeg(image, quality=JPEG_QUALITY),
        kind=Kind.JPEG,
        width_px=image.width,
        height_px=image.height,
    )
