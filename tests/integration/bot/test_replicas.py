"""Who leads and who may be there, among processes on one real Postgres."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import psycopg
import pytest

from bot import plans, sharing
from bot.advisory import IDLE_S, check_version, open_session
from bot.replicas import HOUSE, Replica, join
from bot.seats import Seat, key_of
from bot.served import Served
from bot.settings import Settings
from core.clock import Clock, SystemClock
from core.errors import SettingsError, StoreUnavailable
from tests.fakes.clock import FastClock, VirtualClock
from tests.fakes.postgres import new_database

CLOCK = SystemClock()
PATIENCE_S = 30.0
CHAT = "a chat"
TOLD = SettingsError("REDRAW_MEDIA_URL", "rules the other out")

postgres = pytest.mark.postgres


@pytest.fixture
def url() -> Iterator[str]:
    with new_database() as url:
        yield url


@asynccontextmanager
async def joined(
    url: str, *, is_shared: bool = True, clock: Clock = CLOCK
) -> AsyncIterator[Replica]:
    async with join(url, clock, is_shared=is_shared, told=TOLD) as replica:
        yield replica


def end_sessions(url: str, *, that_hold_locks: bool = False) -> None:
    """Have the server end every session of a replica, or those that hold a lock."""
    query = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'redraw replica' AND datname = current_database()"
        " AND (NOT %s OR pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory'))"
    )
    with psycopg.connect(url) as sql:
        sql.execute(query, [that_hold_locks])


@postgres
async def test_one_leads_and_the_next_follows(url: str) -> None:
    """Whoever gives it back, or ends, makes room; leads of other chats are apart."""
    async with AsyncExitStack() as first, joined(url) as other:
        one = await first.enter_async_context(joined(url))
        mine, theirs = one.lead(CHAT), other.lead(CHAT)
        async with asyncio.timeout(PATIENCE_S):
            await mine.won()
            waiting = asyncio.get_running_loop().create_task(theirs.won())
            await other.lead("another chat").won()
            assert (mine.is_ours, theirs.is_ours) == (True, False)
            mine.release()
            await waiting
            assert (mine.is_ours, theirs.is_ours) == (False, True)
            waiting = asyncio.get_running_loop().create_task(mine.won())
            theirs.release()
            await waiting
            again = asyncio.get_running_loop().create_task(theirs.won())
            await first.aclose()
            await again
        assert (mine.is_ours, theirs.is_ours) == (False, True)


@postgres
async def test_lost_session_loses_the_lead_and_asks_for_it_anew(url: str) -> None:
    """Whatever ends the session; a new one is opened, and the lead is wanted still."""
    async with joined(url) as replica:
        lead = replica.lead(CHAT)
        async with asyncio.timeout(PATIENCE_S):
            await lead.won()
            end_sessions(url)
            await lead.lost()
            assert not lead.is_ours
            await lead.won()
        assert lead.is_ours


@postgres
@pytest.mark.slow
async def test_silent_session_holds_nothing_for_long(url: str) -> None:
    """A process that is stopped says nothing: the server gives its lead to another."""
    async with open_session(url) as silent, joined(url) as replica:
        assert await silent.try_lock(key_of(f"lead {CHAT}"))
        began_s = CLOCK.monotonic_s()
        async with asyncio.timeout(IDLE_S + PATIENCE_S):
            await replica.lead(CHAT).won()
        assert CLOCK.monotonic_s() - began_s >= IDLE_S - 1.0
        with pytest.raises(StoreUnavailable):
            await silent.ping()


@postgres
@pytest.mark.parametrize("mine", [True, False])
@pytest.mark.parametrize("theirs", [True, False])
async def test_only_those_who_share_may_be_there_together(
    url: str, *, mine: bool, theirs: bool
) -> None:
    """Two that share, or one that does not; whoever comes too much waits, and is told why."""
    async with joined(url, is_shared=theirs):
        clock = FastClock(40.0)
        if mine and theirs:
            async with joined(url, is_shared=mine, clock=clock):
                return
        with pytest.raises(SettingsError, match="rules the other out"):
            async with joined(url, is_shared=mine, clock=clock):
                pass


@postgres
async def test_each_is_told_what_it_can_mend(url: str, tmp_path: Path) -> None:
    """Whoever comes second; the first may be the one that does not share."""
    common = {"REDRAW_DATA_DIR": str(tmp_path), "REDRAW_DATABASE_URL": url, "QOLABA_API_KEY": "k-1"}
    shared = {"REDRAW_MEDIA_URL": f"file://{tmp_path}"}
    alone = plans.for_run(Settings.read(common), Served.HOSTED)
    preview = plans.for_run(Settings.read(common), Served.EMBEDDED)
    sharing_one = plans.for_run(Settings.read(common | shared), Served.HOSTED)
    told = {"is not set": alone, "QOLABA_API_URL": preview, "is set here": sharing_one}
    async with sharing.open_membership(alone, CLOCK):
        for words, plan in told.items():
            with pytest.raises(SettingsError, match=words):
                async with sharing.open_membership(plan, FastClock(40.0)):
                    pass


@postgres
async def test_who_goes_in_time_makes_room(url: str) -> None:
    """One that is just ending keeps nobody from starting."""
    async with AsyncExitStack() as first:
        await first.enter_async_context(joined(url, is_shared=False))
        coming = joined(url, is_shared=False)
        entering = asyncio.get_running_loop().create_task(coming.__aenter__())
        done, _ = await asyncio.wait({entering}, timeout=1.0)
        assert not done
        await first.aclose()
        async with asyncio.timeout(PATIENCE_S):
            await entering
        await coming.__aexit__(None, None, None)


@postgres
async def test_ruled_out_later_ends_what_goes_on(url: str) -> None:
    """While our session was lost, somebody came who shares nothing."""
    async with joined(url, clock=FastClock(10.0)) as replica, open_session(url) as alone:
        going_on = asyncio.get_running_loop().create_task(replica.until(asyncio.Event()))
        async with asyncio.timeout(PATIENCE_S):
            while not await alone.try_lock(HOUSE):
                end_sessions(url, that_hold_locks=True)
            with pytest.raises(SettingsError, match="rules the other out"):
                await going_on


@postgres
async def test_stop_ends_the_wait(url: str) -> None:
    """Being a replica is no reason to go on."""
    async with joined(url) as replica:
        stop = asyncio.Event()
        stop.set()
        await asyncio.wait_for(replica.until(stop), PATIENCE_S)


async def test_server_that_is_away_is_said_to_be() -> None:
    """At the start, as the store's own error, without the address."""
    with pytest.raises(StoreUnavailable) as told:
        async with joined("postgresql://nobody:secret@127.0.0.1:1/none"):
            pass

    assert "secret" not in str(told.value)


def test_server_that_ends_no_idle_sessions_will_not_do() -> None:
    """It would leave the lead with a process that was stopped."""
    check_version(140_000)
    with pytest.raises(SettingsError, match="PostgreSQL 13; Redraw needs 14"):
        check_version(130_021)


def test_lead_ends_by_itself_when_nothing_is_heard() -> None:
    """Whoever slept knows on waking that another may have it, before any session says so."""
    clock = VirtualClock()
    seat = Seat(CHAT, clock, asyncio.Event())
    seat.is_wanted = True
    seat.hold(clock.monotonic_s() + 9.0)
    assert seat.is_ours
    clock.sleep_through(9.0)
    assert not seat.is_ours
    seat.hold(math.inf)
    seat.release()
    seat.hold(math.inf)  # the session's last word on it came too late
    assert not seat.is_ours
