"""Waiting for code that is not ours."""

from __future__ import annotations

import asyncio

import pytest

from core.jobs.foreign import Abandoned, within


async def _answer() -> int:
    return 7


async def _never() -> None:
    await asyncio.Event().wait()


async def _cancelled_by_nobody() -> None:
    raise asyncio.CancelledError


async def _breaks() -> None:
    raise ZeroDivisionError


async def test_answer_is_passed_on() -> None:
    """What comes in time is returned."""
    assert await within(1.0, _answer()) == 7


async def test_error_is_passed_on() -> None:
    """What is raised in time is raised."""
    with pytest.raises(ZeroDivisionError):
        await within(1.0, _breaks())


async def test_wait_without_end_is_ended() -> None:
    """Whoever hangs is cancelled, and that is a TimeoutError."""
    with pytest.raises(TimeoutError):
        await within(0.01, _never())


async def test_cancellation_that_nobody_asked_for_is_an_error() -> None:
    """It would end the task that waits, without a word."""
    with pytest.raises(Abandoned):
        await within(1.0, _cancelled_by_nobody())


async def test_cancellation_of_the_one_who_waits_goes_through() -> None:
    """A task that is asked to end ends."""
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(within(60.0, _never()))
        await asyncio.sleep(0)
        waiting.cancel()

    assert waiting.cancelled()
