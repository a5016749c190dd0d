"""A database on a local Postgres with the ledger and the queue beside it, empty for each test."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import psycopg
import pytest

from core.jobs.dispatch_schema import migrate_queue
from core.jobs.store.schema import migrate
from tests.fakes.postgres import new_database

TABLES = (
    "job, delivery, cost, history, drafts, control, touched, erasure, "
    "procrastinate_jobs, procrastinate_events, procrastinate_workers, procrastinate_periodic_defers"
)


@pytest.fixture(scope="session")
def shared_database() -> Iterator[str]:
    """The address of a new database with both schemas, dropped afterwards."""
    with new_database() as address:
        asyncio.run(migrate(address))
        asyncio.run(migrate_queue(address))
        yield address


@pytest.fixture
def shared_url(shared_database: str) -> str:
    """The address of that database, without any rows."""
    with psycopg.connect(shared_database) as connection:
        connection.execute(f"TRUNCATE {TABLES}")
    return shared_database


@pytest.fixture
def sql(shared_url: str) -> Iterator[psycopg.Connection]:
    """A connection of the test's own, each statement a transaction."""
    with psycopg.connect(shared_url, autocommit=True) as connection:
        yield connection
