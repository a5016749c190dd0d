"""Waiting for something to become true in the fake Discord, told of each change: no polling."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE_S = 10.0
"""How long a test waits for a bot, in real seconds, before that is a failure."""


class News:
    """Whoever changes something calls `spread`; whoever waits for it awaits `until`."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def spread(self) -> None:
        """Let everybody who waits look again."""
        for waiter in list(self._waiting):
            if not waiter.done():
                waiter.set_result(None)

    async def until(
        self, seen: Callable[[], T | None], what: str, *, within_s: float | None = None
    ) -> T:
        """Return the first true value of `seen`; AssertionError when there is none in time."""
        limit_s = PATIENCE_S if within_s is None else within_s
        try:
            async with asyncio.timeout(limit_s):
                return await self._true(seen)
        except TimeoutError:
            raise AssertionError(f"not within {limit_s} s: {what}") from None

    async def _true(self, seen: Callable[[], T | None]) -> T:
        while not (value := seen()):
            waiter = asyncio.get_running_loop().create_future()
            self._waiting.add(waiter)
            try:
                await waiter
            finally:
                self._waiting.discard(waiter)
        return value
