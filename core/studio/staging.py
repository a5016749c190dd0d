"""Decider: the parts of a wish put to work: what is depicted, in which hand, how it is closed."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from core.studio.lexicon import KeepColour, Reading, Recolour
from core.studio.looks import edits, grain, palette, register, tone
from core.studio.looks.pixels import Pixels, clip, mix, sharpen, vignette
from core.studio.looks.touch import Touch
from core.studio.vocabulary import Term, Topic

_LOOKS_MAX = 3
"""More looks on top of each other are mud."""
_MOODS_MAX = 4
_SCENES_MAX = 3
_STEPS_MAX = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What is to be drawn, as understood, and with which touch."""

    reading: Reading
    touch: Touch
    strength: float
    """Greater than 0, at most 1."""
    house_look: str | None
    """The look to take when the prompt names none."""
    tones: dict[str, str]
    """Names of colours to their values."""

    @property
    def edits(self) -> tuple[str, ...]:
        """Instructions without an object, by name."""
        return self.reading.names(Topic.EDIT)


def looks_of(wish: Wish) -> tuple[str, ...]:
    """The looks to draw in: those named, else one that the words choose, else the house's."""
    named = wish.reading.names(Topic.STYLE)
    if named:
        return named[:_LOOKS_MAX]
    allowed = [n for n in register.SUITS_ANYTHING if not wish.reading.avoids(Topic.STYLE, n)]
    if wish.reading.is_blank and allowed:
        return (allowed[_chosen(wish.reading.ignored, "look", len(allowed))],)
    house = wish.house_look
    return (house,) if house and not wish.reading.avoids(Topic.STYLE, house) else ()


def _chosen(words: tuple[str, ...], purpose: str, count: int) -> int:
    """A stable choice that depends on words alone."""
    return zlib.crc32(" ".join((purpose, *words)).encode()) % count


def drawn(a: Pixels, wish: Wish) -> Pixels:
    """Everything: what is depicted, then the hand, then how it is closed."""
    return aired(closed(styled(content(a, wish), wish), wish), wish)


def content(a: Pixels, wish: Wish) -> Pixels:
    """What is depicted: instructions, subjects, light and weather."""
    a = placed(a, wish)
    for name in wish.reading.names(Topic.MOOD)[:_MOODS_MAX]:
        if name not in register.CLOSING_MOODS:
            a = register.MOODS[name](a, wish.touch)
    return a


def instructed(a: Pixels, wish: Wish) -> Pixels:
    """The source with those instructions carried out that name what they are about."""
    for step in wish.reading.steps:
        if isinstance(step, Recolour):
            a = _step(a, step, wish)
    return a


def placed(a: Pixels, wish: Wish) -> Pixels:
    """The source after its instructions, with the subjects put into it."""
    a = _odd_light(instructed(a, wish), wish)
    for name in wish.reading.names(Topic.SCENE)[:_SCENES_MAX]:
        a = register.SCENES[name](a, wish.touch)
    return a


def aired(a: Pixels, wish: Wish) -> Pixels:
    """What falls through the air, over the finished drawing."""
    for name in wish.reading.names(Topic.MOOD)[:_MOODS_MAX]:
        if name in register.IN_THE_AIR:
            a = register.IN_THE_AIR[name](a, wish.touch)
    return a


def minds_colour(wish: Wish) -> bool:
    """Whether the prompt says something about colour or light."""
    terms = (Topic.MOOD, Topic.COLOUR)
    return any(not isinstance(s, Term) or s.topic in terms for s in wish.reading.steps)


def styled(a: Pixels, wish: Wish) -> Pixels:
    """The hand: the first look in full, further ones worked in."""
    for index, name in enumerate(looks_of(wish)):
        look = register.LOOKS[name](a, wish.touch)
        a = look if index == 0 else mix(a, look, 0.62)
    return a


def closed(a: Pixels, wish: Wish) -> Pixels:
    """What works on the finished picture: colours, plain instructions, what is unwanted."""
    if any(name in register.GREY_LOOKS for name in looks_of(wish)):
        a = _tinted_by_mood(a, wish)
    for index, name in enumerate(wish.reading.names(Topic.COLOUR)[:3]):
        a = edits.in_colour(a, wish.tones[name], 0.55 if index == 0 else 0.3)
    for step in wish.reading.steps:
        if isinstance(step, KeepColour) or _closes(step):
            a = _step(a, step, wish)
    return _refused(_odd_finish(a, wish), wish)


def _closes(step: Term | Recolour | KeepColour) -> bool:
    if not isinstance(step, Term):
        return False
    return step.topic is Topic.EDIT or (
        step.topic is Topic.MOOD and step.name in register.CLOSING_MOODS
    )


def in_order(a: Pixels, wish: Wish) -> Pixels:
    """Every step of the prompt one after the other, as written; the subjects stand there first."""
    a = _odd_light(a, wish)
    for name in wish.reading.names(Topic.SCENE)[:_SCENES_MAX]:
        a = register.SCENES[name](a, wish.touch)
    if not wish.reading.names(Topic.STYLE):
        a = styled(a, wish)
    is_drawn = not wish.reading.names(Topic.STYLE)
    for step in [s for s in wish.reading.steps if not _is_scene(s)][:_STEPS_MAX]:
        # Light that falls on a finished drawing is softer than light in what is drawn.
        falls_on = is_drawn and isinstance(step, Term) and step.topic is Topic.MOOD
        a = mix(a, _step(a, step, wish), 0.66 if falls_on else 1.0)
        is_drawn = is_drawn or (isinstance(step, Term) and step.topic is Topic.STYLE)
    return aired(_refused(_odd_finish(a, wish), wish), wish)


def _is_scene(step: Term | Recolour | KeepColour) -> bool:
    return isinstance(step, Term) and step.topic is Topic.SCENE


def _step(a: Pixels, step: Term | Recolour | KeepColour, wish: Wish) -> Pixels:
    if isinstance(step, KeepColour):
        return edits.only_colour(a, wish.tones[step.colour])
    if isinstance(step, Recolour):
        source = wish.tones[step.from_colour] if step.from_colour else None
        where = edits.region(a, step.region or "middle", source)
        return edits.recoloured(a, where, wish.tones[step.colour])
    if step.topic is Topic.COLOUR:
        return edits.in_colour(a, wish.tones[step.name], 0.5)
    tables = {
        Topic.STYLE: register.LOOKS,
        Topic.MOOD: register.MOODS,
        Topic.SCENE: register.SCENES,
        Topic.EDIT: edits.EDITS,
    }
    return tables[step.topic][step.name](a, wish.touch)


_TINTS = {
    "golden-hour": ("#3a1e22", "#ffcf7a"), "sunset": ("#2b1740", "#ff9a66"),
    "night": ("#060b24", "#8fa9e0"), "moonlight": ("#070d26", "#b8c8f0"),
    "dawn": ("#3b3f66", "#ffd9c8"), "underwater": ("#03242e", "#9fe8dc"),
    "autumn": ("#3a1a10", "#f0b056"), "spring": ("#3f5a3c", "#ffdbe6"),
    "winter": ("#1d3350", "#e8f2ff"), "snow": ("#22344d", "#eef4ff"),
    "cold": ("#0f2a55", "#cfe4ff"), "warm": ("#4a1c14", "#ffd09a"),
    "fog": ("#3c474f", "#e2e6e6"), "storm": ("#0c1424", "#b9c3d6"),
}  # fmt: skip


def _tinted_by_mood(a: Pixels, wish: Wish) -> Pixels:
    """Looks without colour of their own still show the hour and the season."""
    for name in wish.reading.names(Topic.MOOD)[:1]:
        if name in _TINTS:
            a = tone.graded(a, *_TINTS[name], 0.6)
    return a


_CASTS = (
    ("#14305c", "#ffd59a"), ("#4a1742", "#ffe08a"), ("#0d4a46", "#ffb7a1"), ("#5a2116", "#ffe9c2"),
    ("#2a2f7a", "#c8f0ff"), ("#17452a", "#fff0a6"), ("#611b3a", "#bfe6ff"), ("#3d3420", "#d9f2c8"),
    ("#0f3d66", "#ffc7df"), ("#3b1d66", "#d4ffd9"), ("#4d2f0d", "#cfe0ff"), ("#123c3c", "#ffe3f0"),
)  # fmt: skip


def _odd_light(a: Pixels, wish: Wish) -> Pixels:
    """Words that mean nothing here choose a cast of light, the same words the same one."""
    words = wish.reading.ignored
    if not words:
        return a
    cast = _CASTS[_chosen(words, "cast", len(_CASTS))]
    return tone.graded(a, *cast, 0.75 if wish.reading.is_blank else 0.4)


def _odd_finish(a: Pixels, wish: Wish) -> Pixels:
    """They also choose a finish: grain, cloth, paper, glow or dark corners."""
    words = wish.reading.ignored
    if not words:
        return a
    rng = wish.touch.random("finish")
    finishes = (
        lambda: a + grain.film(a.shape, rng, wish.touch.px(1.3))[..., None] * 0.03,
        lambda: a * grain.weave(a.shape, wish.touch.px(5, 3))[..., None],
        lambda: a * grain.paper(a.shape, rng, wish.touch.px(2))[..., None],
        lambda: a * vignette(a.shape, 0.4)[..., None],
        lambda: palette.turn_hue(a, (_chosen(words, "turn", 7) - 3) * 0.012),
    )
    return clip(finishes[_chosen(words, "finish", len(finishes))]())


_OPPOSITES = {
    "dark": "bright", "night": "bright", "bright": "dark", "fog": "contrast", "dreamy": "contrast",
    "grain": "bright", "cold": "warm", "winter": "warm", "snow": "warm", "warm": "cold",
    "vivid": "muted", "muted": "vivid", "dramatic": "bright", "contrast": "muted",
    "vignette": "bright", "rain": "warm", "storm": "bright",
}  # fmt: skip


def _refused(a: Pixels, wish: Wish) -> Pixels:
    """What is unwanted is pushed away: colours drained, moods turned, softness sharpened."""
    refused = sorted(wish.reading.avoided, key=lambda term: (term.topic, term.name))
    for term in refused[:6]:
        if term.topic is Topic.COLOUR:
            a = edits.without_colour(a, wish.tones[term.name])
        elif term.topic is Topic.MOOD and term.name in _OPPOSITES:
            a = mix(a, register.MOODS[_OPPOSITES[term.name]](a, wish.touch), 0.35)
        elif term.topic is Topic.EDIT and term.name in {"blur", "smooth"}:
            a = sharpen(a, wish.touch.px(2), 0.6)
    if wish.reading.disliked:
        cast = _CASTS[_chosen(wish.reading.disliked, "dislike", len(_CASTS))]
        a = tone.graded(a, *cast, 0.22)
    return a.astype(np.float32)
