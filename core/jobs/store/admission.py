"""Doer: takes an order in, counted and inserted in one transaction that it shares with nobody."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from core.jobs import lifecycle, quota
from core.jobs.job import Admission, Job, Order, moved
from core.jobs.lifecycle import DeliveryKind, Event, State
from core.jobs.quota import Limits, Usage
from core.jobs.store import changes, codec, delivering, queries, rows, statements
from core.jobs.store.engine import ADMISSION_LOCK
from core.jobs.store.tables import ADMITTED

_LOCK = sa.select(sa.func.pg_advisory_xact_lock(ADMISSION_LOCK))


def admit(
    connection: sa.Connection,
    order: Order,
    *,
    limits: Limits,
    deadline_s: float,
    now: datetime,
    job_id: str,
) -> Admission:
    """
    Return the job of an order: a new one, or the one that the same act of the user made before.

    Raises:
        QuotaExceeded: it does not fit into the limits.
    """
    _admit_nobody_else(connection)
    row = rows.one(connection, queries.JOB_OF_ACT, {"dedupe_key": order.dedupe_key})
    known = codec.job_from_row(row) if row else None
    if known and not known.can_be_revived:
        return Admission(job=known, is_new=False)
    quota.check(order, limits, usage(connection, order.origin.requester, now), now)
    deadline_at = now + timedelta(seconds=deadline_s)
    if known:
        job = _revive(connection, known, order, deadline_at, now)
    else:
        job = _insert(connection, _new(order, job_id, deadline_at, now))
    return Admission(job=job, is_new=True)


def usage(connection: sa.Connection, requester: str, now: datetime) -> Usage:
    """Return what is used of the limits, as this transaction sees it."""
    mine = {"requester": requester, "day_start": quota.day_start(now)}
    month = {"start": quota.month_start(now)}
    return queries.usage(
        rows.many(connection, queries.JOBS_THAT_COUNT, mine),
        rows.the_one(connection, queries.UNDER_WAY, {}),
        rows.the_one(connection, queries.CREDITS_SINCE, month),
        now,
    )


def _admit_nobody_else(connection: sa.Connection) -> None:
    """Keep two clicks from being counted side by side; on SQLite the transaction does that."""
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK)


def _new(order: Order, job_id: str, deadline_at: datetime, now: datetime) -> Job:
    return Job(
        job_id=job_id,
        dedupe_key=order.dedupe_key,
        origin=order.origin,
        request=order.request,
        credits=order.credits,
        preview=order.preview,
        state=State.RECEIVED,
        created_at=now,
        updated_at=now,
        deadline_at=deadline_at,
    )


def _insert(connection: sa.Connection, job: Job) -> Job:
    row = rows.the_one(connection, statements.INSERT_JOB, codec.job_to_columns(job))
    written = codec.job_from_row(row)
    changes.write_line(connection, written, ADMITTED, before=None, at=job.created_at)
    delivering.open_all(connection, written, [DeliveryKind.CARD])
    return written


def _revive(
    connection: sa.Connection, job: Job, order: Order, deadline_at: datetime, now: datetime
) -> Job:
    transition = lifecycle.TRANSITIONS[job.state, Event.REVIVED]
    revived = replace(
        moved(job, Event.REVIVED, transition, now),
        origin=order.origin,
        request=order.request,
        credits=order.credits,
        preview=order.preview,
        deadline_at=deadline_at,
    )
    connection.execute(statements.REFILL, statements.refill_values(revived))
    written = changes.write_move(connection, job, revived, Event.REVIVED, transition)
    assert written is not None, "a row that this transaction holds has moved"
    return written
