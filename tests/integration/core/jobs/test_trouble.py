"""What hangs, vanishes or cannot be read costs one job its time, and nobody else anything."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import pytest

from core.errors import Rejection
from core.jobs.courier import BROKEN_MAX, DELIVER_MAX_S, Courier
from core.jobs.deliveries import DeliveryEvent
from core.jobs.job import DeliveryState, Job
from core.jobs.lifecycle import DeliveryKind, Reason, State
from core.jobs.mode import Mode
from core.jobs.worker import PREPARATIONS
from core.media.spool import FileSpool
from tests.fakes.deliverer import PLATFORM, RecordingDeliverer
from tests.fakes.ledger_jobs import brought_to
from tests.fakes.provider_script import Script
from tests.fakes.rig import InlineDecoder, Rig, open_rig

T = TypeVar("T")

SLOWER = 10.0
"""For a test in which a job must not run out of time, however long the machine stands still."""
HASTY_S = 0.2
"""A limit that a place which answers keeps, but for a machine that is very busy."""


def _courier(
    rig: Rig, deliverers: dict[str, RecordingDeliverer], *, max_s: float = DELIVER_MAX_S
) -> Courier:
    rng = random.Random(1)
    return Courier(rig.ledger, deliverers, rig.clock, rng, deliver_max_s=max_s, card_max_s=max_s)


async def _ready(rig: Rig) -> Job:
    """Return a job that has ended, with nothing said of it but its card, which shows it running."""
    job = await brought_to(rig.ledger, State.READY, at=rig.clock.now(), platform=PLATFORM)
    (card,) = [
        row for row in await rig.ledger.deliveries(job.job_id) if row.kind is DeliveryKind.CARD
    ]
    await rig.ledger.record_delivery(job, card, DeliveryEvent.BEGUN, rig.clock.now())
    return job


async def _state(rig: Rig, job_id: str, kind: DeliveryKind) -> DeliveryState:
    return next(row.state for row in await rig.queue.deliveries(job_id) if row.kind is kind)


@pytest.mark.parametrize("kind", [DeliveryKind.CARD, DeliveryKind.RESULT, DeliveryKind.CARD_FINAL])
async def test_delivery_that_hangs_is_tried_again(tmp_path: Path, kind: DeliveryKind) -> None:
    """A place that never answers keeps nobody busy for ever; what had arrived appears once."""
    async with open_rig(tmp_path) as rig:
        let_go_on = rig.deliverer.hold(kind)
        job = await _ready(rig)
        hasty = _courier(rig, {PLATFORM: rig.deliverer}, max_s=HASTY_S)
        while (again_at := await hasty.deliver_open(job)) and not rig.deliverer.calls[kind]:
            rig.clock.leap(60.0)
        while_it_hangs = await _state(rig, job.job_id, kind)
        let_go_on()
        rig.clock.leap(60.0)

        assert again_at is not None
        assert while_it_hangs is DeliveryState.SENDING
        assert await _courier(rig, {PLATFORM: rig.deliverer}).deliver_open(job) is None
        assert rig.deliverer.posts(job.job_id).count(kind) == 1


async def test_platform_that_is_not_set_up_is_waited_for(tmp_path: Path) -> None:
    """A chat left out of a start or two gets its pictures when it is back."""
    async with open_rig(tmp_path) as rig:
        job = await _ready(rig)
        courier = _courier(rig, {})
        for _ in range(BROKEN_MAX + 2):
            assert await courier.deliver_open(job) is not None
            rig.clock.leap(1200.0)
        back = _courier(rig, {PLATFORM: rig.deliverer})

        assert await back.deliver_open(job) is None
        assert "result" in rig.deliverer.posts(job.job_id)


async def test_fetch_that_hangs_is_made_again(tmp_path: Path) -> None:
    """A platform that never hands out the picture costs tries, not a place in the queue."""
    async with open_rig(tmp_path, rate=SLOWER) as rig:
        rig.fetch_max_s = 0.05
        let_go_on = rig.deliverer.hold("fetch")
        await rig.start()
        job = await rig.order()
        await rig.eventually(lambda: rig.deliverer.fetches >= 2)
        let_go_on()

        assert (await rig.ended(job.job_id)).state is State.READY


class _CancelledOften(InlineDecoder):
    """Something inside it is cancelled at first, though nobody cancelled the caller."""

    times = PREPARATIONS + 1

    async def run(self, function: Callable[..., T], *args: object) -> T:
        if self.times > 0:
            self.times -= 1
            raise asyncio.CancelledError
        return await super().run(function, *args)


async def test_stray_cancellations_leave_everybody_at_work(tmp_path: Path) -> None:
    """Each counts as a step that broke; more than there are at work take nobody away."""
    decoder = _CancelledOften()
    async with open_rig(tmp_path, decoder=decoder) as rig:
        await rig.start()
        for _ in range(decoder.times):
            await rig.order()
        await rig.eventually(lambda: decoder.times == 0)

        assert (await rig.ended((await rig.order()).job_id)).state is State.READY


def _spoil(folder: Path, job_id: str) -> None:
    with closing(sqlite3.connect(folder / "redraw.sqlite3")) as database, database:
        database.execute("UPDATE job SET request = '{}' WHERE job_id = ?", (job_id,))


async def test_row_that_cannot_be_read_does_not_end_the_worker(tmp_path: Path) -> None:
    """Whatever one row says, the jobs of the other rows are carried out."""
    async with open_rig(tmp_path) as rig:
        spoilt = await rig.order()
        _spoil(tmp_path, spoilt.job_id)
        await rig.start()
        await rig.eventually(lambda: rig.worker._boundary.tries(spoilt.job_id) > 5)
        other = await rig.order()

        assert (await rig.ended(other.job_id)).state is State.READY


async def test_lost_prepared_picture_is_not_paid_for(tmp_path: Path) -> None:
    """Nobody could fetch it from the link: the call is not made, and the user is asked anew."""
    async with open_rig(tmp_path) as rig:
        await rig.start()
        rig.worker.follow(Mode(paused_since=rig.clock.now()))
        first = await rig.until((await rig.order()).job_id, State.QUEUED)
        job = await rig.until((await rig.order()).job_id, State.QUEUED)
        _lose_all(rig.spool, job)
        rig.worker.follow(Mode())
        ended = [await rig.ended(each.job_id) for each in (first, job)]

        assert {(each.state, each.reason, each.detail) for each in ended} == {
            (State.FAILED, Reason.REJECTED, Rejection.PICTURE)
        }
        assert rig.provider.count(accepted=True) == 0
        assert rig.deliverer.posts(job.job_id) == ["card", "notice", "card_final"]


def _lose_all(spool: FileSpool, job: Job) -> None:
    for item in job.prepared:
        spool.path_of(item).unlink()


@pytest.mark.parametrize("seconds", [-3600.0, 3600.0])
async def test_clock_set_while_a_job_runs_does_not_end_it(tmp_path: Path, seconds: float) -> None:
    """A running job's time is counted by a clock that nobody sets."""
    async with open_rig(tmp_path) as rig:
        rig.provider.default = Script(held=True)
        await rig.start()
        job = await rig.order()
        await rig.until(job.job_id, State.RUNNING)
        await rig.eventually(lambda: job.job_id in rig.poller)
        rig.clock.set_by(seconds)
        await rig.clock.sleep(10.0)
        rig.provider.release()

        assert (await rig.ended(job.job_id)).state is State.READY
        assert rig.deliverer.posts(job.job_id) == ["card", "result", "card_final"]
