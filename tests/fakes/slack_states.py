"""What is filled in a modal: Slack's state of each element, from the start and by a person."""

from __future__ import annotations

from collections.abc import Sequence

from tests.fakes.slack_values import Json, View

Values = dict[str, dict[str, Json]]

INITIAL = {
    "initial_value": "value",
    "initial_option": "selected_option",
    "initial_options": "selected_options",
    "initial_conversation": "selected_conversation",
    "initial_channel": "selected_channel",
    "initial_user": "selected_user",
}
"""What an element begins with, and where its state has it."""

SELECTED = {
    "plain_text_input": "value",
    "number_input": "value",
    "email_text_input": "value",
    "url_text_input": "value",
    "static_select": "selected_option",
    "external_select": "selected_option",
    "radio_buttons": "selected_option",
    "multi_static_select": "selected_options",
    "checkboxes": "selected_options",
    "conversations_select": "selected_conversation",
    "channels_select": "selected_channel",
    "users_select": "selected_user",
    "file_input": "files",
}
"""Where the state of each type of element has its value; buttons have none."""

MANY = ("selected_options", "files")
OPTIONS = ("selected_option", "selected_options")


def first_values(view: View) -> Values:
    """Return the state of a modal that nobody has touched."""
    values: Values = {}
    for control in view.controls:
        if control["type"] in SELECTED:
            key = SELECTED[control["type"]]
            state: Json = {"type": control["type"], key: [] if key in MANY else None}
            for initial, own_key in INITIAL.items():
                if initial in control:
                    state[own_key] = control[initial]
            values.setdefault(control["block_id"], {})[control["action_id"]] = state
    return values


def kept_values(view: View, before: Values) -> Values:
    """Return the state of a modal that was changed: what was there stays under the same ids."""
    values = first_values(view)
    for block_id, actions in values.items():
        for action_id, state in actions.items():
            old = before.get(block_id, {}).get(action_id)
            if old is not None and old["type"] == state["type"] and _offers(view, old, action_id):
                actions[action_id] = old
    return values


def _offers(view: View, state: Json, action_id: str) -> bool:
    control = next(each for each in view.controls if each["action_id"] == action_id)
    chosen = state.get("selected_option")
    if chosen is None or not options_of(control):
        return True
    return chosen["value"] in [option["value"] for option in options_of(control)]


def options_of(control: Json) -> list[Json]:
    """Return everything that a menu offers."""
    grouped = [each for group in control.get("option_groups", []) for each in group["options"]]
    return [*control.get("options", []), *grouped]


def filled(control: Json, value: object) -> Json:
    """
    Return the state of an element that a person has filled with `value`.

    Options are named by their value or their words; a value of None empties the element.
    """
    key = SELECTED[control["type"]]
    own = {"type": control["type"]}
    if key == "selected_options":
        return {**own, key: [option_of(control, one) for one in _listed(value)]}
    if key == "selected_option":
        return {**own, key: None if value is None else option_of(control, value)}
    if key == "files":
        return {**own, key: _listed(value)}
    return {**own, key: None if value is None else _text(control, str(value))}


def is_empty(state: Json) -> bool:
    """Tell whether nothing is filled in."""
    return not state[SELECTED[state["type"]]]


def _listed(value: object) -> list[object]:
    if value is None:
        return []
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value]


def option_of(control: Json, value: object) -> Json:
    """Return what a menu offers by this value or these words; fails unless it is one."""
    offered = options_of(control)
    found = [one for one in offered if value in (one["value"], one["text"]["text"])]
    named = [one["value"] for one in offered]
    assert len(found) == 1, f"{value!r} is offered {len(found)} times; there are {named}"
    return {key: found[0][key] for key in ("text", "value")}


def _text(control: Json, value: str) -> str:
    longest = control.get("max_length", 3000)
    assert len(value) <= longest, f"Slack's client takes {longest} characters here, no more"
    shortest = control.get("min_length", 0)
    assert not value or len(value) >= shortest, f"Slack's client wants {shortest} characters here"
    return value
