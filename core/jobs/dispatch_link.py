"""Doer: connections to the database of the queue, and procrastinate's errors in our words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from procrastinate import PsycopgConnector, exceptions

from core.errors import StoreUnavailable

CONNECTIONS = 4
"""Connections for the queue; one more listens."""
CONNECT_TIMEOUT_S = 5
"""How long reaching the server, or waiting for a free connection, may take, in seconds."""
RECONNECT_S = 5.0
"""
How long the pool tries to replace a connection, in seconds; then the next statement has it try.

By itself it doubles its pauses for five minutes, and would come back minutes after the database.
"""
SILENCE_MS = 20_000
"""How long the server may leave what was sent unacknowledged, in milliseconds."""
STATEMENT_TIMEOUT_MS = 15_000
ANSWER_S = 20.0
"""
How long a statement may take in all, in seconds; then its connection is given up.

The server ends one that takes too long, unless its machine went away after it had taken it:
nothing comes then, and the system notices only after hours.
"""


class Connector(PsycopgConnector):
    """Fails what gets no answer, so that nothing waits for ever."""

    def __init__(self, *, answer_s: float, **kwargs: Any) -> None:
        """Take how long an answer may take; the rest is procrastinate's."""
        super().__init__(**kwargs)
        self._answer_s = answer_s
        self._has_given_up = False
        self.gives_up = False
        """Whether nothing more is tried once something has failed: there is no time to wait."""

    async def execute_query_async(self, query: str, **arguments: Any) -> None:
        """Execute a statement that gives nothing."""
        async with self._answered():
            await super().execute_query_async(query, **arguments)

    async def execute_query_one_async(self, query: str, **arguments: Any) -> dict[str, Any]:
        """Return the row that a statement gives."""
        async with self._answered():
            row: dict[str, Any] = await super().execute_query_one_async(query, **arguments)
            return row

    async def execute_query_all_async(self, query: str, **arguments: Any) -> list[dict[str, Any]]:
        """Return every row that a statement gives."""
        async with self._answered():
            rows: list[dict[str, Any]] = await super().execute_query_all_async(query, **arguments)
            return rows

    @asynccontextmanager
    async def _answered(self) -> AsyncIterator[None]:
        if self._has_given_up:
            raise exceptions.ConnectorException
        try:
            async with asyncio.timeout(self._answer_s):
                yield
        except (TimeoutError, exceptions.ConnectorException) as exc:
            self._has_given_up = self.gives_up
            if isinstance(exc, TimeoutError):
                raise exceptions.ConnectorException from exc
            raise


@asynccontextmanager
async def connected(
    url: str, *, connections: int = CONNECTIONS, answer_s: float = ANSWER_S
) -> AsyncIterator[Connector]:
    """
    Open connections to the database of the ledger.

    Raises:
        StoreUnavailable: it cannot be reached.
    """
    connector = Connector(
        answer_s=answer_s,
        conninfo=f"postgresql:{url.partition(':')[2]}",
        min_size=1,
        max_size=connections,
        timeout=CONNECT_TIMEOUT_S,
        reconnect_timeout=RECONNECT_S,
        configure=_configured,
        kwargs={"connect_timeout": CONNECT_TIMEOUT_S, "tcp_user_timeout": SILENCE_MS},
    )
    try:
        await _open(connector)
        yield connector
    finally:
        await connector.close_async()


async def _open(connector: Connector) -> None:
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            await connector.open_async()
    except (TimeoutError, OSError, exceptions.ConnectorException) as exc:
        raise StoreUnavailable(f"the queue: {kind_of(exc)}") from exc


async def _configured(connection: Any) -> None:
    """Have each statement be a transaction, which saves two waits for each."""
    await connection.set_autocommit(True)
    await connection.execute(f"SET statement_timeout = {STATEMENT_TIMEOUT_MS}")


def as_ours(error: exceptions.ConnectorException) -> StoreUnavailable:
    """Return procrastinate's error in our words, without its text."""
    return StoreUnavailable(f"the queue: {kind_of(error)}")


def kind_of(error: BaseException) -> str:
    """Return what an error is called, without its text, which may hold addresses."""
    return type(error.__cause__ or error).__name__
