"""Decider: the form (modal) that asks for a redrawing, what came back with it, and its errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from adapters.slack import blocks, choices, corrections, fields, given, ids, markup, words
from adapters.slack.blocks import Json
from adapters.slack.corrections import errors, refused
from adapters.slack.origin import Upload
from core.catalogue.catalogue import Catalogue
from core.catalogue.model import Model, Parameter

__all__ = [
    "FilledForm",
    "Pictures",
    "errors",
    "filled",
    "merged",
    "redraw_view",
    "refused",
]

TITLE: Final = "Redraw an image"
TITLE_MAX: Final = 24
"""Source: docs.slack.dev/reference/views/modal-views, of the title and both buttons."""
_ABOUT_MAX: Final = 400

_OPTIONAL = {
    Parameter.STRENGTH: fields.strength,
    Parameter.GUIDANCE_SCALE: fields.guidance_scale,
    Parameter.NEGATIVE_PROMPT: fields.negative_prompt,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Pictures:
    """The pictures that a form is about, when it does not ask for files."""

    names: tuple[str, ...]
    """As their users called them; a name may be empty."""
    pick: bool = False
    """Whether it is to be chosen which of them are meant."""
    chosen: tuple[int, ...] = ()
    """Which are chosen at first, from 0."""
    left_out: tuple[str, ...] = ()
    """What the other files of their message are called."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FilledForm:
    """What a user sent, or had filled in when a model was chosen."""

    values: dict[str, str]
    """By parameter; what was left empty is not there."""
    files: tuple[Upload, ...]
    """What was put into the field of files."""
    chosen: tuple[int, ...]
    """Which of several pictures, from 0; empty when the form did not ask."""
    channel: str | None
    """Where to post; None when the form did not ask."""
    shown: frozenset[str]
    """The parameters that the form asked for, left empty or not."""


def redraw_view(
    draft_id: str,
    *,
    values: Mapping[str, object],
    catalogue: Catalogue,
    default_model: str,
    max_batch: int,
    preview: bool,
    pictures: Pictures | None = None,
    asks_channel: bool = False,
    channel: str | None = None,
) -> Json:
    """
    Return the form of a draft, shaped for the model in `values` and filled in with them.

    Without `pictures` it asks for files. Of the optional parameters it shows those that the model
    is known to read, so that what is seen is what is sent.
    """
    known = _prefilled(values)
    model = _model(known, catalogue, default_model)
    given_blocks = [
        _pictures(pictures, model),
        *(
            blocks.lines([words.left_out(pictures.left_out)])
            if pictures and pictures.left_out
            else ()
        ),
        fields.prompt(known),
        fields.model_menu(choices.models(catalogue, model), model),
        *_about(model, preview=preview),
        fields.size(known, model),
        *(field(known) for parameter, field in _OPTIONAL.items() if parameter in model.reads),
        *([fields.inference_type(known)] if model.qolaba_deployed else []),
        fields.batch(known, model, max_batch, preview=preview),
        *([fields.channel(channel)] if asks_channel else []),
    ]
    return {
        "type": "modal",
        "callback_id": ids.form(ids.Form.REDRAW),
        "private_metadata": draft_id,
        "title": blocks.plain(TITLE),
        "submit": blocks.plain("Redraw"),
        "close": blocks.plain("Cancel"),
        "blocks": given_blocks,
    }


def filled(state: Mapping[str, Any]) -> FilledForm:
    """Return what a view's state says; fields that are not ours are passed over."""
    answers = dict(_answers(state))
    files = given.uploads(answers.pop(fields.PICTURES, {}).get("files"))
    chosen = _texts(answers.pop(fields.PICTURE, {}))
    channel = answers.pop(fields.CHANNEL, {}).get("selected_conversation")
    values = {name: next(iter(_texts(answer)), "") for name, answer in answers.items()}
    values["size"] = choices.size_asked(values.get("size")) or ""
    return FilledForm(
        values={name: text for name, text in values.items() if text.strip()},
        files=files,
        chosen=tuple(int(each) for each in chosen if each.isascii() and each.isdigit()),
        channel=str(channel) if channel else None,
        shown=frozenset(answers),
    )


def merged(before: Mapping[str, object], form: FilledForm) -> dict[str, object]:
    """
    Return a draft's values after a model was chosen in its form.

    What the form did not show stays, for the model that reads it to be chosen again. A form that
    is sent is taken by its `values` alone.
    """
    kept = {name: value for name, value in before.items() if name not in form.shown}
    return {**_without_aliases(kept, form.shown), **form.values}


def _prefilled(values: Mapping[str, object]) -> dict[str, str]:
    """Return values as text, a size in two of them as one."""
    known = {name: str(value) for name, value in values.items() if value is not None}
    if not known.get("size") and known.get("width") and known.get("height"):
        known["size"] = f"{known['width'].strip()}x{known['height'].strip()}"
    return known


def _model(known: Mapping[str, str], catalogue: Catalogue, default_model: str) -> Model:
    names = (known.get("model", ""), known.get("app_id", ""), default_model)
    found = (model for name in names if (model := catalogue.find(name)))
    return next(found, catalogue.models[0])


def _pictures(pictures: Pictures | None, model: Model) -> Json:
    if pictures is None:
        return fields.files(model)
    if pictures.pick and len(pictures.names) > 1:
        return fields.picture(pictures.names, pictures.chosen, model)
    named = ", ".join(name for name in pictures.names if name.strip())
    count = len(pictures.names)
    chosen = "Picture: the one you chose" if count == 1 else f"Pictures: the {count} you chose"
    line = f"{chosen}, {named}" if named else chosen
    return blocks.lines([markup.shortened(line, _ABOUT_MAX)])[0]


def _about(model: Model, *, preview: bool) -> tuple[Json, ...]:
    honest = [f"This is a local preview, not {model.name} itself."] if preview else []
    told = (model.good_for, *model.notes, *honest)
    return blocks.lines([markup.shortened(each, _ABOUT_MAX) for each in told])


def _answers(state: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each of our fields with what is in it."""
    for block in (state.get("values") or {}).values():
        for action_id, answer in block.items():
            name = ids.read_field(action_id)
            if name is not None:
                yield name, answer or {}


def _texts(answer: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what is in a field of text, or the values chosen in a menu."""
    one = answer.get("selected_option")
    several = [one] if one else answer.get("selected_options") or ()
    if several:
        return tuple(str(each["value"]) for each in several)
    value = answer.get("value")
    return (str(value),) if value else ()


def _without_aliases(values: Mapping[str, object], names: frozenset[str]) -> dict[str, object]:
    """Return the values without what says the same as one of `names` in another way."""
    return {
        name: each for name, each in values.items() if not names & set(corrections.AT.get(name, ()))
    }
