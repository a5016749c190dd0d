"""What is read of the ledger, what is kept, and what is taken out when its time is over."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
import sqlalchemy as sa

from core.jobs.deliveries import DeliveryEvent
from core.jobs.job import Facts, Job, Pile
from core.jobs.lifecycle import Event, Reason, State
from core.jobs.store import delivering
from core.jobs.store.engine import database_url
from core.jobs.store.ledger import Ledger, open_ledger
from tests.fakes.clock import START, VirtualClock
from tests.fakes.ledger_jobs import (
    DEADLINE_S,
    NO_LIMITS,
    OUTPUT,
    PREPARED,
    SOON,
    admitted,
    brought_to,
    order,
)
from tests.fakes.rig import ADMIT_WITHIN_S

LATER = START + timedelta(days=31)


async def _told(ledger: Ledger, job: Job) -> Job:
    for delivery in await ledger.deliveries(job.job_id):
        begun = await ledger.record_delivery(job, delivery, DeliveryEvent.BEGUN, SOON)
        await ledger.record_delivery(job, begun, DeliveryEvent.SENT, SOON, data={"id": 7})
    return job


async def test_old_jobs_lose_words_and_pictures_and_keep_their_cost(ledger: Ledger) -> None:
    """After its time nothing of what a user gave is left, and the books are as before."""
    job = await _told(ledger, await brought_to(ledger, State.READY, negative_prompt="blur"))

    assert await ledger.retain(LATER, 10, at=LATER) == (job.job_id,)

    emptied = await ledger.load(job.job_id)
    assert (emptied.request.prompt, emptied.request.negative_prompt) == ("", None)
    assert (emptied.origin.data, emptied.prepared, emptied.outputs) == ({}, (), ())
    assert (emptied.result_urls, emptied.remote_task_id, emptied.notices) == ((), None, ())
    assert (emptied.state, emptied.request.batch) == (State.READY, job.request.batch)
    assert (await ledger.usage("terminal:me", SOON)).credits_month == job.credits
    assert await ledger.media_in_use() == frozenset()


async def test_nothing_is_taken_from_a_job_that_is_not_done(ledger: Ledger) -> None:
    """Jobs on their way, jobs with something to say and younger jobs keep everything."""
    running = await brought_to(ledger, State.RUNNING)
    untold = await brought_to(ledger, State.READY)
    young = await _told(ledger, await brought_to(ledger, State.READY, at=LATER))

    assert await ledger.retain(LATER, 10) == ()
    for job in (running, untold, young):
        assert (await ledger.load(job.job_id)).request.prompt == "a woodcut of a harbour"


async def test_old_jobs_go_a_few_at_a_time_and_once(ledger: Ledger) -> None:
    """Each call empties at most so many, the oldest first, and none a second time."""
    jobs = [
        await _told(ledger, await brought_to(ledger, State.READY, at=START + timedelta(hours=hour)))
        for hour in range(3)
    ]

    first, second = await ledger.retain(LATER, 2), await ledger.retain(LATER, 2)

    assert set(first) == {job.job_id for job in jobs[:2]}
    assert second == (jobs[2].job_id,)
    assert await ledger.retain(LATER, 2) == ()


async def test_a_job_is_forgotten_on_request(ledger: Ledger) -> None:
    """Delete removes what the user gave at once, and nothing can be asked for again."""
    job = await _told(ledger, await brought_to(ledger, State.FAILED, Reason.OUTPUTS_LOST))

    forgotten = await ledger.forget_job(job.job_id, at=SOON)

    assert forgotten is not None
    assert forgotten.request.prompt == ""
    assert not forgotten.can_check_again(SOON)
    assert await ledger.record_as_user(job.job_id, Event.CHECK_AGAIN, SOON) is None
    assert await ledger.forget_job(job.job_id) is None


async def test_nothing_of_an_emptied_job_is_shown_again(ledger: Ledger) -> None:
    """What a place had refused cannot be said any more once its pictures and its place are gone."""
    job = await brought_to(ledger, State.READY)
    for row in await ledger.deliveries(job.job_id):
        begun = await ledger.record_delivery(job, row, DeliveryEvent.BEGUN, SOON)
        await ledger.record_delivery(job, begun, DeliveryEvent.REFUSED, SOON)
    await ledger.retain(LATER, 1)

    assert await ledger.show_again(job.job_id, LATER) is None
    assert job.job_id not in await ledger.unfinished()


async def test_a_job_on_its_way_cannot_be_forgotten(ledger: Ledger) -> None:
    """Only what has ended and was told can be forgotten."""
    assert await ledger.forget_job((await brought_to(ledger, State.RUNNING)).job_id) is None
    assert await ledger.forget_job((await brought_to(ledger, State.READY)).job_id) is None


async def test_an_emptied_job_is_filled_again_when_it_is_revived(ledger: Ledger) -> None:
    """An act that comes back after its unacknowledged job was emptied is a whole order again."""
    job = await brought_to(ledger, State.CANCELLED, Reason.UNACKED, dedupe_key="k")
    await ledger.retain(LATER, 1)

    again = await ledger.admit(
        order(dedupe_key="k"), limits=NO_LIMITS, deadline_s=DEADLINE_S, now=LATER
    )

    assert (again.job.job_id, again.job.request) == (job.job_id, job.request)


async def test_an_emptied_job_does_not_come_back_by_an_acknowledgement(ledger: Ledger) -> None:
    """There is nothing left of it that could be carried out."""
    job = await brought_to(ledger, State.CANCELLED, Reason.UNACKED)
    await ledger.retain(LATER, 1)

    assert (await ledger.acknowledge(job.job_id, LATER)).state is State.CANCELLED


async def test_media_are_in_use_while_a_job_names_them(ledger: Ledger) -> None:
    """Prepared pictures and results of every job that is kept are named."""
    await brought_to(ledger, State.READY)
    await brought_to(ledger, State.RECEIVED)

    assert await ledger.media_in_use() == {PREPARED.name, OUTPUT.name}


async def test_every_page_of_media_is_read(ledger: Ledger) -> None:
    """No job is passed over where there are more than fit on a page."""
    names = set()
    for number in range(12):
        job = await admitted(ledger)
        item = replace(PREPARED, sha256=f"{number:064d}")
        names.add(item.name)
        await ledger.record(job, Event.PREPARED, SOON, facts=Facts(prepared=(item,)))

    assert await ledger.media_in_use(page=5) == names


async def test_only_a_job_under_way_wants_its_picture_served(ledger: Ledger) -> None:
    """A link lives with its job, for the job's own prepared pictures."""
    running = await brought_to(ledger, State.RUNNING)
    ready = await brought_to(ledger, State.READY)

    assert await ledger.wants_media(running.job_id, PREPARED.name)
    assert not await ledger.wants_media(running.job_id, OUTPUT.name)
    assert not await ledger.wants_media(ready.job_id, PREPARED.name)
    assert not await ledger.wants_media("no-such-job", PREPARED.name)


async def test_unfinished_jobs_come_oldest_first(ledger: Ledger) -> None:
    """What is left to do is found again after a restart: work and words alike."""
    untold = await brought_to(ledger, State.READY, now=START + timedelta(seconds=2))
    running = await brought_to(ledger, State.RUNNING, now=START + timedelta(seconds=1))
    await _told(ledger, await brought_to(ledger, State.READY))

    assert await ledger.unfinished() == (running.job_id, untold.job_id)


async def test_jobs_are_listed_newest_first(ledger: Ledger) -> None:
    """A requester sees their own jobs; the operator sees all, or those in one state."""
    times = [START + timedelta(seconds=second) for second in range(3)]
    mine = [await admitted(ledger, now=now) for now in times]
    other = await brought_to(ledger, State.RUNNING, requester="terminal:you", now=START)

    assert [job.job_id for job in await ledger.list_for("terminal:me", 2)] == [
        mine[2].job_id,
        mine[1].job_id,
    ]
    assert await ledger.list_all(9, State.RUNNING) == (other,)
    assert len(await ledger.list_all(9)) == 4


async def test_states_are_counted(ledger: Ledger) -> None:
    """Every state is there, with how many jobs are in it and when the oldest was ordered."""
    await brought_to(ledger, State.RUNNING, now=START + timedelta(seconds=1))
    await brought_to(ledger, State.RUNNING, now=START)

    piles = dict(await ledger.piles())

    assert piles.pop(State.RUNNING) == Pile(jobs=2, oldest_at=START)
    assert set(piles.values()) == {Pile()}
    assert len(piles) == len(State) - 1


async def test_durations_are_of_the_model_and_of_the_studio_or_not(ledger: Ledger) -> None:
    """Learning sees what the first sight of a result took, newest first."""
    for seconds, preview in ((4, False), (6, False), (1, True)):
        job = await brought_to(ledger, State.RUNNING, preview=preview)
        await ledger.record(job, Event.PRODUCED, SOON + timedelta(seconds=seconds))
    await brought_to(ledger, State.READY, model_id="another")

    assert await ledger.durations("flux-dev", preview=False) == (6.0, 4.0)
    assert await ledger.durations("flux-dev", preview=True) == (1.0,)
    assert await ledger.durations("flux-dev", 2) == (6.0, 4.0)


async def test_durations_leave_out_what_was_checked_again(ledger: Ledger) -> None:
    """A result that was found late says nothing about the model."""
    job = await brought_to(ledger, State.EXPIRED, Reason.DEADLINE)
    again = await ledger.record_as_user(job.job_id, Event.CHECK_AGAIN, SOON)
    assert again is not None
    await ledger.record(again, Event.PRODUCED, SOON + timedelta(hours=1))

    assert await ledger.durations("flux-dev") == ()


async def _until_somebody_waits(url: str) -> None:
    """Return as soon as a lock of the database is waited for."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    with psycopg.connect(url, autocommit=True) as server:
        async with asyncio.timeout(9):
            while True:
                found = server.execute(f"{waiting} AND datname = current_database()").fetchone()
                if found != (0,):
                    return
                await asyncio.sleep(0.01)


@pytest.mark.postgres
async def test_job_that_another_process_shows_again_is_not_forgotten(postgres: str) -> None:
    """What it opens while the row is waited for is something left to say."""
    engine = sa.create_engine(database_url(postgres))
    async with open_ledger(
        postgres, VirtualClock(), window_s=0.0, admit_within_s=ADMIT_WITHIN_S
    ) as ledger:
        job = await brought_to(ledger, State.FAILED, Reason.NO_PLACE)
        for row in await ledger.deliveries(job.job_id):
            begun = await ledger.record_delivery(job, row, DeliveryEvent.BEGUN, SOON)
            await ledger.record_delivery(job, begun, DeliveryEvent.REFUSED, SOON)
        async with asyncio.TaskGroup() as tasks:
            with engine.begin() as elsewhere:
                assert delivering.show_again(elsewhere, job.job_id, SOON)
                forgetting = tasks.create_task(ledger.forget_job(job.job_id))
                await _until_somebody_waits(postgres)

        assert forgetting.result() is None
        assert (await ledger.load(job.job_id)).request.prompt
    engine.dispose()


@pytest.mark.postgres
async def test_old_job_that_another_process_shows_again_is_not_emptied(postgres: str) -> None:
    """Retention comes by just then: there is something left to say, and words are needed for it."""
    engine = sa.create_engine(database_url(postgres))
    async with open_ledger(
        postgres, VirtualClock(), window_s=0.0, admit_within_s=ADMIT_WITHIN_S
    ) as ledger:
        job = await brought_to(ledger, State.FAILED, Reason.NO_PLACE)
        other = await brought_to(ledger, State.FAILED, Reason.NO_PLACE)
        for ended in (job, other):
            for row in await ledger.deliveries(ended.job_id):
                begun = await ledger.record_delivery(ended, row, DeliveryEvent.BEGUN, SOON)
                await ledger.record_delivery(ended, begun, DeliveryEvent.REFUSED, SOON)
        late = SOON + timedelta(days=31)
        with engine.begin() as elsewhere:
            assert delivering.show_again(elsewhere, job.job_id, late)
            async with asyncio.timeout(9):
                emptied = await ledger.retain(late, 1000)

        assert other.job_id in emptied
        assert job.job_id not in {*emptied, *await ledger.retain(late, 1000)}
        assert (await ledger.load(job.job_id)).request.prompt
    engine.dispose()
