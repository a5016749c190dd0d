"""Decider: moods of the weather: fog, snow, frost, rain, storm, and water all round."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from core.studio.looks import distance, grain, palette
from core.studio.looks.pixels import (
    Pixels,
    blur,
    clip,
    colour,
    contrast,
    from_picture,
    gamma,
    grid,
    luma,
    mix,
    rgb,
    sample_between,
    saturate,
    screen,
    shifted,
    smoothstep,
    vignette,
)
from core.studio.looks.tone import graded
from core.studio.looks.touch import Touch


def fog(a: Pixels, touch: Touch) -> Pixels:
    """Mist that thickens with the guessed distance, in drifts."""
    rng = touch.random("fog")
    drift = grain.clouds((a.shape[0], a.shape[1] // 2 + 2), rng, touch.px(300), 4)
    from_wide = np.repeat(drift, 2, axis=1)[:, : a.shape[1]]
    far = distance.farness(a)
    veil = clip((0.14 + 0.72 * far + 0.22 * (from_wide - 0.5)) * touch.gain**0.6)
    soft = mix(a, blur(a, touch.px(7)), far)
    tone = mix(colour("#c3ccd3"), blur(a, touch.px(120)), 0.25)
    return mix(saturate(soft, 0.65), tone, clip(veil) * 0.92)


def snow(a: Pixels, touch: Touch) -> Pixels:
    """Snow that lies: white upper sides, cold light."""
    cold = graded(saturate(a, 0.62), "#3f5f96", "#dfeaff", 0.4)
    down = luma(blur(a, touch.px(2)))
    upper = clip((shifted(down, -touch.whole_px(4), 0) - down) * -5.0)
    settled = smoothstep(0.12, 0.5, blur(upper, touch.px(1.6)) + 0.25 * smoothstep(0.55, 0.9, down))
    ground = smoothstep(0.62, 1.0, grid(a.shape)[0] / a.shape[0]) * 0.55
    cover = clip(settled * 0.85 + ground * (0.35 + down)) * min(1.0, 0.8 * touch.gain)
    white = mix(cold, colour("#f3f7ff") * (0.82 + 0.18 * down)[..., None], cover)
    return clip(mix(white, np.zeros_like(a) + colour("#dbe4ee"), distance.farness(a) * 0.35))


def flakes(a: Pixels, touch: Touch) -> Pixels:
    """Snow in the air, in three distances."""
    rng = touch.random("flakes")
    light = np.zeros(a.shape[:2], np.float32)
    for size, count, slant in ((2.0, 900, 4), (4.5, 260, 10), (11.0, 46, 20)):
        layer = _flakes(a.shape, touch, rng, size, int(count * touch.gain), slant)
        light = np.maximum(light, layer)
    return screen(a, light[..., None] * np.float32(0.95))


def _flakes(shape: tuple[int, ...], touch: Touch, rng: np.random.Generator, *how: float) -> Pixels:
    """Soft round flakes of one size, a little drawn out by the wind."""
    size, count, slant = how
    radius = touch.px(size, 1.0)
    layer = Image.new("L", (shape[1], shape[0]), 0)
    pen = ImageDraw.Draw(layer)
    share = shape[0] * shape[1] / (1024 * 683)
    for _ in range(int(count * min(1.5, share)) + 1):
        y, x = rng.uniform(-radius, shape[0]), rng.uniform(-radius, shape[1])
        r = radius * rng.uniform(0.5, 1.0)
        lean = touch.px(slant, 0.1) * 0.05
        pen.ellipse((x - r, y - r, x + r + lean, y + r + lean), fill=int(rng.uniform(110, 255)))
    return blur(from_picture(layer), radius * 0.38)


def winter(a: Pixels, touch: Touch) -> Pixels:
    """Frost without snowfall: pale, blue, greens gone white."""
    hue, saturation = palette.hue(a)
    green = smoothstep(0.14, 0.06, np.abs(hue - 0.27)) * smoothstep(0.1, 0.3, saturation)
    frost = mix(a, rgb(gamma(luma(a), 0.6)), green * 0.9)
    cold = graded(saturate(frost, 0.55), "#37568c", "#e3eeff", 0.6 * touch.gain)
    teeth = grain.clouds(a.shape, touch.random("frost"), touch.px(60), 5)
    rim = smoothstep(0.6, 1.1, (1 - vignette(a.shape, 1.0)) * 0.9 + teeth * 0.45)
    return screen(clip(cold * 1.06), rim[..., None] * colour("#e8f3ff") * np.float32(0.75))


def rain(a: Pixels, touch: Touch) -> Pixels:
    """A grey, wet day."""
    grey_day = graded(saturate(contrast(gamma(a, 1.15), 0.92), 0.6), "#2c4054", "#b9c6cf", 0.5)
    wet = wet_ground(grey_day, touch, start=0.66, amount=0.55)
    return mix(wet, np.zeros_like(a) + colour("#93a2ac"), distance.farness(a) * 0.4)


def streaks(a: Pixels, touch: Touch) -> Pixels:
    """Rain in the air, in long strokes."""
    rng = touch.random("streaks")
    layer = Image.new("L", (a.shape[1], a.shape[0]), 0)
    pen = ImageDraw.Draw(layer)
    lean = rng.uniform(-0.25, 0.25)
    for _ in range(int(1100 * touch.gain * a.shape[0] * a.shape[1] / (1024 * 683)) + 2):
        y, x = rng.uniform(-60, a.shape[0]), rng.uniform(-20, a.shape[1] + 20)
        length = touch.px(rng.uniform(18, 64))
        width = 1 if rng.random() < 0.85 else touch.whole_px(2)
        pen.line((x, y, x + lean * length, y + length), fill=int(rng.uniform(50, 190)), width=width)
    return screen(a, blur(from_picture(layer), touch.px(0.5))[..., None] * colour("#cfdbe6") * 0.8)


def wet_ground(a: Pixels, touch: Touch, *, start: float, amount: float) -> Pixels:
    """The lower part mirrors what stands above it, broken by ripples."""
    rows, columns = grid(a.shape)
    height = a.shape[0]
    line = height * start
    below = clip((rows - line) / max(1.0, height - line))
    ripple = (
        grain.clouds((height, a.shape[1] // 6 + 2), touch.random("ripple"), touch.px(22), 3) - 0.5
    )
    wide = np.repeat(ripple, 6, axis=1)[:, : a.shape[1]]
    source_y = line - (rows - line) * 0.95 + wide * touch.px(26) * below
    mirrored = sample_between(a, np.maximum(source_y, 0), columns + wide * touch.px(50) * below)
    shore = smoothstep(0.0, 0.06, below)
    return mix(a, mirrored * (0.82 - 0.12 * below)[..., None], shore * np.float32(amount))


def storm(a: Pixels, touch: Touch) -> Pixels:
    """Heavy cloud over everything and a stroke of lightning."""
    rng = touch.random("storm")
    dark = graded(saturate(contrast(gamma(a, 1.45), 1.2), 0.55), "#16233c", "#9fb0b8", 0.6)
    rows, _ = grid(a.shape)
    cloud = grain.clouds(a.shape, rng, touch.px(340), 6)
    high = smoothstep(0.62, 0.0, rows / a.shape[0])
    mass = palette.ramp(cloud, ("#10141f", "#2b3446", "#5d6878", "#98a2aa"))
    dark = mix(dark, mass, high * (0.35 + 0.6 * distance.sky(a)) * np.float32(0.95))
    layer = Image.new("L", (a.shape[1], a.shape[0]), 0)
    _bolt(ImageDraw.Draw(layer), rng, touch, a.shape)
    line = from_picture(layer)
    light = line + blur(line, touch.px(6)) * 2.4 + blur(line, touch.px(40)) * 5.5
    struck = screen(dark, light[..., None] * colour("#cfd8ff") * touch.gain)
    return clip(struck * vignette(a.shape, 0.4)[..., None])


def _bolt(
    pen: ImageDraw.ImageDraw, rng: np.random.Generator, touch: Touch, shape: tuple[int, ...]
) -> None:
    starts = [(0.0, shape[1] * rng.uniform(0.2, 0.8), 0.62, 3.2)]
    while starts:
        y, x, reach, width = starts.pop()
        while y < shape[0] * reach:
            step_y, step_x = touch.px(rng.uniform(10, 26)), touch.px(1) * rng.normal(0, 15)
            pen.line((x, y, x + step_x, y + step_y), fill=255, width=max(1, round(touch.px(width))))
            y, x = y + step_y, x + step_x
            if width > 2 and rng.random() < 0.13:
                starts.append((y, x, min(reach, y / shape[0] + rng.uniform(0.08, 0.22)), 1.4))


def underwater(a: Pixels, touch: Touch) -> Pixels:
    """Blue-green depth, light from above in caustics, bubbles."""
    rng = touch.random("underwater")
    rows, columns = grid(a.shape)
    sway = [(grain.clouds(a.shape, rng, touch.px(130), 3) - 0.5) * touch.px(16) for _ in "yx"]
    bent = sample_between(a, rows + sway[0], columns + sway[1])
    depth = palette.ramp(
        luma(bent) * 0.75 + 0.3 * (1 - rows / a.shape[0]),
        ("#02151f", "#055a6e", "#17a5a8", "#b6f5e0"),
    )
    wet = mix(bent * colour("#5fc9d0"), depth, 0.55 * min(1.3, touch.gain))
    ridges = 1 - np.abs(grain.clouds(a.shape, rng, touch.px(90), 3) * 2 - 1)
    caustic = smoothstep(0.8, 1.0, ridges) * smoothstep(1.0, 0.1, rows / a.shape[0])
    layer = Image.new("L", (a.shape[1], a.shape[0]), 0)
    pen = ImageDraw.Draw(layer)
    for _ in range(46):
        r = touch.px(rng.uniform(1.5, 9))
        y, x = rng.uniform(0, a.shape[0]), a.shape[1] * (0.5 + 0.5 * np.sin(rng.normal(0, 1.2)))
        pen.ellipse((x - r, y - r, x + r, y + r), outline=200, width=max(1, int(r / 4)), fill=34)
    bubbles = blur(from_picture(layer), touch.px(0.7))
    return screen(clip(wet), (caustic * 0.42 + bubbles * 0.7)[..., None] * colour("#d8fff4"))
