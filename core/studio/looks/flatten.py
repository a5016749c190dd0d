"""Decider: pictures reduced to flat areas, and areas cut into cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from core.studio.looks import edges, grain
from core.studio.looks.pixels import (
    Pixels,
    around,
    blur,
    bordered,
    box,
    clip,
    grid,
    luma,
    mix,
    resize,
    sample,
    shifted,
    smoothstep,
)

_DIRECTIONS = ((-1, -1), (-1, 1), (1, -1), (1, 1), (0, -1), (0, 1), (-1, 0), (1, 0))


def areas(a: Pixels, radius_px: float, hardness: float = 4.0) -> Pixels:
    """
    Even out what lies between edges and keep the edges.

    Eight neighbouring windows vote for each pixel, the calmest counts most (after Kuwahara).
    """
    radius = max(1, round(radius_px / 2))
    grey = luma(a)
    mean = box(a, radius)
    spread = np.maximum(box(grey * grey, radius) - box(grey, radius) ** 2, 0.0)
    weight = 1.0 / (1e-4 + np.sqrt(spread)) ** np.float32(hardness)
    weight = weight / np.float32(weight.max())
    planes = np.concatenate([mean * weight[..., None], weight[..., None]], axis=2)
    wide = bordered(planes, radius)
    sums = np.zeros_like(planes)
    for down, right in _DIRECTIONS:
        sums += around(wide, radius, down * radius, right * radius)
    return clip(sums[..., :3] / (sums[..., 3:] + np.float32(1e-12)))


def washes(a: Pixels, wide_px: float, fine_px: float) -> Pixels:
    """Large even areas where there is room, small ones where there is detail, such as eyes."""
    coarse = areas(areas(a, wide_px), wide_px * 0.6)
    detail = blur(edges.steepness(luma(a), fine_px * 0.4), wide_px * 0.45)
    return mix(coarse, areas(a, fine_px), smoothstep(0.14, 0.36, detail))


def levels(grey: Pixels, count: int, softness: float = 0.12) -> Pixels:
    """Reduce a map to `count` steps whose borders are a little soft."""
    scaled = clip(grey) * (count - 1)
    floor = np.floor(scaled)
    rise = clip((scaled - floor - 0.5) / max(softness, 1e-3) + 0.5)
    steps: Pixels = (floor + rise) / np.float32(count - 1)
    return steps


def posterised(a: Pixels, count: int) -> Pixels:
    """Reduce light and dark to `count` steps, keeping the colours' relations."""
    grey = luma(a)
    ratio = (levels(grey, count) + 0.04) / (grey + 0.04)
    return clip(a * ratio[..., None])


@dataclass(frozen=True, kw_only=True, slots=True)
class Cells:
    """Every pixel's cell, and how far it is from the border of that cell in pixels."""

    label: Pixels
    border_px: Pixels
    count: int


def cells(
    shape: tuple[int, ...],
    size_px: float,
    rng: np.random.Generator,
    *,
    jitter: float = 0.8,
    turn: Pixels | None = None,
) -> Cells:
    """
    Cut an area into cells of about `size_px`: round ones, or squares turned by `turn` (radians).

    Each pixel looks at the seeds of the nine nearest squares of a jittered grid.
    """
    rows, columns = grid(shape)
    down_count, right_count = (int(side / size_px) + 3 for side in shape[:2])
    offsets = rng.uniform(-0.5, 0.5, (2, down_count, right_count)).astype(np.float32) * jitter
    seed_y = (np.arange(down_count)[:, None] - 0.5 + offsets[0]).astype(np.float32) * size_px
    seed_x = (np.arange(right_count)[None, :] - 0.5 + offsets[1]).astype(np.float32) * size_px
    home_y = np.broadcast_to((rows / size_px).astype(np.int32) + 1, shape[:2])
    home_x = np.broadcast_to((columns / size_px).astype(np.int32) + 1, shape[:2])
    best = np.full(shape[:2], np.inf, dtype=np.float32)
    second = best.copy()
    label = np.zeros(shape[:2], dtype=np.int32)
    angle = None if turn is None else _at_seeds(turn, seed_y, seed_x)
    for step_y in (-1, 0, 1):
        for step_x in (-1, 0, 1):
            y = np.clip(home_y + step_y, 0, down_count - 1)
            x = np.clip(home_x + step_x, 0, right_count - 1)
            index = y * np.int32(right_count) + x
            away = _distance(
                rows - seed_y.ravel()[index],
                columns - seed_x.ravel()[index],
                None if angle is None else angle[:, index],
            )
            nearer = away < best
            second = np.where(nearer, best, np.minimum(second, away))
            label = np.where(nearer, index, label)
            best = np.minimum(best, away)
    return Cells(label=label, border_px=(second - best) * 0.5, count=down_count * right_count)


def _at_seeds(turn: Pixels, seed_y: Pixels, seed_x: Pixels) -> Pixels:
    angle = sample(turn, seed_y, seed_x).ravel()
    return np.stack([np.cos(angle), np.sin(angle)]).astype(np.float32)


def _distance(down: Pixels, right: Pixels, axes: Pixels | None) -> Pixels:
    away: Pixels = np.hypot(down, right)
    if axes is not None:
        along = np.abs(down * axes[0] + right * axes[1])
        away = np.maximum(along, np.abs(down * axes[1] - right * axes[0]))
    return away


def cell_colours(a: Pixels, cut: Cells) -> Pixels:
    """The mean colour of each cell, one row for each label."""
    labels = cut.label.ravel()
    sizes = np.maximum(np.bincount(labels, minlength=cut.count), 1)
    sums = [np.bincount(labels, a[..., i].ravel(), minlength=cut.count) for i in range(3)]
    means: Pixels = np.stack(sums, axis=1) / sizes[:, None]
    return means.astype(np.float32)


def patches(a: Pixels, size_px: float, rng: np.random.Generator, rounds: int = 3) -> Cells:
    """
    Cut a picture into patches of about `size_px` whose borders follow its edges.

    Worked out at half the resolution (the idea of SLIC superpixels: nearest in place and colour).
    """
    half = resize(a, tuple(max(8, side // 2) for side in a.shape[:2]), Image.Resampling.BOX)
    step = max(3.0, size_px / 2)
    height, width = half.shape[:2]
    down_count, right_count = int(height / step) + 1, int(width / step) + 1
    rows, columns = grid(half.shape)
    home_y = np.broadcast_to(
        np.minimum(rows / step, down_count - 1).astype(np.int32), half.shape[:2]
    )
    home_x = np.broadcast_to(
        np.minimum(columns / step, right_count - 1).astype(np.int32), half.shape[:2]
    )
    label = home_y * np.int32(right_count) + home_x
    wander = [(grain.clouds(half.shape, rng, step * 2.2, 2) - 0.5) * step for _ in "yx"]
    y_map, x_map = rows + wander[0], columns + wander[1]
    features = np.concatenate(
        [half * np.float32(4.2), (y_map / step)[..., None], (x_map / step)[..., None]], axis=2
    ).astype(np.float32)
    count = down_count * right_count
    for _ in range(rounds):
        label = _nearest_centres(features, label, (home_y, home_x), (down_count, right_count))
    full = sample(label, *(axis / 2 for axis in grid(a.shape)))
    return Cells(label=full, border_px=_border(full), count=count)


def _nearest_centres(
    features: Pixels, label: Pixels, home: tuple[Pixels, Pixels], counts: tuple[int, int]
) -> Pixels:
    total = counts[0] * counts[1]
    flat = label.ravel()
    sizes = np.bincount(flat, minlength=total)
    sums = [np.bincount(flat, features[..., i].ravel(), minlength=total) for i in range(5)]
    centres = (np.stack(sums, axis=1) / np.maximum(sizes, 1)[:, None]).astype(np.float32)
    centres[sizes == 0] = np.inf
    best = np.full(label.shape, np.inf, dtype=np.float32)
    result = label
    for step_y in (-1, 0, 1):
        for step_x in (-1, 0, 1):
            y = np.clip(home[0] + step_y, 0, counts[0] - 1)
            x = np.clip(home[1] + step_x, 0, counts[1] - 1)
            index = y * np.int32(counts[1]) + x
            away = ((features - centres[index]) ** 2).sum(axis=2)
            result = np.where(away < best, index, result)
            best = np.minimum(best, away)
    return result


def _border(label: Pixels) -> Pixels:
    edge = np.zeros(label.shape, dtype=bool)
    for down, right in ((0, 1), (1, 0), (1, 1)):
        edge |= label != shifted(label, down, right)
    return np.where(edge, np.float32(0), np.float32(8))
