"""Root: whether the process can work: is its store taking writes, is its worker running."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta

from ulid import ULID

from adapters.lead import Presence
from bot.metrics import Metrics
from bot.web import Readiness
from core.clock import Clock
from core.errors import StoreUnavailable
from core.jobs.dispatch import Upkeep
from core.jobs.draft import Draft
from core.jobs.store.ledger import Ledger

PATIENCE_S = 1.0
"""How long the store may take to answer, in seconds; an order may take no longer either."""
LASTS_S = 1.0
"""How long a finding is repeated instead of asking the store again, in seconds."""

_PROBE = "pulse"
"""Whose form it is that is written to see whether anything can be."""
_DROPPED = 1
"""How many forms whose time is over are removed each time: with one nobody waits in a circle."""


class Pulse:
    """What `/readyz` and `doctor` tell about a process."""

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        *,
        chats: Callable[[], Mapping[str, Presence]] = dict,
        drives: bool = True,
        upkeep: Callable[[], Upkeep | None] = lambda: None,
    ) -> None:
        """Take the ledger, what tells of chats and of dead replicas, and whether we drive jobs."""
        self._ledger = ledger
        self._clock = clock
        self._chats = chats
        self._drives = drives
        self._upkeep = upkeep
        self._is_running = False
        self._found: Readiness | None = None
        self._found_s = 0.0
        self._looking = asyncio.Lock()

    @contextmanager
    def beating(self) -> Iterator[None]:
        """Count the worker, or whoever takes its place, as running for the length of the block."""
        self._is_running, self._found = True, None
        try:
            yield
        finally:
            self._is_running, self._found = False, None

    async def readiness(self) -> Readiness:
        """Return what is the case now, or was a second ago; those who ask at once share a look."""
        async with self._looking:
            now_s = self._clock.monotonic_s()
            found = self._found
            if found is None or now_s - self._found_s >= LASTS_S:
                found = await self._look()
                self._found, self._found_s = found, self._clock.monotonic_s()
            return found

    async def page(self, metrics: Metrics) -> bytes:
        """Return the page of metrics, with what the ledger knows just now."""
        found, now = await self.readiness(), self._clock.now()
        with suppress(StoreUnavailable, TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                metrics.show_ledger(await self._ledger.piles(), now)
        metrics.show_health(
            store_is_up=found.store == "ok",
            worker_is_up=found.worker == "running",
            chats={name: chat is Presence.CONNECTED for name, chat in found.chats.items()},
        )
        if found.halted is not None:  # else what was known last stands
            metrics.show_standing(found.oldest_unfinished_at, found.halted, now)
        metrics.show_upkeep(self._upkeep())
        return metrics.page()

    async def _look(self) -> Readiness:
        at_work = "running" if self._drives else "elsewhere"
        worker = at_work if self._is_running else "not running"
        try:
            async with asyncio.timeout(PATIENCE_S):
                unfinished = await self._ledger.unfinished()
                mode = await self._ledger.control.mode()
                await takes_writes(self._ledger, self._clock)
        except (StoreUnavailable, TimeoutError):
            return Readiness(store="unavailable", worker=worker, chats=self._chats())
        return Readiness(
            store="ok",
            worker=worker,
            chats=self._chats(),
            unfinished=len(unfinished),
            oldest_unfinished_at=_made_at(unfinished[0]) if unfinished else None,
            halted=tuple(halt.value for halt in mode.halted),
        )


async def takes_writes(ledger: Ledger, clock: Clock) -> None:
    """
    Write something and remove it; raises StoreUnavailable when that cannot be done.

    What is removed is the oldest of what has to go, which may be what another process has written.
    It has to be a row: a transaction that changes nothing is taken by a disk that is full, too.
    """
    now = clock.now()
    made_at = now - timedelta(seconds=LASTS_S)  # its time is over as soon as it is there
    probe = Draft(draft_id=str(ULID()), platform=_PROBE, requester=_PROBE, created_at=made_at)
    await ledger.drafts.insert(probe, expires_at=now)
    await ledger.drafts.drop_expired(now=now, limit=_DROPPED)


def _made_at(job_id: str) -> datetime:
    """Return when a job was made: its id is a ULID, which begins with the time."""
    return ULID.from_str(job_id).datetime
