"""Decider: paint put on in strokes: where they go, their colour and their thickness."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from core.studio.looks import edges
from core.studio.looks.pixels import Pixels, blur, from_picture, sample, to_picture

_OVERSAMPLING = 2
"""Strokes are drawn this much larger, because Pillow's lines have no soft edges."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Brush:
    """One layer of strokes."""

    width_px: float
    length_px: float
    spacing_px: float
    jitter: float = 0.06
    """How far a stroke's colour strays from the picture's."""
    keep: Pixels | None = None
    """Chance of a stroke at each place, 0 to 1; None puts one everywhere."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Paint:
    """Colour of the strokes and, apart, how thick the paint stands."""

    colour: Pixels
    height: Pixels


def paint_strokes(
    ground: Pixels, target: Pixels, way: edges.Flow, brushes: list[Brush], rng: np.random.Generator
) -> Paint:
    """Cover `ground` with strokes of the target's colours, one brush after another."""
    shape = ground.shape
    size = (shape[1] * _OVERSAMPLING, shape[0] * _OVERSAMPLING)
    canvas = to_picture(ground).resize(size)
    relief = Image.new("L", size, 128)
    for brush in brushes:
        _layer((canvas, relief), target, way, brush, rng)
    return Paint(
        colour=from_picture(canvas.reduce(_OVERSAMPLING)),
        height=from_picture(relief.reduce(_OVERSAMPLING)),
    )


def _layer(
    canvases: tuple[Image.Image, Image.Image],
    target: Pixels,
    way: edges.Flow,
    brush: Brush,
    rng: np.random.Generator,
) -> None:
    rows, columns = _places(target.shape, brush, rng)
    paths = _paths(rows, columns, way, brush)
    colours = _colours(target, rows, columns, brush, rng)
    thickness = rng.integers(70, 190, len(rows))
    widths = brush.width_px * _OVERSAMPLING * rng.uniform(0.7, 1.2, len(rows))
    drawing, height = (ImageDraw.Draw(canvas) for canvas in canvases)
    for index in rng.permutation(len(rows)):
        width = max(1, int(widths[index]))
        points = paths[index].tolist()
        drawing.line(points, fill=tuple(colours[index]), width=width)
        height.line(points, fill=int(thickness[index]), width=width)


def _places(
    shape: tuple[int, ...], brush: Brush, rng: np.random.Generator
) -> tuple[Pixels, Pixels]:
    step = max(1.5, brush.spacing_px)
    rows, columns = np.meshgrid(
        np.arange(0, shape[0] + step, step), np.arange(0, shape[1] + step, step), indexing="ij"
    )
    rows = (rows + rng.uniform(-0.5, 0.5, rows.shape) * step).ravel().astype(np.float32)
    columns = (columns + rng.uniform(-0.5, 0.5, columns.shape) * step).ravel().astype(np.float32)
    if brush.keep is not None:
        kept = rng.random(rows.shape) < sample(brush.keep, rows, columns)
        rows, columns = rows[kept], columns[kept]
    return rows, columns


def _paths(rows: Pixels, columns: Pixels, way: edges.Flow, brush: Brush) -> Pixels:
    """Five points for each stroke, following the flow both ways from its middle."""
    reach = np.float32(brush.length_px / 4)
    halves = []
    for sign in (-1.0, 1.0):
        y, x = rows, columns
        down, right = sample(way.down, y, x) * sign, sample(way.right, y, x) * sign
        steps = []
        for _ in range(2):
            y, x = y + down * reach, x + right * reach
            steps.append((x, y))
            next_down, next_right = sample(way.down, y, x), sample(way.right, y, x)
            same = np.where(next_down * down + next_right * right < 0, -1.0, 1.0)
            down, right = next_down * same, next_right * same
        halves.append(steps)
    back, ahead = halves
    points = [back[1], back[0], (columns, rows), ahead[0], ahead[1]]
    flat = np.stack([axis for point in points for axis in point], axis=1)
    path: Pixels = flat * np.float32(_OVERSAMPLING)
    return path


def _colours(
    target: Pixels, rows: Pixels, columns: Pixels, brush: Brush, rng: np.random.Generator
) -> Pixels:
    taken = sample(blur(target, brush.width_px * 0.35), rows, columns)
    light = rng.normal(0.0, brush.jitter, (len(rows), 1))
    cast = rng.normal(0.0, brush.jitter * 0.6, (len(rows), 3))
    colours: Pixels = (np.clip(taken + light + cast, 0, 1) * 255).astype(np.uint8)
    return colours


def lit(paint: Paint, bristle: Pixels, depth: float) -> Pixels:
    """Light from the upper left over the thickness of the paint and the marks of the bristles."""
    down, right = edges.slopes(blur(paint.height, 0.8) * 0.9 + bristle * 0.35)
    shade = np.clip((down + right) * depth, -0.28, 0.28)
    return np.clip(paint.colour * (1.0 + shade[..., None]), 0.0, 1.0)


def paint_dots(
    ground: Pixels, target: Pixels, brushes: list[Brush], rng: np.random.Generator
) -> Pixels:
    """Cover `ground` with round dots of the target's colours."""
    size = (ground.shape[1] * _OVERSAMPLING, ground.shape[0] * _OVERSAMPLING)
    canvas = to_picture(ground).resize(size)
    drawing = ImageDraw.Draw(canvas)
    for brush in brushes:
        rows, columns = _places(target.shape, brush, rng)
        colours = _colours(target, rows, columns, brush, rng)
        radius = brush.width_px * _OVERSAMPLING / 2 * rng.uniform(0.75, 1.15, len(rows))
        boxes = np.stack([columns, rows, columns, rows], axis=1) * _OVERSAMPLING
        boxes = boxes + np.stack([-radius, -radius, radius, radius], axis=1)
        for box, fill in zip(boxes.tolist(), colours.tolist(), strict=True):
            drawing.ellipse(box, fill=tuple(fill))
    return from_picture(canvas.reduce(_OVERSAMPLING))
