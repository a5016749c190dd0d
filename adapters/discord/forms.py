"""Decider: the form (modal) that asks for a redrawing, and what came back with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import discord
from discord import ui

from adapters.discord import ids, markup
from adapters.discord.choices import (
    CHOICES_MAX,
    LABEL_MAX,
    SIZE_AUTO,
    model_choices,
    size_asked,
    size_choices,
)
from core.catalogue.catalogue import Catalogue
from core.catalogue.model import Model
from core.catalogue.parameters import PROMPT_MAX

__all__ = [
    "SIZE_AUTO",
    "FilledForm",
    "filled",
    "merged",
    "model_choices",
    "redraw_modal",
    "size_asked",
    "size_choices",
]

TITLE = "Redraw this image"
_PICTURE = "picture"
"""The custom id of the menu of pictures; every other field is called as its parameter."""
_SHORT_MAX = 40
"""Characters in the fields for numbers and sizes."""

Modal = ui.Modal
Field = ui.Label[ui.Modal]


@dataclass(frozen=True, kw_only=True, slots=True)
class FilledForm:
    """What a user sent."""

    values: dict[str, str]
    """By parameter; what was left empty is not there."""
    chosen: int | None
    """Which of several pictures, from 0; None when the form did not ask."""
    shown: frozenset[str]
    """The parameters that the form asked for, left empty or not."""


def redraw_modal(
    draft_id: str,
    *,
    values: Mapping[str, object],
    catalogue: Catalogue,
    default_model: str,
    pick: int = 0,
    picked: int = 0,
) -> ui.Modal:
    """
    Return the form of a draft, filled in with `values`; to be made inside a running loop.

    With `pick` over 1 it asks which of so many pictures is meant, at first the one of index
    `picked`, in place of the negative prompt: a form has room for five fields.
    """
    given = {name: str(value) for name, value in values.items() if value is not None}
    modal = Modal(title=TITLE, custom_id=ids.form(ids.Form.REDRAW, draft_id), timeout=None)
    for field in (
        _prompt(given),
        _models(given, catalogue, default_model),
        _strength(given),
        _size(given),
        _pictures(pick, picked) if pick > 1 else _negative_prompt(given),
    ):
        modal.add_item(field)
    modal.stop()
    return modal


def filled(data: Mapping[str, Any]) -> FilledForm:
    """Return what the raw data of a sent form says; fields that are not ours are passed over."""
    answers = dict(_answers(data.get("components") or []))
    picture = answers.pop(_PICTURE, "")
    size = size_asked(answers.get("size"))
    values = {**answers, "size": size or ""}
    return FilledForm(
        values={name: text for name, text in values.items() if text.strip()},
        chosen=int(picture) if picture.isascii() and picture.isdigit() else None,
        shown=frozenset(answers),
    )


def merged(before: Mapping[str, object], form: FilledForm) -> dict[str, object]:
    """Return a draft's values after its form: what the form did not ask for stays as it was."""
    kept = {name: value for name, value in before.items() if name not in form.shown}
    return {**kept, **form.values}


def _answers(components: list[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield each field's custom id and what it holds, whatever it is nested in."""
    for each in components:
        if "component" in each:
            yield from _answers([each["component"]])
        yield from _answers(each.get("components") or [])
        name = each.get("custom_id")
        if name not in _FIELDS:
            continue
        chosen = each.get("values")
        text = each.get("value") if chosen is None else next(iter(chosen), "")
        yield str(name), str(text or "")


_FIELDS = frozenset({"prompt", "model", "strength", "size", "negative_prompt", _PICTURE})


def _prompt(given: Mapping[str, str]) -> Field:
    field = _text("prompt", given, most=PROMPT_MAX, required=True)
    return Field(text="Prompt", description="What the picture should become.", component=field)


def _negative_prompt(given: Mapping[str, str]) -> Field:
    field = _text("negative_prompt", given, most=PROMPT_MAX)
    return Field(text="Negative prompt", description="What should not be in it.", component=field)


def _strength(given: Mapping[str, str]) -> Field:
    field = _text("strength", given, hint="Greater than 0, at most 1, such as 0.6")
    about = "How far to depart from the picture; 1 disregards it. Empty: the model's own."
    return Field(text="Strength", description=about, component=field)


def _size(given: Mapping[str, str]) -> Field:
    field = _text("size", given, hint="WIDTHxHEIGHT of the model's list, such as 1024x1024")
    about = "Empty: the picture's own, or of the model's sizes the one nearest in shape."
    return Field(text="Size", description=about, component=field)


def _text(
    name: str,
    given: Mapping[str, str],
    *,
    most: int = _SHORT_MAX,
    required: bool = False,
    hint: str | None = None,
) -> ui.TextInput[ui.Modal]:
    is_long = most > _SHORT_MAX
    return ui.TextInput(
        custom_id=name,
        style=discord.TextStyle.paragraph if is_long else discord.TextStyle.short,
        default=markup.clipped(given.get(name, ""), most) or None,
        placeholder=hint,
        required=required,
        max_length=most,
    )


def _models(given: Mapping[str, str], catalogue: Catalogue, default_model: str) -> Field:
    chosen = catalogue.find(given.get("model", "")) or catalogue.find(default_model)
    options = [_option(model, is_chosen=model is chosen) for model in _offered(catalogue, chosen)]
    menu: ui.Select[ui.Modal] = ui.Select(custom_id="model", options=options)
    return Field(text="Model", component=menu)


def _offered(catalogue: Catalogue, chosen: Model | None) -> list[Model]:
    """Return the models that a menu has room for, the chosen one among them."""
    others = [model for model in catalogue.models if model is not chosen]
    kept = set(others[: CHOICES_MAX - 1] if chosen else others[:CHOICES_MAX])
    return [model for model in catalogue.models if model is chosen or model in kept]


def _option(model: Model, *, is_chosen: bool) -> discord.SelectOption:
    return discord.SelectOption(
        label=markup.shortened(model.name, LABEL_MAX),
        value=model.model_id,
        description=markup.shortened(model.good_for, LABEL_MAX),
        default=is_chosen,
    )


def _pictures(count: int, picked: int) -> Field:
    options = [
        discord.SelectOption(label=f"Picture {each + 1}", value=str(each), default=each == picked)
        for each in range(min(count, CHOICES_MAX))
    ]
    menu: ui.Select[ui.Modal] = ui.Select(custom_id=_PICTURE, options=options)
    return Field(text="Picture", description="Which of them to redraw.", component=menu)
