"""
Conductor: keeps our sockets connected for as long as the process runs.

Two of them, since each act goes to but one and a connection that is being replaced hears nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

import structlog

from adapters.backoff import Backoff
from core.clock import Clock
from core.errors import DeliveryError, SettingsError

SOCKETS: Final = 2
"""Source: docs.slack.dev/apis/events-api/using-socket-mode (up to 10)."""
LOOK_S: Final = 0.5
"""Between two looks at a socket, in seconds."""
AWAY_S: Final = 2.0
"""For so long slack_sdk may be connecting anew by itself, in seconds; then it is our turn."""
LASTED_S: Final = 60.0
"""A connection that held for this long, in seconds, was a good one: the next follows at once."""

_log = structlog.get_logger()


class Connected(Protocol):
    """A connection; see `sockets.Socket`."""

    async def open(self) -> None:
        """Connect; raises SettingsError and DeliveryErrors."""
        ...

    async def is_open(self) -> bool:
        """Whether it hears anything."""
        ...

    async def close(self) -> None:
        """End it."""
        ...


class Supervisor:
    """Opens sockets, watches over them, and opens the next."""

    def __init__(
        self, make: Callable[[], Connected], clock: Clock, *, backoff: Callable[[], Backoff]
    ) -> None:
        """Take what makes a new connection, unopened."""
        self._make = make
        self._clock = clock
        self._backoff = backoff
        self.opened = 0
        """How many connections there have been."""
        self._hearing: set[Connected] = set()

    @property
    def is_open(self) -> bool:
        """Whether any socket hears what Slack sends, as of the last look."""
        return bool(self._hearing)

    async def run(self) -> None:
        """
        Keep the sockets until cancelled.

        Raises:
            ExceptionGroup of SettingsError: Slack will not have this app.
        """
        async with asyncio.TaskGroup() as tasks:
            for _ in range(SOCKETS):
                tasks.create_task(self._keep())

    async def _keep(self) -> None:
        backoff = self._backoff()
        while True:
            began_s = self._clock.monotonic_s()
            ended = await self._one()
            if self._clock.monotonic_s() - began_s >= LASTED_S:
                backoff.reset()
            wait_s = max(backoff.next_s(), getattr(ended, "retry_after_s", None) or 0.0)
            _log.warning("slack_socket_lost", error=_words(ended), wait_s=wait_s)
            await self._clock.sleep(wait_s)

    async def _one(self) -> Exception | None:
        """Hold one connection; return why it ended, or None when it had gone deaf."""
        socket = self._make()
        try:
            await socket.open()
            self.opened += 1
            _log.info("slack_socket_opened")
            await self._watch(socket)
        except SettingsError:
            raise
        except Exception as exc:  # noqa: BLE001 - whatever slack_sdk fails of, the next follows
            return exc
        finally:
            self._hearing.discard(socket)
            await socket.close()
        return None

    async def _watch(self, socket: Connected) -> None:
        """
        Return when the socket has heard nothing for too long.

        It is looked at before it is judged: a process that was stopped has seen nothing meanwhile.
        """
        deaf_since_s: float | None = None
        while True:
            now_s = self._clock.monotonic_s()
            if await socket.is_open():
                deaf_since_s = None
                self._hearing.add(socket)
            else:
                deaf_since_s = now_s if deaf_since_s is None else deaf_since_s
                self._hearing.discard(socket)
                if now_s - deaf_since_s >= AWAY_S:
                    return
            await self._clock.sleep(LOOK_S)


def _words(ended: Exception | None) -> str:
    """Return why a connection ended; slack_sdk's own words may hold a socket's address."""
    if ended is None:
        return "deaf"
    return str(ended) if isinstance(ended, DeliveryError) else type(ended).__name__
