"""Doer: single rows of the ledger, inside somebody's transaction."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from core.jobs.job import Job
from core.jobs.store import codec, queries


async def find(connection: AsyncConnection, job_id: str, *, to_change: bool = False) -> Job | None:
    """Return the job as it is now, or None."""
    row = await one(connection, queries.job(job_id, to_change=to_change))
    return codec.job_from_row(row) if row else None


async def one(connection: AsyncConnection, statement: sa.Executable) -> codec.Row | None:
    """Return the first row that `statement` gives, or None."""
    return (await connection.execute(statement)).mappings().first()


async def the_one(connection: AsyncConnection, statement: sa.Executable) -> codec.Row:
    """Return the only row that `statement` gives."""
    return (await connection.execute(statement)).mappings().one()


async def many(connection: AsyncConnection, statement: sa.Executable) -> Sequence[codec.Row]:
    """Return every row that `statement` gives."""
    return (await connection.execute(statement)).mappings().all()


def insert_once(connection: AsyncConnection, table: sa.Table) -> sa.Executable:
    """Return an insert that does nothing where the row exists already."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    return insert(table).on_conflict_do_nothing()
