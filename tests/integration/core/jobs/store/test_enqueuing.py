"""Whatever gives a job something to do has it enqueued, in the same transaction; nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import pytest

from core.errors import StoreUnavailable
from core.jobs.deliveries import DeliveryEvent
from core.jobs.lifecycle import Event, Reason, State
from core.jobs.store.ledger import Ledger, open_ledger
from tests.fakes.clock import VirtualClock
from tests.fakes.ledger_jobs import SOON, admitted, brought_to


class Queue:
    """Keeps what is enqueued; refuses when told to."""

    def __init__(self) -> None:
        self.job_ids: list[str] = []
        self.is_away = False

    def enqueue(self, connection: object, job_ids: Sequence[str]) -> None:
        if self.is_away:
            raise RuntimeError("away")
        self.job_ids.extend(job_ids)

    def taken(self) -> list[str]:
        taken, self.job_ids = self.job_ids, []
        return taken


@pytest.fixture
def queue() -> Queue:
    return Queue()


@pytest.fixture
async def ledger(url: str, queue: Queue) -> AsyncIterator[Ledger]:
    async with open_ledger(
        url, VirtualClock(), window_s=0.0, enqueue=queue.enqueue, admit_within_s=30.0
    ) as opened:
        yield opened


async def test_each_new_order_is_enqueued_once(ledger: Ledger, queue: Queue) -> None:
    """An act that is repeated finds the job that it made, which is under way already."""
    job = await admitted(ledger, dedupe_key="act")
    assert await admitted(ledger, dedupe_key="act") == job
    other = await admitted(ledger)

    assert queue.taken() == [job.job_id, other.job_id]


async def test_nothing_that_a_job_in_hands_goes_through_enqueues_it(
    ledger: Ledger, queue: Queue
) -> None:
    """Whoever has it goes on with it, to its end and past that to what is to be said of it."""
    ended = await brought_to(ledger, State.READY)
    acknowledged = await admitted(ledger)
    await ledger.acknowledge(acknowledged.job_id, SOON)
    await ledger.claim(acknowledged.job_id, owner="me", at=SOON)
    await ledger.record_as_user(acknowledged.job_id, Event.CANCEL, SOON)

    assert queue.taken() == [ended.job_id, acknowledged.job_id]


async def test_withdrawn_job_that_comes_back_is_enqueued(ledger: Ledger, queue: Queue) -> None:
    """By the same act, or by an acknowledgement that was noted late."""
    job = await admitted(ledger, dedupe_key="act")
    await ledger.record_as_user(job.job_id, Event.ACK_REFUSED, SOON)
    queue.taken()
    await admitted(ledger, dedupe_key="act")
    by_act = queue.taken()
    await ledger.record_as_user(job.job_id, Event.ACK_REFUSED, SOON)
    before = queue.taken()
    await ledger.acknowledge(job.job_id, SOON)

    assert (by_act, before, queue.taken()) == ([job.job_id], [], [job.job_id])


async def test_job_that_is_checked_again_is_enqueued(ledger: Ledger, queue: Queue) -> None:
    """It had ended, so that nobody may have it in hands any more."""
    job = await brought_to(ledger, State.EXPIRED, Reason.DEADLINE)
    queue.taken()
    assert await ledger.record_as_user(job.job_id, Event.CHECK_AGAIN, SOON)

    assert queue.taken() == [job.job_id]


async def test_job_that_is_shown_again_is_enqueued(ledger: Ledger, queue: Queue) -> None:
    """The same goes for what a place had refused."""
    job = await brought_to(ledger, State.READY)
    for row in await ledger.deliveries(job.job_id):
        begun = await ledger.record_delivery(job, row, DeliveryEvent.BEGUN, SOON)
        await ledger.record_delivery(job, begun, DeliveryEvent.REFUSED, SOON)
    queue.taken()
    assert await ledger.show_again(job.job_id, SOON)

    assert queue.taken() == [job.job_id]


async def test_order_that_cannot_be_enqueued_is_not_kept(ledger: Ledger, queue: Queue) -> None:
    """Nobody would ever drive it, and its user is told to try again."""
    queue.is_away = True
    with pytest.raises(StoreUnavailable):
        await admitted(ledger)
    assert await ledger.unfinished() == ()
    queue.is_away = False
    job = await admitted(ledger)

    assert await ledger.unfinished() == (job.job_id,)
