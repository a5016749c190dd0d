"""Delete: words and pictures are gone when it returns, over a real ledger and real files."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from core.errors import DeliveryRetryable, MediaUnavailable, UnknownJob
from core.jobs.job import DeliveryState, Job
from core.jobs.lifecycle import DeliveryKind, Reason, State
from core.jobs.retention import Retention
from core.media import item as items
from core.media.item import Kind, MediaItem
from core.media.spool import FileSpool
from tests.fakes.deliverer import RecordingDeliverer
from tests.fakes.jobs import picture_bytes
from tests.fakes.provider_script import Fault, Script
from tests.fakes.rig import Rig, open_rig

SLOWER, SLOWEST = 10.0, 5.0
"""For tests in which no time must run out, however long the machine stands still."""


def _files(rig: Rig) -> list[str]:
    return sorted(path.name for path in (rig.folder / "media").rglob("*") if path.is_file())


async def _redrawn(rig: Rig, *, colour: str = "teal", batch: int = 2) -> Job:
    """Return a finished job of a picture of its own."""
    rig.deliverer.pictures = (await _picture(rig, colour),)
    return await rig.ended((await rig.order(batch=batch)).job_id)


async def _again(rig: Rig, job: Job) -> Job:
    """Return a job that was just ordered of what `job` had prepared, as Run again does."""
    order = rig.an_order()
    data = {"pictures": [items.to_json(item) for item in job.prepared]}
    return (await rig.queue.submit(replace(order, origin=replace(order.origin, data=data)))).job


async def _picture(rig: Rig, colour: str) -> MediaItem:
    data = picture_bytes(colour)
    return await rig.spool.put(data, kind=Kind.PNG, width_px=64, height_px=48)


async def test_nothing_is_left_of_a_deleted_job(tmp_path: Path) -> None:
    """The picture as given, as prepared and as made: gone at once, and the words with them."""
    async with open_rig(tmp_path) as rig:
        await rig.start()
        job = await _redrawn(rig)
        assert len(_files(rig)) == 4
        forgotten = await rig.queue.forget(job.job_id)

        assert forgotten is not None
        assert (forgotten.request.prompt, forgotten.prepared, forgotten.outputs) == ("", (), ())
        assert _files(rig) == []
        states = {row.kind: row.state for row in await rig.queue.deliveries(job.job_id)}
        assert states[DeliveryKind.CARD] is states[DeliveryKind.RESULT] is DeliveryState.DELETED


async def test_nothing_is_left_of_a_picture_that_was_refused(tmp_path: Path) -> None:
    """Also what could not be used was private: it goes as soon as its job is deleted."""
    async with open_rig(tmp_path) as rig:
        data = b"no picture at all, but somebody's"
        given = await rig.spool.put(data, kind=Kind.PNG, width_px=1, height_px=1)
        rig.deliverer.pictures = (given,)
        await rig.start()
        job = await rig.ended((await rig.order()).job_id)
        assert (job.reason, await rig.spool.exists(given)) == (Reason.PICTURE, True)
        await rig.queue.forget(job.job_id)

        assert not await rig.spool.exists(given)


async def test_nothing_is_left_though_the_card_was_tried_in_two_processes(tmp_path: Path) -> None:
    """What was fetched is remembered across a crash."""
    async with open_rig(tmp_path) as rig:
        rig.deliverer.pictures = (await _picture(rig, "teal"),)
        rig.deliverer.hold("card")
        await rig.start()
        job = await rig.order()
        await rig.eventually(lambda: rig.deliverer.said)
        await rig.kill()
        rig.deliverer.hold("card")()
        await rig.start()
        await rig.ended(job.job_id)
        await rig.queue.forget(job.job_id)

        assert _files(rig) == []


async def test_pictures_that_another_job_knows_stay(tmp_path: Path) -> None:
    """A picture prepared twice is one file; it goes with the last job that has it."""
    async with open_rig(tmp_path) as rig:
        await rig.start()
        first, second = await _redrawn(rig), await _redrawn(rig)
        await rig.queue.forget(first.job_id)

        assert first.prepared == second.prepared
        for item in (*second.prepared, *second.outputs):
            assert await rig.spool.exists(item)
        await rig.queue.forget(second.job_id)
        assert _files(rig) == []


async def test_picture_of_an_order_that_is_not_prepared_yet_stays(tmp_path: Path) -> None:
    """A job that runs another's picture again goes on, though that one is deleted meanwhile."""
    async with open_rig(tmp_path) as rig:
        await rig.start()
        job = await _redrawn(rig)
        let_go_on = rig.deliverer.hold("fetch")
        rig.deliverer.pictures = job.prepared
        second = await _again(rig, job)
        await rig.queue.acknowledged(second.job_id)
        await rig.eventually(lambda: rig.deliverer.fetches == 2)
        await rig.queue.forget(job.job_id)
        let_go_on()

        assert (await rig.ended(second.job_id)).state is State.READY


async def test_picture_of_a_job_whose_card_is_being_posted_stays(tmp_path: Path) -> None:
    """It is prepared, and no row of the job says so yet: deleting the other does not fail it."""
    async with open_rig(tmp_path) as rig:
        await rig.start()
        first = await _redrawn(rig)
        let_go_on = rig.deliverer.hold("card")
        second = await rig.order(batch=2)
        await rig.eventually(lambda: rig.deliverer.posts(second.job_id))
        await rig.queue.forget(first.job_id)
        let_go_on()
        second = await rig.ended(second.job_id)

        assert second.state is State.READY
        for item in second.prepared:
            assert await rig.spool.exists(item)


async def test_nothing_is_left_of_a_job_cancelled_while_its_card_was_posted(tmp_path: Path) -> None:
    """Its row never came to say what was prepared for it."""
    async with open_rig(tmp_path) as rig:
        rig.deliverer.pictures = (await _picture(rig, "teal"),)
        await rig.start()
        let_go_on = rig.deliverer.hold("card")
        job = await rig.order()
        await rig.eventually(lambda: rig.deliverer.posts(job.job_id))
        await rig.queue.cancel(job.job_id)
        let_go_on()
        await rig.ended(job.job_id)
        await rig.queue.forget(job.job_id)

        assert _files(rig) == []


async def test_nothing_is_left_of_a_job_cancelled_while_it_was_prepared(tmp_path: Path) -> None:
    """What was fetched is remembered, though the card's first try finds the job withdrawn."""
    async with open_rig(tmp_path) as rig:
        rig.deliverer.pictures = (await _picture(rig, "teal"),)
        await rig.start()
        let_go_on = rig.deliverer.hold("fetch")
        job = await rig.order()
        await rig.eventually(lambda: rig.deliverer.fetches)
        await rig.queue.cancel(job.job_id)
        let_go_on()
        await rig.ended(job.job_id)
        await rig.queue.forget(job.job_id)

        assert _files(rig) == []


async def test_order_that_nobody_was_told_of_holds_no_picture(tmp_path: Path) -> None:
    """It has no message, so that nobody could ever delete it."""
    async with open_rig(tmp_path) as rig:
        await rig.start()
        job = await _redrawn(rig)
        await rig.queue.ack_refused((await _again(rig, job)).job_id)
        await rig.queue.forget(job.job_id)

        assert _files(rig) == []


async def test_picture_goes_when_the_job_that_awaited_it_ends_without_it(tmp_path: Path) -> None:
    """It was kept for a job that was cancelled before it came to fetch it."""
    async with open_rig(tmp_path) as rig:
        await rig.start()
        job = await _redrawn(rig)
        rig.deliverer.hold("was_acknowledged")
        second = await _again(rig, job)
        await rig.queue.forget(job.job_id)
        await rig.queue.forgetting.finish()
        for item in job.prepared:
            assert await rig.spool.exists(item)
        await rig.queue.cancel(second.job_id)
        await rig.queue.forgetting.finish()

        assert _files(rig) == []


async def test_previews_that_another_job_is_downloading_stay(tmp_path: Path) -> None:
    """The studio draws the same twice; the first of two is there, and no row says so yet."""
    async with open_rig(tmp_path) as rig:
        await rig.start()
        first = await _redrawn(rig)
        kept = [rig.spool.path_of(item) for item in first.outputs]
        put_at_ns = [path.stat().st_mtime_ns for path in kept]
        rig.provider.fail_pictures(Fault(ending="pass"))
        rig.provider.fail_pictures(Fault(ending="pass", delay_s=1.0))
        order = replace(rig.an_order(batch=2), preview=True)
        second = (await rig.queue.submit(order)).job
        await rig.queue.acknowledged(second.job_id)
        await rig.eventually(lambda: [path.stat().st_mtime_ns for path in kept] != put_at_ns)
        await rig.queue.forget(first.job_id)
        second = await rig.ended(second.job_id)
        await rig.queue.forgetting.finish()

        assert first.outputs == second.outputs
        for item in second.outputs:
            assert await rig.spool.exists(item)


async def test_prepared_picture_that_is_gone_is_prepared_again(tmp_path: Path) -> None:
    """Whatever removed it between two tries of the card, the job goes on."""
    async with open_rig(tmp_path, rate=SLOWER) as rig:
        rig.deliverer.fail("card", DeliveryRetryable("not now", retry_after_s=600.0))
        await rig.start()
        job = await rig.order()

        async def is_put_off() -> bool:
            return bool((await rig.queue.get(job.job_id)).prepared)

        await rig.eventually(is_put_off)
        put_off = await rig.queue.get(job.job_id)
        assert put_off.state is State.RECEIVED
        await rig.spool.delete(put_off.prepared[0])
        rig.clock.leap(600.0)
        await rig.dispatch.offer(job.job_id)

        assert (await rig.ended(job.job_id)).state is State.READY
        assert await rig.spool.exists(put_off.prepared[0])


class Taken(RecordingDeliverer):
    """Its first picture is deleted by somebody as soon as it has been fetched."""

    def __init__(self, spool: FileSpool, pictures: tuple[MediaItem, ...]) -> None:
        super().__init__(pictures=pictures)
        self._spool = spool

    async def fetch(self, job: Job) -> tuple[MediaItem, ...]:
        fetched = await super().fetch(job)
        if self.fetches == 1:
            await self._spool.delete(fetched[0])
            return fetched
        data = picture_bytes()
        return (await self._spool.put(data, kind=Kind.PNG, width_px=64, height_px=48),)


async def test_picture_removed_while_it_is_prepared_is_fetched_again(tmp_path: Path) -> None:
    """Two jobs of the same file: deleting one does not fail the other."""
    async with open_rig(tmp_path) as rig:
        rig.deliverer = Taken(rig.spool, rig.deliverer.pictures)
        await rig.start()
        job = await rig.ended((await rig.order()).job_id)

        assert job.state is State.READY
        assert rig.deliverer.fetches == 2


async def test_job_on_its_way_is_not_deleted(tmp_path: Path) -> None:
    """Nor one that still has something to say; nothing of it is touched."""
    async with open_rig(tmp_path) as rig:
        rig.provider.default = Script(held=True)
        await rig.start()
        job = await rig.order()
        running = await rig.until(job.job_id, State.RUNNING)
        assert await rig.queue.forget(job.job_id) is None
        let_go_on = rig.deliverer.hold("result")
        rig.provider.release()
        ready = await rig.until(job.job_id, State.READY)
        await rig.eventually(lambda: rig.deliverer.calls[DeliveryKind.RESULT])

        assert await rig.queue.forget(job.job_id) is None
        for item in (*running.prepared, *ready.outputs):
            assert await rig.spool.exists(item)
        let_go_on()
        await rig.ended(job.job_id)
        assert await rig.queue.forget(job.job_id) is not None


async def test_deleting_twice_does_nothing(tmp_path: Path) -> None:
    """The second wish finds nothing, and an unknown job is unknown."""
    async with open_rig(tmp_path) as rig:
        await rig.start()
        job = await _redrawn(rig)
        await rig.queue.forget(job.job_id)

        assert await rig.queue.forget(job.job_id) is None
        with pytest.raises(UnknownJob):
            await rig.queue.forget("no-such-job")


class Stubborn(FileSpool):
    """Does not let go of pictures, as often as it is told to."""

    refusals = 3

    async def delete(self, item: MediaItem) -> None:
        if self.refusals:
            self.refusals -= 1
            raise MediaUnavailable("the disk is away")
        await super().delete(item)


async def test_picture_that_cannot_be_removed_is_tried_again(tmp_path: Path) -> None:
    """The words go at once; a store that is away holds on to a picture for a minute, not a day."""
    async with open_rig(tmp_path, rate=SLOWEST) as rig:
        rig.spool = Stubborn(tmp_path / "media")
        await rig.start()
        job = await _redrawn(rig)
        stop = asyncio.Event()
        forgotten = await rig.queue.forget(job.job_id)
        deleted_at = rig.clock.now()
        assert forgotten is not None
        assert (forgotten.request.prompt, len(_files(rig))) == ("", 3)
        retention = Retention(
            rig.ledger, rig.spool, rig.clock, days=0, forgetting=rig.queue.forgetting
        )
        rig.tasks.create_task(retention.run(stop))
        await rig.eventually(lambda: not _files(rig))
        stop.set()

        assert rig.clock.now() - deleted_at < timedelta(seconds=60)


class Slow(FileSpool):
    """Takes its time to let go of pictures."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.asked, self.let_go = asyncio.Event(), asyncio.Event()

    async def delete(self, item: MediaItem) -> None:
        self.asked.set()
        await self.let_go.wait()
        await super().delete(item)


async def test_deleting_goes_on_when_nobody_waits_for_it_any_more(tmp_path: Path) -> None:
    """A chat gives an act a minute; the words are gone by then, and the pictures follow."""
    async with open_rig(tmp_path) as rig:
        slow = rig.spool = Slow(tmp_path / "media")
        await rig.start()
        job = await _redrawn(rig)
        waiting = rig.tasks.create_task(rig.queue.forget(job.job_id))
        await slow.asked.wait()
        waiting.cancel()
        await asyncio.wait({waiting})
        slow.let_go.set()

        await rig.eventually(lambda: not _files(rig))


async def test_picture_that_waits_to_be_removed_is_kept_for_a_new_job(tmp_path: Path) -> None:
    """Whoever brings the same picture meanwhile has it."""
    async with open_rig(tmp_path) as rig:
        rig.spool = Stubborn(tmp_path / "media")
        await rig.start()
        job = await _redrawn(rig)
        await rig.queue.forget(job.job_id)
        again = await _redrawn(rig)
        await rig.queue.forgetting.finish()

        assert job.prepared == again.prepared
        for item in (*again.prepared, *again.outputs):
            assert await rig.spool.exists(item)


async def test_act_and_list_are_asked_of_the_queue(tmp_path: Path) -> None:
    """An adapter finds the job of a repeated event, and what was said of a user's jobs."""
    async with open_rig(tmp_path) as rig:
        await rig.start()
        job = await _redrawn(rig)

        assert await rig.queue.find_act(job.dedupe_key) == job
        ((listed, rows),) = await rig.queue.list_with_deliveries("fake:me", 5)
        assert listed == job
        assert [row.data["message"] for row in rows] == ["0", "1", "2"]
