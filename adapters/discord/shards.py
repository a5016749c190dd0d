"""
Conductor: as many sessions as Discord wants for a bot's servers, each kept by a supervisor.

One does for up to 2500 servers. Each shard is a client of discord.py's of its own, so that one
that is lost, or may not begin anew yet, keeps no other from being resumed.
"""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

import structlog

from adapters.backoff import Backoff
from adapters.discord.connection import Connection, Sharding
from adapters.discord.supervision import Supervisor
from core.clock import Clock
from core.errors import SettingsError

BETWEEN_S: Final = 6.0
"""
Between the beginnings of two sessions that may not begin together, in seconds.

Source: discord.com/developers/docs/events/gateway#sharding-max-concurrency (5 seconds), and a
second for how long it takes to connect before.
"""

_log = structlog.get_logger()


class Shards:
    """The sessions of one application."""

    def __init__(self, first: Connection, make: Callable[[], Connection], clock: Clock) -> None:
        """Take the connection that REST goes through too, and what makes others like it."""
        self._first = first
        self._make = make
        self._clock = clock
        self._all = [first]

    @property
    def is_open(self) -> bool:
        """Whether a socket is open for every server."""
        return all(each.is_open for each in self._all)

    async def run(self) -> None:
        """
        Keep the sessions until cancelled; `close` is due afterwards.

        Raises:
            SettingsError, or groups of it: Discord will not have this bot.
        """
        wanted = await self._asked()
        turns = Turns(wanted.at_once, self._clock)
        self._all = [self._first, *(self._make() for _ in range(1, wanted.count))]
        async with asyncio.TaskGroup() as tasks:
            for number, connection in enumerate(self._all):
                connection.be_shard(number, wanted.count)
                turn = partial(turns.take, number)
                tasks.create_task(self._keep(connection, turn))

    async def close(self) -> None:
        """End every session; the first connection can still be used for REST."""
        others, self._all = self._all[1:], [self._first]
        await self._first.close_socket()
        for connection in others:
            await connection.close_socket()
            await connection.close()

    async def _keep(self, connection: Connection, turn: Callable[[], Awaitable[None]]) -> None:
        if connection is not self._first:
            await connection.login()
        await Supervisor(connection, self._clock, turn=turn).run()

    async def _asked(self) -> Sharding:
        """Return how many sessions Discord wants, however long it takes."""
        backoff = Backoff(first_s=1.0)
        while True:
            try:
                return await self._first.sharding()
            except SettingsError:
                raise
            except Exception as exc:  # noqa: BLE001 - discord.py fails anyhow of a proxy's own page
                wait_s = backoff.next_s()
                _log.warning("discord_shards_unknown", error=type(exc).__name__, wait_s=wait_s)
            await self._clock.sleep(wait_s)


class Turns:
    """When a shard's session may begin: some at once, as many as Discord allows this bot."""

    def __init__(self, at_once: int, clock: Clock) -> None:
        self._at_once = max(at_once, 1)
        self._clock = clock
        self._locks: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._began_s: defaultdict[int, float] = defaultdict(lambda: -math.inf)

    async def take(self, number: int) -> None:
        """Return when the session of a shard may begin."""
        bucket = number % self._at_once
        async with self._locks[bucket]:
            wait_s = self._began_s[bucket] + BETWEEN_S - self._clock.monotonic_s()
            if wait_s > 0:
                await self._clock.sleep(wait_s)
            self._began_s[bucket] = self._clock.monotonic_s()
