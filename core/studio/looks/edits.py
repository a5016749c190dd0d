"""Decider: instructions: recolour this, keep that colour, blur behind, frame, mirror."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from core.studio.looks import distance, palette
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
    rgb,
    saturate,
    sharpen,
    smoothstep,
)
from core.studio.looks.touch import Look, Touch
from core.studio.looks.weather import wet_ground

GREYS = frozenset({"white", "black", "grey", "beige"})
"""Colours without a place on the circle of hues."""


def black_and_white(a: Pixels, touch: Touch) -> Pixels:
    """No colour at all."""
    return rgb(contrast(luma(a), 1.0 + 0.15 * touch.gain))


def blur_background(a: Pixels, touch: Touch) -> Pixels:
    """A wide-open lens: what lies off the middle and far is out of focus."""
    keep = clip(distance.centre(a.shape, 0.62) * 1.1 - distance.sky(a) * 0.4)
    far = 1.0 - blur(keep, max(a.shape[:2]) / 60)
    near_blur, wide_blur = blur(a, touch.px(5)), blur(a, touch.px(14) * touch.gain)
    soft = mix(a, near_blur, smoothstep(0.05, 0.4, far))
    return mix(soft, wide_blur, smoothstep(0.35, 0.85, far))


def sharpened(a: Pixels, touch: Touch) -> Pixels:
    """Crisper detail."""
    return contrast(sharpen(sharpen(a, touch.px(1.4), 0.9), touch.px(9), 0.3 * touch.gain), 1.06)


def blurred(a: Pixels, touch: Touch) -> Pixels:
    """Out of focus."""
    return blur(a, touch.px(5) * touch.gain)


def inverted(a: Pixels, touch: Touch) -> Pixels:
    """A negative."""
    del touch
    return 1.0 - a


def mirrored(a: Pixels, touch: Touch) -> Pixels:
    """Left and right exchanged."""
    del touch
    return np.ascontiguousarray(a[:, ::-1])


def framed(a: Pixels, touch: Touch) -> Pixels:
    """A white mount with a thin bevel."""
    inset = inside_px(a.shape)
    wide = touch.px(40)
    bevel = (inset > wide - touch.px(3)) & (inset <= wide)
    mount = np.where(bevel[..., None], colour("#c9c2b4"), colour("#f8f5ee")).astype(np.float32)
    return mix(mount, a, (inset > wide).astype(np.float32))


def inside_px(shape: tuple[int, ...]) -> Pixels:
    """How far each pixel is from the nearest side."""
    rows, columns = grid(shape)
    from_sides: Pixels = np.minimum(
        np.minimum(rows, shape[0] - 1 - rows), np.minimum(columns, shape[1] - 1 - columns)
    )
    return from_sides


def reflected(a: Pixels, touch: Touch) -> Pixels:
    """A mirror of water below."""
    return wet_ground(a, touch, start=0.62, amount=0.85)


def smoothed(a: Pixels, touch: Touch) -> Pixels:
    """Muddy: little detail, little colour."""
    return saturate(blur(a, touch.px(2.5)), 0.75)


def unchanged(a: Pixels, touch: Touch) -> Pixels:
    """The picture as it is; what the edit asks for is done by the model itself."""
    del touch
    return a


EDITS: Mapping[str, Look] = {
    "black-and-white": black_and_white,
    "blur-background": blur_background,
    "sharpen": sharpened,
    "blur": blurred,
    "invert": inverted,
    "mirror": mirrored,
    "keep-centre": unchanged,
    "frame": framed,
    "reflections": reflected,
    "smooth": smoothed,
}
"""Instructions without an object, by their name in the lexicon."""


def region(a: Pixels, name: str, tone: str | None) -> Pixels:
    """Where an instruction applies: a region, a colour, or what stands out in the middle."""
    if tone is not None:
        return _strongest(a, _of_tone(a, colour(tone)))
    if name == "sky":
        return distance.sky(a)
    if name == "plants":
        return np.maximum(distance.of_colour(a, 0.27, 0.12), distance.of_colour(a, 0.19, 0.05))
    if name == "water":
        lower = smoothstep(0.42, 0.62, grid(a.shape)[0] / a.shape[0])
        return distance.of_colour(a, 0.56, 0.13) * lower
    return _standing_out(a)


def _of_tone(a: Pixels, tone: Pixels) -> Pixels:
    turn, saturation = palette.hue(tone[None, None])
    if saturation[0, 0] > 0.2:
        place = float(turn[0, 0])
        # Wood and skin are near red on the circle; nobody calls them red.
        return distance.of_colour(a, place, 0.035 if abs(place - 0.5) > 0.47 else 0.075)
    away = np.abs(luma(a) - float(luma(tone[None, None])[0, 0]))
    plain = smoothstep(0.35, 0.15, palette.hue(a)[1])
    return plain * smoothstep(0.3, 0.15, away)


def _strongest(a: Pixels, where: Pixels) -> Pixels:
    """Of the places that have a colour, those that have it clearly: the suit, not the skin."""
    saturation = palette.hue(a)[1]
    there = saturation[where > 0.5]
    if there.size < 16:
        return where
    clear = float(np.percentile(there, 85))
    return where * smoothstep(clear * 0.5, clear * 0.72, saturation)


def _standing_out(a: Pixels) -> Pixels:
    """The most frequent clear colour of the middle."""
    turn, saturation = palette.hue(a)
    weight = distance.centre(a.shape, 0.8) * smoothstep(0.2, 0.5, saturation) * a.max(axis=2)
    shares = np.bincount((turn * 72).astype(np.int32).ravel() % 72, weight.ravel(), minlength=72)
    shares = shares + np.roll(shares, 1) + np.roll(shares, -1)
    place = (int(shares.argmax()) + 0.5) / 72
    return _strongest(a, distance.of_colour(a, place, 0.032)) * distance.centre(a.shape, 0.9)


def recoloured(a: Pixels, where: Pixels, tone: str) -> Pixels:
    """Another colour for one part, with its folds and lights kept."""
    target = colour(tone)
    level = float((luma(a) * where).sum() / max(1e-3, float(where.sum())))
    wanted = float(luma(target[None, None])[0, 0])
    lift = np.log(min(0.9, 0.5 * wanted + 0.5 * level + 0.02)) / np.log(max(0.05, min(0.9, level)))
    shaded = gamma(a, float(np.clip(lift, 0.35, 2.4)))
    return mix(a, palette.tinted(shaded, target, 0.96), clip(where * 1.15))


def only_colour(a: Pixels, tone: str) -> Pixels:
    """Black and white but for one colour."""
    keep = _of_tone(a, colour(tone))
    return mix(rgb(contrast(luma(a), 1.1)), saturate(a, 1.2), keep)


def without_colour(a: Pixels, tone: str) -> Pixels:
    """One colour taken out: its places turn to their neighbours' grey."""
    keep = _of_tone(a, colour(tone))
    around = blur(a * (1 - keep)[..., None], max(a.shape[:2]) / 24)
    cast = around / np.maximum(blur(1 - keep, max(a.shape[:2]) / 24), 0.05)[..., None]
    return mix(a, saturate(palette.with_colours_of(a, clip(cast)), 0.6), keep)


def in_colour(a: Pixels, tone: str, amount: float) -> Pixels:
    """The whole picture in one colour's family; grey tones take colour away instead."""
    target = colour(tone)
    grey = luma(a)
    washed = palette.tinted(a, target, 1.0)
    return clip(mix(mix(a, washed, amount), rgb(grey) * target, 0.12 * amount))
