"""
Conductor: keeps the gateway connected for as long as the process runs.

discord.py resumes a session by itself, but it may also give up, or try a dead address for ever.
Every new session costs one IDENTIFY, of which a bot has 1000 a day and loses its token with the
last; so all of them begin here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from adapters.backoff import Backoff
from adapters.discord.connection import Connection
from core.clock import Clock
from core.errors import SettingsError

LOOK_S: Final = 5.0
"""Between two looks at the socket, in seconds."""
DEAD_ADDRESS_S: Final = 60.0
"""Without a socket for this long, in seconds, the address for resuming is given up."""
DEAD_SESSION_S: Final = 600.0
"""Without a socket for this long, in seconds, the session is given up."""
LASTED_S: Final = 300.0
"""A session that held for this long, in seconds, was a good one: the next follows soon."""
LEAST_WAIT_S: Final = 60.0
"""Between two looks at a budget that is used up, in seconds, whatever Discord says."""
CANCEL_AGAIN_S: Final = 0.5
"""How long a cancelled session may take to end before it is cancelled once more, in seconds."""
IDENTIFIES_KEPT: Final = 50
"""
So many IDENTIFYs are never used by us: an operator needs some, to look and to mend.

Source of the whole: discord.com/developers/docs/topics/gateway#identifying (1000 in 24 hours).
"""

_log = structlog.get_logger()


class Supervisor:
    """Begins sessions, watches over them, and begins the next."""

    def __init__(
        self,
        connection: Connection,
        clock: Clock,
        *,
        backoff: Backoff | None = None,
        turn: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """`turn` returns when another session may begin, beside those of other shards."""
        self._connection = connection
        self._clock = clock
        self._backoff = backoff or Backoff(first_s=5.0)
        self._turn = turn
        self.sessions_begun = 0

    async def run(self) -> None:
        """
        Keep a session until cancelled.

        Raises:
            SettingsError: Discord will not have this bot.
        """
        while True:
            await self._await_budget()
            if self._turn is not None:
                await self._turn()
            began_s = self._clock.monotonic_s()
            self.sessions_begun += 1
            ended = await self._session()
            if isinstance(ended, SettingsError):
                raise ended
            if self._clock.monotonic_s() - began_s >= LASTED_S:
                self._backoff.reset()
            wait_s = self._backoff.next_s()
            _log.error("discord_session_lost", error=type(ended).__name__, wait_s=wait_s)
            await self._clock.sleep(wait_s)

    async def _await_budget(self) -> None:
        """Return when another IDENTIFY can be afforded; raises SettingsError for the token."""
        while True:
            try:
                remaining, resets_in_s = await self._connection.budget()
            except SettingsError:
                raise
            except Exception as exc:  # noqa: BLE001 - discord.py fails anyhow of a proxy's own page
                wait_s = self._backoff.next_s()
                _log.warning("discord_budget_unknown", error=type(exc).__name__, wait_s=wait_s)
            else:
                if remaining >= IDENTIFIES_KEPT:
                    return
                wait_s = max(resets_in_s, LEAST_WAIT_S)
                _log.error("discord_sessions_used_up", remaining=remaining, wait_s=wait_s)
            await self._clock.sleep(wait_s)

    async def _session(self) -> Exception | None:
        """Hold one session; return why it ended, or None when it was given up."""
        over = self._connection.session_over
        async with asyncio.TaskGroup() as tasks:
            over.clear()
            connecting = tasks.create_task(self._connected())
            try:
                await self._watch(over)
            finally:
                await _end(connecting)
        await self._connection.close_socket()
        return None if connecting.cancelled() else connecting.result()

    async def _connected(self) -> Exception | None:
        try:
            await self._connection.connect()
        except Exception as exc:  # noqa: BLE001 - whatever discord.py fails of, a session follows
            return exc
        return None

    async def _watch(self, over: asyncio.Event) -> None:
        """Return when the session is over, or has had no socket for too long."""
        seen_s = self._clock.monotonic_s()
        while not await self._clock.wait(over, LOOK_S):
            now_s = self._clock.monotonic_s()
            if self._connection.is_open:
                seen_s = now_s
            elif now_s - seen_s >= DEAD_SESSION_S:
                return
            elif now_s - seen_s >= DEAD_ADDRESS_S:
                _log.warning("discord_gateway_away", seconds=round(now_s - seen_s))
                self._connection.forget_resume_address()


async def _end(task: asyncio.Task[Exception | None]) -> None:
    """
    Cancel a task, as often as it takes.

    discord.py connects through `asyncio.wait_for`, which in Python 3.11 forgets a cancellation that
    comes at the moment when what it waits for is done: the session would then be held for ever.
    Source: python/cpython#86296.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=CANCEL_AGAIN_S)
