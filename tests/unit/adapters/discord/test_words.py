"""Sentences in private answers say what happened and what to do."""

from __future__ import annotations

import pytest

from adapters.discord import words
from adapters.presentation import Action
from core.jobs.lifecycle import State
from tests.fakes.jobs import job


@pytest.mark.parametrize("action", list(Action))
def test_job_under_way_has_to_end_first(action: Action) -> None:
    """Whatever is asked of it."""
    assert words.why_not(action, job(state=State.RUNNING)) == words.NOT_ENDED


def test_each_reason_is_told_apart() -> None:
    """Emptied, too late to check, and nothing that was made."""
    ended = job(state=State.CANCELLED)
    assert words.why_not(Action.CHECK_AGAIN, ended) == words.TOO_LATE_TO_CHECK
    assert "no pictures of this job" in words.why_not(Action.USE_AS_INPUT, ended)
    assert "too late to cancel" in words.too_late_to_cancel(ended)
