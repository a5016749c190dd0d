"""Doer: space on the disk that a SQLite file takes and does not need."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from core.jobs.store.engine import database_url, in_our_words, plain_engine

PAGES = 256
"""Pages that are given back in one transaction: a MiB, some milliseconds of who writes."""
SPARE = 256
"""Empty pages that stay, since the next jobs fill them."""
_INCREMENTAL = 2
"""
What `PRAGMA auto_vacuum` says of a file that can give back space.

Source: sqlite.org/pragma.html#pragma_auto_vacuum.
"""


def give_back(connection: sa.Connection) -> bool:
    """
    Give some empty pages of a SQLite file back to the disk; return whether there are more.

    Does nothing to a file that was never rebuilt, nor on a server, which tidies up by itself.
    """
    if connection.dialect.name != "sqlite" or _number(connection, "auto_vacuum") != _INCREMENTAL:
        return False
    pages = min(_number(connection, "freelist_count") - SPARE, PAGES)
    if pages <= 0:
        return False
    for _ in range(pages):  # the driver lets SQLite take one step only, and that is one page
        connection.exec_driver_sql("PRAGMA incremental_vacuum(1)")
    return _number(connection, "freelist_count") > SPARE


def _number(connection: sa.Connection, pragma: str) -> int:
    return int(connection.exec_driver_sql(f"PRAGMA {pragma}").scalar_one())


async def bytes_to_rebuild(text: str) -> int:
    """
    Return how large a SQLite file is that has to be rebuilt once before it can give back space.

    0 when it need not be, is not there, has no tables yet, or is none.
    """
    return await asyncio.to_thread(_bytes_to_rebuild, database_url(text))


async def rebuild(text: str) -> None:
    """
    Write a SQLite file anew, so that it gives back space from now on.

    It takes up to twice its size on the disk meanwhile, and nobody else may use it. When it is cut
    short the file is as it was.

    Raises:
        StoreUnavailable: somebody uses it, or the disk is full.
    """
    await asyncio.to_thread(_rebuild, database_url(text))


def _bytes_to_rebuild(url: sa.URL) -> int:
    path = Path(str(url.database))
    if url.get_backend_name() != "sqlite" or not path.is_file() or not path.stat().st_size:
        return 0
    with in_our_words(), closing(_Raw(url)) as raw:
        return 0 if raw.number("auto_vacuum") == _INCREMENTAL else path.stat().st_size


def _rebuild(url: sa.URL) -> None:
    with in_our_words(), closing(_Raw(url)) as raw:
        raw.run("PRAGMA auto_vacuum = INCREMENTAL")
        raw.run("VACUUM")
        raw.run("PRAGMA wal_checkpoint(TRUNCATE)")


class _Raw:
    """A connection outside any transaction, which is where a file can be rebuilt."""

    def __init__(self, url: sa.URL) -> None:
        self._engine = plain_engine(url)
        self._connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")

    def run(self, statement: str) -> None:
        self._connection.exec_driver_sql(statement)

    def number(self, pragma: str) -> int:
        return int(self._connection.exec_driver_sql(f"PRAGMA {pragma}").scalar_one())

    def close(self) -> None:
        self._connection.close()
        self._engine.dispose()
