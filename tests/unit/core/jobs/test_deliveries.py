"""The table of delivery transitions does what was specified, and nothing else."""

from __future__ import annotations

import itertools

import pytest

from core.jobs.deliveries import DELIVERY_TRANSITIONS, NONCE_MAX, DeliveryEvent, advance, nonce
from core.jobs.job import OPEN_DELIVERIES, DeliveryState
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
