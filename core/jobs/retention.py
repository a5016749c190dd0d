"""Conductor: lets go of what is kept no longer, in small portions and all the time."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog

from core.clock import Clock
from core.errors import AppError
from core.jobs.store.ledger import Ledger
from core.media.spool import Spool

log = structlog.get_logger()

EVERY_S = 3600.0
"""Between two rounds, in seconds."""
FIRST_AFTER_S = 60.0
"""How long after the start the first round begins, in seconds."""
PORTION = 200
"""Jobs emptied in one transaction, so that nobody's write waits long."""
BREATH_S = 0.2
"""Between two portions, in seconds."""
YOUNG_S = 24 * 3600.0
"""Pictures younger than this are never swept: their job may not refer to them yet."""


class Retention:
    """Empties jobs that ended `days` ago, and sweeps the pictures that no job refers to."""

    def __init__(self, ledger: Ledger, spool: Spool, clock: Clock, *, days: int) -> None:
        """Take the stores; with `days` 0 every job is kept, and only stray pictures go."""
        self._ledger = ledger
        self._spool = spool
        self._clock = clock
        self._days = days

    async def run(self, stop: asyncio.Event) -> None:
        """Do a round now and then until `stop` is set; a round that fails is made up for later."""
        wait_s = FIRST_AFTER_S
        while not await self._clock.wait(stop, wait_s):
            try:
                await self.round()
            except AppError as exc:
                log.warning("retention_put_off", error=str(exc))
            wait_s = EVERY_S

    async def round(self) -> None:
        """Empty every job whose time is over, then sweep; raises what the two stores raise."""
        emptied = await self._empty() if self._days else 0
        wanted = await self._ledger.media_in_use()
        young_at = self._clock.now() - timedelta(seconds=YOUNG_S)
        swept = await self._spool.sweep(older_than=young_at, keep=wanted.__contains__)
        if emptied or swept:
            log.info("retention_done", jobs=emptied, pictures=swept)

    async def _empty(self) -> int:
        ended_before = self._clock.now() - timedelta(days=self._days)
        emptied = 0
        while ids := await self._ledger.retain(ended_before, PORTION):
            emptied += len(ids)
            await self._clock.sleep(BREATH_S)
        return emptied
