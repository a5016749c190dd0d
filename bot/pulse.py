"""Root: whether the process can work: is its store taking writes, is its worker running."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from ulid import ULID

from bot.web import Readiness
from core.clock import Clock
from core.errors import StoreUnavailable
from core.jobs.store.ledger import Ledger

PATIENCE_S = 1.0
"""How long the store may take to answer, in seconds; an order may take no longer either."""
LASTS_S = 1.0
"""How long a finding is repeated instead of asking the store again, in seconds."""

_BEFORE_ANYTHING = datetime(1970, 1, 1, tzinfo=UTC)


class Pulse:
    """What `/readyz` and `doctor` tell about a process."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock
        self._is_running = False
        self._found: Readiness | None = None
        self._found_s = 0.0

    @contextmanager
    def beating(self) -> Iterator[None]:
        """Count the worker as running for the length of the block."""
        self._is_running, self._found = True, None
        try:
            yield
        finally:
            self._is_running, self._found = False, None

    async def readiness(self) -> Readiness:
        """Return what is the case now, or was a second ago."""
        now_s = self._clock.monotonic_s()
        if self._found is None or now_s - self._found_s >= LASTS_S:
            self._found, self._found_s = await self._look(), now_s
        return self._found

    async def _look(self) -> Readiness:
        worker = "running" if self._is_running else "not running"
        try:
            async with asyncio.timeout(PATIENCE_S):
                unfinished = await self._ledger.unfinished()
                await takes_writes(self._ledger, self._clock)
        except (StoreUnavailable, TimeoutError):
            return Readiness(store="unavailable", worker=worker)
        return Readiness(
            store="ok",
            worker=worker,
            unfinished=len(unfinished),
            oldest_unfinished_at=_made_at(unfinished[0]) if unfinished else None,
        )


async def takes_writes(ledger: Ledger, clock: Clock) -> None:
    """Make a write that changes nothing; raises StoreUnavailable when it cannot be made."""
    await ledger.retain(_BEFORE_ANYTHING, 1, at=clock.now())


def _made_at(job_id: str) -> datetime:
    """Return when a job was made: its id is a ULID, which begins with the time."""
    return ULID.from_str(job_id).datetime
