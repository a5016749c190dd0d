"""The sentences of private answers: what happened, whether it cost anything, what to do."""

from __future__ import annotations

import pytest

from adapters.presentation import Action
from adapters.slack import words
from core.jobs.lifecycle import State
from tests.fakes.jobs import job


@pytest.mark.parametrize(
    "sentence",
    [
        words.OTHER_VERSION,
        words.FORGOTTEN,
        words.MODEL_GONE,
        words.MENTION_WITHOUT_PICTURE,
        words.NOT_IN_CHANNEL,
        words.FORM_TOO_OLD,
        words.RESTARTING,
    ],
)
def test_refusals_say_that_nothing_was_charged(sentence: str) -> None:
    """Nobody is left in doubt about money."""
    assert "Nothing was charged." in sentence


def test_mention_without_a_picture_points_to_the_shortcut() -> None:
    """By the name that it has in the menu."""
    assert "“Redraw this image”" in words.MENTION_WITHOUT_PICTURE


@pytest.mark.parametrize(
    ("action", "changes", "said"),
    [
        (Action.RUN_AGAIN, {"state": State.RUNNING}, words.NOT_ENDED),
        (Action.RUN_AGAIN, {"state": State.READY, "request_prompt": ""}, words.FORGOTTEN),
        (Action.CHECK_AGAIN, {"state": State.EXPIRED}, words.TOO_LATE_TO_CHECK),
    ],
)
def test_why_an_action_is_not_carried_out(
    action: Action, changes: dict[str, object], said: str
) -> None:
    """It goes on, it is forgotten, it is too late."""
    assert words.why_not(action, job(**changes)) == said


def test_how_the_job_stands_is_said() -> None:
    """Where an action has nothing to work on, and where it comes too late."""
    failed = job(state=State.FAILED)

    assert words.why_not(Action.USE_AS_INPUT, failed).startswith("There are no pictures of this")
    assert words.too_late_to_cancel(failed).startswith("It is too late to cancel. It did not work")
