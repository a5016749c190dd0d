"""Decider: noise, paper, cloth and wood: the ground a picture is drawn on."""

from __future__ import annotations

import numpy as np

from core.studio.looks.pixels import Pixels, blur, grid, resize, sample, shifted, stretch


def speckle(shape: tuple[int, ...], rng: np.random.Generator) -> Pixels:
    """White noise, normal, as a map."""
    return rng.standard_normal(shape[:2], dtype=np.float32)


def clouds(
    shape: tuple[int, ...], rng: np.random.Generator, cell_px: float, octaves: int = 4
) -> Pixels:
    """Soft noise from 0 to 1 whose largest forms measure about `cell_px`."""
    total = np.zeros(shape[:2], dtype=np.float32)
    for octave in range(octaves):
        cell = max(1.0, cell_px / 2**octave)
        small = tuple(max(2, int(side / cell) + 2) for side in shape[:2])
        total += resize(rng.random(small, dtype=np.float32), shape) * np.float32(0.55**octave)
    return stretch(total, 0.5, 99.5)


def film(shape: tuple[int, ...], rng: np.random.Generator, size_px: float) -> Pixels:
    """Grain of a film, around 0 with a deviation of about 1."""
    noise = blur(speckle(shape, rng), size_px * 0.5)
    return noise / np.float32(max(1e-3, noise.std()))


def paper(shape: tuple[int, ...], rng: np.random.Generator, size_px: float) -> Pixels:
    """Tooth of a rough paper lit from the upper left, around 1."""
    tooth = blur(speckle(shape, rng), size_px) + clouds(shape, rng, size_px * 14, 3) * 0.12
    relief = shifted(tooth, 1, 1) - shifted(tooth, -1, -1)
    return 1.0 + relief / np.float32(max(1e-3, relief.std())) * 0.028


def tooth(shape: tuple[int, ...], rng: np.random.Generator, size_px: float) -> Pixels:
    """Height of a rough paper from 0 to 1, evenly spread: dry media catch on the high parts."""
    height = blur(speckle(shape, rng), size_px) * 3.0 + speckle(shape, rng) * 0.25
    return stretch(height, 2.0, 98.0)


def weave(shape: tuple[int, ...], pitch_px: float) -> Pixels:
    """Threads of a canvas, around 1."""
    rows, columns = grid(shape)
    turn = np.float32(2 * np.pi / max(2.0, pitch_px))
    over = np.sin(rows * turn) * np.sin(columns * turn)
    return 1.0 + over * 0.03 + np.abs(np.sin(rows * turn)) * 0.015


def wood(shape: tuple[int, ...], rng: np.random.Generator, pitch_px: float) -> Pixels:
    """Grain of a plank from 0 to 1, running across."""
    rows, _ = grid(shape)
    wander = clouds(shape, rng, max(shape[:2]) / 2, 2) * pitch_px * 6
    rings = np.sin((rows + wander) * np.float32(2 * np.pi / max(3.0, pitch_px)))
    lines = rng.random((shape[0], 1), dtype=np.float32)
    fibres = sample(np.repeat(lines, 2, axis=1), rows + wander, np.zeros_like(wander))
    return stretch(rings * 0.5 + fibres * 0.8)
