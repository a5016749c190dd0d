"""
Decider: guesses at what lies where in a picture: far, near, sky, middle.

These are guesses from position, detail and colour. They are no depth map and find no faces.
"""

from __future__ import annotations

import numpy as np

from core.studio.looks import edges, palette
from core.studio.looks.pixels import Pixels, blur, box, clip, grid, luma, smoothstep, stretch


def farness(a: Pixels) -> Pixels:
    """0 for what seems near, 1 for what seems far: high up, without detail, without colour."""
    long = max(a.shape[:2])
    rows, _ = grid(a.shape)
    height = 1.0 - rows / max(1, a.shape[0] - 1)
    detail = blur(edges.steepness(luma(a), max(0.8, long / 600)), long / 28)
    calm = 1.0 - stretch(detail, 2, 98)
    raw = height * 0.62 + calm * 0.38
    raw = raw - centre(a.shape, reach=0.62) * 0.3
    return smoothstep(0.12, 0.88, _guided(luma(a), blur(raw, long / 60), max(2, long // 48)))


def sky(a: Pixels) -> Pixels:
    """1 where it looks like sky: upper part, smooth, bright or blue for the picture."""
    long = max(a.shape[:2])
    rows, _ = grid(a.shape)
    smooth = 1.0 - smoothstep(0.04, 0.3, blur(edges.steepness(luma(a), long / 500), long / 110))
    grey = luma(a)
    blueness = a[..., 2] - a[..., 0]
    light = smoothstep(0.22, 0.6, grey + np.clip(blueness, -0.15, 0.3) * 0.9)
    upper = smoothstep(0.68, 0.32, rows / max(1, a.shape[0] - 1))
    return clip(_guided(grey, smooth * light * upper, max(2, long // 90)))


def centre(shape: tuple[int, ...], reach: float = 0.5) -> Pixels:
    """A soft ellipse in the middle, a little above it, where portraits have their face."""
    rows, columns = grid(shape)
    y = (rows / max(1, shape[0] - 1) - 0.46) / (reach * 0.86)
    x = (columns / max(1, shape[1] - 1) - 0.5) / (reach * 0.74)
    return smoothstep(1.15, 0.55, np.sqrt(y * y + x * x))


def _guided(guide: Pixels, a: Pixels, radius: int) -> Pixels:
    """Smooth a map but let it follow the edges of a guide (guided filter, one channel)."""
    mean_g, mean_a = box(guide, radius), box(a, radius)
    variance = np.maximum(box(guide * guide, radius) - mean_g * mean_g, 0.0)
    slope = (box(guide * a, radius) - mean_g * mean_a) / (variance + np.float32(6e-3))
    return box(slope, radius) * guide + box(mean_a - slope * mean_g, radius)


def of_colour(a: Pixels, place: float, width: float = 0.075) -> Pixels:
    """1 where the hue is near a place on the circle and the colour is clear."""
    turn, saturation = palette.hue(a)
    away = np.abs(np.mod(turn - place + 0.5, 1.0) - 0.5)
    clear = smoothstep(0.16, 0.42, saturation) * smoothstep(0.06, 0.16, a.max(axis=2))
    return blur(smoothstep(width * 1.6, width * 0.8, away) * clear, max(a.shape[:2]) / 700)
