"""Doer: takes out of old or deleted jobs what users gave, and keeps what they cost."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import bindparam

from core.jobs.deliveries import DELIVERY_TRANSITIONS, DeliveryEvent
from core.jobs.job import Delivery, DeliveryState, Job
from core.jobs.lifecycle import DeliveryKind
from core.jobs.store import codec, lines, queries, rows
from core.jobs.store.tables import COST, DELIVERY, HISTORY, JOB

_DELETED = DELIVERY_TRANSITIONS[DeliveryState.SENT, DeliveryEvent.DELETED].to
_MESSAGES = (DeliveryKind.CARD, DeliveryKind.RESULT, DeliveryKind.NOTICE)
"""What a message of its own stands for; the card's last edit went with the card."""
_DELETE_SENT = (
    sa.update(DELIVERY)
    .where(
        DELIVERY.c.job_id == bindparam("of_job"),
        DELIVERY.c.kind.in_([kind.value for kind in _MESSAGES]),
        DELIVERY.c.state == DeliveryState.SENT.value,
    )
    .values(state=_DELETED.value)
    .returning(DELIVERY)
)
MAY_BE_EMPTIED = sa.and_(
    queries.IS_TERMINAL, JOB.c.emptied_at.is_(None), sa.not_(queries.HAS_OPEN_DELIVERY)
)
"""The job has ended, has nothing left to say, and is not empty yet."""
_OLD = (
    sa.select(JOB.c.job_id)
    .where(MAY_BE_EMPTIED, JOB.c.finished_at < bindparam("ended_before"))
    .order_by(JOB.c.finished_at)
    .limit(bindparam("limit", type_=sa.Integer))
    .with_for_update(skip_locked=True)
)
_DROPPABLE = (
    sa.select(JOB.c.job_id)
    .where(
        JOB.c.emptied_at.is_not(None),
        JOB.c.finished_at < bindparam("ended_before"),
        sa.not_(queries.HAS_OPEN_DELIVERY),
    )
    .order_by(JOB.c.finished_at)
    .limit(bindparam("limit", type_=sa.Integer))
    .with_for_update(skip_locked=True)
)


def empty_old(
    connection: sa.Connection, ended_before: datetime, limit: int, at: datetime
) -> tuple[str, ...]:
    """Empty the jobs that ended before that instant, the oldest first; return their ids."""
    # The rows first, as in `empty`; one that another process is changing has its turn next time.
    values = {"ended_before": ended_before, "limit": limit}
    old = [row["job_id"] for row in rows.many(connection, _OLD, values)]
    change = emptied(at).where(JOB.c.job_id.in_(old), MAY_BE_EMPTIED).returning(JOB.c.job_id)
    return tuple(sorted(row["job_id"] for row in rows.many(connection, change, {})))


def empty(connection: sa.Connection, job_id: str, at: datetime) -> Job | None:
    """
    Empty one job, whose messages are deleted; None when it has not ended or is not told whole.

    What was sent of it counts as deleted from then on.
    """
    # The row first: what another process opens for the job meanwhile has to be seen.
    rows.job(connection, job_id, to_change=True)
    change = emptied(at).where(JOB.c.job_id == job_id, MAY_BE_EMPTIED).returning(JOB)
    row = rows.one(connection, change, {})
    if row is None:
        return None
    job = codec.job_from_row(row)
    for deleted in rows.many(connection, _DELETE_SENT, {"of_job": job_id}):
        lines.add(connection, _line(codec.delivery_from_row(deleted), job, at))
    return job


def drop_old(connection: sa.Connection, ended_before: datetime, limit: int) -> int:
    """Drop emptied jobs that ended before that instant, with all about them; return how many."""
    values = {"ended_before": ended_before, "limit": limit}
    job_ids = [row["job_id"] for row in rows.many(connection, _DROPPABLE, values)]
    if job_ids:
        for table in (HISTORY, DELIVERY, COST, JOB):
            connection.execute(sa.delete(table).where(table.c.job_id.in_(job_ids)))
    return len(job_ids)


def _line(deleted: Delivery, job: Job, at: datetime) -> dict[str, object]:
    return {
        "job_id": job.job_id,
        "at": at,
        "event": DeliveryEvent.DELETED,
        "before": DeliveryState.SENT,
        "after": deleted.state,
        "reason": None,
        "fence": job.fence,
        "delivery": deleted.kind,
        "seq": deleted.seq,
    }


def emptied(at: datetime) -> sa.Update:
    """
    Return the change of jobs that removes words, pictures and ways to them.

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
