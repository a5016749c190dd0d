"""Decider: where the lines of a picture are and which way they run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.studio.looks.grain import clouds, speckle
from core.studio.looks.pixels import Pixels, blur, clip, grid, luma, sample, shifted, stretch


def slopes(a: Pixels) -> tuple[Pixels, Pixels]:
    """How a map grows downwards and to the right, per pixel."""
    down = (shifted(a, -1, 0) - shifted(a, 1, 0)) * 0.5
    right = (shifted(a, 0, -1) - shifted(a, 0, 1)) * 0.5
    return down, right


def steepness(a: Pixels, sigma_px: float) -> Pixels:
    """Strength of the edges of a map, 0 to 1, relative to the strongest few."""
    down, right = slopes(blur(a, sigma_px))
    size = np.hypot(down, right)
    top = np.float32(np.percentile(size[::2, ::2], 98.5))
    return clip(size / max(np.float32(0.012), top))


def lines(grey: Pixels, sigma_px: float, *, depth: float = 1.0, sharpness: float = 24.0) -> Pixels:
    """
    A drawing in lines: 0 on the line, 1 beside it.

    Difference of two blurs, thresholded softly; `depth` draws more of them.
    """
    near, far = blur(grey, sigma_px), blur(grey, sigma_px * 1.8)
    difference = (near - far) * (14.0 * depth) + 0.55
    steep = sharpness / 8.0
    beside = np.float32(1.0 + np.tanh(0.27 * steep))
    return clip((1.0 + np.tanh((difference - 0.28) * steep)) / beside)


@dataclass(frozen=True, kw_only=True, slots=True)
class Flow:
    """The direction along the lines of a picture, a unit vector for every pixel."""

    down: Pixels
    right: Pixels
    coherence: Pixels
    """0 where there is no direction, 1 where there is nothing else."""


def flow(a: Pixels, sigma_px: float, rng: np.random.Generator, swirl: float = 0.15) -> Flow:
    """
    Direction along the edges of a picture, smoothed over `sigma_px`.

    Where the picture is flat, a slow random direction of weight `swirl` takes over.
    """
    down, right = slopes(blur(luma(a), max(0.8, sigma_px * 0.2)))
    dd, rr, dr = (blur(x, sigma_px) for x in (down * down, right * right, down * right))
    energy = dd + rr
    calm = np.float32(swirl * (energy.mean() + 1e-5))
    turn = clouds(a.shape, rng, max(a.shape[:2]) * 0.35, 2) * np.float32(2 * np.pi)
    across = np.arctan2(2 * dr + calm * np.sin(turn), rr - dd + calm * np.cos(turn)) * 0.5
    sure = np.sqrt((rr - dd) ** 2 + 4 * dr**2) / (energy + calm)
    return Flow(down=np.cos(across), right=-np.sin(across), coherence=clip(sure))


def along(a: Pixels, way: Flow, length_px: float) -> Pixels:
    """Smear a picture or map along the flow, over about `length_px` each way."""
    rows, columns = grid(a.shape)
    reach = 1.0
    while reach <= max(1.0, length_px / 2):
        ahead = sample(a, rows + way.down * reach, columns + way.right * reach)
        behind = sample(a, rows - way.down * reach, columns - way.right * reach)
        a = (a * 2 + ahead + behind) * 0.25
        reach *= 2.0
    return a


def bristles(
    shape: tuple[int, ...],
    way: Flow,
    rng: np.random.Generator,
    *,
    width_px: float,
    length_px: float,
) -> Pixels:
    """Streaks along the flow, from 0 to 1 and evenly spread, about `width_px` broad."""
    noise = blur(speckle(shape, rng), width_px * 0.45)
    streaks = along(noise, way, length_px)
    streaks = streaks - blur(streaks, width_px * 2.5)
    ranks = stretch(streaks, 1.5, 98.5)
    # The middle of a bell is crowded; this flattens it, so that tone maps to inked area.
    return clip(0.5 + 0.62 * np.tanh((ranks - 0.5) * 2.6))
