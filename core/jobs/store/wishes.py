"""Doer: what a chat asks of the ledger, in somebody's transaction: acts, lists, shared pictures."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam

from core.jobs.job import Delivery, Job
from core.jobs.lifecycle import State
from core.jobs.store import codec, queries, rows
from core.jobs.store.tables import DELIVERY, JOB

Told = tuple[Job, tuple[Delivery, ...]]
"""A job, and what was and is to be said about it."""

_JOB_OF_ACT = sa.select(JOB).where(JOB.c.dedupe_key == bindparam("dedupe_key"))
_NEWEST_OF = (
    sa.select(JOB)
    .where(JOB.c.requester == bindparam("requester"))
    .order_by(JOB.c.created_at.desc(), JOB.c.job_id.desc())
    .limit(bindparam("limit", type_=sa.Integer))
)
_DELIVERIES_OF = (
    sa.select(DELIVERY)
    .where(DELIVERY.c.job_id.in_(bindparam("job_ids", expanding=True)))
    .order_by(
        DELIVERY.c.seq,
        sa.case({"card": 0, "result": 1, "notice": 2}, value=DELIVERY.c.kind, else_=3),
    )
)


def _holds(column: sa.Column[Any]) -> sa.ColumnElement[bool]:
    return sa.cast(column, sa.Text).contains(bindparam("digest"))


_IS_AWAITED = sa.and_(
    queries.IS_ACTIVE,
    sa.or_(
        sa.and_(JOB.c.preview, JOB.c.state == State.COLLECTING.value),
        _holds(JOB.c.origin_data),
        sa.exists()
        .where(DELIVERY.c.job_id == JOB.c.job_id, _holds(DELIVERY.c.data))
        .correlate(JOB),
    ),
)
"""
The job is under way and has the picture before it, or has just fetched or prepared it.

Any preview that is being downloaded may be the same picture: the studio draws the same twice.
"""
_OF_ANOTHER = sa.select(JOB.c.job_id).where(JOB.c.job_id != bindparam("besides")).limit(1)
_AWAITS = _OF_ANOTHER.where(_IS_AWAITED)
_REFERS = _OF_ANOTHER.where(
    JOB.c.emptied_at.is_(None), sa.or_(_holds(JOB.c.prepared), _holds(JOB.c.outputs), _IS_AWAITED)
)


def job_of_act(connection: sa.Connection, dedupe_key: str) -> Job | None:
    """Return the job that one act of a user made, or None."""
    row = rows.one(connection, _JOB_OF_ACT, {"dedupe_key": dedupe_key})
    return codec.job_from_row(row) if row else None


def told(connection: sa.Connection, requester: str, limit: int) -> tuple[Told, ...]:
    """Return a requester's jobs, the newest first, each with its deliveries as they are sent."""
    found = rows.many(connection, _NEWEST_OF, {"requester": requester, "limit": limit})
    jobs = [codec.job_from_row(row) for row in found]
    said: dict[str, list[Delivery]] = defaultdict(list)
    job_ids = {"job_ids": [job.job_id for job in jobs]}
    for row in rows.many(connection, _DELIVERIES_OF, job_ids):
        said[row["job_id"]].append(codec.delivery_from_row(row))
    return tuple((job, tuple(said[job.job_id])) for job in jobs)


def is_referred_to(connection: sa.Connection, digest: str, besides: str) -> bool:
    """
    Whether a job other than `besides` has a picture, or awaits it.

    It has what stands among its pictures, until it is emptied. Reads every such job: only for what
    somebody asks for by hand.
    """
    return rows.one(connection, _REFERS, {"digest": digest, "besides": besides}) is not None


def is_awaited(connection: sa.Connection, digest: str, besides: str) -> bool:
    """
    Whether a job under way, other than `besides`, may yet come to have a picture.

    It may when the digest stands in what its adapter keeps, or in what is kept of its messages, and
    while it downloads previews, whatever they are.
    A job that has ended without the picture does not need it any more.
    """
    return rows.one(connection, _AWAITS, {"digest": digest, "besides": besides}) is not None
