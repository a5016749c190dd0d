"""Two owners of one job: only the later one's writes count, and the other's leave no trace."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from core.errors import StaleJob
from core.jobs.deliveries import DeliveryEvent
from core.jobs.job import Job
from core.jobs.lifecycle import Event, Reason, State
from core.jobs.store.ledger import Ledger, open_ledger
from tests.fakes.clock import VirtualClock
from tests.fakes.ledger_jobs import FACTS, SOON, admitted, brought_to
from tests.fakes.rig import ADMIT_WITHIN_S

AT = SOON + timedelta(seconds=10)


async def _traces(ledger: Ledger, job: Job) -> tuple[object, ...]:
    found = await ledger.load(job.job_id), await ledger.deliveries(job.job_id)
    return *found, await ledger.history(job.job_id)


async def test_a_claim_takes_the_job_over(ledger: Ledger) -> None:
    """Whoever claims holds the job under a higher fence."""
    job = await admitted(ledger)

    first = await ledger.claim(job.job_id, owner="one", at=AT)
    second = await ledger.claim(job.job_id, owner="two", at=AT)

    assert first is not None
    assert second is not None
    assert (first.fence, second.fence) == (1, 2)
    assert (second.owner, second.state) == ("two", State.RECEIVED)


async def test_a_zombie_changes_nothing(ledger: Ledger) -> None:
    """A write under an older fence is refused, and leaves no line, delivery or cost."""
    job = await brought_to(ledger, State.COLLECTING)
    await ledger.claim(job.job_id, owner="two", at=AT)
    before = await _traces(ledger, job)

    with pytest.raises(StaleJob):
        await ledger.record(job, Event.COLLECTED, AT, facts=FACTS[Event.COLLECTED])

    assert await _traces(ledger, job) == before
    assert (await ledger.usage(job.origin.requester, AT)).credits_month == job.credits


async def test_a_zombie_learns_that_it_is_one_whatever_it_says(ledger: Ledger) -> None:
    """Even an event that does nothing in the state that the zombie believes in is refused."""
    job = await brought_to(ledger, State.RUNNING)
    await ledger.claim(job.job_id, owner="two", at=AT)

    with pytest.raises(StaleJob):
        await ledger.record(job, Event.PREPARED, AT)


async def test_a_zombie_delivers_nothing(ledger: Ledger) -> None:
    """The intent of a delivery cannot be committed under an older fence."""
    job = await admitted(ledger)
    (card,) = await ledger.deliveries(job.job_id)
    await ledger.claim(job.job_id, owner="two", at=AT)
    before = await _traces(ledger, job)

    with pytest.raises(StaleJob):
        await ledger.record_delivery(job, card, DeliveryEvent.BEGUN, AT)

    assert await _traces(ledger, job) == before


async def test_a_job_that_moved_on_is_stale(ledger: Ledger) -> None:
    """The same fence does not help who missed a step."""
    job = await admitted(ledger)
    await ledger.record(job, Event.PREPARED, AT)

    with pytest.raises(StaleJob):
        await ledger.record(job, Event.PICTURE_REFUSED, AT)


async def test_a_job_that_was_never_there_is_stale(ledger: Ledger) -> None:
    """A row that is gone cannot be moved."""
    job = replace(await admitted(ledger), job_id="01J00000000000000000000000")

    with pytest.raises(StaleJob):
        await ledger.record(job, Event.PREPARED, AT)


async def test_cancelling_a_running_job_takes_it_from_its_owner(ledger: Ledger) -> None:
    """What the poller reports after a cancel is dropped."""
    job = await brought_to(ledger, State.RUNNING)
    await ledger.record_as_user(job.job_id, Event.CANCEL, AT)

    with pytest.raises(StaleJob):
        await ledger.record(job, Event.PRODUCED, AT, facts=FACTS[Event.PRODUCED])


async def test_there_is_nothing_to_claim_when_all_is_said(ledger: Ledger) -> None:
    """A job that ended and was told of is nobody's."""
    job = await brought_to(ledger, State.CANCELLED, Reason.WITHDRAWN)
    claimed = await ledger.claim(job.job_id, owner="w", at=AT)
    assert claimed is not None

    for delivery in await ledger.deliveries(job.job_id):
        begun = await ledger.record_delivery(claimed, delivery, DeliveryEvent.BEGUN, AT)
        await ledger.record_delivery(claimed, begun, DeliveryEvent.SENT, AT)

    assert await ledger.claim(job.job_id, owner="w", at=AT) is None
    assert await ledger.claim("no-such-job", owner="w", at=AT) is None


async def test_two_processes_cannot_both_submit(url: str) -> None:
    """Of two ledgers that race for the submit fence of one job exactly one gets it."""
    async with (
        open_ledger(url, VirtualClock(), admit_within_s=ADMIT_WITHIN_S) as one,
        open_ledger(url, VirtualClock(), admit_within_s=ADMIT_WITHIN_S) as other,
    ):
        for _ in range(10):
            job = await brought_to(one, State.QUEUED)

            outcomes = await asyncio.gather(
                *(each.record(job, Event.SUBMIT_CLAIMED, AT) for each in (one, other)),
                return_exceptions=True,
            )

            assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Job", "StaleJob"]


async def test_two_processes_that_claim_get_different_fences(url: str) -> None:
    """Claims that come at once are told apart by their fences."""
    async with (
        open_ledger(url, VirtualClock(), admit_within_s=ADMIT_WITHIN_S) as one,
        open_ledger(url, VirtualClock(), admit_within_s=ADMIT_WITHIN_S) as other,
    ):
        job = await admitted(one)

        claimed = await asyncio.gather(
            *(
                each.claim(job.job_id, owner=str(number), at=AT)
                for number, each in enumerate([one, other] * 5)
            )
        )

    assert sorted(each.fence for each in claimed if each) == list(range(1, 11))


async def test_a_cancel_that_races_with_the_answer_is_never_lost(url: str) -> None:
    """Whichever comes first, the job ends cancelled with its task id kept."""
    async with (
        open_ledger(url, VirtualClock(), admit_within_s=ADMIT_WITHIN_S) as one,
        open_ledger(url, VirtualClock(), admit_within_s=ADMIT_WITHIN_S) as other,
    ):
        for _ in range(10):
            job = await brought_to(one, State.SUBMITTING)

            await asyncio.gather(
                one.record(job, Event.ACCEPTED, AT, facts=FACTS[Event.ACCEPTED]),
                other.record_as_user(job.job_id, Event.CANCEL, AT),
            )

            ended = await one.load(job.job_id)
            assert (ended.state, ended.reason) == (State.CANCELLED, Reason.MAY_BE_BILLED)
            assert ended.remote_task_id == "task-1"
