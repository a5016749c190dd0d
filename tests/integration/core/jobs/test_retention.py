"""Letting go of what is kept no longer, over a real ledger and real files."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from core.clock import SystemClock
from core.jobs.drafts import DRAFT_FOR_S, Drafts
from core.jobs.lifecycle import State
from core.jobs.retention import EVERY_S, Retention
from core.media.item import Kind, MediaItem
from core.media.spool import FileSpool
from tests.fakes.rig import ADMIT_WITHIN_S, Rig, open_rig

DAY_S = 24 * 3600.0


def _age(rig: Rig, item: MediaItem, seconds: float) -> None:
    at = rig.clock.now().timestamp() - seconds
    os.utime(rig.spool.path_of(item), (at, at))


async def test_old_jobs_are_emptied_and_their_pictures_swept(tmp_path: Path) -> None:
    """After the days, neither words nor pictures are left; a newer job keeps its own."""
    async with open_rig(tmp_path) as rig:
        await rig.start()
        old = await rig.ended((await rig.order(prompt="an old one")).job_id)
        stray = await rig.spool.put(b"nobody's", kind=Kind.PNG, width_px=1, height_px=1)
        rig.clock.leap(31 * DAY_S)
        young = await rig.ended((await rig.order(prompt="a young one", batch=2)).job_id)
        for item in (*old.outputs, *young.outputs, stray):
            _age(rig, item, 2 * DAY_S)
        await Retention(rig.ledger, rig.spool, rig.clock, days=30).round()

        assert (await rig.queue.get(old.job_id)).request.prompt == ""
        assert (await rig.queue.get(young.job_id)).request.prompt == "a young one"
        assert not await rig.spool.exists(stray)
        assert [await rig.spool.exists(item) for item in young.outputs] == [True, True]


async def test_old_picture_can_be_made_a_new_job_of(tmp_path: Path) -> None:
    """A picture whose job is emptied the moment it is used again is not swept under the new one."""
    async with open_rig(tmp_path) as rig:
        await rig.start()
        old = await rig.ended((await rig.order()).job_id)
        for item in (*old.prepared, *old.outputs):
            os.utime(rig.spool.path_of(item), (0, 0))
        used = old.outputs[0]
        assert await rig.spool.touch(used)
        await rig.ledger.forget_job(old.job_id)
        await Retention(rig.ledger, rig.spool, SystemClock(), days=30).round()
        rig.deliverer.pictures = (used,)
        again = await rig.ended((await rig.order()).job_id)

        assert not await rig.spool.exists(old.prepared[0])
        assert again.state is State.READY


async def test_young_pictures_are_never_swept(tmp_path: Path) -> None:
    """A picture may be there before its job refers to it."""
    async with open_rig(tmp_path) as rig:
        stray = await rig.spool.put(b"just put", kind=Kind.PNG, width_px=1, height_px=1)
        _age(rig, stray, 3600.0)
        await Retention(rig.ledger, rig.spool, rig.clock, days=30).round()

        assert await rig.spool.exists(stray)


async def test_old_drafts_are_removed(tmp_path: Path) -> None:
    """A form that nobody sent leaves nothing behind; one that is open stays."""
    async with open_rig(tmp_path) as rig:
        drafts = Drafts(rig.ledger.drafts, rig.clock, within_s=ADMIT_WITHIN_S)
        for _ in range(3):
            await drafts.keep(platform="fake", requester="fake:me", data={"prompt": "left"})
        rig.clock.leap(DRAFT_FOR_S)
        young = await drafts.keep(platform="fake", requester="fake:me", data={"prompt": "open"})
        await Retention(rig.ledger, rig.spool, rig.clock, days=0).round()

        assert await rig.ledger.drafts.drop_expired(now=rig.clock.now(), limit=9) == 0
        assert await drafts.read(young) is not None


async def test_without_days_every_job_is_kept(tmp_path: Path) -> None:
    """0 means for ever."""
    async with open_rig(tmp_path) as rig:
        await rig.start()
        job = await rig.ended((await rig.order()).job_id)
        rig.clock.leap(1000 * DAY_S)
        await Retention(rig.ledger, rig.spool, rig.clock, days=0).round()

        assert (await rig.queue.get(job.job_id)).request.prompt == "a woodcut"


class Broken(FileSpool):
    """Breaks in a way that it should not, as often as it is told to."""

    left = 2

    async def sweep(self, *, older_than: datetime, keep: Callable[[str], bool]) -> int:
        if self.left:
            self.left -= 1
            raise ZeroDivisionError("a bug")
        return await super().sweep(older_than=older_than, keep=keep)


async def test_bug_in_a_round_ends_that_round_alone(tmp_path: Path) -> None:
    """Nobody's jobs stop because tidying up broke; the next rounds are done."""
    async with open_rig(tmp_path, rate=20_000.0) as rig:
        item = await rig.spool.put(b"stray", kind=Kind.PNG, width_px=1, height_px=1)
        _age(rig, item, 400 * DAY_S)
        stop = asyncio.Event()
        broken = Broken(tmp_path / "media")
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(Retention(rig.ledger, broken, rig.clock, days=30).run(stop))

            async def is_swept() -> bool:
                return not await rig.spool.exists(item)

            await rig.eventually(is_swept)
            stop.set()

        assert broken.left == 0


class Watched(FileSpool):
    """Says whether it is being swept."""

    is_swept_now = False

    async def sweep(self, *, older_than: datetime, keep: Callable[[str], bool]) -> int:
        self.is_swept_now = True
        try:
            return await super().sweep(older_than=older_than, keep=keep)
        finally:
            self.is_swept_now = False


async def test_rounds_are_done_until_stopped(tmp_path: Path) -> None:
    """The first soon, the next an hour later, none after the stop."""
    async with open_rig(tmp_path, rate=20_000.0) as rig:
        stop = asyncio.Event()
        watched = Watched(tmp_path / "media")
        retention = Retention(rig.ledger, watched, rig.clock, days=30)
        begun_at = rig.clock.now()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(retention.run(stop))
            for number in range(2):
                item = await rig.spool.put(
                    f"stray {number}".encode(), kind=Kind.PNG, width_px=1, height_px=1
                )
                _age(rig, item, 400 * DAY_S)

                async def is_swept(item: MediaItem = item) -> bool:
                    return not await rig.spool.exists(item)

                await rig.eventually(is_swept)
                await rig.eventually(lambda: not watched.is_swept_now)  # the next is for another
            passed = rig.clock.now() - begun_at
            stop.set()

        assert passed >= timedelta(seconds=EVERY_S)
