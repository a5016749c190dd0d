"""Conductor: writes that must not be lost, though the store stumbles or the writer is cancelled."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from core.clock import Clock
from core.errors import StoreUnavailable
from core.jobs import schedule

log = structlog.get_logger()

T = TypeVar("T")

LAST_WORD_S = 5.0
"""How long a write is still waited for when whoever wanted it has been cancelled, in seconds."""


async def lasting(write: Callable[[], Awaitable[T]], clock: Clock) -> T:
    """
    Carry out `write`, again while the store is unavailable, and to its end when cancelled.

    What is written here exists nowhere else: a task id that was paid for, a message that is out.
    The task belongs to no group on purpose: groups cancel theirs.

    Raises:
        AppError: what `write` raises, except StoreUnavailable.
    """
    task = asyncio.get_running_loop().create_task(_insist(write, clock))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=LAST_WORD_S)
        if not task.cancel() and not task.cancelled() and (failure := task.exception()):
            log.exception("last_write_failed", exc_info=failure)
        raise


async def _insist(write: Callable[[], Awaitable[T]], clock: Clock) -> T:
    attempt = 0
    while True:
        try:
            return await write()
        except StoreUnavailable as exc:
            wait_s = schedule.STORE_BACKOFF.delay_s(attempt, random.Random())  # noqa: S311  # spreads load
            attempt += 1
            log.warning("write_put_off", wait_s=round(wait_s, 1), error=str(exc))
            await clock.sleep(wait_s)
