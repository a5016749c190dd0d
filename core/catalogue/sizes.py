"""Decider: picture sizes as text, and the listed size that suits a picture."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from core.catalogue.model import Size

SIDE_MIN_PX = 256
"""
Shortest side that a model declared free takes, in pixels.

Source: docs.qolaba.ai/api-platform/image-to-image, parameters `height` and `width`.
"""

SIDE_MAX_PX = 1536
"""
Longest side that a model declared free takes, in pixels.

Source: docs.qolaba.ai/api-platform/image-to-image, parameters `height` and `width`.
"""

_WRITTEN = re.compile(r"\s*([0-9]{1,5})\s*[xX*\u00d7]\s*([0-9]{1,5})\s*")


def parse(text: str) -> Size | None:
    """Return the size that `text` writes, such as `1280x720`, or None when it writes none."""
    match = _WRITTEN.fullmatch(text)
    if match is None:
        return None
    size = Size(width_px=int(match[1]), height_px=int(match[2]))
    return size if size.width_px and size.height_px else None


def nearest(sizes: Sequence[Size], *, width_px: int, height_px: int) -> Size:
    """
    Return the size nearest in ratio to a picture; the earlier one of two that are equally near.

    Ratios are compared by the factor between them, so that 2:1 is as far from a square as 1:2.
    """
    wanted = math.log(width_px / height_px)
    return min(sizes, key=lambda size: abs(math.log(size.ratio) - wanted))


def within_bounds(*, width_px: int, height_px: int) -> Size:
    """Return the picture's own dimensions, scaled and clamped to what a free model takes."""
    scale = min(1.0, SIDE_MAX_PX / max(width_px, height_px))
    return Size(
        width_px=max(SIDE_MIN_PX, min(SIDE_MAX_PX, round(width_px * scale))),
        height_px=max(SIDE_MIN_PX, min(SIDE_MAX_PX, round(height_px * scale))),
    )


def is_within_bounds(size: Size) -> bool:
    """Whether a model declared free takes `size`."""
    return all(SIDE_MIN_PX <= side <= SIDE_MAX_PX for side in (size.width_px, size.height_px))
