"""Writes that must not be lost."""

from __future__ import annotations

import asyncio

import pytest

from core.errors import StaleJob, StoreUnavailable
from core.jobs.lasting import lasting
from tests.fakes.clock import VirtualClock


async def test_write_is_repeated_while_the_store_is_away() -> None:
    """A store that comes back gets what it missed."""
    clock, tries = VirtualClock(), []

    async def write() -> str:
        tries.append(clock.monotonic_s())
        if len(tries) < 4:
            raise StoreUnavailable
        return "written"

    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(lasting(write, clock))
        await clock.advance(60.0)

    assert (task.result(), len(tries)) == ("written", 4)


async def test_other_errors_are_the_callers() -> None:
    """A job that was moved is not written again."""

    async def write() -> None:
        raise StaleJob("J")

    with pytest.raises(StaleJob):
        await lasting(write, VirtualClock())


async def test_cancelled_caller_still_has_it_written() -> None:
    """The write goes to its end, and then the caller is cancelled."""
    begun, may_end, written = asyncio.Event(), asyncio.Event(), []

    async def write() -> None:
        begun.set()
        await may_end.wait()
        written.append(True)

    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(lasting(write, VirtualClock()))
        await begun.wait()
        task.cancel()
        await asyncio.sleep(0)
        assert not task.done()
        may_end.set()

    assert (written, task.cancelled()) == ([True], True)


async def test_cancelled_caller_whose_write_fails_is_cancelled_all_the_same() -> None:
    """The failure is logged, because nobody is left to be told."""
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def write() -> None:
        begun.set()
        await may_end.wait()
        raise StaleJob("J")

    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(lasting(write, VirtualClock()))
        await begun.wait()
        task.cancel()
        await asyncio.sleep(0)
        may_end.set()

    assert task.cancelled()
