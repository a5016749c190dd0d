"""Doer: single rows of the ledger, inside somebody's transaction."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from core.jobs.job import Job
from core.jobs.store import codec, queries


def find(connection: sa.Connection, job_id: str, *, to_change: bool = False) -> Job | None:
    """Return the job as it is now, or None."""
    row = one(connection, queries.job(job_id, to_change=to_change))
    return codec.job_from_row(row) if row else None


def one(connection: sa.Connection, statement: sa.Executable) -> codec.Row | None:
    """Return the first row that `statement` gives, or None."""
    return (connection.execute(statement)).mappings().first()


def the_one(connection: sa.Connection, statement: sa.Executable) -> codec.Row:
    """Return the only row that `statement` gives."""
    return (connection.execute(statement)).mappings().one()


def many(connection: sa.Connection, statement: sa.Executable) -> Sequence[codec.Row]:
    """Return every row that `statement` gives."""
    return (connection.execute(statement)).mappings().all()


def insert_once(connection: sa.Connection, table: sa.Table) -> sa.Executable:
    """Return an insert that does nothing where the row exists already."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    return insert(table).on_conflict_do_nothing()
