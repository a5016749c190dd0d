"""Decider: a picture small enough to be drawn with characters."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image
from rich.color import Color
from rich.style import Style
from rich.text import Text

from core.media.fit import load_srgb

UPPER_HALF = "▀"
"""Its foreground is one pixel, its background the one below: two square pixels a character."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pixels:
    """A small RGB picture; three bytes a pixel, row by row."""

    width: int
    height: int
    rgb: bytes

    def at(self, x: int, y: int) -> Color:
        """Return the colour of one pixel; the row below the last is as the last."""
        start = 3 * (min(y, self.height - 1) * self.width + x)
        red, green, blue = self.rgb[start : start + 3]
        return Color.from_rgb(red, green, blue)


def shrink(data: bytes, columns: int, rows: int) -> Pixels:
    """Return the picture in `data` within `columns` by `rows` characters; raises MediaError."""
    image = load_srgb(data, side_px=4 * max(columns, 2 * rows))
    image.thumbnail((columns, 2 * rows), Image.Resampling.LANCZOS)
    return Pixels(width=image.width, height=image.height, rgb=image.tobytes())


def half_blocks(pixels: Pixels) -> Text:
    """Return the picture as lines of half-block characters."""
    text = Text(no_wrap=True, end="")
    for y in range(0, pixels.height, 2):
        if y:
            text.append("\n")
        for x in range(pixels.width):
            style = Style(color=pixels.at(x, y), bgcolor=pixels.at(x, y + 1))
            text.append(UPPER_HALF, style)
    return text
