"""What an admin does to the ledger from another process is noticed by whoever drives the jobs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.outcomes import outcome
from core.clock import SystemClock
from core.errors import Limit, QuotaExceeded, StoreUnavailable
from core.jobs.job import Job
from core.jobs.lifecycle import Event, Reason, State
from core.jobs.mode import Halt, Mode
from core.jobs.oversight import Oversight
from core.jobs.store import control
from core.jobs.store.control import ControlStore, Touched
from core.jobs.store.ledger import Ledger, open_ledger
from core.media.item import Kind
from core.media.spool import FileSpool
from tests.fakes.deliverer import RecordingDeliverer
from tests.fakes.jobs import picture_bytes
from tests.fakes.provider_script import Script
from tests.fakes.provider_server import ProviderServer
from tests.fakes.replicas import Replica, open_replica
from tests.fakes.rig import Rig, open_rig


@asynccontextmanager
async def overseen(rig: Rig) -> AsyncIterator[Ledger]:
    """Start the worker under oversight; yield the ledger as another process opens it."""
    stop = asyncio.Event()
    await rig.start()
    oversight = Oversight(rig.ledger.control, rig.dispatch, rig.clock, on_mode=rig.worker.follow)
    await oversight.begin()
    url = f"sqlite:///{rig.folder / 'redraw.sqlite3'}"
    async with asyncio.TaskGroup() as tasks, open_ledger(url, rig.clock) as admin:
        tasks.create_task(oversight.run(stop))
        try:
            yield admin
        finally:
            stop.set()


def _shown(rig: Rig, job: Job) -> list[str]:
    return [outcome(shown).what_happened for shown in rig.deliverer.shown
            if shown.job_id == job.job_id]  # fmt: skip


async def test_nothing_is_submitted_while_paused(tmp_path: Path) -> None:
    """An order is taken, its card says why it waits, and it goes on after `resume`."""
    async with open_rig(tmp_path) as rig, overseen(rig) as admin:
        await admin.control.halt(Halt.PAUSED, rig.clock.now())
        await rig.eventually(lambda: rig.worker._stages.gate.is_paused)
        job = await rig.order()
        await rig.eventually(
            lambda: "It waits: the operator has paused submitting." in _shown(rig, job)
        )
        assert rig.provider.count() == 0

        before = await admin.control.resume()

        assert before.is_paused
        assert (await rig.ended(job.job_id)).state is State.READY
        assert rig.provider.count() == 1


async def test_those_who_wait_are_told_of_a_pause(tmp_path: Path) -> None:
    """Cards that were up before the pause are changed, and changed back."""
    async with open_rig(tmp_path) as rig, overseen(rig) as admin:
        rig.provider.fail_submits("401", times=1_000)
        job = await rig.order()
        await rig.eventually(lambda: rig.alarms)
        await admin.control.halt(Halt.PAUSED, rig.clock.now())
        await rig.eventually(
            lambda: "It waits: the operator has paused submitting." in _shown(rig, job)
        )
        rig.provider.heal()
        await admin.control.resume()

        assert (await rig.ended(job.job_id)).state is State.READY


async def test_pause_outlives_a_restart(tmp_path: Path) -> None:
    """What is halted is so before the first job of a new process is driven."""
    async with open_rig(tmp_path) as rig:
        await rig.ledger.control.halt(Halt.PAUSED, rig.clock.now())
        rig.assemble()
        oversight = Oversight(
            rig.ledger.control, rig.dispatch, rig.clock, on_mode=rig.worker.follow
        )
        await oversight.begin()

        assert rig.worker._stages.gate.is_paused


async def test_halting_twice_keeps_the_first_instant(tmp_path: Path) -> None:
    """Both can be halted; each keeps since when."""
    async with open_rig(tmp_path) as rig:
        first = await rig.ledger.control.halt(Halt.PAUSED, rig.clock.now())
        rig.clock.leap(60.0)
        second = await rig.ledger.control.halt(Halt.PAUSED, rig.clock.now())
        third = await rig.ledger.control.halt(Halt.DRAINING, rig.clock.now())

        assert second == first
        assert third.halted == (Halt.PAUSED, Halt.DRAINING)
        assert await rig.ledger.control.resume() == third
        assert await rig.ledger.control.mode() == Mode()


async def test_no_order_is_taken_while_draining(tmp_path: Path) -> None:
    """From the very commit on; what is under way ends, and an act of before finds its job."""
    async with open_rig(tmp_path) as rig, overseen(rig) as admin:
        order = rig.an_order()
        job = (await rig.queue.submit(order)).job
        await rig.queue.acknowledged(job.job_id)
        await admin.control.halt(Halt.DRAINING, rig.clock.now())

        with pytest.raises(QuotaExceeded) as refused:
            await rig.queue.submit(rig.an_order())
        assert refused.value.limit is Limit.DRAINING
        again = await rig.queue.submit(order)
        assert (again.job.job_id, again.is_new) == (job.job_id, False)
        assert (await rig.ended(job.job_id)).state is State.READY
        await admin.control.resume()
        assert (await rig.queue.submit(rig.an_order())).is_new


async def test_job_that_is_cancelled_elsewhere_is_let_go(tmp_path: Path) -> None:
    """The card gets its last word though nobody told the worker."""
    async with open_rig(tmp_path) as rig, overseen(rig) as admin:
        rig.provider.default = Script(held=True)
        job = await rig.order()
        await rig.until(job.job_id, State.RUNNING)
        cancelled = await admin.control.record(job.job_id, Event.CANCEL, rig.clock.now())
        assert cancelled is not None

        ended = await rig.ended(job.job_id)
        assert (ended.state, ended.reason) == (State.CANCELLED, Reason.MAY_BE_BILLED)
        assert rig.deliverer.posts(job.job_id) == ["card", "card_final"]


async def test_job_that_is_checked_again_elsewhere_is_watched(tmp_path: Path) -> None:
    """An ended job that nobody holds is driven again, and nothing is paid again."""
    async with open_rig(tmp_path) as rig, overseen(rig) as admin:
        rig.provider.default = Script(held=True)
        job = await rig.order()
        await rig.until(job.job_id, State.RUNNING)
        await rig.queue.cancel(job.job_id)
        await rig.ended(job.job_id)
        rig.provider.release()
        assert await admin.control.record(job.job_id, Event.CHECK_AGAIN, rig.clock.now())

        assert (await rig.until(job.job_id, State.READY)).state is State.READY
        assert rig.provider.count() == 1


async def test_nothing_is_touched_by_an_act_that_does_nothing(tmp_path: Path) -> None:
    """Only what changed a job is passed on, and lines of an hour ago are dropped."""
    async with open_rig(tmp_path) as rig, overseen(rig) as admin:
        job = await rig.order()
        await rig.ended(job.job_id)
        assert await admin.control.record(job.job_id, Event.CANCEL, rig.clock.now()) is None
        assert await admin.control.show_again(job.job_id, rig.clock.now()) is None
        assert await admin.control.newest_line() == 0
        rig.deliverer.hold("was_acknowledged")
        for _ in range(2):
            other = await rig.queue.submit(rig.an_order())
            await admin.control.record(other.job.job_id, Event.CANCEL, rig.clock.now())
            rig.clock.leap(2 * control.KEPT_S)

        _, touched = await admin.control.look(0)
        assert [job_id for _, job_id in touched] == [other.job.job_id]


class Away(ControlStore):
    """A store that cannot be read at first."""

    left = 2

    async def look(self, after: int) -> tuple[Mode, tuple[Touched, ...]]:
        if self.left:
            self.left -= 1
            raise StoreUnavailable("away")
        return await super().look(after)


async def test_ledger_that_is_away_is_asked_again(tmp_path: Path) -> None:
    """What cannot be read leaves everything as it was, and is read later."""
    async with open_rig(tmp_path) as rig:
        modes: list[Mode] = []
        stop = asyncio.Event()
        store = Away(rig.ledger.control._reads, rig.ledger.control._writer)
        oversight = Oversight(store, rig.dispatch, rig.clock, on_mode=modes.append)
        await rig.ledger.control.halt(Halt.PAUSED, rig.clock.now())
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(oversight.run(stop))
            await rig.eventually(lambda: modes)
            stop.set()

        assert modes[0].is_paused
        assert store.left == 0


@asynccontextmanager
async def at_work(replica: Replica) -> AsyncIterator[None]:
    """Set a replica to work, under oversight."""
    stop = asyncio.Event()
    follow = replica.worker.follow
    oversight = Oversight(replica.ledger.control, replica.dispatch, SystemClock(), on_mode=follow)
    await oversight.begin()
    replica.start()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(oversight.run(stop))
        try:
            yield
        finally:
            stop.set()


@pytest.mark.postgres
@pytest.mark.slow
async def test_every_replica_notices(tmp_path: Path, shared_url: str) -> None:
    """On one database all of them pause, and whoever has a job lets it go or takes it up."""
    spool = FileSpool(tmp_path / "media")
    item = await spool.put(picture_bytes(), kind=Kind.PNG, width_px=64, height_px=48)
    place = RecordingDeliverer(pictures=(item,))
    clock = SystemClock()
    async with (
        ProviderServer() as provider,
        open_replica(tmp_path, shared_url, provider.origin, place, name="a") as a,
        open_replica(tmp_path, shared_url, provider.origin, place, name="b") as b,
        at_work(a),
        at_work(b),
        open_ledger(shared_url, clock) as admin,
    ):
        provider.default = Script(held=True)
        jobs = [await a.order(prompt=f"job {number}") for number in range(4)]

        async def all_run() -> bool:
            return {job.state for job in await admin.list_all(9)} == {State.RUNNING}

        await a.eventually(all_run)
        await admin.control.halt(Halt.PAUSED, clock.now())
        await a.eventually(lambda: all(each.worker._stages.gate.is_paused for each in (a, b)))
        waiting = await b.order(prompt="waiting")
        for job in jobs:
            assert await admin.control.record(job.job_id, Event.CANCEL, clock.now())

        async def all_told() -> bool:
            return await admin.unfinished() == (waiting.job_id,)

        await a.eventually(all_told)
        assert provider.count(prompt="waiting") == 0
        provider.release()
        provider.default = Script()
        again = await admin.control.record(jobs[0].job_id, Event.CHECK_AGAIN, clock.now())
        assert again == replace(again or jobs[0], state=State.RUNNING)
        await admin.control.resume()

        async def nothing_left() -> bool:
            return await admin.unfinished() == ()

        await a.eventually(nothing_left)
        assert (await admin.load(jobs[0].job_id)).state is State.READY
        assert (await admin.load(waiting.job_id)).state is State.READY
        assert provider.count() == 5
