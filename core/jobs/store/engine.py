"""
Doer: connections to the database, and its errors in our words.

Transactions run in threads of their own, whole: a statement at a time through an asyncio driver
takes three times the CPU (docs/decisions).
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError, SQLAlchemyError

from core.errors import SettingsError, StoreUnavailable
from core.jobs.store.sockets import Sockets

VARIABLE = "REDRAW_DATABASE_URL"
NO_ADDRESS = "is no address of a database"
BUSY_TIMEOUT_S = 5.0
"""How long a write waits for another process to let go of the database, in seconds."""
STATEMENT_TIMEOUT_S = 15.0
"""How long a Postgres server may take over one statement, in seconds."""
STANDSTILL_TIMEOUT_S = 5.0
"""
How long a Postgres server keeps a transaction open in which nobody says anything, in seconds.

A replica that is stopped or frozen amid one would hold its locks, and so all orders of the others.
Source: postgresql.org/docs/14/runtime-config-client.html, `idle_in_transaction_session_timeout`.
"""
CONNECT_TIMEOUT_S = 5
"""How long reaching a Postgres server may take, in seconds."""
TRANSACTION_TIMEOUT_S = 20.0
"""How long a transaction may take in all, in seconds."""
SWITCH_INTERVAL_S = 0.0001
"""
How long a thread of this process may keep another from computing, in seconds.

Python's own 5 ms starve the ledger's thread beside a busy event loop: the loop lets go of the
interpreter for a microsecond whenever it looks for news, which no other thread is quick enough to
use, and which puts off the turn of those that wait by another interval. Then 500 orders took from
0.1 to more than 5 s; with 0.1 ms they take 0.1 to 0.2 s, and 0.6 s on two loaded cores.
"""
REASON_MAX = 300
"""Characters of what a driver says of a connection that it could not make or use."""
READERS = 4
"""Connections for reading; there is one more, for writing."""
ADMISSION_LOCK = 0x5245_4452_4157
"""The Postgres advisory lock under which orders are counted and admitted: `REDRAW`."""

T = TypeVar("T")

_DRIVERS = {
    "sqlite": "sqlite+pysqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
}


class Database:
    """Connections that are used in threads, never by the event loop."""

    def __init__(self, engine: sa.Engine, *, threads: int, timeout_s: float) -> None:
        self._engine = engine
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="ledger")
        self._timeout_s = timeout_s
        self._sockets = Sockets(engine)
        self._under_way: set[object] = set()

    async def transaction(self, work: Callable[[sa.Connection], T]) -> T:
        """
        Return what `work` returned, in a transaction that is committed by then.

        A server ends what takes too long; one that does not has its connections cut.

        Raises:
            StoreUnavailable: the database failed or took too long; what is known of a commit that
                took too long is nothing.
            Exception: whatever else `work` raised; its transaction is rolled back.
        """
        loop, mark = asyncio.get_running_loop(), object()
        with in_our_words():
            try:
                async with asyncio.timeout(self._timeout_s):
                    return await loop.run_in_executor(self._threads, self._run, work, mark)
            except TimeoutError:
                if mark in self._under_way:
                    self._sockets.cut()
                raise

    async def close(self) -> None:
        """Close every connection; a thread that still waits on one does so no longer."""
        self._threads.shutdown(wait=False)
        if self._under_way:
            self._sockets.cut()
            await asyncio.to_thread(self._threads.shutdown)
        await asyncio.to_thread(self._engine.dispose)

    def _run(self, work: Callable[[sa.Connection], T], mark: object) -> T:
        self._under_way.add(mark)
        try:
            with self._engine.begin() as connection:
                return work(connection)
        finally:
            self._under_way.discard(mark)


@dataclass(frozen=True, kw_only=True, slots=True)
class Databases:
    """The one connection that writes, and those that read."""

    writes: Database
    reads: Database

    async def close(self) -> None:
        """Close every connection."""
        await self.writes.close()
        await self.reads.close()


def database_url(text: str) -> sa.URL:
    """
    Return the address with the driver that Redraw uses.

    Raises:
        SettingsError: it is no address of a SQLite file or of a Postgres database.
    """
    if text.count("@") > 1:  # else a part of a password is taken for the host, and named
        raise SettingsError(VARIABLE, "has an @ in its password or name: write that as %40")
    try:
        url = sa.make_url(text)
    except (ArgumentError, ValueError):
        raise SettingsError(VARIABLE, NO_ADDRESS) from None
    driver = _DRIVERS.get(url.drivername.partition("+")[0])
    if driver is None:
        raise SettingsError(VARIABLE, "names neither sqlite nor postgresql")
    if driver == _DRIVERS["sqlite"] and (not url.database or ":memory:" in url.database):
        raise SettingsError(VARIABLE, "names no file for the SQLite database")
    return url.set(drivername=driver)


async def open_databases(text: str, *, timeout_s: float = TRANSACTION_TIMEOUT_S) -> Databases:
    """
    Return connections to the database, which is reached when it is first asked for something.

    A SQLite file that does not exist is made, for its owner alone, and so is its folder. From then
    on, threads of this process take turns at least every SWITCH_INTERVAL_S.

    Raises:
        SettingsError: the address cannot work, or the file cannot be made.
    """
    url = database_url(text)
    sys.setswitchinterval(min(SWITCH_INTERVAL_S, sys.getswitchinterval()))
    if is_sqlite(url):
        await asyncio.to_thread(make_private, Path(str(url.database)))
    writes, reads = _engine(url, connections=1), _engine(url, connections=READERS, reads_only=True)
    return Databases(
        writes=Database(writes, threads=1, timeout_s=timeout_s),
        reads=Database(reads, threads=READERS, timeout_s=timeout_s),
    )


def as_ours(error: Exception) -> Exception:
    """
    Return the library's errors as StoreUnavailable, and any other error as it is.

    The library's text is not carried on, as it may hold what users wrote; but where it is about no
    statement, about a connection or a commit that is, it says why.
    """
    if not isinstance(error, SQLAlchemyError | OSError):
        return error
    cause = error.orig if isinstance(error, DBAPIError) else error
    why = _why_disconnected(error)
    ours = StoreUnavailable(f"the database: {type(cause).__name__}{why and f' ({why})'}")
    ours.__cause__ = error
    return ours


def _why_disconnected(error: Exception) -> str:
    """Return what the driver says of a connection that it could not make or use, in one line."""
    if not isinstance(error, OperationalError) or error.statement is not None:
        return ""
    line = " ".join(str(error.orig).split())
    return line if len(line) <= REASON_MAX else f"{line[:REASON_MAX]}…"


@contextmanager
def in_our_words() -> Iterator[None]:
    """Turn what the library raises into StoreUnavailable."""
    try:
        yield
    except (SQLAlchemyError, OSError) as exc:
        raise as_ours(exc) from exc


def is_sqlite(url: sa.URL) -> bool:
    """Whether the database is a file of ours and no server."""
    return url.get_backend_name() == "sqlite"


def make_private(path: Path) -> None:
    """Make the file and its folder, for their owner alone; raises SettingsError."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        path.chmod(0o600)
    except OSError as exc:
        raise SettingsError(VARIABLE, f"{path} cannot be opened for writing") from exc


def plain_engine(url: sa.URL) -> sa.Engine:
    """Return an engine whose connections begin no transactions and are tuned for nothing."""
    return sa.create_engine(url, poolclass=sa.NullPool, hide_parameters=True)


def _engine(
    url: sa.URL, *, connections: int, reads_only: bool = False, foreign_keys: bool = True
) -> sa.Engine:
    if is_sqlite(url):
        engine = sa.create_engine(url, pool_size=connections, max_overflow=0, hide_parameters=True)
        _tune_sqlite(engine, reads_only=reads_only, foreign_keys=foreign_keys)
        return engine
    try:
        return sa.create_engine(
            url,
            pool_size=connections,
            max_overflow=0,
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args=_postgres_arguments(url),
        )
    except (ArgumentError, ValueError):
        raise SettingsError(VARIABLE, NO_ADDRESS) from None
    except ImportError as exc:
        raise SettingsError(VARIABLE, "needs the extra: pip install 'redraw[postgres]'") from exc


def _postgres_arguments(url: sa.URL) -> dict[str, Any]:
    statement_ms, lock_ms = int(STATEMENT_TIMEOUT_S * 1000), int(BUSY_TIMEOUT_S * 1000)
    standstill_ms = int(STANDSTILL_TIMEOUT_S * 1000)
    ours = (
        f"-c statement_timeout={statement_ms} -c lock_timeout={lock_ms} -c timezone=UTC"
        f" -c idle_in_transaction_session_timeout={standstill_ms}"
    )
    given = url.query.get("options", "")
    silence_ms = int(TRANSACTION_TIMEOUT_S * 1000)
    return {
        "connect_timeout": CONNECT_TIMEOUT_S,
        "tcp_user_timeout": silence_ms,
        "options": f"{ours} {given}".strip(),
    }


def _tune_sqlite(engine: sa.Engine, *, reads_only: bool, foreign_keys: bool) -> None:
    """
    Make every commit reach the disk and every transaction begin where we say.

    Writes take the lock as they begin, so that what they have read still holds when they write.
    """

    @sa.event.listens_for(engine, "connect")
    def connected(connection: DBAPIConnection, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT_S * 1000)}")
        if not reads_only:
            cursor.execute("PRAGMA auto_vacuum = INCREMENTAL")  # only a file without tables obeys
            cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")
        cursor.execute(f"PRAGMA query_only = {'ON' if reads_only else 'OFF'}")
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def begun(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")


@contextmanager
def one_connection(url: sa.URL, *, foreign_keys: bool = True) -> Iterator[sa.Connection]:
    """Yield a connection in a transaction, with no other beside it; errors are in our words."""
    engine = _engine(url, connections=1, foreign_keys=foreign_keys)
    try:
        with in_our_words(), engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()
