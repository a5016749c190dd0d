"""Decider: what is offered to choose from in a form: models, sizes, how many, which pictures."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.presentation import LOCAL_PREVIEW
from adapters.slack import blocks, markup
from adapters.slack.blocks import Json
from core.catalogue.catalogue import Catalogue, folded
from core.catalogue.model import Model, Size

OPTIONS_MAX = 100
"""Source: docs.slack.dev/reference/block-kit/block-elements/select-menu-element."""
LABEL_MAX = 75
"""
Characters in the label and the description of an option.

Source: docs.slack.dev/reference/block-kit/composition-objects/option-object.
"""
SIZE_AUTO = "auto"
"""Stands for a size that was not chosen, since an option cannot have an empty value."""


def models(catalogue: Catalogue, chosen: Model | None) -> list[Json]:
    """Return an option for each model that a menu has room for, the chosen one among them."""
    others = [model for model in catalogue.models if model is not chosen]
    kept = set(others[: OPTIONS_MAX - 1] if chosen else others[:OPTIONS_MAX])
    return [model_option(model) for model in catalogue.models if model is chosen or model in kept]


def model_option(model: Model) -> Json:
    """Return the option of a model."""
    return option(model.name, model.model_id, model.good_for)


def sizes(model: Model) -> list[Json]:
    """Return an option for each size of a model's list, after the one that chooses by itself."""
    listed = [option(_size_label(each), str(each)) for each in model.sizes]
    return [option("Nearest to the picture's shape", SIZE_AUTO), *listed][:OPTIONS_MAX]


def size_asked(text: str | None) -> str | None:
    """Return the size that was given, or None for the choice of none; nothing is checked here."""
    return None if text is None or folded(text) in {"", SIZE_AUTO} else text


def batches(model: Model, most: int, *, preview: bool) -> list[Json]:
    """Return an option for each number of pictures up to `most`, with what they are to cost."""
    return [
        option(f"{count}: {_cost(model, count, preview=preview)}", str(count))
        for count in range(1, most + 1)
    ]


def pictures(names: Sequence[str]) -> list[Json]:
    """Return an option for each of several pictures, by position and name."""
    return [
        option(f"Picture {each + 1}" + (f": {name}" if name.strip() else ""), str(each))
        for each, name in enumerate(names[:OPTIONS_MAX])
    ]


def option(label: str, value: str, description: str = "") -> Json:
    """Return one option."""
    about = markup.shortened(description, LABEL_MAX)
    more = {"description": blocks.plain(about)} if about else {}
    return {"text": blocks.plain(markup.shortened(label, LABEL_MAX) or "-"), "value": value, **more}


def chosen_of(options: Sequence[Json], value: str) -> Json | None:
    """Return the option with this value, or None when there is none."""
    return next((each for each in options if each["value"] == value), None)


def _size_label(size: Size) -> str:
    if size.width_px == size.height_px:
        return f"{size} (square)"
    return f"{size} ({'landscape' if size.width_px > size.height_px else 'portrait'})"


def _cost(model: Model, count: int, *, preview: bool) -> str:
    if preview:
        return f"nothing ({LOCAL_PREVIEW})"
    if not model.credits_per_picture:
        return "cost not known"
    guess = "" if model.credits_are_published else ", a guess"
    return f"about {count * model.credits_per_picture} credits{guess}"
