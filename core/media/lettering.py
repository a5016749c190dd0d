"""Decider: short texts drawn on sheets, in the one font that is always there."""

from __future__ import annotations

import bisect
import math
import unicodedata

from PIL import Image, ImageDraw, ImageFont

INK = (242, 242, 238)
FAINT = (150, 152, 156)
_PILL = (12, 13, 16, 205)

_SPELLED = str.maketrans(
    {
        "\N{EN DASH}": "-",
        "\N{EM DASH}": "-",
        "\N{LEFT SINGLE QUOTATION MARK}": "'",
        "\N{RIGHT SINGLE QUOTATION MARK}": "'",
        "\N{LEFT DOUBLE QUOTATION MARK}": '"',
        "\N{RIGHT DOUBLE QUOTATION MARK}": '"',
        "\N{MULTIPLICATION SIGN}": "x",
        "\N{MIDDLE DOT}": "-",
        "\N{BULLET}": "-",
    }
)
"""Signs that have a plain spelling."""

_SMALLEST = 0.6
"""How small a label's text may become, compared with the others."""

_SHARPER = 4
"""Round corners are drawn so many times larger and shrunk, which smooths them."""


def plain(text: str) -> str:
    """Return `text` as ASCII on one line: Pillow's own font has little else."""
    decomposed = unicodedata.normalize("NFKD", " ".join(text.split()).translate(_SPELLED))
    letters = (letter for letter in decomposed if not unicodedata.combining(letter))
    return "".join(
        letter if letter.isascii() and letter.isprintable() else "?" for letter in letters
    )


def fitting(text: str, *, size_px: int, width_px: int) -> str:
    """Return `text` made plain, shortened to `width_px` at a font of `size_px`."""
    line = plain(text)
    if _width(line, size_px) <= width_px:
        return line
    shorter = range(1, len(line))
    fit = bisect.bisect_right(
        shorter, width_px, key=lambda length: math.ceil(_width(f"{line[:length]}...", size_px))
    )
    return f"{line[:fit].rstrip()}..." if fit else ""


def write(
    page: Image.Image,
    text: str,
    *,
    left: int,
    middle: int,
    size_px: int,
    ink: tuple[int, int, int] = INK,
    from_right: bool = False,
) -> None:
    """Write `text` with its middle line at `middle`, from `left`, or up to it."""
    ImageDraw.Draw(page).text(
        (left, middle), text, font=_font(size_px), fill=ink, anchor="rm" if from_right else "lm"
    )


def pill(text: str, *, size_px: int, width_px: int) -> Image.Image | None:
    """
    Return a label, white on a dark rounded shape, no wider than `width_px`; None if empty.

    A text that is too long is written smaller first, and shortened only then.
    """
    padding = round(size_px * 0.55)
    size_px = _size_for(plain(text), size_px, width_px - 2 * padding)
    line = fitting(text, size_px=size_px, width_px=width_px - 2 * padding)
    if not line:
        return None
    height = round(size_px * 1.6)
    width = max(height, round(_width(line, size_px)) + 2 * padding)
    label = Image.new("RGBA", (width, height), _PILL)
    label.putalpha(rounded(label.size, height // 2).point(lambda value: value * _PILL[3] // 255))
    ImageDraw.Draw(label).text(
        (width / 2, height / 2), line, font=_font(size_px), fill=INK, anchor="mm"
    )
    return label


def rounded(size: tuple[int, int], radius_px: int) -> Image.Image:
    """Return a mask of `size` with round corners."""
    large = Image.new("L", (size[0] * _SHARPER, size[1] * _SHARPER), 0)
    ImageDraw.Draw(large).rounded_rectangle(
        (0, 0, large.width - 1, large.height - 1), radius_px * _SHARPER, fill=255
    )
    return large.resize(size, Image.Resampling.LANCZOS)


def _size_for(line: str, size_px: int, width_px: int) -> int:
    """Return the largest size at which `line` fits, down to the smallest that can be read."""
    smallest = max(1, round(size_px * _SMALLEST))
    return next(
        (size for size in range(size_px, smallest, -1) if _width(line, size) <= width_px), smallest
    )


def _width(line: str, size_px: int) -> float:
    return _font(size_px).getlength(line)


def _font(size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size_px)
