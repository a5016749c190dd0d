"""Decider: moods: the light, the hour, the season and the weather that a prompt may ask for."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from core.studio.looks import distance, flatten, grain, palette
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
from core.studio.looks.touch import Touch


def graded(a: Pixels, shadows: str, lights: str, amount: float) -> Pixels:
    """Pull shadows towards one colour and lights towards another; light and dark stay."""
    grey = luma(a)
    cast = mix(colour(shadows), colour(lights), smoothstep(0.15, 0.85, grey))
    return clip(
        a + (cast - rgb(luma(cast))) * np.float32(amount) * (0.35 + 0.65 * a.max(axis=2))[..., None]
    )


def _sun(a: Pixels, touch: Touch, *, height: float, tone: str, size: float, power: float) -> Pixels:
    """A low sun with its glow, somewhere on the horizon."""
    rng = touch.random("sun")
    rows, columns = grid(a.shape)
    long = max(a.shape[:2])
    y, x = a.shape[0] * height, a.shape[1] * rng.uniform(0.15, 0.85)
    away = np.sqrt((rows - y) ** 2 + (columns - x) ** 2) / np.float32(long)
    glow = np.exp(-away / np.float32(0.16)) * 0.75 + np.exp(-away / np.float32(0.45)) * 0.35
    disc = smoothstep(size, size * 0.88, away) * (1 - distance.nearness(a)) * 0.8
    light = (glow * power * touch.gain)[..., None] * colour(tone) + disc[..., None] * power
    return screen(a, light)


def golden_hour(a: Pixels, touch: Touch) -> Pixels:
    """Low, honey-coloured sun."""
    warm = graded(gamma(a, 0.95), "#5a2a4a", "#ffb347", 0.75 * touch.gain)
    return _sun(warm, touch, height=0.24, tone="#ffb54f", size=0.03, power=0.8)


def sunset(a: Pixels, touch: Touch) -> Pixels:
    """A red and violet evening sky and its light on everything."""
    dim = graded(gamma(a, 1.25), "#2b1b5a", "#ff6a3d", 0.95 * touch.gain)
    rows, _ = grid(a.shape)
    bands = palette.ramp(
        clip(rows / a.shape[0] * 1.25) + np.zeros(a.shape[:2], np.float32),
        ("#2a1f63", "#8c3379", "#f0604d", "#ffb45c", "#ffd98a"),
    )
    dim = mix(dim, screen(dim * 0.45, bands * 0.75), distance.sky(a) * 0.9)
    return _sun(clip(dim), touch, height=0.4, tone="#ff7a45", size=0.035, power=0.7)


def dawn(a: Pixels, touch: Touch) -> Pixels:
    """Rose and pale blue, thin mist near the ground."""
    pale = graded(contrast(gamma(a, 0.88), 0.85) + 0.04, "#6f86c4", "#ffc4b0", 0.6 * touch.gain)
    veil = distance.farness(a) * grain.clouds(a.shape, touch.random("dawn"), touch.px(420)) * 0.55
    misty = mix(pale, np.zeros_like(a) + colour("#f7ddd9"), veil)
    return _sun(misty, touch, height=0.36, tone="#ffc9a0", size=0.025, power=0.5)


def night(a: Pixels, touch: Touch) -> Pixels:
    """Day for night: blue, dark, what was bright becomes lamps."""
    grey = luma(a)
    dark = palette.with_colours_of(rgb(gamma(grey, 1.5) * 0.5), saturate(a, 0.4) * 0.5)
    dark = mix(
        dark, palette.ramp(gamma(grey, 1.35), ("#040714", "#0f1d45", "#2c4a86", "#7f9ccc")), 0.78
    )
    warm = clip((a[..., 0] - a[..., 2]) * 1.4 + 0.35)
    lamps = smoothstep(0.72, 0.96, grey) * warm * (1 - distance.sky(a))
    light = lamps[..., None] * colour("#ffcf7a")
    glow = blur(light, touch.px(7)) * 0.7 + blur(light, touch.px(40)) * 1.0
    lit = screen(screen(clip(dark), glow * touch.gain), light * 0.55)
    return clip(lit * vignette(a.shape, 0.4)[..., None])


def moonlight(a: Pixels, touch: Touch) -> Pixels:
    """Night with a full moon."""
    lit = night(a, touch) if luma(a).mean() > 0.3 else a
    rng = touch.random("moon")
    rows, columns = grid(a.shape)
    radius = min(a.shape[:2]) * 0.075
    y, x = a.shape[0] * 0.17, a.shape[1] * rng.uniform(0.18, 0.82)
    away = np.sqrt((rows - y) ** 2 + (columns - x) ** 2)
    seas = grain.clouds(a.shape, rng, radius * 0.9, 3)
    disc = smoothstep(radius, radius - touch.px(2), away)
    halo = np.exp(-away / (radius * 2.6)) * 0.5
    moon = colour("#f6f0d8") * (1 - smoothstep(0.5, 0.8, seas) * 0.22)[..., None]
    return mix(screen(lit, halo[..., None] * colour("#a9c4ff") * touch.gain), moon, disc * 0.96)


def stars(a: Pixels, touch: Touch) -> Pixels:
    """Stars over what looks like sky, and a band of milk."""
    rng = touch.random("stars")
    grey = luma(a)
    open_sky = np.maximum(
        distance.sky(a), smoothstep(0.5, 0.1, grid(a.shape)[0] / a.shape[0]) * 0.7
    )
    dark = mix(a, palette.ramp(grey, ("#03050f", "#131d48", "#41559a", "#a9b8e0")), 0.55)
    rows, columns = grid(a.shape)
    band = np.exp(-(((rows - columns * 0.45) / a.shape[0] - 0.02) ** 2) / np.float32(0.02))
    milk = band * grain.clouds(a.shape, rng, touch.px(160), 6) * 0.55
    points = np.zeros(a.shape[:2], np.float32)
    count = int(500 * touch.gain)
    y, x = rng.integers(0, a.shape[0], count), rng.integers(0, a.shape[1], count)
    points[y, x] = rng.random(count, dtype=np.float32) ** 2
    spark = blur(points, touch.px(0.9)) * 5 + blur(points, touch.px(4)) * 9
    light = (spark[..., None] + milk[..., None] * colour("#b9a9ff")) * open_sky[..., None]
    return screen(dark, light)


def fog(a: Pixels, touch: Touch) -> Pixels:
    """Mist that thickens with the guessed distance, in drifts."""
    rng = touch.random("fog")
    drift = grain.clouds((a.shape[0], a.shape[1] // 2 + 2), rng, touch.px(300), 4)
    from_wide = np.repeat(drift, 2, axis=1)[:, : a.shape[1]]
    far = distance.farness(a)
    veil = clip((0.22 + 0.68 * far + 0.22 * (from_wide - 0.5)) * touch.gain**0.6)
    soft = mix(a, blur(a, touch.px(7)), far)
    tone = mix(colour("#c3ccd3"), blur(a, touch.px(120)), 0.25)
    return mix(saturate(soft, 0.65), tone, clip(veil) * 0.92)


def snow(a: Pixels, touch: Touch) -> Pixels:
    """Falling snow, white upper sides, cold light."""
    rng = touch.random("snow")
    cold = graded(saturate(a, 0.62), "#3f5f96", "#dfeaff", 0.4)
    down = luma(blur(a, touch.px(2)))
    upper = clip((shifted(down, -touch.whole_px(4), 0) - down) * -5.0)
    settled = smoothstep(0.12, 0.5, blur(upper, touch.px(1.6)) + 0.25 * smoothstep(0.55, 0.9, down))
    ground = smoothstep(0.62, 1.0, grid(a.shape)[0] / a.shape[0]) * 0.55
    cover = clip(settled * 0.85 + ground * (0.35 + down)) * min(1.0, 0.8 * touch.gain)
    white = mix(cold, colour("#f3f7ff") * (0.82 + 0.18 * down)[..., None], cover)
    white = mix(white, np.zeros_like(a) + colour("#dbe4ee"), distance.farness(a) * 0.35)
    flakes = np.zeros_like(down)
    for size, count, slant in ((2.0, 900, 4), (4.5, 260, 10), (11.0, 46, 20)):
        flakes = np.maximum(
            flakes, _flakes(a.shape, touch, rng, size, int(count * touch.gain), slant)
        )
    return screen(clip(white), flakes[..., None] * np.float32(0.95))


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
    """Rain in long streaks, a grey day, a wet ground."""
    rng = touch.random("rain")
    grey_day = graded(saturate(contrast(gamma(a, 1.15), 0.92), 0.6), "#2c4054", "#b9c6cf", 0.5)
    wet = wet_ground(grey_day, touch, start=0.66, amount=0.55)
    wet = mix(wet, np.zeros_like(a) + colour("#93a2ac"), distance.farness(a) * 0.4)
    layer = Image.new("L", (a.shape[1], a.shape[0]), 0)
    pen = ImageDraw.Draw(layer)
    lean = rng.uniform(-0.25, 0.25)
    for _ in range(int(1100 * touch.gain * a.shape[0] * a.shape[1] / (1024 * 683)) + 2):
        y, x = rng.uniform(-60, a.shape[0]), rng.uniform(-20, a.shape[1] + 20)
        length = touch.px(rng.uniform(18, 64))
        width = 1 if rng.random() < 0.85 else touch.whole_px(2)
        pen.line((x, y, x + lean * length, y + length), fill=int(rng.uniform(50, 190)), width=width)
    return screen(
        wet, blur(from_picture(layer), touch.px(0.5))[..., None] * colour("#cfdbe6") * 0.8
    )


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


def autumn(a: Pixels, touch: Touch) -> Pixels:
    """Greens turned to rust and gold, leaves in the air."""
    hue, saturation = palette.hue(a)
    green = smoothstep(0.19, 0.1, np.abs(hue - 0.28)) * smoothstep(0.06, 0.22, saturation)
    spread = grain.clouds(a.shape, touch.random("leaf tones"), touch.px(90), 4)
    rust = mix(colour("#b3401c"), colour("#f0b429"), spread)
    turned = palette.tinted(a, colour("#c9691f"), 0.9) * 0.5 + rust * (luma(a) * 0.75)[..., None]
    warm = graded(mix(a, clip(turned), green), "#4a2433", "#ffb057", 0.55 * touch.gain)
    return _scattered(warm, touch, ("#c2471d", "#e08a1e", "#f2c12e", "#8f2d1b"), 46, 9.0)


def spring(a: Pixels, touch: Touch) -> Pixels:
    """Fresh greens, rosy light, petals in the air."""
    fresh = graded(saturate(gamma(a, 0.85), 1.15), "#5b8f5e", "#ffd3e2", 0.55 * touch.gain)
    return _scattered(fresh, touch, ("#ffd1e0", "#ff9fc0", "#fff0f5", "#f7b7d2"), 70, 6.5)


def _scattered(a: Pixels, touch: Touch, tones: tuple[str, ...], count: int, size: float) -> Pixels:
    """Leaves or petals in the air, near ones large and blurred."""
    rng = touch.random("scattered")
    for scale, share, softness in ((1.0, 1.0, 0.5), (2.6, 0.16, 3.0)):
        layer = Image.new("RGBA", (a.shape[1], a.shape[0]), (0, 0, 0, 0))
        pen = ImageDraw.Draw(layer)
        for _ in range(int(count * share * touch.gain) + 1):
            y, x = rng.uniform(0, a.shape[0]), rng.uniform(0, a.shape[1])
            angle, length = rng.uniform(0, 6.28), touch.px(size * scale * rng.uniform(0.6, 1.3))
            turn = np.linspace(0, 6.28, 11)
            along = np.cos(turn) * length
            across = np.sin(turn) * np.sin(turn / 2) * length * rng.uniform(0.35, 0.7)
            xs = x + along * np.cos(angle) - across * np.sin(angle)
            ys = y + along * np.sin(angle) + across * np.cos(angle)
            tone = colour(tones[int(rng.integers(len(tones)))]) * rng.uniform(0.8, 1.05)
            fill = (*(np.clip(tone, 0, 1) * 255).astype(int).tolist(), 255)
            pen.polygon(np.stack([xs, ys], axis=1).ravel().tolist(), fill=fill)
        planes = from_picture(layer)
        mask = blur(planes[..., 3], touch.px(softness))
        paint = blur(planes[..., :3], touch.px(softness)) / np.maximum(mask, 1e-3)[..., None]
        a = mix(a, clip(paint), clip(mask) * 0.92)
    return a


def summer(a: Pixels, touch: Touch) -> Pixels:
    """High sun: bright, blue above, strong colour."""
    bright = saturate(contrast(gamma(a, 0.82), 1.08), 1.3 * touch.gain)
    rows, _ = grid(a.shape)
    blue = palette.ramp(
        clip(rows / a.shape[0] * 1.5) + luma(a) * 0, ("#1f78d8", "#6db7f2", "#e6f5ff")
    )
    bright = mix(bright, mix(blue, bright, 0.3), distance.sky(a) * 0.85)
    return _sun(
        graded(bright, "#3566a8", "#fff0b8", 0.3),
        touch,
        height=0.08,
        tone="#fff2c4",
        size=0.03,
        power=0.55,
    )


def sunbeams(a: Pixels, touch: Touch) -> Pixels:
    """Shafts of light from one upper corner."""
    rng = touch.random("beams")
    rows, columns = grid(a.shape)
    x, y = a.shape[1] * rng.uniform(-0.05, 1.05), -a.shape[0] * 0.15
    angle = np.arctan2(rows - y, columns - x)
    away = np.hypot(rows - y, columns - x) / np.float32(np.hypot(*a.shape[:2]))
    fan = np.zeros(a.shape[:2], np.float32)
    for _ in range(9):
        turn, width = rng.uniform(0.1, 3.0), rng.uniform(0.015, 0.06)
        fan += np.exp(-(((angle - turn) / width) ** 2)) * np.float32(rng.uniform(0.3, 0.9))
    dust = 0.7 + 0.3 * grain.clouds(a.shape, rng, touch.px(80), 4)
    light = fan * np.exp(-away * 1.5) * dust * 0.7 * touch.gain
    base = graded(contrast(gamma(a, 1.15), 1.05), "#23324a", "#ffe0a0", 0.4)
    return screen(base, light[..., None] * colour("#ffe7ae"))


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


def dreamy(a: Pixels, touch: Touch) -> Pixels:
    """Soft focus, rosy haze and discs of light."""
    rng = touch.random("dreamy")
    soft = screen(a, blur(a, touch.px(14)) * np.float32(0.42 * touch.gain))
    soft = graded(contrast(soft, 0.9), "#7a5fc0", "#ffd0dd", 0.5)
    layer = Image.new("L", (a.shape[1], a.shape[0]), 0)
    pen = ImageDraw.Draw(layer)
    for _ in range(26):
        r = touch.px(rng.uniform(8, 40))
        y, x = rng.uniform(0, a.shape[0]), rng.uniform(0, a.shape[1])
        tone = int(rng.uniform(30, 105))
        pen.ellipse((x - r, y - r, x + r, y + r), fill=tone, outline=min(255, tone + 40))
    edge = 1 - vignette(a.shape, 1.0)
    discs = blur(from_picture(layer), touch.px(2)) * clip(edge * 1.2 + 0.15)
    return screen(clip(soft), discs[..., None] * colour("#ffe6f2"))


def dramatic(a: Pixels, touch: Touch) -> Pixels:
    """Hard, cool and dark, with every detail carved out."""
    deep = a + (a - blur(a, touch.px(36))) * np.float32(0.8 * touch.gain)
    deep = contrast(saturate(clip(deep), 0.72), 1.25, 0.55)
    return clip(graded(deep, "#0d2f45", "#ffc58a", 0.5) * vignette(a.shape, 0.7)[..., None])


def vivid(a: Pixels, touch: Touch) -> Pixels:
    """Strong, clean colour."""
    return contrast(saturate(gamma(a, 0.95), 1.0 + 0.95 * touch.gain), 1.1)


def muted(a: Pixels, touch: Touch) -> Pixels:
    """Quiet, greyed colour."""
    pale = saturate(contrast(a, 0.82), 0.5 / touch.gain) + np.float32(0.03)
    return graded(clip(pale), "#5c6b73", "#e7e0d4", 0.3)


def candy(a: Pixels, touch: Touch) -> Pixels:
    """Sugared colour: pink, mint, lemon and sky."""
    light = contrast(gamma(a, 0.65), 0.78) + np.float32(0.12)
    sweet = palette.nearest_inks(
        saturate(flatten.areas(light, touch.px(4)), 1.7),
        (
            "#ffb3c7",
            "#ffd9b8",
            "#fff3b0",
            "#bdeccf",
            "#a9dcf5",
            "#cdbdf2",
            "#ffffff",
            "#8d7fae",
            "#f287a5",
        ),
    )
    shaped = palette.with_colours_of(rgb(luma(light)), blur(sweet, touch.px(3)))
    return clip(mix(light, shaped, min(1.0, 0.75 * touch.gain)))


def warm(a: Pixels, touch: Touch) -> Pixels:
    """Firelight."""
    return clip(graded(a, "#5a1f1a", "#ffb45e", 0.9 * touch.gain) * colour("#fff3e2"))


def cold(a: Pixels, touch: Touch) -> Pixels:
    """Blue hour."""
    return clip(graded(saturate(a, 0.85), "#12306b", "#bfe0ff", 0.85 * touch.gain))


def bright(a: Pixels, touch: Touch) -> Pixels:
    """High key."""
    return clip(gamma(a, 1.0 - 0.42 * min(1.5, touch.gain)) + np.float32(0.03))


def dark(a: Pixels, touch: Touch) -> Pixels:
    """Low key."""
    return gamma(a, 1.0 + 0.75 * touch.gain) * vignette(a.shape, 0.45)[..., None]


def punchy(a: Pixels, touch: Touch) -> Pixels:
    """More contrast."""
    return contrast(a, 1.0 + 0.5 * touch.gain, float(luma(a).mean()))


def grainy(a: Pixels, touch: Touch) -> Pixels:
    """Film pushed three stops."""
    noise = grain.film(a.shape, touch.random("grainy"), touch.px(1.4))
    return clip(a + noise[..., None] * np.float32(0.085 * touch.gain))


def vignetted(a: Pixels, touch: Touch) -> Pixels:
    """Dark corners."""
    return a * vignette(a.shape, min(0.95, 0.8 * touch.gain))[..., None]
