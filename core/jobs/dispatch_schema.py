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

CHURNING = ("procrastinate_jobs", "procrastinate_events")
"""
Tables whose rows live for a minute: each job leaves one dead row here for each time that it was
taken, given back and ended, and its three or more events.
"""
UPKEEP = {
    "autovacuum_vacuum_scale_factor": "0",
    "autovacuum_vacuum_threshold": "1000",
    "autovacuum_analyze_scale_factor": "0",
    "autovacuum_analyze_threshold": "1000",
}
"""
When Postgres tidies those up: after so many dead rows, however many are alive.

By itself it waits for a fifth of the table. Dead rows lie in the way of whoever fetches the next
job, and a table that once held ten thousand would never be small again.

Source: postgresql.org/docs/current/sql-createtable.html (Storage Parameters).
"""
LOOKED_AFTER = "tidied-1"
"""Noted when UPKEEP was set; another number has it set anew in every database."""

_OPTIONS = """
SELECT coalesce(array_agg(option_name), '{}') AS names
FROM pg_class, pg_options_to_table(reloptions) WHERE oid = to_regclass(%(table)s)
"""
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
        return (await _state(connector))[1] == _wanted()


async def migrate_queue(url: str) -> None:
    """
    Bring the schema to the procrastinate that is installed, and have it tidied up often enough.

    Does nothing where that was done; what an admin has set of UPKEEP stays. On procrastinate's
    table of jobs it is noted which of its own migrations came last, and that UPKEEP was set.

    Raises:
        SettingsError: the tables are there, but were not made by Redraw, or by a newer one.
        StoreUnavailable: the database cannot be reached.
    """
    async with _connected(url) as connector:
        # One connection, so that the lock of the session holds all the while.
        await connector.execute_query_async("SELECT pg_advisory_lock(%(lock)s)", lock=LOCK)
        exists, noted = await _state(connector)
        if not exists:
            await _apply(connector, SchemaManager.get_schema(), _steps()[-1].name)
        elif noted is None:
            raise SettingsError(VARIABLE, "leads to tables of procrastinate that others have made")
        else:
            await _go_on(connector, noted.partition(" ")[0])
        if (await _state(connector))[1] != _wanted():
            await _look_after(connector)


async def _go_on(connector: PsycopgConnector, last: str) -> None:
    if last > _steps()[-1].name:
        raise SettingsError(
            VARIABLE, "leads to the queue of another version, a newer one: use that"
        )
    for step in _steps():
        if step.name > last:
            await _apply(connector, step.read_text("utf-8"), step.name)


async def _look_after(connector: PsycopgConnector) -> None:
    """Set what is not set, and note it; that waits for no reader and no writer."""
    statements = [f"COMMENT ON TABLE procrastinate_jobs IS '{_wanted()}'"]
    for table in CHURNING:
        known = (await connector.execute_query_one_async(_OPTIONS, table=table))["names"]
        missing = ", ".join(f"{name} = {UPKEEP[name]}" for name in UPKEEP if name not in known)
        if missing:
            statements.append(f"ALTER TABLE {table} SET ({missing})")
    await connector.execute_query_async(";\n".join(statements))


async def _apply(connector: PsycopgConnector, statements: str, name: str) -> None:
    """Carry out all statements and note which step that was; all of it or nothing."""
    noted = f"{statements.replace('%', '%%')};\nCOMMENT ON TABLE procrastinate_jobs IS '{name}'"
    await connector.execute_query_async(noted)


async def _state(connector: PsycopgConnector) -> tuple[bool, str | None]:
    row = await connector.execute_query_one_async(_STATE)
    return bool(row["exists"]), row["step"]


def _wanted() -> str:
    """Return what is noted when nothing is left to do."""
    return f"{_steps()[-1].name} {LOOKED_AFTER}"


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
