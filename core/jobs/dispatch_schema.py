"""Doer: the state of procrastinate's own schema, which is beside the ledger's in the database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from procrastinate import PsycopgConnector, exceptions
from procrastinate.schema import SchemaManager

from core.errors import SettingsError
from core.jobs.dispatch_link import as_ours, connected

VARIABLE = "REDRAW_DATABASE_URL"
LOCK = 0x5245_4452_4151
"""The Postgres advisory lock under which the schema is changed."""

_STATE = """
SELECT to_regclass('procrastinate_jobs') IS NOT NULL AS exists,
    obj_description(to_regclass('procrastinate_jobs'), 'pg_class') AS step
"""


async def queue_is_current(url: str) -> bool:
    """
    Return whether the schema is the one of the procrastinate that is installed; makes nothing.

    Raises:
        StoreUnavailable: the database cannot be reached.
    """
    async with _connected(url) as connector:
        return (await _state(connector))[1] == _steps()[-1].name


async def migrate_queue(url: str) -> None:
    """
    Bring the schema to the procrastinate that is installed; does nothing when it is.

    Which of procrastinate's own migrations came last is noted on its table of jobs.

    Raises:
        SettingsError: the tables are there, but were not made by Redraw.
        StoreUnavailable: the database cannot be reached.
    """
    async with _connected(url) as connector:
        # One connection, so that the lock of the session holds all the while.
        await connector.execute_query_async("SELECT pg_advisory_lock(%(lock)s)", lock=LOCK)
        exists, step = await _state(connector)
        if not exists:
            await _apply(connector, SchemaManager.get_schema(), _steps()[-1].name)
        elif step is None:
            raise SettingsError(VARIABLE, "leads to tables of procrastinate that others have made")
        else:
            await _go_on(connector, step)


async def _go_on(connector: PsycopgConnector, last: str) -> None:
    for step in _steps():
        if step.name > last:
            await _apply(connector, step.read_text("utf-8"), step.name)


async def _apply(connector: PsycopgConnector, statements: str, name: str) -> None:
    """Carry out all statements and note which step that was; all of it or nothing."""
    noted = f"{statements.replace('%', '%%')};\nCOMMENT ON TABLE procrastinate_jobs IS '{name}'"
    await connector.execute_query_async(noted)


async def _state(connector: PsycopgConnector) -> tuple[bool, str | None]:
    row = await connector.execute_query_one_async(_STATE)
    return bool(row["exists"]), row["step"]


def _steps() -> list[Path]:
    """Return procrastinate's migrations in order: their names begin with a version."""
    return sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[PsycopgConnector]:
    async with connected(url, connections=1) as connector:
        try:
            yield connector
        except exceptions.ConnectorException as exc:
            raise as_ours(exc) from exc
