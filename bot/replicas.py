"""
Conductor: what the replicas on one database must agree on: who listens, and where pictures are.

Both are advisory locks of one session for each replica. Losing it loses them; it is opened anew
for as long as that takes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

import structlog

from adapters.lead import Lead
from bot.advisory import IDLE_S, Session, open_session
from bot.seats import Seat, key_of
from core.clock import Clock
from core.errors import SettingsError, StoreUnavailable

LOOK_S: Final = 2.0
"""Between two signs of life, and two tries for a lead that another has, in seconds."""
LEASE_S: Final = IDLE_S - 1.0
"""How long after a sign of life nobody else can have what we have, in seconds."""
ENTER_S: Final = 20.0
"""
How long those who rule us out may take to go, in seconds.

Longer than the server keeps the session of one that was killed with its machine.
"""
ENTER_AGAIN_S: Final = 0.5
"""Between two looks whether they went, in seconds."""
AGAIN_S: Final = 1.0
"""Between two tries to open the session anew, in seconds."""

HOUSE: Final = key_of("pictures")
"""The advisory lock that says whether this database may have several replicas."""

_log = structlog.get_logger()

Open = Callable[[], AbstractAsyncContextManager[Session]]


class Replica:
    """The membership of one of several; see `bot.membership`."""

    def __init__(self, opened: Open, clock: Clock, *, is_shared: bool, told: SettingsError) -> None:
        """`is_shared`: others may be there too; `told` when we and they rule each other out."""
        self._open = opened
        self._clock = clock
        self._is_shared = is_shared
        self._told = told
        self._changed = asyncio.Event()
        self._seats: dict[str, Seat] = {}
        self._keeping: asyncio.Task[None] | None = None

    def lead(self, name: str) -> Lead:
        """Return the lead of one chat."""
        return self._seats.setdefault(name, Seat(name, self._clock, self._changed))

    async def until(self, stop: asyncio.Event) -> None:
        """Return once `stop` is set; raises SettingsError when others rule us out."""
        assert self._keeping is not None
        stopping = asyncio.get_running_loop().create_task(stop.wait())
        try:
            await asyncio.wait({self._keeping, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
        if self._keeping.done():
            self._keeping.result()

    @asynccontextmanager
    async def joined(self) -> AsyncIterator[None]:
        """
        Be one of the replicas.

        Raises:
            SettingsError: others rule us out, or the server is too old.
            StoreUnavailable: it cannot be reached.
        """
        entered = asyncio.Event()
        self._keeping = asyncio.get_running_loop().create_task(self._keep(entered))
        try:
            await self.until(entered)
            yield
        finally:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)

    async def _keep(self, entered: asyncio.Event) -> None:
        """Hold the session, and open it anew; the first one has to succeed."""
        while True:
            try:
                async with self._open() as session:
                    await self._enter(session)
                    entered.set()
                    await self._hold(session)
            except StoreUnavailable as exc:
                if not entered.is_set():
                    raise
                _log.warning("replica_session_lost", error=str(exc))
            finally:
                self._drop_all()
            await self._clock.sleep(AGAIN_S)

    async def _enter(self, session: Session) -> None:
        began_s = self._clock.monotonic_s()
        while not await session.try_lock(HOUSE, shared=self._is_shared):
            if self._clock.monotonic_s() - began_s >= ENTER_S:
                raise self._told
            await self._clock.sleep(ENTER_AGAIN_S)

    async def _hold(self, session: Session) -> None:
        """Give signs of life, take leads that are free and give back what is not wanted."""
        held: set[str] = set()
        while True:
            self._changed.clear()
            sent_s = self._clock.monotonic_s()
            await session.ping()
            for seat in tuple(self._seats.values()):
                await self._settle(session, seat, held)
            for name in held:
                self._seats[name].hold(sent_s + LEASE_S)
            await self._clock.wait(self._changed, LOOK_S)

    async def _settle(self, session: Session, seat: Seat, held: set[str]) -> None:
        if seat.is_wanted and seat.name not in held:
            if await session.try_lock(seat.key):
                held.add(seat.name)
                _log.info("lead_taken", chat=seat.name)
        elif seat.name in held and not seat.is_wanted:
            held.discard(seat.name)
            await session.unlock(seat.key)
            _log.info("lead_given_back", chat=seat.name)

    def _drop_all(self) -> None:
        for seat in self._seats.values():
            seat.drop()


@asynccontextmanager
async def join(
    url: str, clock: Clock, *, is_shared: bool, told: SettingsError
) -> AsyncIterator[Replica]:
    """
    Be one of the replicas on the server at `url`, until the end of the block.

    Raises:
        SettingsError: `told`, or the server is too old.
        StoreUnavailable: it cannot be reached.
    """
    replica = Replica(lambda: open_session(url), clock, is_shared=is_shared, told=told)
    async with replica.joined():
        yield replica
