"""Doer: waits for code that is not ours to judge, for a limited time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


class Abandoned(Exception):
    """What was waited for was cancelled by somebody, though whoever waited was not."""


async def within(limit_s: float, call: Awaitable[T]) -> T:
    """
    Return what `call` returns within `limit_s` seconds of the machine's time.

    A cancellation that nobody asked us for comes out as an error: a task that let it through
    would end without a word, and whatever it used to do would never be done again.

    Raises:
        TimeoutError: it took longer; it has been cancelled.
        Abandoned: it waited for something that was cancelled under it.
    """
    try:
        async with asyncio.timeout(limit_s):
            return await call
    except asyncio.CancelledError as exc:
        if is_asked_to_end():
            raise
        raise Abandoned(str(exc)) from exc


def is_asked_to_end() -> bool:
    """Whether the running task itself has been cancelled."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
