"""
Decider: what is asked of the ledger, as statements made once, and what the answers mean.

The names in `bindparam` are what a statement is executed with. Making a statement costs more than
executing it, so that none is made for a call.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam

from core.jobs import quota
from core.jobs.job import OPEN_DELIVERIES
from core.jobs.lifecycle import ACTIVE, TERMINAL, Reason, State
from core.jobs.quota import Spent, Usage
from core.jobs.store.tables import COST, DELIVERY, HISTORY, JOB


def _is_one_of(column: sa.Column[str], words: Iterable[str]) -> sa.ColumnElement[bool]:
    """Compare with words that are written out, so that partial indexes are found to apply."""
    return column.in_([sa.literal_column(repr(str(word))) for word in sorted(words)])


IS_ACTIVE = _is_one_of(JOB.c.state, ACTIVE)
IS_TERMINAL = _is_one_of(JOB.c.state, TERMINAL)
IS_OPEN = _is_one_of(DELIVERY.c.state, OPEN_DELIVERIES)
HAS_OPEN_DELIVERY = sa.exists().where(DELIVERY.c.job_id == JOB.c.job_id, IS_OPEN).correlate(JOB)
NEWEST_FIRST = (JOB.c.created_at.desc(), JOB.c.job_id.desc())
_LIMIT = bindparam("limit", type_=sa.Integer)

JOB_BY_ID = sa.select(JOB).where(JOB.c.job_id == bindparam("job_id"))
JOB_TO_CHANGE = JOB_BY_ID.with_for_update()
"""The same, and nobody else changes it until the transaction ends."""

JOB_OF_ACT = sa.select(JOB).where(JOB.c.dedupe_key == bindparam("dedupe_key")).with_for_update()
"""The job of one act of a user."""

JOB_HELD = (
    sa.select(JOB.c.job_id)
    .where(JOB.c.job_id == bindparam("job_id"), JOB.c.fence == bindparam("fence"))
    .with_for_update()
)
"""The job if it is held under that fence; nobody takes it until the transaction ends."""

UNFINISHED = sa.union(
    sa.select(JOB.c.created_at, JOB.c.job_id).where(IS_ACTIVE),
    sa.select(JOB.c.created_at, JOB.c.job_id).join(DELIVERY).where(IS_OPEN),
).order_by("created_at", "job_id")
"""The jobs that have not ended or have something to say, the oldest first."""

JOBS_OF = (
    sa.select(JOB)
    .where(JOB.c.requester == bindparam("requester"))
    .order_by(*NEWEST_FIRST)
    .limit(_LIMIT)
)
"""A requester's jobs, the newest first."""

JOBS = sa.select(JOB).order_by(*NEWEST_FIRST).limit(_LIMIT)
"""Everybody's jobs, the newest first."""

JOBS_IN = JOBS.where(JOB.c.state == bindparam("state"))
"""Everybody's jobs in one state, the newest first."""

DELIVERIES = (
    sa.select(DELIVERY)
    .where(DELIVERY.c.job_id == bindparam("job_id"))
    .order_by(
        DELIVERY.c.seq,
        sa.case({"card": 0, "result": 1, "notice": 2}, value=DELIVERY.c.kind, else_=3),
    )
)
"""A job's deliveries, round by round, in the order in which they are sent."""

HISTORY_OF = (
    sa.select(HISTORY).where(HISTORY.c.job_id == bindparam("job_id")).order_by(HISTORY.c.line)
)
"""What happened to a job, in order."""

DURATIONS = (
    sa.select(JOB.c.submitted_at, JOB.c.produced_at)
    .where(
        JOB.c.model_id == bindparam("model_id"),
        JOB.c.preview.in_(bindparam("previews", expanding=True)),
        JOB.c.produced_at.is_not(None),
        JOB.c.submitted_at.is_not(None),
        JOB.c.seq == 0,
    )
    .order_by(JOB.c.produced_at.desc())
    .limit(_LIMIT)
)
"""When the newest results of a model were asked for and seen; what was checked again left out."""

COUNTS = sa.select(JOB.c.state, sa.func.count().label("jobs")).group_by(JOB.c.state)
"""How many jobs are in each state."""

KEPT_MEDIA = (
    sa.select(JOB.c.job_id, JOB.c.prepared, JOB.c.outputs)
    .where(JOB.c.emptied_at.is_(None), JOB.c.job_id > bindparam("after"))
    .order_by(JOB.c.job_id)
    .limit(_LIMIT)
)
"""The pictures of jobs that have not been emptied, from the job after the given one."""

JOBS_THAT_COUNT = (
    sa.select(JOB.c.created_at, JOB.c.pictures, JOB.c.state, JOB.c.reason)
    .where(
        JOB.c.requester == bindparam("requester"),
        sa.or_(JOB.c.created_at > bindparam("day_start"), IS_ACTIVE),
    )
    .order_by(JOB.c.created_at)
)
"""Of a requester's jobs those under way and those of the last day."""

_HAS_COST = sa.exists().where(COST.c.job_id == JOB.c.job_id).correlate(JOB)
_OPEN_CREDITS = sa.case((sa.or_(JOB.c.preview, _HAS_COST), 0), else_=JOB.c.credits)
UNDER_WAY = sa.select(
    sa.func.count().label("jobs"),
    sa.func.coalesce(sa.func.sum(_OPEN_CREDITS), 0).label("credits"),
).where(IS_ACTIVE)
"""How many jobs are under way, and the credits that they have not cost yet."""

CREDITS_SINCE = sa.select(sa.func.coalesce(sa.func.sum(COST.c.credits), 0).label("credits")).where(
    COST.c.at >= bindparam("start"), sa.not_(COST.c.preview)
)
"""The credits that ended jobs have cost since then."""


def names(found: Iterable[Mapping[Any, Any]]) -> Iterable[str]:
    """Return the names of the files that KEPT_MEDIA found."""
    for row in found:
        for item in (*row["prepared"], *row["outputs"]):
            yield f"{item['sha256']}.{item['kind']}"


def usage(
    mine: Iterable[Mapping[Any, Any]],
    everybody: Mapping[Any, Any],
    cost: Mapping[Any, Any],
    now: datetime,
) -> Usage:
    """Return what the answers to the three statements above say together."""
    rows = [(row, State(row["state"]), _reason(row)) for row in mine]
    return Usage(
        active_jobs=sum(state in ACTIVE for _, state, _ in rows),
        spent=tuple(
            Spent(at=row["created_at"], pictures=row["pictures"])
            for row, state, reason in rows
            if row["created_at"] > quota.day_start(now) and quota.is_counted(state, reason)
        ),
        credits_month=int(everybody["credits"]) + int(cost["credits"]),
        queue=everybody["jobs"],
    )


def _reason(row: Mapping[Any, Any]) -> Reason | None:
    return Reason(row["reason"]) if row["reason"] else None
