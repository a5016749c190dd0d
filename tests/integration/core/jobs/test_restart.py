"""Ending a worker in every state and starting another over the same ledger."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from core.errors import MediaUnavailable
from core.jobs.lifecycle import DeliveryKind, Reason, State
from tests.fakes.provider_script import Fault, Script
from tests.fakes.rig import Rig, open_rig

SAID_ONCE = ["card", "result", "card_final"]
SLOWER = 10.0
"""For a test in which a job must not run out of time, however long the machine stands still."""


async def _finish(rig: Rig, job_id: str) -> None:
    await rig.start()
    job = await rig.ended(job_id)
    assert job.state is State.READY
    assert rig.provider.count() == 1
    assert rig.deliverer.posts(job_id) == SAID_ONCE


async def test_killed_while_received(tmp_path: Path) -> None:
    """The picture is fetched again."""
    async with open_rig(tmp_path) as rig:
        rig.deliverer.hold("fetch")
        await rig.start()
        job = await rig.order()
        await rig.eventually(lambda: rig.deliverer.fetches)
        await rig.kill()
        rig.deliverer.hold("fetch")()

        await _finish(rig, job.job_id)


async def test_killed_while_the_card_is_posted(tmp_path: Path) -> None:
    """The card is found again, not posted twice."""
    async with open_rig(tmp_path) as rig:
        rig.deliverer.hold("card")
        await rig.start()
        job = await rig.order()
        await rig.eventually(lambda: rig.deliverer.said)
        await rig.kill()
        rig.deliverer.hold("card")()

        await _finish(rig, job.job_id)


async def test_killed_while_put_off(tmp_path: Path) -> None:
    """A job that waits for its next try goes on waiting, and then goes on."""
    async with open_rig(tmp_path, rate=SLOWER) as rig:
        rig.deliverer.fail("fetch", MediaUnavailable(retry_after_s=210.0))
        await rig.start()
        job = await rig.order()

        async def is_put_off() -> bool:
            return (await rig.queue.get(job.job_id)).not_before_at is not None

        await rig.eventually(is_put_off)
        await rig.kill()
        rig.clock.leap(200.0)

        await _finish(rig, job.job_id)


async def test_killed_while_preparing_and_found_past_the_deadline(tmp_path: Path) -> None:
    """Should the picture be what kills, it is not tried for ever: the user is told the end."""
    async with open_rig(tmp_path) as rig:
        rig.deliverer.hold("fetch")
        await rig.start()
        job = await rig.order()
        await rig.eventually(lambda: rig.deliverer.fetches)
        await rig.kill()
        rig.clock.leap(rig.deadline_s)
        await rig.start()
        ended = await rig.ended(job.job_id)

        assert (ended.state, ended.reason) == (State.FAILED, Reason.NOT_PREPARED)
        assert rig.deliverer.fetches == 1
        assert not rig.provider.submits
        assert rig.deliverer.posts(job.job_id) == ["card", "notice"]


async def test_killed_while_queued(tmp_path: Path) -> None:
    """A queued job is submitted by the next worker, once."""
    async with open_rig(tmp_path) as rig:
        rig.provider.fail_submits(Fault(code=429, headers={"Retry-After": "430"}))
        await rig.start()
        job = await rig.order()
        await rig.eventually(lambda: rig.provider.submits)
        await rig.until(job.job_id, State.QUEUED)
        await rig.kill()
        rig.clock.leap(400.0)
        await rig.start()
        ended = await rig.ended(job.job_id)

        assert ended.state is State.READY
        assert rig.provider.count(accepted=True) == 1
        assert rig.deliverer.posts(job.job_id) == SAID_ONCE


async def test_killed_while_submitting(tmp_path: Path) -> None:
    """Nobody knows what became of the call: it is never made again, and that is told once."""
    async with open_rig(tmp_path) as rig:
        rig.provider.fail_submits(Fault(ending="pass", delay_s=5.0))
        await rig.start()
        job = await rig.order()
        await rig.provider.arrived()
        await rig.kill()
        await rig.start()
        ended = await rig.ended(job.job_id)
        await rig.restart()
        await rig.clock.sleep(5.0)

        assert (ended.state, ended.reason) == (State.UNCERTAIN, Reason.OUTCOME_UNKNOWN)
        assert rig.provider.count() == 1
        assert rig.deliverer.posts(job.job_id) == ["card", "notice", "card_final"]


async def test_killed_while_running(tmp_path: Path) -> None:
    """The task id is in the ledger; polling goes on."""
    async with open_rig(tmp_path) as rig:
        rig.provider.default = Script(held=True)
        await rig.start()
        job = await rig.order()
        await rig.until(job.job_id, State.RUNNING)
        await rig.kill()
        rig.provider.release()

        await _finish(rig, job.job_id)


async def test_killed_while_running_past_the_deadline(tmp_path: Path) -> None:
    """What was done while nobody looked is still delivered."""
    async with open_rig(tmp_path) as rig:
        rig.provider.default = Script(held=True)
        await rig.start()
        job = await rig.order()
        await rig.until(job.job_id, State.RUNNING)
        await rig.kill()
        rig.clock.leap(rig.deadline_s)
        rig.provider.release()

        await _finish(rig, job.job_id)


async def test_killed_while_collecting(tmp_path: Path) -> None:
    """Results are downloaded again; that costs nothing."""
    async with open_rig(tmp_path) as rig:
        rig.provider.fail_pictures(Fault(ending="pass", delay_s=30.0))
        await rig.start()
        job = await rig.order()
        await rig.until(job.job_id, State.COLLECTING)
        await rig.kill()

        await _finish(rig, job.job_id)


@pytest.mark.parametrize("kind", ["result", "card_final"])
async def test_killed_while_delivering(tmp_path: Path, kind: str) -> None:
    """What had arrived is found, not said again."""
    async with open_rig(tmp_path) as rig:
        rig.deliverer.hold(kind)
        await rig.start()
        job = await rig.order()
        await rig.eventually(
            lambda: (
                rig.deliverer.calls[DeliveryKind(kind)]
                and rig.deliverer.posts(job.job_id)[-1:] == [kind]
            )
        )
        await rig.kill()
        rig.deliverer.hold(kind)()

        await _finish(rig, job.job_id)


async def test_stop_lets_a_submit_finish(tmp_path: Path) -> None:
    """SIGTERM waits for the answer of a paid call, and its task id is kept."""
    async with open_rig(tmp_path) as rig:
        rig.provider.default = Script(held=True)
        rig.provider.fail_submits(Fault(ending="pass", delay_s=0.5))
        await rig.start()
        job = await rig.order()
        await rig.provider.arrived()
        await rig.stop()
        stopped = await rig.queue.get(job.job_id)
        rig.provider.release()

        assert stopped.state is State.RUNNING
        await _finish(rig, job.job_id)


async def test_stop_lets_a_delivery_finish(tmp_path: Path) -> None:
    """SIGTERM waits for what is being said, and begins nothing new."""
    async with open_rig(tmp_path) as rig:
        let_go_on = rig.deliverer.hold("result")
        await rig.start()
        job = await rig.order()
        await rig.eventually(lambda: rig.deliverer.calls[DeliveryKind.RESULT])
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(rig.stop())
            await asyncio.sleep(0.05)
            let_go_on()
        rows = {row.kind: row for row in await rig.queue.deliveries(job.job_id)}

        assert rows[DeliveryKind.RESULT].state.value == "sent"
        await _finish(rig, job.job_id)


async def test_stop_leaves_running_jobs_and_does_not_wait_for_them(tmp_path: Path) -> None:
    """A task that takes long is watched by the next process."""
    async with open_rig(tmp_path) as rig:
        rig.provider.default = Script(held=True)
        await rig.start()
        job = await rig.order()
        await rig.until(job.job_id, State.RUNNING)
        async with asyncio.timeout(2.0):
            await rig.stop()
        rig.provider.release()

        await _finish(rig, job.job_id)


async def test_stop_ends_a_pause(tmp_path: Path) -> None:
    """Jobs that wait for the operator do not hold up the end."""
    async with open_rig(tmp_path) as rig:
        rig.provider.fail_submits("401", times=100)
        await rig.start()
        jobs = [await rig.order() for _ in range(3)]
        await rig.eventually(lambda: rig.alarms)
        async with asyncio.timeout(2.0):
            await rig.stop()

        assert {(await rig.queue.get(job.job_id)).state for job in jobs} <= {
            State.QUEUED, State.RECEIVED,
        }  # fmt: skip


async def test_kill_that_meets_the_answer_keeps_the_task_id(tmp_path: Path) -> None:
    """Whenever the worker is cancelled, an answer that is there is written down."""
    async with open_rig(tmp_path) as rig:
        await rig.start()
        job = await rig.order()
        await rig.provider.arrived()
        await rig.eventually(lambda: rig.steps is not None)
        await rig.kill()
        state = (await rig.queue.get(job.job_id)).state

        assert state in {State.SUBMITTING, State.RUNNING, State.COLLECTING, State.READY}
        await rig.start()
        ended = await rig.ended(job.job_id)
        assert ended.state in {State.READY, State.UNCERTAIN}
        assert rig.provider.count() == 1


@pytest.mark.slow
async def test_random_kills_lose_and_repeat_nothing(tmp_path: Path) -> None:
    """Sixty jobs and twenty-five kills: each job ends, none is submitted or told twice."""
    rng = random.Random(20261122)
    async with open_rig(tmp_path) as rig:
        rig.provider.default = Script(pending_s=6.0)
        await rig.start()
        job_ids = []
        for number in range(60):
            job_ids.append((await rig.order(prompt=f"picture {number}")).job_id)
            if number % 12 == 11:
                for _ in range(5):
                    await asyncio.sleep(rng.uniform(0.0, 0.12))
                    await rig.restart()
        ended = [await rig.ended(job_id) for job_id in job_ids]

        assert {job.state for job in ended} <= {State.READY, State.UNCERTAIN}
        assert max(rig.provider.count(prompt=f"picture {n}") for n in range(60)) == 1
        for job in ended:
            outcome = "result" if job.state is State.READY else "notice"
            assert rig.deliverer.posts(job.job_id) == ["card", outcome, "card_final"]
