"""`/readyz` and `/metrics` of a replica whose Postgres is away, or takes no writes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import psycopg
import psycopg.conninfo
import pytest

from bot.metrics import Metrics
from bot.pulse import LASTS_S, PATIENCE_S, Pulse
from bot.web import Readiness
from core.clock import SystemClock
from core.jobs.store.ledger import Ledger, open_ledger
from core.jobs.store.schema import migrate
from tests.fakes.clock import VirtualClock
from tests.fakes.postgres import SERVER, new_database, outage

pytestmark = pytest.mark.postgres

CLOCK = SystemClock()
WITHIN_S = 20.0
"""How long a replica may take to find a database that is back."""


@dataclass(frozen=True, kw_only=True)
class Replica:
    """What tells how one replica is."""

    url: str
    ledger: Ledger
    pulse: Pulse
    clock: VirtualClock

    async def found(self) -> Readiness:
        """Return how it is now, not a second ago."""
        await self.clock.advance(LASTS_S)
        return await self.pulse.readiness()

    async def until_ready(self) -> Readiness:
        async with asyncio.timeout(WITHIN_S):
            while not (found := await self.found()).is_ready:  # noqa: ASYNC110
                await asyncio.sleep(0.05)  # the database does not tell when it is back
        return found


@pytest.fixture
async def replica() -> AsyncIterator[Replica]:
    with new_database() as url:
        await migrate(url)
        async with open_ledger(url, CLOCK) as ledger:
            clock = VirtualClock(CLOCK.now())
            pulse = Pulse(ledger, clock)
            with pulse.beating():
                yield Replica(url=url, ledger=ledger, pulse=pulse, clock=clock)


async def test_outage_is_found_and_so_is_its_end(replica: Replica) -> None:
    """Not ready while every connection is cut; both pages answer within their patience."""
    before = await replica.until_ready()
    with outage(replica.url):
        async with asyncio.timeout(3 * PATIENCE_S):
            during = await replica.found()
            page = await replica.pulse.page(Metrics())
    after = await replica.until_ready()

    assert (before.store, during.store, after.store) == ("ok", "unavailable", "ok")
    assert (during.unfinished, during.halted) == (None, None)
    assert b"redraw_store_up 0.0" in page


async def test_server_that_only_reads_is_not_ready(replica: Replica) -> None:
    """As a standby that was not promoted: it answers, and keeps nothing."""
    name = psycopg.conninfo.conninfo_to_dict(replica.url)["dbname"]
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        with outage(replica.url):  # what is set holds for new connections
            pass
        await replica.found()  # finds its connections cut
        found = await replica.found()
        read = await replica.ledger.unfinished()
        server.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
        with outage(replica.url):
            pass
    await replica.until_ready()

    assert (found.store, found.is_ready, read) == ("unavailable", False, ())
