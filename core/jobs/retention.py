"""Conductor: lets go of what is kept no longer, in small portions and all the time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from core.clock import Clock
from core.errors import AppError
from core.jobs.erasure import Erasure
from core.jobs.forgetting import Forgetting
from core.jobs.store.ledger import Ledger
from core.media.spool import Spool

log = structlog.get_logger()

EVERY_S = 3600.0
"""Between two rounds, in seconds."""
FIRST_AFTER_S = 60.0
"""How long after the start the first round begins, in seconds."""
FINISH_EVERY_S = 30.0
"""Between two tries to remove what users deleted and the store held on to, in seconds."""
PORTION = 200
"""Jobs emptied in one transaction, so that nobody's write waits long."""
BREATH_S = 0.2
"""Between two portions, in seconds."""
RECORDS_DAYS = 400
"""
How long an emptied job's row, history and cost are kept after its end, in days.

Thirteen months, so that a month's bill can be compared with the same month of the year before.
"""
YOUNG_S = 24 * 3600.0
"""Pictures younger than this are never swept: their job may not refer to them yet."""


class Retention:
    """
    Empties jobs that ended `days` ago, and sweeps the pictures that no job refers to.

    Drafts whose hour is over go as well, emptied jobs and their costs after RECORDS_DAYS, and a
    SQLite file gives back the space. People whose forgetting was cut short are forgotten.
    """

    def __init__(
        self,
        ledger: Ledger,
        spool: Spool,
        clock: Clock,
        *,
        days: int,
        forgetting: Forgetting | None = None,
    ) -> None:
        """
        Take the stores; with `days` 0 every job is kept, and only stray pictures go.

        `forgetting` is what users delete by, and may have something left to remove.
        """
        self._ledger = ledger
        self._spool = spool
        self._clock = clock
        self._days = days
        self._forgetting = forgetting or Forgetting(ledger, spool)
        self._erasure = Erasure(ledger, self._forgetting, clock)

    async def run(self, stop: asyncio.Event) -> None:
        """Do a round now and then until `stop` is set; a round that fails is made up for later."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._repeat(self.round, stop, FIRST_AFTER_S, EVERY_S))
            for finish in (self._forgetting.finish, self._erasure.finish):
                tasks.create_task(self._repeat(finish, stop, FINISH_EVERY_S, FINISH_EVERY_S))

    async def _repeat(
        self,
        tidy: Callable[[], Awaitable[None]],
        stop: asyncio.Event,
        first_s: float,
        then_s: float,
    ) -> None:
        wait_s = first_s
        while not await self._clock.wait(stop, wait_s):
            try:
                await tidy()
            except AppError as exc:
                log.warning("retention_put_off", error=str(exc))
            except Exception:  # a bug in tidying up must not end those who work
                log.exception("retention_broke")
            wait_s = then_s

    async def round(self) -> None:
        """
        Remove old drafts, empty and drop every job whose time is over, then sweep and give back.

        Raises what the two stores raise.
        """
        await self._drop_drafts()
        emptied = await self._empty() if self._days else 0
        wanted = await self._ledger.media_in_use()
        young_at = self._clock.now() - timedelta(seconds=YOUNG_S)
        swept = await self._spool.sweep(older_than=young_at, keep=wanted.__contains__)
        dropped = await self._drop() if self._days else 0
        await self._give_back()
        if emptied or swept or dropped:
            log.info("retention_done", jobs=emptied, pictures=swept, dropped=dropped)

    async def _drop_drafts(self) -> None:
        while await self._ledger.drafts.drop_expired(now=self._clock.now(), limit=PORTION):
            await self._clock.sleep(BREATH_S)

    async def _empty(self) -> int:
        ended_before = self._clock.now() - timedelta(days=self._days)
        emptied = 0
        while ids := await self._ledger.retain(ended_before, PORTION):
            emptied += len(ids)
            await self._clock.sleep(BREATH_S)
        return emptied

    async def _drop(self) -> int:
        ended_before = self._clock.now() - timedelta(days=max(RECORDS_DAYS, self._days))
        dropped = 0
        while found := await self._ledger.tidying.drop(ended_before, PORTION):
            dropped += found
            await self._clock.sleep(BREATH_S)
        return dropped

    async def _give_back(self) -> None:
        while await self._ledger.tidying.give_back_space():
            await self._clock.sleep(BREATH_S)
