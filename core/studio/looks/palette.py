"""Decider: colours: maps from tone, nearest inks, and taking over another picture's colours."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from core.studio.looks.pixels import Pixels, clip, colour, from_picture, luma, mix, rgb, to_picture

_CHOICE_PX = 192


def ramp(grey: Pixels, stops: Sequence[str]) -> Pixels:
    """Colour a map from the first stop (dark) to the last (light)."""
    colours = np.stack([colour(stop) for stop in stops])
    places = np.linspace(0.0, 1.0, len(stops), dtype=np.float32)
    table_at = np.linspace(0.0, 1.0, 256, dtype=np.float32)
    table = np.stack([np.interp(table_at, places, colours[:, i]) for i in range(3)], axis=1)
    taken: Pixels = table.astype(np.float32)[(clip(grey) * 255.0 + 0.5).astype(np.uint8)]
    return taken


def nearest_inks(a: Pixels, inks: Sequence[str]) -> Pixels:
    """Replace every colour by the nearest of a few inks."""
    table = Image.new("P", (1, 1))
    flat = [int(ink[i : i + 2], 16) for ink in inks for i in (1, 3, 5)]
    table.putpalette(flat + flat[:3] * (256 - len(inks)))
    inked = to_picture(a).quantize(palette=table, dither=Image.Dither.NONE)
    return from_picture(inked.convert("RGB"))


def own_inks(a: Pixels, count: int) -> Pixels:
    """Reduce a picture to the `count` colours that suit it best."""
    small = to_picture(a)
    # The colours are chosen on a thumbnail: choosing them on everything takes a second and more.
    small.thumbnail((_CHOICE_PX, _CHOICE_PX), Image.Resampling.BOX)
    chosen = small.quantize(count, method=Image.Quantize.MEDIANCUT, kmeans=2)
    inked = to_picture(a).quantize(palette=chosen, dither=Image.Dither.NONE)
    return from_picture(inked.convert("RGB"))


def hue(a: Pixels) -> tuple[Pixels, Pixels]:
    """Hue of every pixel as a fraction of the circle (red 0, green 1/3), and its saturation."""
    high, low = a.max(axis=2), a.min(axis=2)
    spread = np.maximum(high - low, np.float32(1e-5))
    red, green, blue = a[..., 0], a[..., 1], a[..., 2]
    turn = np.where(
        high == red,
        (green - blue) / spread,
        np.where(high == green, 2.0 + (blue - red) / spread, 4.0 + (red - green) / spread),
    )
    saturation = (high - low) / np.maximum(high, np.float32(0.02))
    return np.mod(turn / 6.0, 1.0).astype(np.float32), clip(saturation)


def turn_hue(a: Pixels, fraction: float) -> Pixels:
    """Rotate all hues by a fraction of the circle, keeping luma about as it is."""
    angle = fraction * 2 * np.pi
    red, blue = a[..., 0] - luma(a), a[..., 2] - luma(a)
    cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    red, blue = red * cos - blue * sin, red * sin + blue * cos
    green = -(0.299 * red + 0.114 * blue) / 0.587
    return clip(luma(a)[..., None] + np.stack([red, green, blue], axis=2))


def tinted(a: Pixels, target: Pixels, amount: Pixels | float) -> Pixels:
    """Give a picture the hue of one colour, keeping its light and dark."""
    grey = luma(a)
    base = float(luma(target[None, None])[0, 0])
    lifted = np.where(
        (grey < base)[..., None],
        target * (grey / max(base, 0.05))[..., None],
        target + (1.0 - target) * ((grey - base) / max(1.0 - base, 0.05))[..., None],
    )
    return mix(a, clip(lifted), amount)


def with_colours_of(drawing: Pixels, source: Pixels) -> Pixels:
    """Light and dark of `drawing`, colour of `source`, fainter where the two differ in light."""
    drawn, light = luma(drawing), luma(source)
    share = clip(1.0 - 0.75 * np.abs(drawn - light)) * clip(0.55 + 1.5 * drawn)
    return clip(rgb(drawn) + (source - rgb(light)) * share[..., None])


def take_over(a: Pixels, reference: Pixels, amount: float) -> Pixels:
    """
    Move a picture's colours to the mean and the covariance of a reference.

    The linear map is the cheapest one between two normal distributions (Monge-Kantorovich).
    """
    mean_a, root_a, back_a = _statistics(a)
    mean_b, _, _ = _statistics(reference)
    covariance_b = np.cov(_points(reference), rowvar=False) + np.eye(3) * 1e-4
    middle = _root(root_a @ covariance_b @ root_a)
    matrix = (back_a @ middle @ back_a).astype(np.float32)
    moved = (a - mean_a) @ matrix.T + mean_b
    return mix(a, clip(moved.astype(np.float32)), amount)


def _points(a: Pixels) -> Pixels:
    points: Pixels = a[::4, ::4].reshape(-1, 3).astype(np.float64)
    return points if len(points) > 1 else np.repeat(points, 2, axis=0)


def _root(matrix: Pixels) -> Pixels:
    values, vectors = np.linalg.eigh(matrix)
    root: Pixels = (vectors * np.sqrt(np.maximum(values, 1e-8))) @ vectors.T
    return root


def _statistics(a: Pixels) -> tuple[Pixels, Pixels, Pixels]:
    points = _points(a)
    root = _root(np.cov(points, rowvar=False) + np.eye(3) * 1e-3)
    return points.mean(axis=0).astype(np.float32), root, np.linalg.inv(root)
