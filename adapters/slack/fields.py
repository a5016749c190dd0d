"""Decider: the fields of a form, as input blocks; one for each thing that a model reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import assert_never

from adapters.slack import blocks, choices, ids, markup
from adapters.slack.blocks import Json
from core.catalogue import parameters
from core.catalogue.model import Model, Sizing
from core.catalogue.sizes import SIDE_MAX_PX, SIDE_MIN_PX
from core.errors import Problem

PICTURES = "pictures"
"""The name of the field of files."""
PICTURE = "picture"
"""The name of the menu of pictures; every other field is called as its parameter."""
CHANNEL = "channel"

INPUT_MAX = 3000
"""
Characters in a field of text.

Source: docs.slack.dev/reference/block-kit/block-elements/plain-text-input-element.
"""
_SHORT_MAX = 40
"""Characters in the field of a size."""
FILES_MAX = 4
"""Pictures that one form takes: as many as the most patient model reads."""
FILE_TYPES = ("jpg", "jpeg", "png", "webp", "gif", "avif", "bmp", "heic", "heif")
"""What clients offer to choose; what the bytes are is found out later."""

Given = Mapping[str, str]


def files(model: Model) -> Json:
    """Return the field that takes pictures."""
    element: Json = {"type": "file_input", "filetypes": list(FILE_TYPES), "max_files": FILES_MAX}
    most = f"up to {model.images_max} pictures" if model.images_max > 1 else "one picture"
    return _field(PICTURES, "Picture", element, hint=f"{model.name} takes {most}, 10 MB at most.")


def picture(names: Sequence[str], chosen: Sequence[int], model: Model) -> Json:
    """Return the menu of pictures to choose from; several at once where the model takes several."""
    options = choices.pictures(names)
    first = [each for each in options if int(each["value"]) in chosen] or options[:1]
    if model.images_max == 1:
        return _field(PICTURE, "Picture", _menu(options, first[0]), hint="Which one to redraw.")
    most = min(model.images_max, len(options))
    element: Json = {
        "type": "multi_static_select",
        "options": options,
        "initial_options": first[:most],
        "max_selected_items": most,
    }
    hint = f"Which of them to redraw, up to {most}."
    return _field(PICTURE, "Pictures", element, hint=hint, shape=str(model.images_max))


def prompt(given: Given) -> Json:
    """Return the field of the prompt."""
    element = _text(given.get("prompt", ""), is_long=True)
    return _field("prompt", "Prompt", element, hint="What the picture should become.")


def model_menu(options: list[Json], chosen: Model) -> Json:
    """Return the menu of models; choosing one tells us, so that the form can be reshaped."""
    block = _field("model", "Model", _menu(options, choices.model_option(chosen)))
    return {**block, "dispatch_action": True}


def size(given: Given, model: Model) -> Json:
    """Return what there is to say about the size: a menu, a field or a line of text."""
    asked = given.get("size", "")
    match model.sizing:
        case Sizing.INPUT:
            said = f"Size: {model.name} takes the picture's own."
            return blocks.lines([markup.shortened(said, markup.TEXT_MAX)])[0]
        case Sizing.FREE:
            hint = f"WIDTHxHEIGHT, {SIDE_MIN_PX} to {SIDE_MAX_PX} each. Empty: the picture's own."
            return _field("size", "Size", _text(asked), hint=hint, optional=True, shape="free")
        case Sizing.LISTED:
            options = choices.sizes(model)
            chosen = choices.chosen_of(options, asked.strip().casefold()) or options[0]
            return _field("size", "Size", _menu(options, chosen), shape=model.model_id)
        case _:
            assert_never(model.sizing)


def strength(given: Given) -> Json:
    """Return the field of the strength."""
    hint = "How far to depart from the picture; 1 disregards it. Empty: the model's own."
    element = _number(given.get("strength", ""), parameters.strength, 0, parameters.STRENGTH_MAX)
    return _field("strength", "Strength", element, hint=hint, optional=True)


def guidance_scale(given: Given) -> Json:
    """Return the field of the guidance scale."""
    least, most = parameters.GUIDANCE_SCALE_MIN, parameters.GUIDANCE_SCALE_MAX
    value = given.get("guidance_scale", "")
    element = _number(value, parameters.guidance_scale, least, most)
    hint = f"How closely to keep to the prompt, {least:g} to {most:g}. Empty: the model's own."
    return _field("guidance_scale", "Guidance scale", element, hint=hint, optional=True)


def negative_prompt(given: Given) -> Json:
    """Return the field of the negative prompt."""
    element = _text(given.get("negative_prompt", ""), is_long=True)
    hint = "What should not be in it."
    return _field("negative_prompt", "Negative prompt", element, hint=hint, optional=True)


def inference_type(given: Given) -> Json:
    """Return the menu of kinds of GPU."""
    options = [choices.option(each, each) for each in parameters.INFERENCE_TYPES]
    asked = given.get("inference_type", "").strip().casefold()
    element = _menu(options, choices.chosen_of(options, asked))
    return _field("inference_type", "Inference type", element, optional=True)


def batch(given: Given, model: Model, most: int, *, preview: bool) -> Json:
    """Return the menu of how many pictures to make, with their estimated cost; 0 is no limit."""
    count = min(most or parameters.BATCH_MAX, parameters.BATCH_MAX)
    options = choices.batches(model, count, preview=preview)
    chosen = choices.chosen_of(options, given.get("batch", "").strip()) or options[0]
    return _field("batch", "Pictures to make", _menu(options, chosen), shape=model.model_id)


def channel(channel_id: str | None) -> Json:
    """Return the menu of where to post; a place that we are not in is told of later."""
    element: Json = {
        "type": "conversations_select",
        "default_to_current_conversation": True,
        "response_url_enabled": True,
        "filter": {"include": ["public", "private", "im"]},
    }
    if channel_id:
        element["initial_conversation"] = channel_id
    hint = "Redraw has to be in it: /invite @Redraw."
    return _field(CHANNEL, "Where to post", element, hint=hint)


def _field(
    name: str, label: str, element: Json, *, hint: str = "", optional: bool = False, shape: str = ""
) -> Json:
    """
    Return an input block.

    Slack keeps what was filled in for as long as the block's id stays: `shape` is what a field
    depends on, so that nothing of another model's is kept.
    """
    about = markup.shortened(hint, markup.TEXT_MAX // 2)
    return {
        "type": "input",
        "block_id": f"{name}:{shape}"[: ids.ID_MAX] if shape else name,
        "label": blocks.plain(label),
        "element": {**element, "action_id": ids.field(name)},
        "optional": optional,
        **({"hint": blocks.plain(about)} if about else {}),
    }


def _menu(options: list[Json], chosen: Json | None) -> Json:
    first = {"initial_option": chosen} if chosen else {}
    return {"type": "static_select", "options": options, **first}


def _text(value: str, *, is_long: bool = False) -> Json:
    most = INPUT_MAX if is_long else _SHORT_MAX
    filled = markup.clipped(value, most)
    first = {"initial_value": filled} if filled else {}
    return {
        "type": "plain_text_input",
        "multiline": is_long,
        "max_length": most,
        **first,
    }


def _number(
    value: str, read: Callable[[object], float | Problem], least: float, most: float
) -> Json:
    """Return a field for a number; what is none, or out of bounds, cannot be filled in first."""
    number = read(value)
    first = {} if isinstance(number, Problem) else {"initial_value": f"{number:g}"}
    return {
        "type": "number_input",
        "is_decimal_allowed": True,
        "min_value": f"{least:g}",
        "max_value": f"{most:g}",
        **first,
    }
