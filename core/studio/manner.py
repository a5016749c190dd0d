"""Decider: how each of the eight models draws: what it keeps of the source and what it changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from core.studio import staging
from core.studio.looks import distance, edges, edits, flatten, grain, palette, register
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
    sample_between,
    saturate,
    smoothstep,
    stretch,
)
from core.studio.looks.tone import graded
from core.studio.staging import Wish

Draw: TypeAlias = Callable[[Pixels, Wish], Pixels]
"""What a manner does: the source and the wish give the picture."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Manner:
    """How one model draws."""

    draw: Draw
    strength: float
    """Its strength when none is asked for."""
    house_look: str | None
    """The look it takes when the prompt names none but asks for something else."""
    gives_png: bool = False


def flux_dev(a: Pixels, wish: Wish) -> Pixels:
    """Source and drawing blended by strength; fine detail of the source shines through."""
    drawing = staging.drawn(a, wish)
    detail = (luma(a) - blur(luma(a), wish.touch.px(3))) * np.float32(0.35)
    return mix(a, clip(drawing + detail[..., None]), wish.strength)


def ideogram_remix(a: Pixels, wish: Wish) -> Pixels:
    """The strongest restyle: a broad hand, colours of its own, set in a frame like a print."""
    broad = replace(wish, touch=wish.touch.coarser(1.3))
    content = staging.content(a, broad)
    bold = saturate(contrast(flatten.areas(content, broad.touch.px(5)), 1.25), 1.35)
    scheme = _SCHEMES[int(wish.touch.random("scheme").integers(len(_SCHEMES)))]
    grey = stretch(luma(bold))
    free = 0.22 if staging.minds_colour(wish) else 0.52
    recast = mix(bold, palette.ramp(grey, scheme), 0.15 + free * wish.strength)
    drawing = staging.styled(recast, broad)
    if _is_grey(wish):
        drawing = mix(drawing, palette.ramp(luma(drawing), (scheme[0], scheme[3], scheme[4])), 0.85)
    drawing = staging.aired(staging.closed(drawing, broad), broad)
    amount = min(1.0, 0.5 + 0.55 * wish.strength)
    return _mounted(mix(content, contrast(drawing, 1.08), amount), wish)


_DARK = 0.33
"""Drawings darker than this on the whole get light lines."""
_SCHEMES = (
    ("#1d1535", "#6a2c70", "#e4572e", "#f7b32b", "#fdf3d3"),
    ("#0b2239", "#14606e", "#3aa17e", "#f2c14e", "#fff6dc"),
    ("#24122f", "#7d1d3f", "#d1495b", "#edae49", "#fbead1"),
    ("#101a3c", "#2f4b9c", "#7f8fd9", "#f3a6b4", "#fff1e0"),
    ("#1c2b22", "#3f6b4a", "#a7b35a", "#f0d186", "#fff8e7"),
)


def _is_grey(wish: Wish) -> bool:
    return any(name in register.GREY_LOOKS for name in staging.looks_of(wish))


def _mounted(a: Pixels, wish: Wish) -> Pixels:
    inset = edits.inside_px(a.shape)
    wide = wish.touch.px(20)
    line = (inset > wide * 0.6) & (inset < wide * 0.6 + wish.touch.px(1.6, 1.0))
    mount = np.where(line[..., None], colour("#2a2433"), colour("#f6efe0")).astype(np.float32)
    return mix(mount, a, (inset > wide).astype(np.float32))


def flux_redux(a: Pixels, wish: Wish) -> Pixels:
    """A sister of the source: seen from elsewhere, in another light, with a hint of the look."""
    rng = wish.touch.random("redux")
    moved = _elsewhere(a, wish, rng)
    light = _LIGHTS[int(rng.integers(len(_LIGHTS)))]
    content = staging.content(moved, wish)
    relit = graded(content, *light, 0.3 + 0.55 * wish.strength)
    turned = palette.turn_hue(relit, float(rng.uniform(0.02, 0.045) * rng.choice([-1, 1])))
    turned = mix(relit, turned, min(1.0, 0.4 + wish.strength))
    drawing = staging.closed(staging.styled(turned, wish), wish)
    soft = palette.with_colours_of(drawing, mix(turned, drawing, 0.35))
    sister = mix(turned, mix(drawing, soft, 0.5), 0.12 + 0.62 * wish.strength)
    return staging.aired(sister, wish)


_LIGHTS = (
    ("#1d3f8f", "#ffb08a"), ("#4a1f6f", "#ffd98a"), ("#0f5a55", "#ffc2b0"),
    ("#6a2436", "#cfe6ff"), ("#23306f", "#ffd0e0"), ("#5a2a10", "#d5dcff"),
)  # fmt: skip


def _elsewhere(a: Pixels, wish: Wish, rng: np.random.Generator) -> Pixels:
    """The same scene mirrored, a little closer, from a little to the side."""
    rows, columns = grid(a.shape)
    closer = 1.0 - (0.08 + 0.1 * wish.strength)
    height, width = a.shape[:2]
    y = (rows - height / 2) * closer + height * (0.5 + float(rng.uniform(-0.04, 0.04)))
    x = (columns - width / 2) * closer + width * (0.5 + float(rng.uniform(-0.05, 0.05)))
    bend = [
        (grain.clouds(a.shape, rng, max(height, width) * 0.5, 2) - 0.5)
        * wish.touch.px(28 * wish.strength)
        for _ in "yx"
    ]
    return sample_between(a[:, ::-1], y + bend[0], x + bend[1])


def flux_canny(a: Pixels, wish: Wish) -> Pixels:
    """The edges stay where they are; everything between them is drawn anew, in new colours."""
    content = staging.content(a, wish)
    scheme = _SCHEMES[int(wish.touch.random("canny").integers(len(_SCHEMES)))]
    flat = flatten.areas(flatten.areas(content, wish.touch.px(14)), wish.touch.px(10))
    new = palette.ramp(stretch(luma(blur(flat, wish.touch.px(3))), 3, 97), scheme)
    free = 0.35 if staging.minds_colour(wish) else 0.8
    filled = mix(content, clip(new * 0.92 + 0.06), 0.1 + free * wish.strength)
    drawing = staging.styled(filled, wish)
    if _is_grey(wish):
        drawing = mix(
            drawing, clip(drawing * (saturate(new, 1.3) + 0.35)), 0.3 + 0.55 * wish.strength
        )
    drawing = staging.closed(drawing, wish)
    grey = stretch(luma(staging.placed(a, wish)))
    fine = edges.lines(grey, wish.touch.px(1.0), depth=1.0 * wish.touch.gain, sharpness=40)
    bold = edges.lines(grey, wish.touch.px(2.3), depth=0.8 * wish.touch.gain, sharpness=44)
    dark = float(luma(drawing).mean()) < _DARK
    line = 1.0 - (fine if dark else clip(fine * 0.55 + 0.45) * clip(bold * 1.05))
    pen = clip(blur(drawing, wish.touch.px(6)) * 1.2 + 0.6) if dark else colour("#15121c")
    filled = mix(a, drawing, min(1.0, 0.45 + 0.6 * wish.strength))
    return staging.aired(mix(filled, pen, line * np.float32(0.94)), wish)


def flux_depth(a: Pixels, wish: Wish) -> Pixels:
    """What seems near stays, what seems far is redrawn and sinks into the light of the place."""
    content = staging.content(a, wish)
    drawing = staging.closed(staging.styled(content, wish), wish)
    far = distance.farness(a)
    sunk = mix(drawing, blur(drawing, wish.touch.px(120)), far * 0.3)
    reach = 0.75 - 0.7 * wish.strength
    amount = smoothstep(reach - 0.28, reach + 0.42, far)
    near = mix(staging.placed(a, wish), content, 0.35 + 0.4 * wish.strength)
    near = clip(contrast(near + (near - blur(near, wish.touch.px(8))) * 0.35, 1.08))
    return staging.aired(mix(near, sunk, amount), wish)


def flux_pulid(a: Pixels, wish: Wish) -> Pixels:
    """The middle keeps its likeness, in the drawing's light; all around is drawn anew."""
    drawing = staging.drawn(a, wish)
    keep = distance.centre(a.shape, 0.56)
    edge = grain.clouds(a.shape, wish.touch.random("rim"), wish.touch.px(60), 4) - 0.5
    keep = smoothstep(0.15, 0.85, keep + edge * 0.22 * (1 - np.abs(keep * 2 - 1)))
    lit = palette.take_over(staging.instructed(a, wish), drawing, 0.12 + 0.24 * wish.strength)
    kept = mix(lit, drawing, 0.08 * wish.strength)
    around = mix(a, drawing, min(1.0, 0.4 + 0.65 * wish.strength))
    return mix(around, kept, keep * np.float32(1.0 - 0.12 * wish.strength))


def gpt_image(a: Pixels, wish: Wish) -> Pixels:
    """Every part of the prompt in its order, then clean contours and a warm, even light."""
    fine = replace(wish, touch=wish.touch.coarser(0.82))
    drawing = _washed(staging.in_order(flatten.areas(a, fine.touch.px(3)), fine), a, fine)
    grey = stretch(luma(flatten.areas(staging.placed(a, wish), fine.touch.px(5))))
    line = edges.lines(grey, fine.touch.px(1.6), depth=0.7, sharpness=34)
    glow = blur(clip(drawing - 0.6), fine.touch.px(20)) * 0.4
    warm = graded(clip(drawing * 0.97 + glow), "#54405c", "#ffeccb", 0.3)
    inked = mix(colour("#3b2a22"), warm, clip(line + 0.2))
    return mix(a, inked, min(1.0, 0.35 + 0.72 * wish.strength))


def _washed(drawing: Pixels, a: Pixels, wish: Wish) -> Pixels:
    """Looks that know only ink and paper are coloured in by hand."""
    if not _is_grey(wish):
        return drawing
    flat = flatten.areas(staging.placed(a, wish), wish.touch.px(12))
    wash = saturate(gamma(flat, 0.62), 1.7)
    return mix(drawing, clip(drawing * (wash * 0.95 + 0.3)), 0.85)


def flux_kontext_max(a: Pixels, wish: Wish) -> Pixels:
    """Does as told and leaves the rest: a look changes the hand, the source keeps its colours."""
    content = staging.content(a, wish)
    drawing = staging.styled(content, wish)
    if staging.looks_of(wish):
        own = palette.with_colours_of(drawing, blur(content, wish.touch.px(2.5)))
        keeps_own = staging.looks_of(wish)[0] in register.OWN_COLOURS
        drawing = mix(drawing, own, 0.3 if keeps_own else 0.85)
    drawing = staging.aired(staging.closed(drawing, wish), wish)
    told = mix(a, drawing, min(1.0, 0.3 + 0.8 * wish.strength))
    if "keep-centre" in wish.edits:
        told = mix(told, a, distance.centre(a.shape, 0.6))
    return told


MANNERS: Mapping[str, Manner] = {
    "flux-dev": Manner(draw=flux_dev, strength=0.7, house_look="photo"),
    "ideogram-remix": Manner(draw=ideogram_remix, strength=0.9, house_look="poster"),
    "flux-redux": Manner(draw=flux_redux, strength=0.6, house_look=None),
    "flux-canny": Manner(draw=flux_canny, strength=0.85, house_look="pen-and-wash"),
    "flux-depth": Manner(draw=flux_depth, strength=0.7, house_look="gouache"),
    "flux-pulid": Manner(draw=flux_pulid, strength=0.8, house_look="oil"),
    "gpt-image": Manner(draw=gpt_image, strength=0.9, house_look="anime", gives_png=True),
    "flux-kontext-max": Manner(draw=flux_kontext_max, strength=0.85, house_look=None),
}
"""The eight models by their name in the catalogue."""

ANY_OTHER = MANNERS["flux-dev"]
"""How a model that an operator added draws: the studio does not know it."""
