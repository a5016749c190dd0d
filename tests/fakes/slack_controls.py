"""Finding what a person presses or fills in, and what Slack then tells of it."""

from __future__ import annotations

from tests.fakes.slack_states import SELECTED, filled, option_of
from tests.fakes.slack_values import Json, View


def find_control(controls: list[Json], name: str) -> Json:
    """Return the one control with this label, these words, this block id or action id."""
    found = [control for control in controls if name in _names(control)]
    there = [_names(control) for control in controls]
    assert len(found) == 1, f"{len(found)} controls are called {name!r}; there are {there}"
    assert not found[0].get("url"), f"{name!r} is a link"
    return found[0]


def put(view: View, control: Json, state: Json) -> None:
    """Let a modal have this in one of its controls."""
    view.values.setdefault(control["block_id"], {})[control["action_id"]] = state


def action_of(control: Json, value: object) -> Json:
    """Return what Slack tells of a control that was used."""
    action: Json = {
        "type": control["type"],
        "action_id": control["action_id"],
        "block_id": control["block_id"],
    }
    if control["type"] == "button":
        told: Json = {key: control[key] for key in ("text", "value", "style") if key in control}
        return {**action, **told}
    if control["type"] == "overflow":
        return {**action, "selected_option": option_of(control, value)}
    state = filled(control, value)
    key = SELECTED[control["type"]]
    return {**action, key: state[key]}


def _names(control: Json) -> list[object]:
    words = (control.get("text") or {}).get("text")
    placeholder = (control.get("placeholder") or {}).get("text")
    named = [control.get("label"), words, placeholder]
    return [control["action_id"], control["block_id"], *(one for one in named if one)]
