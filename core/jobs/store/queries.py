"""Decider: what is asked of the ledger, as statements, and what the answers mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.jobs import quota
from core.jobs.job import OPEN_DELIVERIES
from core.jobs.lifecycle import ACTIVE, TERMINAL, Reason, State
from core.jobs.quota import Spent, Usage
from core.jobs.store.tables import COST, DELIVERY, HISTORY, JOB

Statement = sa.Select[Any]

IS_ACTIVE = JOB.c.state.in_(sorted(ACTIVE))
IS_TERMINAL = JOB.c.state.in_(sorted(TERMINAL))
HAS_OPEN_DELIVERY = (
    sa.exists()
    .where(DELIVERY.c.job_id == JOB.c.job_id, DELIVERY.c.state.in_(sorted(OPEN_DELIVERIES)))
    .correlate(JOB)
)
NEWEST_FIRST = (JOB.c.created_at.desc(), JOB.c.job_id.desc())


def job(job_id: str, *, to_change: bool = False) -> Statement:
    """Select one job; `to_change` keeps others from changing it until the transaction ends."""
    found = sa.select(JOB).where(JOB.c.job_id == job_id)
    return found.with_for_update() if to_change else found


def job_of(dedupe_key: str) -> Statement:
    """Select the job of one act of a user."""
    return sa.select(JOB).where(JOB.c.dedupe_key == dedupe_key).with_for_update()


def held(job_id: str, fence: int) -> Statement:
    """Select the job if it is still held under `fence`, and let nobody take it meanwhile."""
    return (
        sa.select(JOB.c.job_id)
        .where(JOB.c.job_id == job_id, JOB.c.fence == fence)
        .with_for_update()
    )


def unfinished() -> Statement:
    """Select the ids of the jobs with something left to do, the oldest first."""
    left = sa.or_(IS_ACTIVE, HAS_OPEN_DELIVERY)
    return sa.select(JOB.c.job_id).where(left).order_by(JOB.c.created_at, JOB.c.job_id)


def jobs_of(requester: str, limit: int) -> Statement:
    """Select a requester's jobs, the newest first."""
    found = sa.select(JOB).where(JOB.c.requester == requester)
    return found.order_by(*NEWEST_FIRST).limit(limit)


def jobs(limit: int, state: State | None) -> Statement:
    """Select everybody's jobs, the newest first."""
    found = sa.select(JOB).order_by(*NEWEST_FIRST).limit(limit)
    return found if state is None else found.where(JOB.c.state == state)


def deliveries(job_id: str) -> Statement:
    """Select a job's deliveries, round by round, in the order in which they are sent."""
    order = sa.case({"card": 0, "result": 1, "notice": 2}, value=DELIVERY.c.kind, else_=3)
    found = sa.select(DELIVERY).where(DELIVERY.c.job_id == job_id)
    return found.order_by(DELIVERY.c.seq, order)


def history(job_id: str) -> Statement:
    """Select what happened to a job, in order."""
    return sa.select(HISTORY).where(HISTORY.c.job_id == job_id).order_by(HISTORY.c.line)


def durations(model_id: str, limit: int, *, preview: bool | None) -> Statement:
    """Select when the newest results of a model were asked for and seen; Check again left out."""
    found = sa.select(JOB.c.submitted_at, JOB.c.produced_at).where(
        JOB.c.model_id == model_id,
        JOB.c.produced_at.is_not(None),
        JOB.c.submitted_at.is_not(None),
        JOB.c.seq == 0,
    )
    if preview is not None:
        found = found.where(JOB.c.preview == preview)
    return found.order_by(JOB.c.produced_at.desc()).limit(limit)


def counts() -> Statement:
    """Select how many jobs are in each state."""
    return sa.select(JOB.c.state, sa.func.count().label("jobs")).group_by(JOB.c.state)


def kept_media(after: str, limit: int) -> Statement:
    """Select the pictures of the jobs that have not been emptied, from the job after `after`."""
    found = sa.select(JOB.c.job_id, JOB.c.prepared, JOB.c.outputs)
    found = found.where(JOB.c.emptied_at.is_(None), JOB.c.job_id > after)
    return found.order_by(JOB.c.job_id).limit(limit)


def names(rows: Iterable[Mapping[Any, Any]]) -> Iterable[str]:
    """Return the names of the files that `kept_media` found."""
    for row in rows:
        for item in (*row["prepared"], *row["outputs"]):
            yield f"{item['sha256']}.{item['kind']}"


def jobs_that_count(requester: str, now: datetime) -> Statement:
    """Select of a requester's jobs those under way and those of the last day."""
    recent = sa.or_(JOB.c.created_at > quota.day_start(now), IS_ACTIVE)
    found = sa.select(JOB.c.created_at, JOB.c.pictures, JOB.c.state, JOB.c.reason)
    return found.where(JOB.c.requester == requester, recent).order_by(JOB.c.created_at)


def under_way() -> Statement:
    """Select how many jobs are under way, and the credits that they have not cost yet."""
    open_credits = sa.case((sa.or_(JOB.c.preview, _has_cost()), 0), else_=JOB.c.credits)
    return sa.select(
        sa.func.count().label("jobs"),
        sa.func.coalesce(sa.func.sum(open_credits), 0).label("credits"),
    ).where(IS_ACTIVE)


def credits_since(start: datetime) -> Statement:
    """Select the credits that ended jobs have cost since `start`."""
    total = sa.func.coalesce(sa.func.sum(COST.c.credits), 0)
    return sa.select(total.label("credits")).where(COST.c.at >= start, sa.not_(COST.c.preview))


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


def _has_cost() -> sa.ColumnElement[bool]:
    return sa.exists().where(COST.c.job_id == JOB.c.job_id).correlate(JOB)


def _reason(row: Mapping[Any, Any]) -> Reason | None:
    return Reason(row["reason"]) if row["reason"] else None
