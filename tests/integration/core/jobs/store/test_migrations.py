"""The steps from nothing to now make exactly the tables that the code describes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from core.jobs.store.engine import database_url
from core.jobs.store.ledger import open_ledger
from core.jobs.store.schema import MIGRATION_LOCK, _config, migrate, schema_is_current
from core.jobs.store.tables import METADATA
from tests.fakes.clock import VirtualClock
from tests.fakes.ledger_jobs import admitted
from tests.fakes.rig import ADMIT_WITHIN_S


@contextmanager
def connected(url: str | sa.URL) -> Iterator[sa.Connection]:
    engine = sa.create_engine(url if isinstance(url, sa.URL) else database_url(url))
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def _differences(connection: sa.Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, METADATA))


def _sqlite_rules(connection: sa.Connection) -> dict[str, list[str]]:
    """Return what SQLite was told to make, statement by statement, regardless of order."""
    rows = connection.execute(sa.text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
    return {
        row.name: sorted(re.split(r",\s*\n", re.sub(r"[\t()\"]", "", row.sql)))
        for row in rows
        if row.name != "alembic_version"
    }


def _postgres_rules(connection: sa.Connection) -> set[tuple[str, ...]]:
    """Return every constraint and index of the present schema, as Postgres writes them."""
    rules = connection.execute(
        sa.text(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)"
            " FROM pg_constraint WHERE connamespace = current_schema()::regnamespace"
            " UNION ALL SELECT tablename, indexname, replace(indexdef, schemaname || '.', '')"
            " FROM pg_indexes WHERE schemaname = current_schema()"
        )
    )
    return {tuple(map(str, rule)) for rule in rules if "alembic_version" not in rule[0]}


def test_there_is_one_line_of_steps() -> None:
    """Steps have one head and one base, so that every database goes the same way."""
    scripts = ScriptDirectory.from_config(_config())

    assert len(scripts.get_heads()) == len(scripts.get_bases()) == 1


async def test_sqlite_is_migrated_to_what_the_code_describes(tmp_path: Path) -> None:
    """From an empty file every step leads to the tables, rules and indexes of the code."""
    url = f"sqlite:///{tmp_path / 'migrated.db'}"
    await migrate(url)
    described = f"sqlite:///{tmp_path / 'described.db'}"

    with connected(url) as migrated, connected(described) as made:
        METADATA.create_all(made)

        assert _differences(migrated) == []
        assert _sqlite_rules(migrated) == _sqlite_rules(made)


@pytest.mark.postgres
async def test_postgres_is_migrated_to_what_the_code_describes(postgres: str) -> None:
    """From an empty database every step leads to the tables, rules and indexes of the code."""
    with psycopg.connect(postgres, autocommit=True) as server:
        server.execute("DROP SCHEMA IF EXISTS described CASCADE; CREATE SCHEMA described")
    described = database_url(postgres).set(query={"options": "-csearch_path=described"})
    assert await schema_is_current(postgres)

    with connected(postgres) as migrated, connected(described) as made:
        METADATA.create_all(made)

        assert _differences(migrated) == []
        assert _postgres_rules(migrated) == _postgres_rules(made)


@pytest.mark.postgres
async def test_a_change_of_the_schema_takes_its_time(postgres: str) -> None:
    """It waits for another one, however little time a statement is given otherwise."""
    hasty = database_url(postgres).set(
        query={"options": "-clock_timeout=50 -cstatement_timeout=50"}
    )
    async with (
        await psycopg.AsyncConnection.connect(postgres, autocommit=True) as server,
        asyncio.TaskGroup() as tasks,
        asyncio.timeout(20),
    ):
        await server.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
        changing = tasks.create_task(migrate(hasty.render_as_string(hide_password=False)))
        while not await (await server.execute(WAITS_FOR_LONG)).fetchall():
            assert not changing.done()
            await asyncio.sleep(0.02)
        await server.execute("SELECT pg_advisory_unlock(%s)", [MIGRATION_LOCK])

    assert await schema_is_current(postgres)


WAITS_FOR_LONG = """
SELECT 1 FROM pg_stat_activity
WHERE datname = current_database() AND wait_event = 'advisory'
  AND clock_timestamp() - query_start > interval '200 ms'
"""

RULES = {
    "an unknown state": "state = 'asleep'",
    "an unknown reason": "state = 'failed', reason = 'boredom', finished_at = created_at",
    "an end without a reason": "state = 'failed', finished_at = created_at",
    "a reason without an end": "reason = 'picture'",
    "an end without a date": "state = 'ready'",
    "a date without an end": "finished_at = created_at",
    "a submit without a date": "state = 'submitting'",
    "a run without a task": "state = 'running', submitted_at = created_at",
    "a wish to cancel what is not sent": "cancel_wanted = true",
    "an order without a prompt": "prompt = NULL",
    "an emptied job under way": "prompt = NULL, emptied_at = created_at",
    "a falling fence": "fence = -1",
    "no pictures": "pictures = 0",
}


@pytest.mark.parametrize("rule", RULES)
async def test_the_database_refuses(url: str, rule: str) -> None:
    """What no job can be cannot be written, by whatever means."""
    async with open_ledger(url, VirtualClock(), admit_within_s=ADMIT_WITHIN_S) as ledger:
        await admitted(ledger)

    with connected(url) as connection, pytest.raises(sa.exc.IntegrityError):
        connection.execute(sa.text(f"UPDATE job SET {RULES[rule]}"))


@pytest.mark.parametrize(
    "rule",
    ["state = 'lost'", "kind = 'rumour'", "state = 'sent'", "attempt = 1", "job_id = 'nobody'"],
)
async def test_the_database_refuses_of_a_delivery(url: str, rule: str) -> None:
    """A delivery is of a job, of a known kind, and is not sent without a try."""
    async with open_ledger(url, VirtualClock(), admit_within_s=ADMIT_WITHIN_S) as ledger:
        await admitted(ledger)

    with connected(url) as connection:
        if url.startswith("sqlite"):
            connection.exec_driver_sql("PRAGMA foreign_keys = ON")
        with pytest.raises(sa.exc.IntegrityError):
            connection.execute(sa.text(f"UPDATE delivery SET {rule}"))
