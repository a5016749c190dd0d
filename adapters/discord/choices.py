"""Decider: what is offered while somebody types an option: models, and sizes of the chosen one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher
from itertools import islice

from discord import app_commands

from adapters.discord import markup
from core.catalogue import sizes
from core.catalogue.catalogue import Catalogue, folded
from core.catalogue.model import Model, Size, Sizing

CHOICES_MAX = 25
"""
Source: discord.com/developers/docs/interactions/application-commands#autocomplete; it is also
how many options a select menu takes.
"""
LABEL_MAX = 100
"""
Characters in the name of a choice, and in the label and the description of an option of a menu.

Source: discord.com/developers/docs/components/reference#string-select-select-option-structure.
"""
SIZE_AUTO = "auto"
"""Stands for a size that was not chosen, where an empty value cannot be given."""
_NEAR_ENOUGH = 0.6
"""From 0 for nothing in common to 1 for the same."""

_FREE_SIZES = tuple(
    Size(width_px=width_px, height_px=height_px)
    for width_px, height_px in ((1024, 1024), (1280, 720), (720, 1280), (1536, 1024), (1024, 1536))
)
"""What is offered of a model that takes any size; others may be typed."""


def model_choices(catalogue: Catalogue, typed: str) -> list[app_commands.Choice[str]]:
    """Return the models for what has been typed so far, the likeliest first; none typed: all."""
    return [
        app_commands.Choice(name=_model_label(model), value=model.model_id)
        for model in ranked(catalogue, typed)
    ]


def ranked(catalogue: Catalogue, typed: str) -> list[Model]:
    """
    Return up to 25 models: by name, then by what they are good for; if none fits, near misses.

    What fits nothing finds nothing: Discord then says so, and the user may type on.
    """
    wanted = typed.strip().casefold()
    by_use = [model for model in catalogue.models if wanted in model.good_for.casefold()]
    found = (*catalogue.search(typed, CHOICES_MAX), *by_use) or _near(catalogue, folded(typed[:40]))
    return list(islice(dict.fromkeys(found), CHOICES_MAX))


def size_choices(
    catalogue: Catalogue, model_text: str, typed: str, default_model: str
) -> list[app_commands.Choice[str]]:
    """
    Return the sizes of the chosen model for what has been typed so far.

    `model_text` is what the model's own option holds, finished or not; where it names no model,
    the sizes are those of `default_model`. Before sizes have
    been typed, the list begins with the choice of none.
    """
    model = catalogue.find(model_text) or catalogue.find(default_model)
    if model is None or model.sizing is Sizing.INPUT:
        return [_auto("takes the picture's own size")]
    listed = model.sizes if model.sizing is Sizing.LISTED else _free(typed)
    found = _matching(listed, typed)
    is_auto = SIZE_AUTO.startswith(_digits(typed))
    auto = [_auto("the one nearest to the picture's shape")] if is_auto else []
    chosen = [app_commands.Choice(name=_size_label(each), value=str(each)) for each in found]
    return [*auto, *chosen][:CHOICES_MAX]


def size_asked(text: str | None) -> str | None:
    """Return the size that was given, or None for the choice of none; nothing is checked here."""
    return None if text is None or folded(text) in {"", SIZE_AUTO} else text


def _near(catalogue: Catalogue, wanted: str) -> list[Model]:
    """Return the models of which a word begins much as typed, the nearest first."""
    scored = [(_nearness(model, wanted), model) for model in catalogue.models]
    scored.sort(key=lambda pair: -pair[0])
    return [model for nearness, model in scored if nearness >= _NEAR_ENOUGH]


def _nearness(model: Model, wanted: str) -> float:
    """Return how much of the wanted text is in the name, or in one word of it: 0 to 1."""
    name = folded(model.name)
    starts = (word[: len(wanted) + 1] for word in (name, *name.split("-")))
    return max(SequenceMatcher(None, wanted, start).ratio() for start in starts)


def _model_label(model: Model) -> str:
    return markup.shortened(f"{model.name}: {model.good_for}", LABEL_MAX)


def _auto(meaning: str) -> app_commands.Choice[str]:
    return app_commands.Choice(name=f"{SIZE_AUTO}: {meaning}", value=SIZE_AUTO)


def _digits(typed: str) -> str:
    """Return what was typed as sizes are written: without gaps, with an `x` between the sides."""
    text = "".join(typed.casefold().split())
    return text.replace("×", "x").replace("*", "x")  # noqa: RUF001 - people type it


def _matching(listed: Iterable[Size], typed: str) -> list[Size]:
    """Return the sizes that begin as typed, then those whose height does; without any, all."""
    wanted = _digits(typed)
    every = list(listed)
    begins = [size for size in every if str(size).startswith(wanted)]
    has = [size for size in every if str(size.height_px).startswith(wanted)]
    return list(dict.fromkeys((*begins, *has))) or every


def _free(typed: str) -> tuple[Size, ...]:
    size = sizes.parse(typed)
    is_one = size is not None and sizes.is_within_bounds(size)
    return (size, *_FREE_SIZES) if size and is_one else _FREE_SIZES


def _size_label(size: Size) -> str:
    if size.width_px == size.height_px:
        return f"{size} (square)"
    return f"{size} ({'landscape' if size.width_px > size.height_px else 'portrait'})"
