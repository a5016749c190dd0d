"""Decider: subjects: a palette, an atmosphere and a few drawn elements for each."""

from __future__ import annotations

import numpy as np

from core.studio.looks import distance, grain, palette, silhouettes
from core.studio.looks.pixels import (
    Pixels,
    blur,
    clip,
    colour,
    contrast,
    gamma,
    grid,
    luma,
    mix,
    saturate,
    screen,
    smoothstep,
)
from core.studio.looks.silhouettes import Draw, Pen
from core.studio.looks.tone import graded
from core.studio.looks.touch import Touch
from core.studio.looks.weather import wet_ground

_DRAWN = 0.98
"""How much a drawn element covers what is behind it."""


def _drawn(a: Pixels, draw: Draw, touch: Touch, tone: str, haze: str | None = None) -> Pixels:
    """Draw shapes in one tone; fainter parts of them are further off, in the colour of the haze."""
    pen = Pen(a.shape, touch.random(draw.__name__))
    draw(pen)
    mask = pen.mask()
    distant = colour(haze) if haze else mix(colour(tone), blur(a, touch.px(60)), 0.6)
    near = smoothstep(0.4, 1.0, mask)
    # A pale rim keeps dark shapes apart from dark ground in looks that know only black and white.
    a = screen(a, (blur(mask, touch.px(7)) * 0.34)[..., None] * (blur(a, touch.px(40)) * 0.5 + 0.5))
    grit = 0.86 + 0.28 * grain.clouds(a.shape, touch.random("grit"), touch.px(46), 4)
    paint = mix(np.zeros_like(a) + distant, np.zeros_like(a) + colour(tone), near) * grit[..., None]
    return mix(
        a,
        clip(paint),
        smoothstep(0.05, 0.35, mask) * np.float32(min(1.0, _DRAWN * touch.gain**0.3)),
    )


def _water(a: Pixels, touch: Touch, tones: tuple[str, ...], start: float) -> Pixels:
    """Water over the lower part: it mirrors the picture, takes the tones and glitters."""
    rng = touch.random("water")
    wet = wet_ground(a, touch, start=start, amount=0.96)
    rows, _ = grid(a.shape)
    depth = clip((rows / a.shape[0] - start) / (1 - start))
    wide = a.shape[1] // 8 + 2
    waves = grain.clouds((a.shape[0], wide), rng, touch.px(16), 3)
    waves = blur(np.repeat(waves, 8, axis=1)[:, : a.shape[1]], touch.px(1.4))
    tone = palette.ramp(clip(luma(wet) * 0.55 + (waves - 0.5) * 0.6 + 0.24), tones)
    below = smoothstep(0.0, 0.12, depth)
    sea = mix(wet, tone, 0.55)
    crest = smoothstep(0.72, 0.92, waves) * (0.25 + 0.75 * luma(blur(wet, touch.px(8))))
    return mix(a, screen(sea, crest[..., None] * 0.42), below)


_SEA_TONES = ("#06182b", "#0f3f5e", "#2f7d93", "#9fd0cc", "#f4f4e2")


def harbour(a: Pixels, touch: Touch) -> Pixels:
    """Boats on quiet water in front, gulls above."""
    sea = _water(graded(a, "#17324f", "#ffd9a0", 0.35), touch, _SEA_TONES, 0.8)
    with_boats = _drawn(sea, silhouettes.boats, touch, "#16202c")
    return _drawn(with_boats, silhouettes.gulls, touch, "#20262e")


def sea(a: Pixels, touch: Touch) -> Pixels:
    """Open water with rolling waves and foam."""
    rng = touch.random("surf")
    wet = _water(graded(a, "#0d3a5c", "#d8f0ea", 0.45), touch, _SEA_TONES, 0.74)
    rows, columns = grid(a.shape)
    sway = grain.clouds(a.shape, rng, touch.px(210), 3)
    below = smoothstep(0.76, 0.82, rows / a.shape[0])
    pitch = touch.px(16) + (rows - a.shape[0] * 0.74).clip(0) * 0.3
    crest = np.sin((rows + sway * touch.px(70) + columns * 0.03) / pitch * 2.6)
    foam = smoothstep(0.82, 1.0, crest.astype(np.float32)) * grain.clouds(
        a.shape, rng, touch.px(26), 4
    )
    rolled = screen(wet, (foam * below * 1.1)[..., None] * colour("#f2fbf6"))
    return _drawn(rolled, silhouettes.gulls, touch, "#2a3a46")


def beach(a: Pixels, touch: Touch) -> Pixels:
    """Turquoise light, palms at the sides, sand below."""
    light = graded(saturate(gamma(a, 0.88), 1.12), "#137f8c", "#ffe6b0", 0.5)
    rows, _ = grid(a.shape)
    shore = smoothstep(
        0.8,
        0.94,
        rows / a.shape[0]
        + (grain.clouds(a.shape, touch.random("sand"), touch.px(300), 2) - 0.5) * 0.08,
    )
    sand = (
        colour("#ecd3a0")
        * (0.84 + 0.2 * grain.clouds(a.shape, touch.random("grains"), touch.px(7), 3))[..., None]
    )
    return _drawn(mix(light, sand, shore * 0.85), silhouettes.palms, touch, "#173029")


def lake(a: Pixels, touch: Touch) -> Pixels:
    """A mirror of still water below."""
    return _water(
        graded(a, "#1d3f4c", "#e4efe6", 0.3),
        touch,
        ("#0a1d26", "#1f4f5a", "#6fa3a0", "#e8f0e2"),
        0.64,
    )


def forest(a: Pixels, touch: Touch) -> Pixels:
    """Firs in front and at the sides, green shade, mist between."""
    shade = graded(contrast(a, 0.95), "#0f3326", "#dcebb8", 0.65)
    mist = distance.farness(a) * 0.28
    deep = mix(shade, np.zeros_like(a) + colour("#c4d4c0"), mist)
    return _drawn(deep, silhouettes.pines, touch, "#0e1f1a", "#54776a")


def jungle(a: Pixels, touch: Touch) -> Pixels:
    """Large leaves all round, wet green light."""
    shade = graded(saturate(contrast(a, 1.08), 1.15), "#06351f", "#e3f59a", 0.7)
    return _drawn(shade, silhouettes.fronds, touch, "#0c2a18", "#2f6d35")


def desert(a: Pixels, touch: Touch) -> Pixels:
    """Sand colours, heat, dunes in front."""
    hot = graded(saturate(gamma(a, 0.9), 0.8), "#7a3418", "#ffd489", 0.9)
    dust = mix(hot, np.zeros_like(a) + colour("#f0c486"), distance.farness(a) * 0.42)
    return _drawn(dust, silhouettes.dunes, touch, "#7b3d1d", "#dba25f")


def city(a: Pixels, touch: Touch) -> Pixels:
    """Tower blocks with lit windows in front, blue haze."""
    haze = graded(contrast(a, 1.05), "#1a2a4c", "#ffd3a1", 0.5)
    built = _drawn(haze, silhouettes.skyline, touch, "#10141f", "#3b4a66")
    blocks = Pen(a.shape, touch.random("skyline"))
    silhouettes.skyline(blocks)
    lamps = Pen(a.shape, touch.random("windows"))
    silhouettes.windows(lamps)
    lit = lamps.mask() * smoothstep(0.55, 0.65, blocks.mask())
    glow = (lit + blur(lit, touch.px(6)) * 0.8)[..., None] * colour("#ffc966")
    return screen(built, glow)


def village(a: Pixels, touch: Touch) -> Pixels:
    """Gabled roofs in front, warm light."""
    cosy = graded(a, "#3d2b3f", "#ffd9a6", 0.5)
    return _drawn(cosy, silhouettes.cottages, touch, "#241a20", "#7a5a58")


def mountains(a: Pixels, touch: Touch) -> Pixels:
    """Blue ridges in front, thin clear air."""
    air = graded(contrast(a, 1.06), "#27406b", "#f0f4ff", 0.5)
    return _drawn(air, silhouettes.peaks, touch, "#16263c", "#7590b3")


def castle(a: Pixels, touch: Touch) -> Pixels:
    """A castle on a hill to one side, birds around it."""
    old = graded(contrast(a, 1.05), "#2b2547", "#ffe0a8", 0.5)
    built = _drawn(old, silhouettes.towers, touch, "#1b1826")
    return _drawn(built, silhouettes.gulls, touch, "#1b1826")


def meadow(a: Pixels, touch: Touch) -> Pixels:
    """Tall grass in front, soft green and gold."""
    soft = graded(gamma(a, 0.92), "#2f5530", "#fff0b0", 0.55)
    return _drawn(soft, silhouettes.grasses, touch, "#1f3a1c", "#6f8f3c")


def garden(a: Pixels, touch: Touch) -> Pixels:
    """Flowers in front, fresh colour."""
    fresh = graded(saturate(gamma(a, 0.9), 1.15), "#2f6a45", "#ffe3ee", 0.45)
    grown = _drawn(fresh, silhouettes.grasses, touch, "#234d27")
    for index, tone in enumerate(("#e8467c", "#ffd23f", "#ffffff", "#8a5bd6", "#ff7b3a")):
        bed = Touch(seed=touch.seed + 101 * index, gain=touch.gain, scale=touch.scale)
        grown = _drawn(grown, silhouettes.blossoms, bed, tone, tone)
    return grown


def space(a: Pixels, touch: Touch) -> Pixels:
    """Nebulae and stars behind what is bright, a ringed planet."""
    rng = touch.random("space")
    gas = grain.clouds(a.shape, rng, touch.px(420), 6)
    glow = palette.ramp(gas, ("#02030d", "#1a0f4a", "#5a1f7d", "#c2477f", "#ffb27a"))
    grey = luma(a)
    behind = clip(distance.farness(a) * 0.85 + (0.35 - grey).clip(0))
    deep = mix(graded(a, "#120b3a", "#bcd6ff", 0.5), screen(glow, a * 0.22), behind)
    points = (rng.random(a.shape[:2], dtype=np.float32) > 0.9988).astype(np.float32)
    spark = blur(points, touch.px(0.8)) * 3.2 + blur(points, touch.px(3)) * 2.4
    deep = screen(clip(deep), spark[..., None] * (0.25 + 0.75 * behind)[..., None])
    return _planet(deep, rng)


def _planet(a: Pixels, rng: np.random.Generator) -> Pixels:
    rows, columns = grid(a.shape)
    radius = min(a.shape[:2]) * rng.uniform(0.1, 0.14)
    y, x = a.shape[0] * 0.22, a.shape[1] * float(rng.choice([0.16, 0.84]))
    away = np.sqrt((rows - y) ** 2 + (columns - x) ** 2) / np.float32(radius)
    bands = np.sin((rows - y) / radius * 9 + grain.clouds(a.shape, rng, radius) * 3)
    body = palette.ramp(bands * 0.5 + 0.5 + away * 0, ("#b8694a", "#e7b27c", "#f6e2bd"))
    light = clip(
        1.05
        - np.sqrt(
            ((rows - y + radius * 0.5) / radius) ** 2 + ((columns - x + radius * 0.5) / radius) ** 2
        )
        * 0.62
    )
    with_body = mix(a, body * light[..., None], smoothstep(1.0, 0.97, away))
    ring = np.sqrt(((rows - y) * 3.6 + (columns - x) * 0.9) ** 2 + (columns - x) ** 2) / np.float32(
        radius
    )
    band = smoothstep(1.35, 1.45, ring) * smoothstep(2.1, 1.95, ring)
    front = np.where((rows > y - (columns - x) * 0.25) | (away > 1.0), 1.0, 0.0)
    return clip(mix(with_body, colour("#f0d9b0"), (band * front * 0.75).astype(np.float32)))


def birds(a: Pixels, touch: Touch) -> Pixels:
    """Two flights of birds."""
    first = _drawn(graded(a, "#33405a", "#fbe9cf", 0.25), silhouettes.gulls, touch, "#20222a")
    return _drawn(
        first, silhouettes.gulls, Touch(seed=touch.seed + 7, scale=touch.scale), "#20222a"
    )


def balloons(a: Pixels, touch: Touch) -> Pixels:
    """Balloons in three colours."""
    for index, tone in enumerate(("#d8432f", "#f2b632")):
        flight = Touch(seed=touch.seed + 31 * index, gain=touch.gain, scale=touch.scale)
        a = _drawn(a, silhouettes.globes, flight, tone, tone)
    return a
