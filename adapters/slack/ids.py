"""
Decider: what a button, a menu or a form carries, so that it means the same after any restart.

An action's id says what is meant and its value says of which job or draft; both come back with a
click, a month later as well, and state comes from the store. A form carries its draft's id in its
private metadata: never a secret, since every client can read it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from adapters.presentation import Action

ID_MAX = 255
"""
Characters in an action_id, a block_id and a callback_id.

Source: docs.slack.dev/reference/block-kit/block-elements/button-element.
"""
VALUE_MAX = 2000
"""Characters in a button's value. Source: the same page."""
METADATA_MAX = 3000
"""Characters in a view's private metadata. Source: docs.slack.dev/reference/views/modal-views."""


class Form(StrEnum):
    """The forms (modals) there are; each carries the id of a draft."""

    REDRAW = "redraw"
    """Everything that a modal asks for; the draft says where the pictures come from."""


class Step(StrEnum):
    """What a private answer may offer beyond the actions of a job."""

    ANYWAY = "anyway"
    """Carry the action out after its warning."""
    SHOW_AGAIN = "show_again"
    """Deliver again what a place had refused."""
    EDIT_DRAFT = "edit_draft"
    """Open the form of a draft again, as it was filled in."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Press:
    """A click on one of a job's actions."""

    action: Action
    job_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Stepped:
    """A click in a private answer."""

    step: Step
    subject_id: str
    """A job's id, or a draft's."""
    action: Action | None = None
    """What is to be carried out anyway."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Filled:
    """A form that was sent, or in which something was chosen."""

    form: Form
    draft_id: str


_PRESS = re.compile(r"redraw1:press:([a-z_]+)")
_STEP = re.compile(r"redraw1:step:([a-z_]+)(?::([a-z_]+))?")
_FIELD = re.compile(r"redraw1:field:([a-z_]+)")
_FORM = re.compile(r"redraw1:form:([a-z_]+)")
_SUBJECT = re.compile(r"[0-9A-Z]{26}")

ANY_ACTION = re.compile(r"redraw1:(?:press|step):.*", re.DOTALL)
"""What the action ids of all our buttons look like, of this version."""
ANY_FORM = re.compile(r"redraw1:form:.*", re.DOTALL)
"""What the callback ids of all our forms look like, of this version."""
OURS = re.compile(r"redraw\d+:.*", re.DOTALL)
"""What all our ids look like, of any version."""


def press(action: Action) -> str:
    """Return the action id of an action's button; its value is the job's id."""
    return f"redraw1:press:{action}"


def step(chosen: Step, action: Action | None = None) -> str:
    """Return the action id of a button in a private answer; its value is a job's or a draft's."""
    return f"redraw1:step:{chosen}" + (f":{action}" if action else "")


def field(name: str) -> str:
    """Return the action id of a form's field."""
    return f"redraw1:field:{name}"


def form(chosen: Form) -> str:
    """Return the callback id of a form; its private metadata is the draft's id."""
    return f"redraw1:form:{chosen}"


def read(action_id: str, value: str) -> Press | Stepped | None:
    """Return what a click says, or None when it is none of ours or of another version."""
    if _SUBJECT.fullmatch(value) is None:
        return None
    try:
        if found := _PRESS.fullmatch(action_id):
            return Press(action=Action(found[1]), job_id=value)
        if found := _STEP.fullmatch(action_id):
            action = Action(found[2]) if found[2] else None
            return Stepped(step=Step(found[1]), subject_id=value, action=action)
    except ValueError:
        return None
    return None


def read_form(callback_id: str, private_metadata: str) -> Filled | None:
    """Return which form of which draft it is, or None when it is none of ours."""
    found = _FORM.fullmatch(callback_id)
    if found is None or found[1] not in set(Form) or not _SUBJECT.fullmatch(private_metadata):
        return None
    return Filled(form=Form(found[1]), draft_id=private_metadata)


def read_field(action_id: str) -> str | None:
    """Return the name of a form's field, or None when it is none of ours."""
    found = _FIELD.fullmatch(action_id)
    return found[1] if found else None
