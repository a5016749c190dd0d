"""Who holds which job, lanes, and what is remembered of jobs."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from core.jobs.holds import Entry, Holds
from core.jobs.lane import Lane
from core.jobs.recent import Recent
from tests.fakes.clock import START, VirtualClock, settle


async def test_newer_hold_takes_the_place_of_an_older_one() -> None:
    """An entry that was replaced can begin nothing."""
    holds = Holds(VirtualClock())
    older, newer = Entry("J"), Entry("J")
    holds.hold(older)
    holds.hold(newer)

    assert (holds.begin(older), holds.begin(newer), newer.is_busy) == (False, True, True)


async def test_parked_jobs_are_called_up_when_they_are_due() -> None:
    """Each at its time, once."""
    clock = VirtualClock()
    called: list[tuple[str, float]] = []
    holds = Holds(clock)
    async with asyncio.TaskGroup() as tasks:
        run = tasks.create_task(
            holds.run(lambda job_id: called.append((job_id, clock.monotonic_s())))
        )
        holds.park("late", START + timedelta(seconds=60))
        holds.park("early", START + timedelta(seconds=10))
        holds.park("past", START - timedelta(seconds=10))
        await clock.advance(100.0)
        run.cancel()

    assert called == [("past", 0.0), ("early", 10.0), ("late", 60.0)]


async def test_let_go_jobs_are_not_called_up() -> None:
    """Nor is one that got another hold meanwhile, by its old time."""
    clock = VirtualClock()
    called: list[str] = []
    holds = Holds(clock)
    async with asyncio.TaskGroup() as tasks:
        run = tasks.create_task(holds.run(called.append))
        holds.park("gone", START + timedelta(seconds=10))
        holds.park("moved", START + timedelta(seconds=10))
        holds.let_go("gone")
        holds.hold(Entry("moved"))
        await clock.advance(100.0)
        run.cancel()

    assert (called, "gone" in holds, "moved" in holds) == ([], False, True)


async def test_lane_is_as_wide_as_told() -> None:
    """A hundred entries, three at a time, all of them in the end."""
    inside, most, done = 0, 0, []

    async def step(entry: Entry) -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0)
        inside -= 1
        done.append(entry.job_id)

    lane = Lane(3, step)
    for number in range(100):
        lane.put(Entry(str(number)))
    async with asyncio.TaskGroup() as tasks:
        workers = [tasks.create_task(work) for work in lane.workers()]
        await settle()
        lane.close()
        await asyncio.wait(workers)

    assert (most, done) == (3, [str(number) for number in range(100)])


async def test_closed_lane_finishes_what_it_began_and_begins_nothing() -> None:
    """A stop is no cut."""
    began, may_end, done = asyncio.Event(), asyncio.Event(), []

    async def step(entry: Entry) -> None:
        began.set()
        await may_end.wait()
        done.append(entry.job_id)

    lane = Lane(1, step)
    lane.put(Entry("first"))
    lane.put(Entry("second"))
    async with asyncio.TaskGroup() as tasks:
        for work in lane.workers():
            tasks.create_task(work)
        await began.wait()
        lane.close()
        may_end.set()

    assert done == ["first"]


def test_recent_values_are_good_for_one_fence() -> None:
    """Whoever holds the job anew reads it anew."""
    recent: Recent[str] = Recent()
    recent.put("J", 1, "old")

    assert (recent.get("J"), recent.take("J", 2), recent.take("J", 1)) == ("old", None, None)


def test_recent_values_are_bounded() -> None:
    """The oldest makes room."""
    recent: Recent[int] = Recent(room=2)
    for number in range(3):
        recent.put(f"J{number}", 0, number)

    assert (len(recent), recent.get("J0"), recent.get("J2")) == (2, None, 2)
