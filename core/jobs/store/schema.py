"""Doer: the schema of the database, and what brings it to this version."""

from __future__ import annotations

import asyncio
from pathlib import Path

import alembic.command
import alembic.util
import sqlalchemy as sa
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from core.errors import SettingsError
from core.jobs.store.engine import (
    ADMISSION_LOCK,
    BUSY_TIMEOUT_S,
    VARIABLE,
    database_url,
    is_sqlite,
    make_private,
    one_connection,
)

MIGRATION_LOCK = ADMISSION_LOCK + 1
"""The Postgres advisory lock under which the schema is changed."""
MIGRATION_TIMEOUT_S = 3600.0
"""
How long a Postgres server may take over one step of a change of the schema, in seconds.

A large table may need longer than any statement of a bot that runs; nobody waits for it in a chat.
"""
_ENDS_WITH_US = (
    "SELECT set_config(name, '1000', true) FROM pg_settings"
    " WHERE name = 'client_connection_check_interval'"
)
"""
Have the server look every second whether we are still there, if it can: else a step of a migration
that was killed keeps its locks for as long as it takes.

Source: postgresql.org/docs/14/runtime-config-connection.html (servers since 14).
"""


async def migrate(text: str) -> None:
    """
    Bring the database's schema to what this version needs; does nothing when it is.

    Raises:
        SettingsError: the address cannot work, or another version has been there before.
        StoreUnavailable: the database cannot be reached.
    """
    await asyncio.to_thread(_migrate, database_url(text))


async def schema_is_current(text: str) -> bool:
    """
    Return whether the schema is the one that this version needs; makes nothing.

    Raises:
        SettingsError: the address cannot work.
        StoreUnavailable: the database cannot be reached.
    """
    return await asyncio.to_thread(_is_current, database_url(text))


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    return config


def _migrate(url: sa.URL) -> None:
    if is_sqlite(url):
        make_private(Path(str(url.database)))
    try:
        with one_connection(url, foreign_keys=False) as connection:
            _take_turns(connection)
            config = _config()
            config.attributes["connection"] = connection
            alembic.command.upgrade(config, "head")
    except alembic.util.CommandError as exc:
        reason = "leads to the database of another version, a newer one: use that"
        raise SettingsError(VARIABLE, reason) from exc


def _take_turns(connection: sa.Connection) -> None:
    """Wait until nobody else changes the schema, and let what follows take its time."""
    if connection.dialect.name != "postgresql":
        return
    connection.exec_driver_sql(_ENDS_WITH_US)
    limit_ms = int(MIGRATION_TIMEOUT_S * 1000)
    connection.exec_driver_sql(f"SET LOCAL statement_timeout = {limit_ms}")
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {limit_ms}")
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATION_LOCK)))
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(BUSY_TIMEOUT_S * 1000)}")


def _is_current(url: sa.URL) -> bool:
    if is_sqlite(url) and not Path(str(url.database)).exists():
        return False
    with one_connection(url) as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
    head = ScriptDirectory.from_config(_config()).get_current_head()
    return revision is not None and revision == head
