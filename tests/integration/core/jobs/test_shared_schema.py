"""procrastinate's schema beside the ledger's: made once, brought on, and never taken over."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from procrastinate.schema import SchemaManager

from core.errors import SettingsError, StoreUnavailable
from core.jobs.dispatch_schema import _steps, migrate_queue, queue_is_current
from tests.fakes.postgres import new_database

pytestmark = pytest.mark.postgres

SHAPE = """
SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns
WHERE table_name LIKE 'procrastinate%' ORDER BY 1, 2
"""
FUNCTIONS = "SELECT proname FROM pg_proc WHERE proname LIKE 'procrastinate%' ORDER BY 1"


@pytest.fixture
def empty() -> Iterator[str]:
    with new_database() as url:
        yield url


async def test_schema_is_made_once(empty: str) -> None:
    """A second time does nothing."""
    before = await queue_is_current(empty)
    await migrate_queue(empty)
    await migrate_queue(empty)

    assert (before, await queue_is_current(empty)) == (False, True)


async def test_older_schema_is_brought_on(empty: str) -> None:
    """From the schema of an earlier procrastinate, step by step, to the same as a new one."""
    steps = _steps()
    split = next(n for n, step in enumerate(steps) if step.name.startswith("03.01"))
    with psycopg.connect(empty, autocommit=True) as sql:
        for step in steps[:split]:
            sql.execute(step.read_bytes())
        sql.execute(f"COMMENT ON TABLE procrastinate_jobs IS '{steps[split - 1].name}'")
    assert not await queue_is_current(empty)
    await migrate_queue(empty)
    assert await queue_is_current(empty)
    with new_database() as fresh:
        await migrate_queue(fresh)
        with psycopg.connect(empty) as old, psycopg.connect(fresh) as new:
            assert old.execute(SHAPE).fetchall() == new.execute(SHAPE).fetchall()
            known = set(new.execute(FUNCTIONS).fetchall())
            assert known <= set(old.execute(FUNCTIONS).fetchall())


async def test_cut_short_migration_is_made_again(empty: str) -> None:
    """Whichever step was the last to be made is noted with it, or neither is there."""
    with psycopg.connect(empty, autocommit=True) as sql:
        sql.execute(
            "CREATE FUNCTION cut() RETURNS event_trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE 'cut short'; END $$"
        )
        sql.execute(
            "CREATE EVENT TRIGGER cut ON ddl_command_start WHEN TAG IN ('COMMENT') "
            "EXECUTE FUNCTION cut()"
        )
        with pytest.raises(StoreUnavailable):
            await migrate_queue(empty)
        sql.execute("DROP EVENT TRIGGER cut")
    await migrate_queue(empty)

    assert await queue_is_current(empty)


async def test_tables_of_others_are_left_alone(empty: str) -> None:
    """An application of its own may use procrastinate there: that is not our queue."""
    with psycopg.connect(empty, autocommit=True) as sql:
        sql.execute(SchemaManager.get_schema().encode())

    assert not await queue_is_current(empty)
    with pytest.raises(SettingsError, match="others"):
        await migrate_queue(empty)


async def test_newer_schema_is_left_alone(empty: str) -> None:
    """Noted as older than it is, its newer version would make its last steps a second time."""
    await migrate_queue(empty)
    note = "SELECT obj_description('procrastinate_jobs'::regclass, 'pg_class')"
    with psycopg.connect(empty, autocommit=True) as sql:
        sql.execute("COMMENT ON TABLE procrastinate_jobs IS '99.00.00_01_pre_newer.sql'")
        with pytest.raises(SettingsError, match="newer"):
            await migrate_queue(empty)

        assert sql.execute(note).fetchall() == [("99.00.00_01_pre_newer.sql",)]
    assert not await queue_is_current(empty)


async def test_unreachable_database_is_said_so() -> None:
    """In the error that the store has for it."""
    with pytest.raises(StoreUnavailable):
        await queue_is_current("postgresql://nobody@127.0.0.1:1/none")
