"""
Decider: what a button, a menu or a form carries, so that it means the same after any restart.

A custom id is all that comes back with a click, a month later as well; state comes from the store.
The same ids mark our messages, so that one can be recognised in a channel's history.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from adapters.presentation import Action
from core.jobs.lifecycle import DeliveryKind

CUSTOM_ID_MAX = 100
"""
Characters in a custom id.

Source: discord.com/developers/docs/components/reference#anatomy-of-a-component-custom-id.
"""


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


_KINDS = {
    DeliveryKind.CARD: "c",
    DeliveryKind.RESULT: "r",
    DeliveryKind.NOTICE: "n",
    DeliveryKind.CARD_FINAL: "f",
}
_PRESS = re.compile(r"redraw1:press:([a-z_]+):([0-9A-Z]{26})(?::([crnf]\d{1,6}))?")
_STEP = re.compile(r"redraw1:step:([a-z_]+):([0-9A-Z]{26})(?::([a-z_]+))?")
_FORM = re.compile(r"redraw1:form:([a-z_]+):([0-9A-Z]{26})")


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
    """A form that was sent."""

    form: Form
    draft_id: str


def marker(job_id: str, kind: DeliveryKind, seq: int) -> str:
    """Return what every message of one delivery has in it and no other message has."""
    return f"{job_id}:{_KINDS[kind]}{seq}"


def line(subject: str) -> str:
    """Return the last line of a message: the job's id, or the marker where no button has it."""
    return f"-# job {subject}"


def press(action: Action, job_id: str, *, kind: DeliveryKind, seq: int) -> str:
    """Return the custom id of an action's button; it holds the marker of its message."""
    return f"redraw1:press:{action}:{marker(job_id, kind, seq)}"


def private_press(action: Action, job_id: str) -> str:
    """Return the custom id of an action's button in a private answer, which marks nothing."""
    return f"redraw1:press:{action}:{job_id}"


def step(chosen: Step, subject_id: str, action: Action | None = None) -> str:
    """Return the custom id of a button in a private answer."""
    return f"redraw1:step:{chosen}:{subject_id}" + (f":{action}" if action else "")


def form(chosen: Form, draft_id: str) -> str:
    """Return the custom id of a form."""
    return f"redraw1:form:{chosen}:{draft_id}"


def read(custom_id: str) -> Press | Stepped | Filled | None:
    """Return what a custom id says, or None when it is not one of ours or of another version."""
    try:
        if found := _PRESS.fullmatch(custom_id):
            return Press(action=Action(found[1]), job_id=found[2])
        if found := _STEP.fullmatch(custom_id):
            action = Action(found[3]) if found[3] else None
            return Stepped(step=Step(found[1]), subject_id=found[2], action=action)
        if found := _FORM.fullmatch(custom_id):
            return Filled(form=Form(found[1]), draft_id=found[2])
    except ValueError:
        return None
    return None
