"""Doer: single rows of the ledger, inside somebody's transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from core.jobs.job import Delivery, Job
from core.jobs.store import codec, direct, queries


def job(connection: sa.Connection, job_id: str, *, to_change: bool = False) -> Job | None:
    """Return the job as it is now, or None; `to_change` keeps it so until the transaction ends."""
    statement = queries.JOB_TO_CHANGE if to_change else queries.JOB_BY_ID
    row = direct.one(connection, statement, {"job_id": job_id})
    return codec.job_from_row(row) if row else None


def deliveries(connection: sa.Connection, job_id: str) -> list[Delivery]:
    """Return a job's deliveries in the order in which they are sent."""
    found = direct.every(connection, queries.DELIVERIES, {"job_id": job_id})
    return [codec.delivery_from_row(row) for row in found]


def one(
    connection: sa.Connection, statement: sa.Executable, values: Mapping[str, Any]
) -> codec.Row | None:
    """Return the first row that `statement` gives, or None."""
    return connection.execute(statement, values).mappings().first()


def the_one(
    connection: sa.Connection, statement: sa.Executable, values: Mapping[str, Any]
) -> codec.Row:
    """Return the only row that `statement` gives."""
    return connection.execute(statement, values).mappings().one()


def many(
    connection: sa.Connection, statement: sa.Executable, values: Mapping[str, Any]
) -> Sequence[codec.Row]:
    """Return every row that `statement` gives."""
    return connection.execute(statement, values).mappings().all()
