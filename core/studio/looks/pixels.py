"""
Decider: arrays of pixels and the arithmetic that every look is made of.

A picture is a float32 array of height x width x 3 from 0 to 1; a map is height x width.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels: TypeAlias = NDArray[Any]
"""A picture (height x width x 3) or a map (height x width), float32."""

_MAP = 2
"""Dimensions of a map."""
_DIRECT_BLUR_PX = 5.0
"""Up to here a blur is worth its full resolution; above, it is computed on a smaller copy."""


def clip(a: Pixels) -> Pixels:
    """Hold everything within 0 to 1."""
    return np.clip(a, 0.0, 1.0)


def luma(a: Pixels) -> Pixels:
    """Perceived brightness of a picture, as a map (weights of ITU-R BT.601)."""
    grey: Pixels = a[..., 0] * 0.299 + a[..., 1] * 0.587 + a[..., 2] * 0.114
    return grey


def rgb(grey: Pixels) -> Pixels:
    """A map seen as a grey picture."""
    return np.repeat(grey[..., None], 3, axis=2)


def mix(a: Pixels, b: Pixels, amount: Pixels | float) -> Pixels:
    """`a` where `amount` is 0, `b` where it is 1; a map of amounts applies to all channels."""
    if isinstance(amount, np.ndarray) and amount.ndim == _MAP and _MAP not in {a.ndim, b.ndim}:
        amount = amount[..., None]
    return a + (b - a) * amount


def smoothstep(low: float, high: float, a: Pixels) -> Pixels:
    """0 below `low`, 1 above `high`, and an S-curve between."""
    t = clip((a - low) / (high - low))
    return t * t * (3.0 - 2.0 * t)


def colour(text: str) -> Pixels:
    """A colour such as `#1b2a49` as three numbers from 0 to 1."""
    return np.array([int(text[i : i + 2], 16) for i in (1, 3, 5)], dtype=np.float32) / 255.0


def stretch(a: Pixels, low_pct: float = 1.0, high_pct: float = 99.0) -> Pixels:
    """Spread a map over 0 to 1; a flat map stays as it is."""
    low, high = np.percentile(a[::3, ::3], (low_pct, high_pct))
    if high - low < 1e-3:
        return clip(a)
    return clip((a - np.float32(low)) / np.float32(high - low))


def to_picture(a: Pixels) -> Image.Image:
    """The Pillow picture of an array."""
    return Image.fromarray((clip(a) * 255.0 + 0.5).astype(np.uint8))


def from_picture(picture: Image.Image) -> Pixels:
    """The array of a Pillow picture in RGB or L."""
    return np.asarray(picture, dtype=np.float32) / np.float32(255.0)


def resize(
    a: Pixels,
    shape: tuple[int, ...],
    method: Image.Resampling = Image.Resampling.BICUBIC,
) -> Pixels:
    """Scale to `shape` (height, width, …) in full precision."""
    height, width = shape[:2]
    if a.shape[:2] == (height, width):
        return a
    if a.ndim > _MAP:
        planes = [resize(a[..., i], shape, method) for i in range(a.shape[2])]
        return np.stack(planes, axis=2)
    source = Image.fromarray(np.ascontiguousarray(a, dtype=np.float32))
    return np.asarray(source.resize((width, height), method), dtype=np.float32)


def box(a: Pixels, radius: int) -> Pixels:
    """Mean over a square of `2 * radius + 1` pixels, edges repeated."""
    for axis in (0, 1):
        a = _box_along(a, min(radius, a.shape[axis] - 1), axis)
    return a


def _box_along(a: Pixels, radius: int, axis: int) -> Pixels:
    if radius < 1:
        return a
    side = 2 * radius + 1
    margins = [(0, 0)] * a.ndim
    margins[axis] = (radius + 1, radius)
    # Around zero, running sums stay small enough for float32.
    level = np.float32(a.mean())
    wide = np.pad(a - level, margins, mode="edge")
    sums = _running_rows(wide) if axis == 0 else np.cumsum(wide, axis=1, dtype=np.float32)
    upper = sums[side:] if axis == 0 else sums[:, side:]
    lower = sums[:-side] if axis == 0 else sums[:, :-side]
    return (upper - lower) / np.float32(side) + level


def _running_rows(a: Pixels) -> Pixels:
    """Sum of each row and all before it: a row at a time, ten times as fast as `cumsum`."""
    sums = np.empty_like(a)
    sums[0] = a[0]
    for row in range(1, len(a)):
        np.add(sums[row - 1], a[row], out=sums[row])
    return sums


def blur(a: Pixels, sigma_px: float) -> Pixels:
    """About a Gaussian blur; wide ones are computed on a smaller copy."""
    if sigma_px < 0.3:
        return a
    if sigma_px > _DIRECT_BLUR_PX:
        factor = sigma_px / 3.0
        small = tuple(max(2, round(side / factor)) for side in a.shape[:2])
        return resize(blur(resize(a, small, Image.Resampling.BOX), 3.0), a.shape)
    radius = max(1, round((np.sqrt(6.0 * sigma_px**2 + 1.0) - 1.0) / 2.0))
    return box(box(a, radius), radius)


def shifted(a: Pixels, down: int, right: int) -> Pixels:
    """The picture moved by whole pixels, edges repeated."""
    reach = max(abs(down), abs(right), 1)
    return around(bordered(a, reach), reach, down, right)


def bordered(a: Pixels, reach: int) -> Pixels:
    """The picture with its edges repeated outwards, for `around`."""
    margins = [(reach, reach), (reach, reach), (0, 0)][: a.ndim]
    return np.pad(a, margins, mode="edge")


def around(wide: Pixels, reach: int, down: int, right: int) -> Pixels:
    """A bordered picture moved by at most `reach` pixels; a view, nothing is copied."""
    height, width = wide.shape[0] - 2 * reach, wide.shape[1] - 2 * reach
    return wide[reach - down : reach - down + height, reach - right : reach - right + width]


def grid(shape: tuple[int, ...]) -> tuple[Pixels, Pixels]:
    """Row and column number of every pixel, broadcastable to `shape`."""
    rows = np.arange(shape[0], dtype=np.float32)[:, None]
    columns = np.arange(shape[1], dtype=np.float32)[None, :]
    return rows, columns


def sample(a: Pixels, rows: Pixels, columns: Pixels) -> Pixels:
    """The nearest pixel at each of the given places, edges repeated."""
    height, width = a.shape[:2]
    y = np.clip(rows + 0.5, 0, height - 1).astype(np.int32)
    x = np.clip(columns + 0.5, 0, width - 1).astype(np.int32)
    taken: Pixels = a.reshape(height * width, *a.shape[2:])[y * np.int32(width) + x]
    return taken


def sample_between(a: Pixels, rows: Pixels, columns: Pixels) -> Pixels:
    """The picture at places between pixels, edges repeated (bilinear)."""
    y, x = np.floor(rows), np.floor(columns)
    down, right = rows - y, columns - x
    upper = mix(sample(a, y, x), sample(a, y, x + 1), right)
    lower = mix(sample(a, y + 1, x), sample(a, y + 1, x + 1), right)
    return mix(upper, lower, down)


def saturate(a: Pixels, amount: float) -> Pixels:
    """Multiply the distance of each colour from its grey by `amount`."""
    return clip(mix(rgb(luma(a)), a, amount))


def contrast(a: Pixels, amount: float, pivot: float = 0.5) -> Pixels:
    """Multiply the distance from `pivot` by `amount`."""
    return clip((a - pivot) * amount + pivot)


def gamma(a: Pixels, exponent: float) -> Pixels:
    """Raise to a power; below 1 brightens."""
    return np.power(clip(a), np.float32(exponent))


def exposed(grey: Pixels, middle: float) -> Pixels:
    """Brighten or darken a map so that its median comes to lie at `middle`, within reason."""
    median = min(0.95, max(0.05, float(np.median(grey[::3, ::3]))))
    return gamma(grey, min(1.9, max(0.42, float(np.log(middle) / np.log(median)))))


def sharpen(a: Pixels, sigma_px: float, amount: float) -> Pixels:
    """Lift detail finer than `sigma_px`."""
    return clip(a + (a - blur(a, sigma_px)) * amount)


def screen(a: Pixels, light: Pixels) -> Pixels:
    """Add light the way two projectors do."""
    return 1.0 - (1.0 - clip(a)) * (1.0 - clip(light))


def vignette(shape: tuple[int, ...], amount: float) -> Pixels:
    """A map to multiply with: 1 in the middle, `1 - amount` in the corners."""
    rows, columns = grid(shape)
    y = rows / max(1, shape[0] - 1) * 2.0 - 1.0
    x = columns / max(1, shape[1] - 1) * 2.0 - 1.0
    return 1.0 - amount * smoothstep(0.5, 2.0, y * y + x * x)
