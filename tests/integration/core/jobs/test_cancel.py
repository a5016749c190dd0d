"""Cancelling a job wherever it stands: what ends, what goes on, and what is said."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import cast

import pytest

from core.errors import DeliveryRetryable, MediaUnavailable
from core.jobs.delivery import Note
from core.jobs.job import Delivery, Job, Receipt
from core.jobs.lifecycle import Event, Reason, State
from core.provider.client import ProviderClient
from core.provider.dialect import Call, Poll
from tests.fakes.deliverer import RecordingDeliverer
from tests.fakes.provider_script import Script
from tests.fakes.rig import Rig, open_rig

SLOWER = 10.0
"""For tests in which a job must not run out of time, however long the machine stands still."""


class HeldAnswers:
    """The provider's client, which keeps what became of a submit to itself until it is let go."""

    def __init__(self, client: ProviderClient) -> None:
        self._client = client
        self.let_go = asyncio.Event()

    async def submit(self, call: Call) -> str:
        try:
            return await self._client.submit(call)
        finally:
            await self.let_go.wait()

    async def poll(self, remote_task_id: str) -> Poll:
        return await self._client.poll(remote_task_id)


def hold_answers(rig: Rig) -> asyncio.Event:
    """Have the next worker's submits go unanswered until the event is set."""
    held = HeldAnswers(rig.client)
    rig.client = cast("ProviderClient", held)
    return held.let_go


class Busy(RecordingDeliverer):
    """A place that takes nothing of a job that has not ended."""

    async def deliver(
        self, job: Job, delivery: Delivery, sent: tuple[Delivery, ...], note: Note
    ) -> Receipt:
        if not job.is_terminal:
            self.calls[delivery.kind] += 1
            raise DeliveryRetryable(retry_after_s=5.0)
        return await super().deliver(job, delivery, sent, note)


async def _shown_as_cancelled(rig: Rig, job_id: str, reason: Reason) -> None:
    job = await rig.ended(job_id)
    assert (job.state, job.reason) == (State.CANCELLED, reason)


async def test_received_job_is_withdrawn(tmp_path: Path) -> None:
    """Nothing is submitted; the card is posted once, in its final form."""
    async with open_rig(tmp_path, rate=SLOWER) as rig:
        rig.deliverer.fail("fetch", MediaUnavailable(retry_after_s=30.0), times=100)
        await rig.start()
        job = await rig.order()
        await rig.eventually(lambda: rig.deliverer.fetches)
        await rig.queue.cancel(job.job_id)

        await _shown_as_cancelled(rig, job.job_id, Reason.WITHDRAWN)
        assert rig.deliverer.posts(job.job_id) == ["card"]
        assert rig.provider.count() == 0


async def test_received_job_is_withdrawn_in_the_middle_of_its_step(tmp_path: Path) -> None:
    """What the step brings is dropped; the card that was being posted gets its last edit."""
    async with open_rig(tmp_path) as rig:
        let_go_on = rig.deliverer.hold("card")
        await rig.start()
        job = await rig.order()
        await rig.eventually(lambda: rig.deliverer.said)
        cancelled = await rig.queue.cancel(job.job_id)
        let_go_on()

        assert cancelled is not None
        await _shown_as_cancelled(rig, job.job_id, Reason.WITHDRAWN)
        assert rig.deliverer.posts(job.job_id) == ["card", "card_final"]
        assert rig.provider.count() == 0


async def test_queued_job_is_withdrawn(tmp_path: Path) -> None:
    """While submitting is paused, a job can be cancelled at no cost."""
    async with open_rig(tmp_path) as rig:
        rig.provider.fail_submits("401", times=1_000)
        await rig.start()
        first = await rig.order()
        await rig.eventually(lambda: rig.alarms)
        job = await rig.order()
        await rig.until(job.job_id, State.QUEUED)
        await rig.queue.cancel(job.job_id)

        await _shown_as_cancelled(rig, job.job_id, Reason.WITHDRAWN)
        assert rig.deliverer.posts(job.job_id) == ["card", "card_final"]
        rig.provider.heal()
        assert (await rig.ended(first.job_id)).state is State.READY
        assert rig.provider.count(accepted=True) == 1


async def test_submitting_job_is_cancelled_once_its_answer_is_there(tmp_path: Path) -> None:
    """The wish is kept; the accepted task is not watched, and its id is kept for Check again."""
    async with open_rig(tmp_path) as rig:
        answers = hold_answers(rig)
        await rig.start()
        job = await rig.order()
        await rig.provider.arrived()
        cancelled = await rig.queue.cancel(job.job_id)
        answers.set()

        assert cancelled is not None
        assert (cancelled.state, cancelled.cancel_wanted) == (State.SUBMITTING, True)
        await _shown_as_cancelled(rig, job.job_id, Reason.MAY_BE_BILLED)
        assert (await rig.queue.get(job.job_id)).remote_task_id is not None
        assert rig.provider.polls.total() == 0


async def test_submitting_job_that_was_not_sent_is_withdrawn(tmp_path: Path) -> None:
    """A wish to cancel beats the next try."""
    async with open_rig(tmp_path) as rig:
        answers = hold_answers(rig)
        rig.provider.fail_submits("429")
        await rig.start()
        job = await rig.order()
        await rig.eventually(lambda: rig.provider.submits)
        await rig.queue.cancel(job.job_id)
        answers.set()

        await _shown_as_cancelled(rig, job.job_id, Reason.WITHDRAWN)
        assert rig.provider.count() == 1


async def test_running_job_is_no_longer_watched(tmp_path: Path) -> None:
    """No more polls; the card's last edit goes out at once."""
    async with open_rig(tmp_path) as rig:
        rig.provider.default = Script(held=True)
        await rig.start()
        job = await rig.order()
        await rig.eventually(lambda: rig.provider.polls.total() >= 1)
        await rig.queue.cancel(job.job_id)

        await _shown_as_cancelled(rig, job.job_id, Reason.MAY_BE_BILLED)
        polls = rig.provider.polls.total()
        await rig.clock.sleep(20.0)
        assert rig.provider.polls.total() <= polls + 1
        assert rig.deliverer.posts(job.job_id) == ["card", "card_final"]


async def test_running_job_cancelled_behind_the_workers_back(tmp_path: Path) -> None:
    """Another process cancels without an offer: the next fenced write finds out and says so."""
    async with open_rig(tmp_path) as rig:
        rig.provider.default = Script(held=True)
        await rig.start()
        job = await rig.order()
        await rig.eventually(lambda: rig.provider.polls.total() >= 1)
        await rig.ledger.record_as_user(job.job_id, Event.CANCEL, rig.clock.now())
        rig.provider.release()

        await _shown_as_cancelled(rig, job.job_id, Reason.MAY_BE_BILLED)
        assert rig.deliverer.posts(job.job_id) == ["card", "card_final"]


async def test_collecting_job_is_too_late_to_cancel(tmp_path: Path) -> None:
    """The picture is there already: here it is."""
    async with open_rig(tmp_path) as rig:
        rig.provider.fail_pictures("502", times=1_000)
        await rig.start()
        job = await rig.order()
        await rig.until(job.job_id, State.COLLECTING)

        assert await rig.queue.cancel(job.job_id) is None
        rig.provider.heal()
        assert (await rig.ended(job.job_id)).state is State.READY


@pytest.mark.parametrize("times", [1, 2])
async def test_ended_job_is_too_late_to_cancel(tmp_path: Path, times: int) -> None:
    """Nothing changes, however often it is tried."""
    async with open_rig(tmp_path) as rig:
        await rig.start()
        job = await rig.ended((await rig.order()).job_id)

        assert [await rig.queue.cancel(job.job_id) for _ in range(times)] == [None] * times
        assert (await rig.queue.get(job.job_id)).state is State.READY


async def test_cancelled_job_can_be_checked_again(tmp_path: Path) -> None:
    """Whoever changes his mind gets the pictures that were made meanwhile, at no second submit."""
    async with open_rig(tmp_path) as rig:
        rig.provider.default = Script(held=True)
        await rig.start()
        job = await rig.order()
        await rig.until(job.job_id, State.RUNNING)
        await rig.queue.cancel(job.job_id)
        await rig.ended(job.job_id)
        rig.provider.release()
        await rig.queue.check_again(job.job_id)
        job = await rig.ended(job.job_id)

        assert (job.state, rig.provider.count()) == (State.READY, 1)
        assert rig.deliverer.posts(job.job_id) == ["card", "card_final", "result", "card_final"]


async def test_final_word_waits_for_the_report_under_way(tmp_path: Path) -> None:
    """A slow report of "running" cannot come after, and so over, the card's last edit."""
    async with open_rig(tmp_path) as rig:
        rig.provider.default = Script(held=True)
        let_go_on = rig.deliverer.hold("progress")
        await rig.start()
        job = await rig.order()
        await rig.until(job.job_id, State.RUNNING)
        await rig.eventually(lambda: rig.deliverer.shown)
        await rig.queue.cancel(job.job_id)
        await rig.clock.sleep(10.0)
        assert rig.deliverer.posts(job.job_id) == ["card"]
        let_go_on()

        await _shown_as_cancelled(rig, job.job_id, Reason.MAY_BE_BILLED)


async def test_withdrawn_job_is_not_shown_as_delayed(tmp_path: Path) -> None:
    """A card that could not be posted before the cancel says that it was cancelled."""
    async with open_rig(tmp_path, rate=SLOWER) as rig:
        rig.deliverer = Busy(pictures=rig.deliverer.pictures)
        await rig.start()
        job = await rig.order()
        await rig.eventually(rig.deliverer.calls.total)
        await rig.queue.cancel(job.job_id)

        await _shown_as_cancelled(rig, job.job_id, Reason.WITHDRAWN)
        assert {said.state for said in rig.deliverer.said} == {State.CANCELLED}
