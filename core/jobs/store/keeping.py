"""Doer: takes out of old or deleted jobs what users gave, and keeps what they cost."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from core.jobs.job import Job
from core.jobs.store import codec, queries, rows
from core.jobs.store.tables import JOB

_MAY_BE_EMPTIED = sa.and_(
    queries.IS_TERMINAL, JOB.c.emptied_at.is_(None), sa.not_(queries.HAS_OPEN_DELIVERY)
)


def empty_old(
    connection: sa.Connection, ended_before: datetime, limit: int, at: datetime
) -> tuple[str, ...]:
    """Empty the jobs that ended before that instant, the oldest first; return their ids."""
    old = (
        sa.select(JOB.c.job_id)
        .where(_MAY_BE_EMPTIED, JOB.c.finished_at < ended_before)
        .order_by(JOB.c.finished_at)
        .limit(limit)
    )
    emptied = _emptied(at).where(JOB.c.job_id.in_(old)).returning(JOB.c.job_id)
    return tuple(sorted(row["job_id"] for row in rows.many(connection, emptied, {})))


def empty(connection: sa.Connection, job_id: str, at: datetime) -> Job | None:
    """Empty one job; None when it has not ended, or something is still being said of it."""
    emptied = _emptied(at).where(JOB.c.job_id == job_id, _MAY_BE_EMPTIED).returning(JOB)
    row = rows.one(connection, emptied, {})
    return codec.job_from_row(row) if row else None


def _emptied(at: datetime) -> sa.Update:
    """
    Remove words, pictures and ways to them.

    The remote task's id goes too: the provider keeps its results at addresses that it leads to.
    """
    return sa.update(JOB).values(
        prompt=None,
        negative_prompt=None,
        origin_data={},
        prepared=[],
        result_urls=[],
        outputs=[],
        notices=[],
        remote_task_id=None,
        emptied_at=at,
        updated_at=at,
    )
