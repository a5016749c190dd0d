"""Clocks for tests: one that stands still until it is moved, and one that runs fast."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class VirtualClock:
    """
    Stands still; `advance` moves it, from one waiter to the next.

    Only for code that waits for nothing but this clock: what waits for threads or sockets is not
    known to be idle, and takes a `FastClock`.
    """

    def __init__(self, start: datetime = START) -> None:
        self._start = start
        self._passed_s = 0.0
        self._numbers = itertools.count()
        self._timers: list[tuple[float, int, Callable[[], None]]] = []

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._passed_s)

    def monotonic_s(self) -> float:
        return self._passed_s

    async def sleep(self, delay_s: float) -> None:
        woken = asyncio.get_running_loop().create_future()
        self._call_after(delay_s, lambda: None if woken.done() else woken.set_result(None))
        await woken

    async def wait(self, event: asyncio.Event, timeout_s: float | None) -> bool:
        if timeout_s is None or event.is_set():
            return await event.wait()
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(None) as scope:
                self._call_after(timeout_s, lambda: _expire(scope, loop.time()))
                await event.wait()
        except TimeoutError:
            return event.is_set()
        return True

    @property
    def next_timer_s(self) -> float | None:
        """When the earliest waiter wakes, in seconds since the start; None when nobody waits."""
        return self._timers[0][0] if self._timers else None

    async def advance(self, seconds: float) -> None:
        """Let `seconds` pass; everybody who was due on the way has done what there was to do."""
        await settle()
        until_s = self._passed_s + seconds
        while self._timers and self._timers[0][0] <= until_s:
            due_s, _, call = heapq.heappop(self._timers)
            self._passed_s = max(self._passed_s, due_s)
            call()
            if not self._timers or self._timers[0][0] > due_s:
                await settle()
        self._passed_s = until_s
        await settle()

    def sleep_through(self, seconds: float) -> None:
        """Be `seconds` later at once, nobody having run meanwhile: the process was stopped."""
        self._passed_s += seconds

    def _call_after(self, delay_s: float, call: Callable[[], None]) -> None:
        due_s = self._passed_s + max(delay_s, 0.0)
        heapq.heappush(self._timers, (due_s, next(self._numbers), call))


class FastClock:
    """Runs `rate` times as fast as the machine's: for code that also waits for real things."""

    def __init__(self, rate: float, start: datetime = START) -> None:
        self._rate = rate
        self._start = start
        self._began_s = time.monotonic()
        self._leapt_s = 0.0
        self._set_s = 0.0

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.monotonic_s() + self._set_s)

    def monotonic_s(self) -> float:
        return (time.monotonic() - self._began_s) * self._rate + self._leapt_s

    async def sleep(self, delay_s: float) -> None:
        await asyncio.sleep(delay_s / self._rate)

    async def wait(self, event: asyncio.Event, timeout_s: float | None) -> bool:
        try:
            async with asyncio.timeout(None if timeout_s is None else timeout_s / self._rate):
                await event.wait()
        except TimeoutError:
            return event.is_set()
        return True

    def leap(self, seconds: float) -> None:
        """Be `seconds` later at once; whoever waits already keeps waiting as long as before."""
        self._leapt_s += seconds

    def set_by(self, seconds: float) -> None:
        """Show another time of day from now on, as when somebody sets the machine's clock."""
        self._set_s += seconds


async def settle() -> None:
    """Return once nothing in this loop can go on without time passing."""
    loop = asyncio.get_running_loop()
    ready: list[object] = loop._ready  # type: ignore[attr-defined]  # only the loop knows
    while True:
        await asyncio.sleep(0)
        if not ready:
            return


def _expire(scope: asyncio.Timeout, now_s: float) -> None:
    try:
        scope.reschedule(now_s)
    except RuntimeError:
        return  # the wait is over already
