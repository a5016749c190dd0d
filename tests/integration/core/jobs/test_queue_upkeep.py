"""Postgres is told to tidy up the tables that churn, also in a database that was there before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from core.jobs.dispatch_schema import (
    CHURNING,
    UPKEEP,
    _steps,
    migrate_queue,
    queue_is_current,
)
from core.jobs.store.schema import migrate
from tests.fakes.postgres import new_database

pytestmark = pytest.mark.postgres

OURS = ("job", "delivery", "history", "cost", "drafts")
OPTIONS = "SELECT reloptions FROM pg_class WHERE oid = to_regclass(%s)"


@pytest.fixture
def url() -> Iterator[str]:
    with new_database() as address:
        yield address


def options_of(url: str, table: str) -> dict[str, str]:
    """Return the storage parameters of a table."""
    with psycopg.connect(url) as sql:
        (found,) = sql.execute(OPTIONS, (table,)).fetchone() or (None,)
    return dict(each.split("=") for each in found or ())


async def test_new_database_is_looked_after(url: str) -> None:
    """Both the queue's tables that churn, and ours that are busy."""
    await migrate(url)
    await migrate_queue(url)

    assert [options_of(url, table) for table in CHURNING] == [UPKEEP, UPKEEP]
    assert [options_of(url, table)["autovacuum_vacuum_scale_factor"] for table in OURS] == [
        "0.02"
    ] * len(OURS)


def as_before(sql: psycopg.Connection[tuple[Any, ...]]) -> None:
    """Make a database as it was made before anything was set."""
    for table in CHURNING:
        sql.execute(f"ALTER TABLE {table} RESET ({', '.join(UPKEEP)})")
    sql.execute(f"COMMENT ON TABLE procrastinate_jobs IS '{_steps()[-1].name}'")


async def test_database_of_before_is_looked_after_from_now_on(url: str) -> None:
    """It is not current any more, so that `redraw migrate` is asked for, and sets it."""
    await migrate_queue(url)
    with psycopg.connect(url, autocommit=True) as sql:
        as_before(sql)
    assert not await queue_is_current(url)
    assert options_of(url, CHURNING[0]) == {}
    await migrate_queue(url)

    assert await queue_is_current(url)
    assert [options_of(url, table) for table in CHURNING] == [UPKEEP, UPKEEP]


async def test_what_an_admin_has_set_stays(url: str) -> None:
    """Before it is set and afterwards, of what we set and of all else."""
    await migrate_queue(url)
    own = "SET (autovacuum_vacuum_threshold = 77, fillfactor = 50)"
    with psycopg.connect(url, autocommit=True) as sql:
        as_before(sql)
        sql.execute(f"ALTER TABLE {CHURNING[0]} {own}")
    await migrate_queue(url)
    with psycopg.connect(url, autocommit=True) as sql:
        sql.execute(f"ALTER TABLE {CHURNING[1]} RESET (autovacuum_vacuum_threshold)")
    await migrate_queue(url)

    theirs = {"autovacuum_vacuum_threshold": "77", "fillfactor": "50"}
    assert options_of(url, CHURNING[0]) == {**UPKEEP, **theirs}
    assert "autovacuum_vacuum_threshold" not in options_of(url, CHURNING[1])


async def test_it_waits_for_no_writer(url: str) -> None:
    """Replicas that run take and end rows meanwhile."""
    await migrate_queue(url)
    with psycopg.connect(url) as writer:
        as_before(writer)
        writer.commit()
        writer.execute("INSERT INTO procrastinate_jobs (queue_name, task_name) VALUES ('a', 'b')")
        await migrate_queue(url)
        assert options_of(url, CHURNING[0]) == UPKEEP
