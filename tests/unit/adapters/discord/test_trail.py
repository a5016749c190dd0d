"""Where the pictures of a job are found again in its messages."""

from __future__ import annotations

from adapters.discord import trail
from adapters.discord.origin import Kept
from core.jobs.job import DeliveryState
from core.jobs.lifecycle import DeliveryKind, State
from tests.fakes import jobs

ITEMS = tuple(jobs.item(name) for name in "abc")
JOB = jobs.job(state=State.READY, outputs=ITEMS)


def found(**data: object) -> list[tuple[int | None, int]]:
    """Return of each picture its message and its position there."""
    plain = {"channel": "1", "message": "2", **data}
    row = jobs.delivery(DeliveryKind.RESULT, DeliveryState.SENT, **plain)
    sources = trail.outputs(JOB, (row,))
    return [(each.message_id, each.position) for each in sources if isinstance(each, Kept)]


def test_pictures_are_where_they_were_posted() -> None:
    assert found() == [(2, 0), (2, 1), (2, 2)]


def test_what_was_left_out_is_in_no_message() -> None:
    """The others moved up, so that none is taken for another."""
    assert found(shown=[1, 2]) == [(None, 0), (2, 0), (2, 1)]
    assert found(shown=[]) == [(None, 0)] * 3


def test_without_a_message_there_is_none_to_look_in() -> None:
    assert {each.message_id for each in trail.outputs(JOB, ()) if isinstance(each, Kept)} == {None}
