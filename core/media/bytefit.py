"""Decider: the same picture in no more than so many bytes."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass

from PIL import Image

from core.errors import TooLarge
from core.media.fit import DEFAULT, Bounds, Prepared, load_srgb, probe_picture
from core.media.item import Kind

SHOWABLE = frozenset({Kind.JPEG, Kind.PNG, Kind.GIF, Kind.WEBP})
"""Kinds that chats show inline."""

SIDE_MIN_PX = 512
"""A picture is not made smaller than this to save bytes."""

_BEST = 95
_WORST = 60
"""Below this a picture looks damaged; fewer pixels look better than that."""
_NEAR_ENOUGH = 0.93
"""A search that has come this close to the limit has gained nearly all there is."""
_CHROMA = 2
"""4:2:0 for the whole search: with a switch of chroma on the way, size would not be monotonic."""
_SCALE_MIN, _SCALE_MAX = 0.5, 0.92
"""How far one round of shrinking may go, and how far it must."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Encoding:
    data: bytes
    quality: int


def fit_bytes(
    data: bytes,
    limit_bytes: int,
    *,
    kinds: frozenset[Kind] = SHOWABLE,
    bounds: Bounds = DEFAULT,
) -> Prepared:
    """
    Return a picture of at most `limit_bytes`, of one of `kinds`; JPEG must be among them.

    `data` itself if it fits, else a JPEG with as much quality as the limit allows, made smaller
    only when quality alone does not do. Raises TooLarge when even that does not fit, and what
    `core.media.fit` raises for a picture that cannot be read.
    """
    kind, width_px, height_px = probe_picture(data, bounds)
    if len(data) <= limit_bytes and kind in kinds:
        return Prepared(data=data, kind=kind, width_px=width_px, height_px=height_px)
    image = load_srgb(data, bounds=bounds)
    while True:
        best = _search(image, limit_bytes)
        if len(best.data) <= limit_bytes:
            return _prepared(image, best, (width_px, height_px))
        image = _smaller(image, len(best.data), limit_bytes)


def _search(image: Image.Image, limit_bytes: int) -> _Encoding:
    """Return the best encoding within the limit, or the smallest when none is."""
    best = _encode(image, _BEST)
    if len(best.data) <= limit_bytes:
        return best
    best = _encode(image, _WORST)
    low, high = _WORST + 1, _BEST - 1
    while low <= high and _NEAR_ENOUGH * limit_bytes > len(best.data):
        tried = _encode(image, (low + high) // 2)
        if len(tried.data) <= limit_bytes:
            best, low = tried, tried.quality + 1
        else:
            high = tried.quality - 1
    return best


def _smaller(image: Image.Image, size_bytes: int, limit_bytes: int) -> Image.Image:
    """Shrink by what the bytes call for; raises TooLarge at the smallest size allowed."""
    wanted = math.sqrt(max(0, limit_bytes) / size_bytes) * 0.97
    scale = min(_SCALE_MAX, max(_SCALE_MIN, wanted))
    size = (round(image.width * scale), round(image.height * scale))
    if max(size) < SIDE_MIN_PX:
        raise TooLarge(limit_bytes, "bytes")
    return image.resize(
        (max(1, size[0]), max(1, size[1])), Image.Resampling.LANCZOS, reducing_gap=2.0
    )


def _encode(image: Image.Image, quality: int) -> _Encoding:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, subsampling=_CHROMA)
    return _Encoding(data=out.getvalue(), quality=quality)


def _prepared(image: Image.Image, encoding: _Encoding, before: tuple[int, int]) -> Prepared:
    notes = [f"Re-encoded at quality {encoding.quality} to fit the limit."]
    if image.size != before:
        notes.append(f"Made smaller, from {before[0]}x{before[1]}.")
    return Prepared(
        data=encoding.data,
        kind=Kind.JPEG,
        width_px=image.width,
        height_px=image.height,
        notes=tuple(notes),
    )
