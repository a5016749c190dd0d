"""The table of delivery transitions does what was specified, and nothing else."""

from __future__ import annotations

import itertools

import pytest

from core.jobs.deliveries import (
    DELIVERY_TRANSITIONS,
    NONCE_MAX,
    DeliveryEvent,
    advance,
    is_needless,
    nonce,
)
from core.jobs.job import OPEN_DELIVERIES, Delivery, DeliveryState
from core.jobs.lifecycle import DeliveryKind
from tests.samples.transitions import DELIVERY_ROWS, DeliveryRow

SPECIFIED = {(row.before, row.event) for row in DELIVERY_ROWS}
IGNORED = sorted(set(itertools.product(DeliveryState, DeliveryEvent)) - SPECIFIED)


def kinds(row: DeliveryRow) -> list[DeliveryKind]:
    """Return the kinds of deliveries that a row is about."""
    return [kind for kind in DeliveryKind if row.only in {None, kind} and kind is not row.never]


@pytest.mark.parametrize("row", DELIVERY_ROWS, ids=lambda row: row.row)
def test_row_of_the_table(row: DeliveryRow) -> None:
    """Each row leads where it was specified to lead, for each kind that it is about."""
    for kind in kinds(row):
        transition = advance(row.before, row.event, kind)

        assert transition is not None
        assert transition.to == row.to
        assert transition.counts_attempt == bool(row.attempt)
        assert transition.raises_seq == row.opens_another


@pytest.mark.parametrize(("state", "event"), IGNORED)
def test_everything_else_is_ignored(state: DeliveryState, event: DeliveryEvent) -> None:
    """A pair that no row is about does nothing, for any kind."""
    assert [advance(state, event, kind) for kind in DeliveryKind] == [None] * len(DeliveryKind)


def test_there_is_no_row_beyond_the_specified() -> None:
    """The table of the code has no pair of its own."""
    assert set(DELIVERY_TRANSITIONS) == SPECIFIED


def test_every_event_has_a_row() -> None:
    """There is no event that nothing happens on."""
    assert {row.event for row in DELIVERY_ROWS} == set(DeliveryEvent)


def test_what_is_settled_stays_settled() -> None:
    """No settled delivery is ever sent again: showing it again opens another."""
    reopened = [
        row
        for (state, _), row in DELIVERY_TRANSITIONS.items()
        if state not in OPEN_DELIVERIES and row.to in OPEN_DELIVERIES and not row.raises_seq
    ]

    assert reopened == []


def test_nonce_is_short_steady_and_nobody_elses() -> None:
    """Each delivery has one nonce, short enough for a chat, the same every time."""
    keys = list(itertools.product(("job-a", "job-b"), DeliveryKind, range(3)))
    made = [nonce(*key) for key in keys]

    assert made == [nonce(*key) for key in keys]
    assert len(set(made)) == len(keys)
    assert {len(each) for each in made} == {NONCE_MAX}


def _row(kind: DeliveryKind, state: DeliveryState, seq: int = 0) -> Delivery:
    return Delivery(job_id="j", kind=kind, seq=seq, state=state, nonce=nonce("j", kind, seq))


EDIT = _row(DeliveryKind.CARD_FINAL, DeliveryState.PENDING)


@pytest.mark.parametrize(
    ("before", "now", "is_so"),
    [
        pytest.param(DeliveryState.PENDING, DeliveryState.SENT, True, id="first-posted-now"),
        pytest.param(DeliveryState.SENDING, DeliveryState.SENT, False, id="begun-before"),
        pytest.param(DeliveryState.SENT, DeliveryState.SENT, False, id="posted-before"),
        pytest.param(DeliveryState.PENDING, DeliveryState.REFUSED, False, id="refused"),
    ],
)
def test_last_edit_of_a_card_is_needless_only_if_the_card_is_new(
    before: DeliveryState, now: DeliveryState, *, is_so: bool
) -> None:
    """A try that was begun before the end may have arrived, and shows the job on its way."""
    rows = [[_row(DeliveryKind.CARD, state), EDIT] for state in (before, now)]

    assert is_needless(EDIT, *rows) == is_so


@pytest.mark.parametrize("kind", [DeliveryKind.NOTICE, DeliveryKind.CARD_FINAL])
def test_word_on_an_earlier_end_is_needless(kind: DeliveryKind) -> None:
    """A job that was checked again has another end by now; only pictures are kept."""
    rows = [
        _row(DeliveryKind.CARD, DeliveryState.SENT),
        _row(DeliveryKind.RESULT, DeliveryState.PENDING),
        _row(kind, DeliveryState.SENDING),
        _row(DeliveryKind.CARD_FINAL, DeliveryState.PENDING, seq=1),
    ]

    assert [is_needless(row, rows, rows) for row in rows] == [False, False, True, False]


def test_new_round_of_what_was_refused_leaves_the_last_edit_needed() -> None:
    """Showing pictures again is no other end."""
    again = _row(DeliveryKind.RESULT, DeliveryState.PENDING, seq=1)
    rows = [_row(DeliveryKind.CARD, DeliveryState.SENT), EDIT, again]

    assert not is_needless(EDIT, rows, rows)
