"""Decider: looks built from pieces: pixels, mosaic, stained glass, low poly, paper, stitches."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from core.studio.looks import edges, flatten, grain, palette
from core.studio.looks.pixels import (
    Pixels,
    blur,
    clip,
    colour,
    contrast,
    from_picture,
    grid,
    luma,
    mix,
    resize,
    sample,
    saturate,
    sharpen,
    shifted,
    smoothstep,
    stretch,
    vignette,
)
from core.studio.looks.touch import Touch

_BAYER = np.array(
    [[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], dtype=np.float32
) / np.float32(16)


def _blocks(a: Pixels, touch: Touch, across: int) -> tuple[Pixels, int]:
    """The picture shrunk to about `across` blocks on its long side, and a block's side."""
    side = touch.whole_px(1024 / across, 2)
    small = tuple(max(2, -(-length // side)) for length in a.shape[:2])
    return resize(a, small, Image.Resampling.BOX), side


def _enlarged(small: Pixels, side: int, shape: tuple[int, ...]) -> Pixels:
    large: Pixels = np.repeat(np.repeat(small, side, axis=0), side, axis=1)
    return large[: shape[0], : shape[1]]


def pixel_art(a: Pixels, touch: Touch) -> Pixels:
    """An early video game: big square pixels, sixteen colours, ordered dither, dark outlines."""
    small, side = _blocks(a, touch, 112)
    bright = saturate(contrast(sharpen(small, 2.0, 0.9), 1.2), 1.5 * touch.gain)
    tiles = tuple(-(-length // 4) for length in small.shape[:2])
    dither = np.tile(_BAYER, tiles)[: small.shape[0], : small.shape[1]] - 0.5
    inks = palette.own_inks(clip(bright + dither[..., None] * 0.09), 16)
    outline = smoothstep(0.5, 0.85, edges.steepness(luma(small), 0.6))
    inks = mix(inks, inks * np.float32(0.35), outline)
    large = _enlarged(inks, side, a.shape)
    rows, columns = grid(a.shape)
    seam = (np.mod(rows, side) < 1) | (np.mod(columns, side) < 1)
    return clip(large * (1.0 - seam * np.float32(0.07))[..., None])


def cross_stitch(a: Pixels, touch: Touch) -> Pixels:
    """Yarn in crosses on linen, thirty colours."""
    rng = touch.random("stitch")
    small, side = _blocks(a, touch, 118)
    inks = palette.own_inks(saturate(contrast(sharpen(small, 2, 0.6), 1.15), 1.4 * touch.gain), 28)
    inks = clip(inks + rng.normal(0, 0.02, (*inks.shape[:2], 1)).astype(np.float32))
    large = _enlarged(inks, side, a.shape)
    rows, columns = grid(a.shape)
    y, x = np.mod(rows, side) / side * 2 - 1, np.mod(columns, side) / side * 2 - 1
    one, two = np.abs(y - x), np.abs(y + x)
    over = smoothstep(0.62, 0.5, one) * (np.maximum(np.abs(y), np.abs(x)) < 0.92)
    under = smoothstep(0.62, 0.5, two) * (np.maximum(np.abs(y), np.abs(x)) < 0.92)
    shine = np.maximum(over * (1.1 - one * 0.55), under * (0.85 - two * 0.45))
    linen = (
        colour("#e8dfcd")
        * (0.82 + 0.18 * np.abs(np.sin(rows * 1.6) * np.sin(columns * 1.6)))[..., None]
    )
    cover = clip(np.maximum(over, under))
    return clip(mix(linen.astype(np.float32), large * shine[..., None] * 1.06, cover)).astype(
        np.float32
    )


def mosaic(a: Pixels, touch: Touch) -> Pixels:
    """Square stones laid along the lines of the picture in pale mortar."""
    rng = touch.random("mosaic")
    bright = saturate(contrast(sharpen(a, touch.px(14), 0.7), 1.2), 1.75 * touch.gain)
    way = edges.flow(a, touch.px(16), rng, swirl=0.4)
    turn = np.arctan2(way.down, way.right)
    cut = flatten.cells(a.shape, touch.px(10.5, 5), rng, jitter=0.42, turn=turn)
    stones = flatten.cell_colours(bright, cut)
    stones = stones + rng.normal(0, 0.045, (cut.count, 1)).astype(np.float32)
    laid = clip(stones)[cut.label]
    edge = smoothstep(touch.px(0.6), touch.px(1.5, 1.0), cut.border_px)
    down, right = edges.slopes(blur(edge, 1.0))
    grit = grain.film(a.shape, rng, touch.px(1.2))[..., None] * 0.02
    lit = laid * (1.0 + clip((down + right) * 0.9 + 0.5)[..., None] * 0.7 - 0.35) + grit
    mortar = colour("#857a6c") + grit * 2
    return clip(mix(mortar, lit, edge))


def stained_glass(a: Pixels, touch: Touch) -> Pixels:
    """Glass in deep colours between lead lines, lit from behind."""
    rng = touch.random("glass")
    bright = saturate(contrast(flatten.areas(a, touch.px(8)), 1.2), 1.5 * touch.gain)
    cut = flatten.patches(bright, touch.px(46, 9), rng)
    panes = flatten.cell_colours(bright, cut)
    high = panes.max(axis=1, keepdims=True)
    panes = clip(panes / np.maximum(high, 0.05) * (0.16 + 0.8 * high))
    pale = smoothstep(0.55, 0.1, 1.0 - panes.min(axis=1) / np.maximum(panes.max(axis=1), 0.05))
    hints = np.stack([colour(tone) for tone in ("#bfe0f2", "#f7e3a1", "#cfeccb", "#f3c9c4")])
    hint = hints[rng.integers(len(hints), size=cut.count)]
    panes = clip(mix(panes, panes * hint, (pale * 0.9)[:, None]))
    glass = panes[cut.label]
    ripple = grain.clouds(a.shape, rng, touch.px(34), 3)[..., None]
    seen = mix(glass, glass * (0.55 + luma(a)[..., None]), 0.4)
    lead = blur(smoothstep(4.0, 0.5, cut.border_px), touch.px(1.9))
    bar = smoothstep(0.13, 0.3, lead * touch.px(1.0, 1.0))
    glow = blur(seen * (1 - bar)[..., None], touch.px(14))
    shining = clip(seen * (0.8 + 0.4 * ripple) + glow * 0.22)
    down, right = edges.slopes(blur(bar, 1.2))
    metal = colour("#17161a") + clip((down + right) * 0.8)[..., None] * 0.5
    rows, columns = grid(a.shape)
    beam = 1.0 + 0.22 * smoothstep(0.9, 0.1, rows / a.shape[0] + columns / a.shape[1] * 0.4)
    return clip(mix(shining * beam[..., None], metal, bar))


def low_poly(a: Pixels, touch: Touch) -> Pixels:
    """Facets: triangles whose corners sit on the edges of the picture."""
    rng = touch.random("poly")
    bright = saturate(contrast(flatten.areas(a, touch.px(6)), 1.15), 1.35 * touch.gain)
    step = touch.px(30, 8)
    corners = _corners(edges.steepness(luma(bright), touch.px(2)), step, rng)
    flat = blur(bright, step * 0.16)
    canvas = Image.new("RGB", (a.shape[1] * 2, a.shape[0] * 2))
    pen = ImageDraw.Draw(canvas)
    for facet in _facets(corners, flat):
        middle = facet.mean(axis=0)
        tone = sample(flat, middle[:1], middle[1:])[0] * 0.55
        tone = tone + sample(flat, facet[:, 0], facet[:, 1]).mean(axis=0) * 0.45
        edge = facet[1] - facet[0]
        slope = 1.0 + 0.09 * np.sin(np.arctan2(edge[0], edge[1]) * 2 + middle[0] * 0.05)
        fill = tuple((np.clip(tone * slope, 0, 1) * 255).astype(int).tolist())
        points = (facet[:, ::-1] * 2).ravel().tolist()
        pen.polygon(points, fill=fill, outline=fill)
    return from_picture(canvas.reduce(2))


def _corners(steep: Pixels, step: float, rng: np.random.Generator) -> Pixels:
    """A grid of points, each moved to the steepest of a few places near by."""
    height, width = steep.shape
    down, right = int(height / step) + 2, int(width / step) + 2
    ys, xs = np.meshgrid(np.linspace(0, height, down), np.linspace(0, width, right), indexing="ij")
    tries = rng.uniform(-0.46, 0.46, (9, 2, down, right)) * step
    tries[0] *= 0.5
    heights = np.stack([sample(steep, ys + t[0], xs + t[1]) for t in tries])
    best = heights.argmax(axis=0)[None, None]
    move = np.take_along_axis(tries, np.repeat(best, 2, axis=1), axis=0)[0]
    move[0, [0, -1]] = 0
    move[1, :, [0, -1]] = 0
    return np.stack([ys + move[0], xs + move[1]], axis=2).astype(np.float32)


def _facets(corners: Pixels, a: Pixels) -> list[Pixels]:
    """Two triangles for each square, cut along the diagonal that the picture prefers."""
    facets = []
    tones = luma(sample(a, corners[..., 0], corners[..., 1]))
    for y in range(corners.shape[0] - 1):
        for x in range(corners.shape[1] - 1):
            square = [corners[y, x], corners[y, x + 1], corners[y + 1, x + 1], corners[y + 1, x]]
            falling = abs(tones[y, x] - tones[y + 1, x + 1])
            rising = abs(tones[y, x + 1] - tones[y + 1, x])
            turn = 0 if falling <= rising else 1
            p, q, r, s = square[turn:] + square[:turn]
            facets += [np.stack([p, q, r]), np.stack([p, r, s])]
    return facets


def paper_cut(a: Pixels, touch: Touch) -> Pixels:
    """Sheets of coloured paper laid over each other, each with its shadow."""
    rng = touch.random("paper")
    flat = flatten.areas(flatten.areas(a, touch.px(18)), touch.px(14))
    grey = stretch(blur(luma(flat), touch.px(3)), 2, 98)
    bright = saturate(contrast(flat, 1.1), 1.5 * touch.gain)
    sheet = np.zeros_like(a) + _sheet_colour(bright, grey < 0.22, "#1b2240")
    count = 6
    for index in range(1, count):
        limit = index / count
        wave = (grain.clouds(a.shape, rng, touch.px(50), 2) - 0.5) * 0.05
        cut = smoothstep(limit - 0.006, limit + 0.006, grey + wave)
        reach = touch.whole_px(7)
        shade = blur(shifted(cut, reach, reach), touch.px(6))
        sheet = sheet * (1.0 - 0.5 * shade * (1 - cut))[..., None]
        band = (grey >= limit - 0.02) & (grey < limit + 1 / count)
        local = flatten.posterised(blur(bright, touch.px(9)), 5)
        tone = mix(local, _sheet_colour(bright, band, "#f2e8d0") + local * 0, 0.5)
        fibre = grain.paper(a.shape, rng, touch.px(1.4))[..., None]
        sheet = mix(sheet, clip(tone * 1.08 * fibre), cut)
    return clip(sheet * vignette(a.shape, 0.15)[..., None])


def _sheet_colour(a: Pixels, where: Pixels, otherwise: str) -> Pixels:
    """The mean colour of a part of the picture."""
    if where.sum() < 16:
        return colour(otherwise)
    tone: Pixels = a[where].mean(axis=0).astype(np.float32)
    return tone
