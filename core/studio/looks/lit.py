"""Decider: looks made with light and film: neon, vaporwave, noir, vintage, sepia, glitch, photo."""

from __future__ import annotations

import numpy as np

from core.studio.looks import edges, flatten, grain, palette
from core.studio.looks.pixels import (
    Pixels,
    blur,
    clip,
    colour,
    contrast,
    exposed,
    gamma,
    grid,
    luma,
    mix,
    rgb,
    saturate,
    screen,
    sharpen,
    shifted,
    smoothstep,
    stretch,
    vignette,
)
from core.studio.looks.touch import Touch


def neon(a: Pixels, touch: Touch) -> Pixels:
    """A city at night in magenta and cyan: dark forms, glowing outlines, wet haze."""
    rng = touch.random("neon")
    grey = exposed(stretch(luma(flatten.areas(a, touch.px(5)))), 0.42)
    night = palette.ramp(gamma(grey, 1.15), ("#05030f", "#150a3a", "#3b1263", "#7a2a8f", "#c88ad0"))
    rows, columns = grid(a.shape)
    slant = (columns / a.shape[1] + rows / a.shape[0] * 0.35) * 0.75
    field = grain.clouds(a.shape, rng, touch.px(420), 2)
    hues = smoothstep(0.25, 0.75, slant * 0.7 + field * 0.5 - 0.1)
    lamp = mix(colour("#18e7ff"), colour("#ff2fa8"), hues[..., None])
    line = 1.0 - edges.lines(grey, touch.px(1.7), depth=0.95 * touch.gain, sharpness=30)
    bold = clip(line * smoothstep(0.05, 0.35, edges.steepness(grey, touch.px(2.2))) * 1.5)
    tubes = lamp * bold[..., None]
    glow = blur(tubes, touch.px(5)) * 1.1 + blur(tubes, touch.px(22)) * 1.5 * touch.gain
    night = night * mix(np.ones(3, np.float32), lamp * 1.3, 0.45)
    shining = screen(screen(night, glow), np.ones_like(a) * (bold**2)[..., None] * 0.72)
    return clip(screen(shining, tubes) * vignette(a.shape, 0.45)[..., None])


def vaporwave(a: Pixels, touch: Touch) -> Pixels:
    """The eighties that never were: pink to cyan, a striped sun, fine scan lines."""
    grey = stretch(luma(flatten.areas(a, touch.px(4))))
    tones = ("#1b0b45", "#5b1f8e", "#d6399a", "#ff8f7d", "#ffe0a0", "#d5fbff")
    duo = palette.ramp(contrast(grey, 1.0 + 0.12 * touch.gain), tones)
    duo = mix(duo, saturate(a, 1.4), 0.18)
    rows, columns = grid(a.shape)
    height, width = a.shape[:2]
    radius = min(height, width) * 0.2
    from_top, from_left = rows - height * 0.3, columns - width * 0.72
    away = np.sqrt(from_top**2 + from_left**2)
    gap = np.mod(from_top, radius * 0.22) < radius * (0.02 + 0.1 * (from_top / radius))
    disc = smoothstep(radius, radius * 0.985, away) * (1 - gap * (from_top > -radius * 0.1))
    sun = palette.ramp(clip(0.5 - from_top / radius * 0.5) + away * 0, ("#ff2f92", "#ffd84a"))
    behind = smoothstep(0.35, 0.7, blur(grey, touch.px(3)))
    duo = mix(duo, sun, (disc * behind * 0.9).astype(np.float32))
    duo = screen(duo, blur(duo * disc[..., None], touch.px(30)) * 0.7)
    scan = 1.0 - 0.1 * (np.mod(rows, touch.px(4, 2)) < touch.px(1.4, 1))
    split = touch.whole_px(2.5)
    red, blue = shifted(duo[..., 0], 0, split), shifted(duo[..., 2], 0, -split)
    return clip(np.stack([red, duo[..., 1], blue], axis=2) * scan[..., None].astype(np.float32))


def noir(a: Pixels, touch: Touch) -> Pixels:
    """Film noir: hard light through blinds, deep blacks, silver grain."""
    rng = touch.random("noir")
    red_filter = a[..., 0] * 0.55 + a[..., 1] * 0.35 + a[..., 2] * 0.1
    grey = contrast(stretch(sharpen(red_filter, touch.px(12), 0.6)), 1.3 * touch.gain, 0.46)
    rows, columns = grid(a.shape)
    tilt = rng.uniform(-0.34, 0.34)
    slats = np.sin((rows + columns * tilt) * np.float32(2 * np.pi / touch.px(74, 8)))
    light = 0.58 + 0.42 * smoothstep(-0.35, 0.15, slats.astype(np.float32))
    rows_part = smoothstep(0.85, 0.2, rows / a.shape[0] + np.abs(columns / a.shape[1] - 0.45) * 0.4)
    toned = grey * mix(np.ones_like(grey), light, rows_part * 0.75 + 0.1)
    toned = toned + grain.film(a.shape, rng, touch.px(1.1)) * 0.035
    toned = toned * vignette(a.shape, 0.75)
    bloom = blur(smoothstep(0.75, 1.0, toned), touch.px(16)) * 0.22
    return palette.ramp(toned + bloom, ("#050506", "#33343a", "#8d8d92", "#f3f1ec"))


def vintage(a: Pixels, touch: Touch) -> Pixels:
    """A faded colour print: lifted blacks, warm lights, green shadows, a light leak."""
    rng = touch.random("vintage")
    soft = mix(a, blur(a, touch.px(3)), 0.35)
    faded = saturate(gamma(contrast(soft, 0.95), 0.82), 0.82) * 0.8 + 0.13
    grey = luma(faded)
    faded = mix(
        faded, palette.tinted(faded, colour("#3f6a63"), 1.0), smoothstep(0.6, 0.1, grey) * 0.45
    )
    faded = faded * mix(np.ones(3, np.float32), colour("#ffe6b8"), grey[..., None] * 0.75)
    rows, columns = grid(a.shape)
    side = columns / a.shape[1] if rng.random() < 0.5 else 1 - columns / a.shape[1]
    leak = smoothstep(0.38, 0.0, side + (grain.clouds(a.shape, rng, touch.px(500), 2) - 0.5) * 0.35)
    faded = screen(
        faded, colour("#ff7a3a") * (leak * 0.5 * touch.gain)[..., None] + rows[..., None] * 0
    )
    faded = faded + grain.film(a.shape, rng, touch.px(1.2))[..., None] * 0.03
    return clip(faded * vignette(a.shape, 0.28)[..., None] * 1.08)


def sepia(a: Pixels, touch: Touch) -> Pixels:
    """A plate from the attic: brown tones, worn edges, scratches and dust."""
    rng = touch.random("sepia")
    grey = stretch(luma(mix(a, blur(a, touch.px(4)), 0.4)))
    grey = contrast(grey, 0.95 * touch.gain, 0.5) * 0.9 + 0.06
    rows, columns = grid(a.shape)
    stains = grain.clouds(a.shape, rng, touch.px(260), 5)
    worn = smoothstep(0.7, 1.25, stains * 0.55 + (1 - vignette(a.shape, 1.0)) * 1.05)
    dust = smoothstep(2.9, 3.4, grain.film(a.shape, rng, touch.px(1.5)))
    hair = np.zeros_like(grey)
    for at in rng.uniform(0, a.shape[1], 5):
        drift = np.sin(rows / touch.px(180) + at) * touch.px(4)
        hair += 0.4 * (np.abs(columns - at - drift) < touch.px(0.6, 0.5))
    plate = clip(grey * (0.88 + 0.2 * stains) * vignette(a.shape, 0.55))
    plate = clip(plate + worn * 0.42 + dust * 0.5 + hair * 0.25)
    return palette.ramp(plate, ("#22140b", "#5c3a20", "#a97c4e", "#dfc08f", "#f8ecd2"))


def glitch(a: Pixels, touch: Touch) -> Pixels:
    """A broken tape: torn rows, split colours, scan lines and blocks."""
    rng = touch.random("glitch")
    rows, columns = grid(a.shape)
    torn = saturate(contrast(a, 1.15), 1.35)
    offsets = np.zeros(a.shape[0], dtype=np.float32)
    for _ in range(int(10 * touch.gain) + 3):
        start, size = int(rng.integers(a.shape[0])), touch.whole_px(rng.uniform(6, 60))
        offsets[start : start + size] += rng.normal(0, touch.px(46))
    offsets += np.sin(np.arange(a.shape[0]) / touch.px(40)).astype(np.float32) * touch.px(2)
    place = np.mod(columns + offsets[:, None], a.shape[1]).astype(np.int32)
    row_index = np.arange(a.shape[0])[:, None]
    split = touch.whole_px(9 * touch.gain)
    planes = [
        torn[row_index, np.mod(place + move, a.shape[1]), i]
        for i, move in enumerate((split, 0, -split))
    ]
    scan = 0.84 + 0.16 * np.cos(rows * np.float32(2 * np.pi / touch.px(4, 3)))
    noise = grain.film(a.shape, rng, 0.8)[..., None] * 0.035
    return clip(np.stack(planes, axis=2) * scan[..., None] * 1.25 + noise)


def photo(a: Pixels, touch: Touch) -> Pixels:
    """A carefully developed photograph: clear detail, rich colour, teal shadows, warm lights."""
    detail = sharpen(sharpen(a, touch.px(26), 0.38 * touch.gain), touch.px(1.6), 0.5)
    tone = saturate(contrast(detail, 1.1, 0.46), 1.2)
    grey = luma(tone)
    cast = mix(colour("#0f5a66"), colour("#ffb36b"), smoothstep(0.2, 0.8, grey))
    toned = clip(tone + (cast - rgb(luma(cast))) * np.float32(0.16 * touch.gain))
    return clip(toned * vignette(a.shape, 0.3)[..., None])
