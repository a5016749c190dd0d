"""
Doer: a session of Postgres of our own that holds advisory locks, and loses them when we are silent.

The server ends it after IDLE_S without a word from us, so that a process which was stopped, or a
machine which went away, holds nothing for longer. It must not go through a pooler that hands one
connection to many (transaction pooling).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import psycopg

from core.errors import SettingsError, StoreUnavailable

VARIABLE: Final = "REDRAW_DATABASE_URL"
IDLE_S: Final = 10.0
"""After so long without a statement the server ends the session, in seconds."""
STATEMENT_S: Final = 4.0
"""How long a statement may take before the session counts as lost, in seconds."""
CONNECT_S: Final = 5
"""How long connecting may take, in seconds."""
OLDEST: Final = 14
"""
The oldest PostgreSQL that ends idle sessions.

Source: postgresql.org/docs/14/runtime-config-client.html, `idle_session_timeout`.
"""


class Session:
    """The session; every method raises StoreUnavailable when it is lost."""

    def __init__(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """Take a connection in autocommit mode."""
        self._connection = connection

    async def try_lock(self, key: int, *, shared: bool = False) -> bool:
        """Take a lock, unless another session has it in a way that rules ours out."""
        kind = "_shared" if shared else ""
        return await self._ask(f"SELECT pg_try_advisory_lock{kind}(%s)", key)

    async def unlock(self, key: int) -> None:
        """Give back a lock that was taken for ourselves."""
        await self._ask("SELECT pg_advisory_unlock(%s)", key)

    async def ping(self) -> None:
        """Give a sign of life."""
        await self._ask("SELECT true")

    async def _ask(self, statement: str, *values: int) -> bool:
        try:
            async with asyncio.timeout(STATEMENT_S):
                cursor = await self._connection.execute(statement.encode(), values or None)
                row = await cursor.fetchone()
        except (psycopg.Error, OSError) as exc:  # a TimeoutError is an OSError
            raise _lost(exc) from exc
        return row is not None and bool(row[0])


@asynccontextmanager
async def open_session(url: str) -> AsyncIterator[Session]:
    """
    Open a session in the database at `url`; closed at the end, and with it go its locks.

    Raises:
        SettingsError: the server is too old.
        StoreUnavailable: it cannot be reached.
    """
    connection = await _connect(url)
    try:
        yield Session(connection)
    finally:
        await connection.close()


async def _connect(url: str) -> psycopg.AsyncConnection[Any]:
    try:
        connection = await psycopg.AsyncConnection.connect(
            f"postgresql:{url.partition(':')[2]}",
            autocommit=True,
            connect_timeout=CONNECT_S,
            tcp_user_timeout=round(STATEMENT_S * 1000),
            application_name="redraw replica",
        )
        check_version(connection.info.server_version)
        await connection.execute(f"SET idle_session_timeout = {round(IDLE_S * 1000)}".encode())
    except (psycopg.Error, OSError) as exc:
        raise _lost(exc) from exc
    return connection


def check_version(number: int) -> None:
    """Raise SettingsError unless a server of this version (such as 150020) will do."""
    version = number // 10_000
    if version < OLDEST:
        reason = f"leads to PostgreSQL {version}; Redraw needs {OLDEST} or newer"
        raise SettingsError(VARIABLE, reason)


def _lost(error: Exception) -> StoreUnavailable:
    """Return an error in our words: psycopg's own text may hold addresses."""
    return StoreUnavailable(f"the session of this replica: {type(error).__name__}")
