"""Decider: the sentences with which acts are answered in private; plain, without markup."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from adapters.presentation import Action, outcome
from adapters.slack.markup import shortened
from adapters.wording import IF_IT_APPEARS
from core.jobs.job import Job

OTHER_VERSION: Final = (
    "This button is from another version of Redraw. Nothing was charged. "
    "Use /redraw once more, or look at /redraw jobs."
)
NOT_YOURS: Final = "Only the person who asked for this, and the admins of Redraw, can do that."
FORGOTTEN: Final = (
    "The words and pictures of this job are not kept any more. Nothing was charged. "
    "Give the picture once more with /redraw."
)
MODEL_GONE: Final = "The model of this job is not offered any more. Nothing was charged."
NOT_ENDED: Final = "This job has not ended yet. Wait for its end, or cancel it."
NOTHING_REFUSED: Final = "Nothing of this job is left to be shown again."
NOT_KEPT: Final = (
    "The pictures of this job are not kept any more, so there is nothing to show again. "
    "Asking costs nothing."
)
SHOWN_AGAIN: Final = "It is shown again, where it was asked for."
CHECKING: Final = "The image service is asked once more, free of charge."
TOO_LATE_TO_CHECK: Final = "There is nothing left to check: results are kept for four hours."
DELETED: Final = "Deleted: messages, words and pictures."
NOT_DELETED: Final = (
    "Slack does not take that just now, so not everything is deleted yet. Nothing was charged. "
    "Choose Delete once more in a minute."
)
STILL_BUSY: Final = "Something of this job is still being said. Try again in a minute."
DELETE_ASKED: Final = "Delete the messages, the words and the pictures of this job, for everybody?"
NO_PICTURE: Final = (
    "There is no picture in this message that can be redrawn. "
    "Use the shortcut on a message with a picture, or give one with /redraw."
)
MENTION_WITHOUT_PICTURE: Final = (
    "There is no picture in your message, and Redraw reads no others. Nothing was charged. "
    "Mention Redraw and attach the picture in one message, or open the menu of the message that "
    "has it and choose “Redraw this image”."
)
NOT_IN_CHANNEL: Final = (
    "Redraw is not in this channel, so it cannot post there. Nothing was charged. "
    "Invite it with /invite @Redraw, then ask again."
)
ONE_CLICK: Final = "It is under way already: two clicks in a row make one job."
SENT_ALONE: Final = "Before and after were sent to you alone: look at your messages with Redraw."
FORM_TOO_OLD: Final = "This form is too old. Nothing was charged. Open it once more."
FORM_NOT_OPENED: Final = (
    "The form could not be opened: Slack allows three seconds for it. Nothing was charged. "
    "Try again."
)
FORM_IN_DOUBT: Final = (
    "Slack did not say whether the form has opened. Nothing was charged. If you see no form, "
    "try again."
)
INSTALL_ANEW: Final = (
    "Slack refuses Redraw's token, so no form can be opened and nothing be posted. Nothing was "
    "charged. An admin of the workspace can install Redraw anew."
)
RESTARTING: Final = "Redraw is being restarted. Nothing was charged. Try again in a moment."
RESTARTING_IN_DOUBT: Final = (
    "Redraw is being restarted, so your order may not be kept. Nothing was charged so far. "
    f"{IF_IT_APPEARS}"
)
"""Slack may tell of a mention once more, and then somebody may take it."""


_NAMES_MAX, _NAME_MAX = 5, 60


def left_out(names: Sequence[str]) -> str:
    """Return which files of a message are not redrawn, by what their users called them."""
    told = [shortened(name, _NAME_MAX) or "a file without a name" for name in names[:_NAMES_MAX]]
    more = [f"{len(names) - len(told)} more"] if len(names) > len(told) else []
    return (
        f"Left out: {', '.join([*told, *more])}. Redraw takes the pictures of a message alone, "
        "ten at the most."
    )


def too_late_to_cancel(job: Job) -> str:
    """Return why a job is not cancelled any more, and how it stands."""
    return f"It is too late to cancel. {outcome(job).text}"


def why_not(action: Action, job: Job) -> str:
    """Return why `action` cannot be carried out on a job as it stands."""
    if not job.is_terminal:
        return NOT_ENDED
    if not job.request.prompt:
        return FORGOTTEN
    if action is Action.CHECK_AGAIN:
        return TOO_LATE_TO_CHECK
    return f"There are no pictures of this job to take. {outcome(job).text}"
