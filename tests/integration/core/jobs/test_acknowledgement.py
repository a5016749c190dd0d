"""Jobs whose row does not say whether the user was told of them, over a real ledger."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from core.errors import DeliveryRetryable
from core.jobs.acknowledgement import ACK_GRACE_S, ASKED_FOR_S
from core.jobs.job import Job
from core.jobs.lifecycle import Reason, State
from core.jobs.worker import QUESTIONS
from tests.fakes.rig import Rig, open_rig

FASTER = 200.0
SAID_ONCE = ["card", "result", "card_final"]


async def _left(rig: Rig) -> Job:
    """Return a job as a process leaves it that dies before it has noted the acknowledgement."""
    return (await rig.queue.submit(rig.an_order())).job


async def test_job_that_the_platform_knows_of_goes_on(tmp_path: Path) -> None:
    """Its user was told of it, so that it is redrawn, and told of once."""
    async with open_rig(tmp_path) as rig:
        rig.deliverer.acknowledged = True
        job = await _left(rig)
        await rig.start()
        job = await rig.ended(job.job_id)

        assert job.state is State.READY
        assert job.acked_at is not None
        assert rig.deliverer.posts(job.job_id) == SAID_ONCE
        assert rig.deliverer.questions == 1


async def test_job_that_the_platform_does_not_know_is_withdrawn(tmp_path: Path) -> None:
    """Nobody was told, so that nobody hears of it; the same act brings it back."""
    async with open_rig(tmp_path) as rig:
        job = await _left(rig)
        await rig.start()
        job = await rig.ended(job.job_id)

        assert (job.state, job.reason) == (State.CANCELLED, Reason.UNACKED)
        assert rig.deliverer.posts(job.job_id) == []
        assert rig.deliverer.questions == 1
        assert job.can_be_revived


async def test_job_that_is_found_too_late_ends(tmp_path: Path) -> None:
    """Its user was told of it, and may have asked again by now: it is not redrawn as well."""
    async with open_rig(tmp_path, deadline_s=30.0) as rig:
        rig.deliverer.acknowledged = True
        job = await _left(rig)
        rig.clock.leap(100.0)
        await rig.start()
        job = await rig.ended(job.job_id)

        assert (job.state, job.reason) == (State.FAILED, Reason.NOT_PREPARED)
        assert job.acked_at is not None
        assert rig.deliverer.posts(job.job_id) == ["card", "notice"]
        assert not rig.provider.submits


async def test_acknowledged_job_is_not_asked_about(tmp_path: Path) -> None:
    """The row is believed."""
    async with open_rig(tmp_path) as rig:
        await rig.order()
        await rig.start()
        await rig.ended((await rig.order()).job_id)

        assert rig.deliverer.questions == 0


async def test_platform_that_cannot_tell_is_asked_again(tmp_path: Path) -> None:
    """An outage, and even a bug, put the answer off; they are not the answer."""
    async with open_rig(tmp_path) as rig:
        rig.deliverer.acknowledged = True
        rig.deliverer.fail("was_acknowledged", DeliveryRetryable(retry_after_s=3.0), times=2)
        rig.deliverer.fail("was_acknowledged", ZeroDivisionError("a bug"))
        job = await _left(rig)
        await rig.start()
        job = await rig.ended(job.job_id)

        assert job.state is State.READY
        assert rig.deliverer.questions == 4


async def test_platform_that_never_tells_is_not_asked_for_ever(tmp_path: Path) -> None:
    """A job that is too old to be asked about is withdrawn; a younger one is asked about again."""
    async with open_rig(tmp_path) as rig:
        rig.deliverer.fail("was_acknowledged", DeliveryRetryable(), times=1000)
        old = await _left(rig)
        rig.clock.leap(ASKED_FOR_S)
        young = await _left(rig)
        await rig.start()
        await rig.until(old.job_id, State.CANCELLED)
        await rig.eventually(lambda: rig.deliverer.questions >= 3)

        assert (await rig.queue.get(young.job_id)).state is State.RECEIVED


async def test_platform_that_hangs_holds_up_nobody(tmp_path: Path) -> None:
    """More unanswered questions than may be asked at once, and other jobs go their way."""
    async with open_rig(tmp_path) as rig:
        rig.deliverer.acknowledged = True
        let_go_on = rig.deliverer.hold("was_acknowledged")
        left = [await _left(rig) for _ in range(QUESTIONS + 2)]
        await rig.start()
        await rig.eventually(lambda: rig.deliverer.questions == QUESTIONS)
        told = await rig.ended((await rig.order()).job_id)
        assert rig.deliverer.questions == QUESTIONS
        let_go_on()

        assert told.state is State.READY
        for job in left:
            assert (await rig.ended(job.job_id)).state is State.READY


async def test_question_that_hangs_is_asked_again(tmp_path: Path) -> None:
    """An answer that does not come in time is none."""
    async with open_rig(tmp_path) as rig:
        rig.deliverer.acknowledged = True
        rig.ask_max_s = 0.05
        let_go_on = rig.deliverer.hold("was_acknowledged")
        job = await _left(rig)
        await rig.start()
        await rig.eventually(lambda: rig.deliverer.questions == 2)
        assert (await rig.queue.get(job.job_id)).state is State.RECEIVED
        let_go_on()

        assert (await rig.ended(job.job_id)).state is State.READY


async def test_note_that_failed_is_made_good_by_the_same_process(tmp_path: Path) -> None:
    """The platform took it and the store stumbled: after a while the platform is asked."""
    async with open_rig(tmp_path, rate=FASTER) as rig:
        rig.deliverer.acknowledged = True
        await rig.start()
        job = await _left(rig)
        job = await rig.ended(job.job_id)

        assert job.state is State.READY
        assert job.acked_at is not None
        assert (job.acked_at - job.created_at).total_seconds() >= ACK_GRACE_S


@pytest.mark.parametrize("answer", [True, False])
async def test_acknowledgement_that_comes_during_the_question_counts(
    tmp_path: Path, *, answer: bool
) -> None:
    """Whatever the platform says then, its adapter has just said that it took it."""
    async with open_rig(tmp_path) as rig:
        rig.deliverer.acknowledged = answer
        let_go_on = rig.deliverer.hold("was_acknowledged")
        job = await _left(rig)
        await rig.start()
        await rig.eventually(lambda: rig.deliverer.questions)
        await rig.queue.acknowledged(job.job_id)
        let_go_on()
        job = await rig.ended(job.job_id)

        assert job.state is State.READY
        assert rig.deliverer.posts(job.job_id) == SAID_ONCE
        assert rig.provider.count() == 1


async def test_acknowledgement_noted_elsewhere_during_the_question_counts(tmp_path: Path) -> None:
    """Another process wrote it and offers nothing here; the job goes on all the same."""
    async with open_rig(tmp_path) as rig:
        let_go_on = rig.deliverer.hold("was_acknowledged")
        job = await _left(rig)
        await rig.start()
        await rig.eventually(lambda: rig.deliverer.questions)
        await rig.ledger.acknowledge(job.job_id, rig.clock.now())
        let_go_on()

        assert (await rig.ended(job.job_id)).state is State.READY


async def test_acknowledgement_after_the_withdrawal_brings_the_job_back(tmp_path: Path) -> None:
    """A no that came too early is made good."""
    async with open_rig(tmp_path) as rig:
        job = await _left(rig)
        await rig.start()
        await rig.until(job.job_id, State.CANCELLED)
        await rig.queue.acknowledged(job.job_id)
        job = await rig.ended(job.job_id)

        assert job.state is State.READY
        assert rig.deliverer.posts(job.job_id) == SAID_ONCE


@pytest.mark.parametrize("answer", [True, False])
async def test_cancelled_during_the_question_stays_cancelled(
    tmp_path: Path, *, answer: bool
) -> None:
    """The wish of its user is the last word."""
    async with open_rig(tmp_path) as rig:
        rig.deliverer.acknowledged = answer
        let_go_on = rig.deliverer.hold("was_acknowledged")
        job = await _left(rig)
        await rig.start()
        await rig.eventually(lambda: rig.deliverer.questions)
        await rig.queue.cancel(job.job_id)
        let_go_on()
        job = await rig.ended(job.job_id)

        assert (job.state, job.reason) == (State.CANCELLED, Reason.WITHDRAWN)
        assert rig.provider.count() == 0


async def test_stop_does_not_wait_for_an_answer(tmp_path: Path) -> None:
    """The next process asks again."""
    async with open_rig(tmp_path) as rig:
        rig.deliverer.acknowledged = True
        let_go_on = rig.deliverer.hold("was_acknowledged")
        job = await _left(rig)
        await rig.start()
        await rig.eventually(lambda: rig.deliverer.questions)
        async with asyncio.timeout(2.0):
            await rig.stop()
        let_go_on()
        await rig.start()

        assert (await rig.ended(job.job_id)).state is State.READY
