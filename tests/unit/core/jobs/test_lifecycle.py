"""The table of job transitions does what was specified, and nothing else."""

from __future__ import annotations

import itertools

import pytest

from core.jobs.lifecycle import (
    ACTIVE,
    TERMINAL,
    TRANSITIONS,
    WHEN_CANCEL_IS_WANTED,
    Event,
    State,
    advance,
)
from tests.samples.transitions import JOB_ROWS, REVIVED, JobRow

ROWS = (*JOB_ROWS, REVIVED)
SPECIFIED = {(row.before, row.event, row.cancel_wanted) for row in ROWS}
_WISHES = {(state, event) for state, event, wanted in SPECIFIED if wanted}
EVERY = [
    (state, event, wanted)
    for state, event, wanted in itertools.product(State, Event, (False, True))
    if not wanted or state is State.SUBMITTING
]
IGNORED = [
    pair for pair in EVERY if pair not in SPECIFIED and (pair[0], pair[1], False) not in SPECIFIED
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.row)
def test_row_of_the_table(row: JobRow) -> None:
    """Each row leads where it was specified to lead, for the specified reason."""
    transition = advance(row.before, row.event, cancel_wanted=row.cancel_wanted)

    assert transition is not None
    assert (transition.to, transition.reason) == (row.to, row.reason)
    assert (transition.raises_fence, transition.raises_seq) == (row.raises_fence, row.raises_seq)
    assert frozenset(transition.opens) == row.opens


@pytest.mark.parametrize(("state", "event", "wanted"), IGNORED)
def test_everything_else_is_ignored(state: State, event: Event, wanted: bool) -> None:
    """A pair that no row is about does nothing."""
    assert advance(state, event, cancel_wanted=wanted) is None


def test_the_pairs_are_all_there() -> None:
    """Rows and ignored pairs together are every state with every event."""
    wished_otherwise = [pair for pair in EVERY if pair[2] and pair[:2] not in _WISHES]
    plain = {(state, event) for state, event, _ in SPECIFIED}

    assert len(TRANSITIONS) == len(plain)
    assert len(EVERY) == len(SPECIFIED) + len(IGNORED) + sum(
        pair[:2] in plain for pair in wished_otherwise
    )


def test_a_wish_to_cancel_changes_only_what_leaves_submitting() -> None:
    """With a wish to cancel every other event does what it does without."""
    for state, event, wanted in EVERY:
        if wanted and (state, event) not in WHEN_CANCEL_IS_WANTED:
            assert advance(state, event, cancel_wanted=True) == advance(state, event)


def test_every_end_has_a_reason_but_full_success() -> None:
    """Only a ready job needs no reason; a job on its way has none."""
    for transition in (*TRANSITIONS.values(), *WHEN_CANCEL_IS_WANTED.values()):
        needs_none = transition.to in ACTIVE or transition.to is State.READY
        assert needs_none or transition.reason is not None
        assert transition.to in TERMINAL or transition.reason is None


def test_every_event_has_a_row() -> None:
    """There is no event that nothing happens on."""
    assert {row.event for row in ROWS} == set(Event)


def test_a_submitted_job_cannot_be_submitted_again() -> None:
    """Only a queued job can be claimed for the paid call."""
    claimed = [state for state in State if advance(state, Event.SUBMIT_CLAIMED)]

    assert claimed == [State.QUEUED]
