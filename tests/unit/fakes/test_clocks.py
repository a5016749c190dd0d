"""The clocks that tests use."""

from __future__ import annotations

import asyncio
import time

from tests.fakes.clock import START, FastClock, VirtualClock


async def test_virtual_clock_wakes_everybody_in_order() -> None:
    """Sleepers wake at their own instants, the first first."""
    clock, woken = VirtualClock(), []

    async def sleep(delay_s: float) -> None:
        await clock.sleep(delay_s)
        woken.append((delay_s, clock.monotonic_s()))

    async with asyncio.TaskGroup() as tasks:
        for delay_s in (5.0, 1.0, 3.0):
            tasks.create_task(sleep(delay_s))
        await clock.advance(4.0)
        assert woken == [(1.0, 1.0), (3.0, 3.0)]
        await clock.advance(4.0)

    assert woken[-1] == (5.0, 5.0)
    assert (clock.now() - START).total_seconds() == 8.0


async def test_virtual_clock_waits_for_events_or_time() -> None:
    """An event that comes ends the wait, and so does the time."""
    clock, event = VirtualClock(), asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        patient = tasks.create_task(clock.wait(event, None))
        bounded = tasks.create_task(clock.wait(event, 5.0))
        await clock.advance(6.0)
        assert bounded.result() is False
        event.set()

    assert patient.result() is True


async def test_virtual_clock_forgets_a_wait_that_ended_early() -> None:
    """The timer of a wait that is over disturbs nobody."""
    clock, event = VirtualClock(), asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(clock.wait(event, 5.0))
        await clock.advance(1.0)
        event.set()
        await clock.advance(10.0)

    assert waiting.result() is True


async def test_fast_clock_runs_ahead_and_leaps() -> None:
    """Its time passes at least ten times as fast as ours; a leap takes none."""
    clock, begun_s = FastClock(1000.0), time.monotonic()
    before_s = clock.monotonic_s()
    await clock.sleep(60.0)
    timed_out = await clock.wait(asyncio.Event(), 10.0)
    clock.leap(3600.0)

    passed_s = clock.monotonic_s() - before_s
    assert passed_s >= 3670.0
    assert passed_s / (time.monotonic() - begun_s) > 10.0
    assert timed_out is False
