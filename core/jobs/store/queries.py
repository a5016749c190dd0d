"""
Decider: what is asked of the ledger, as statements made once, and what the answers mean.

The names in `bindparam` are what a statement is executed with. Making a statement costs more than
executing it, so that none is made for a call.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam

from core.jobs.job import OPEN_DELIVERIES
from core.jobs.lifecycle import ACTIVE, TERMINAL
from core.jobs.sought import Sought
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

JOBS_OF_ACTS = (
    sa.select(JOB)
    .where(JOB.c.dedupe_key.in_(bindparam("dedupe_keys", expanding=True)))
    .order_by(JOB.c.job_id)
    .with_for_update()
)
"""The jobs of some acts of users."""

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

_STANDING = sa.select(JOB.c.job_id, JOB.c.owner, JOB.c.fence)
STANDING = sa.union(_STANDING.where(IS_ACTIVE), _STANDING.join(DELIVERY).where(IS_OPEN))
"""Who holds the jobs that have not ended or have something to say."""

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

PILES = sa.select(
    JOB.c.state, sa.func.count().label("jobs"), sa.func.min(JOB.c.created_at).label("oldest_at")
).group_by(JOB.c.state)
"""How many jobs are in each state, and when the oldest of them was ordered."""

KEPT_MEDIA = (
    sa.select(JOB.c.job_id, JOB.c.prepared, JOB.c.outputs)
    .where(JOB.c.emptied_at.is_(None), JOB.c.job_id > bindparam("after"))
    .order_by(JOB.c.job_id)
    .limit(_LIMIT)
)
"""The pictures of jobs that have not been emptied, from the job after the given one."""

_COUNTED = sa.select(JOB.c.requester, JOB.c.created_at, JOB.c.pictures, JOB.c.state, JOB.c.reason)
_REQUESTERS: sa.BindParameter[Any] = bindparam("requesters", expanding=True)
JOBS_THAT_COUNT = sa.union_all(
    _COUNTED.where(JOB.c.requester.in_(_REQUESTERS), JOB.c.created_at > bindparam("since")),
    # Jobs under way that are so old are few, while a requester may have many that have ended: the
    # empty text keeps SQLite from taking the index of requesters.
    _COUNTED.where(
        (JOB.c.requester + "").in_(_REQUESTERS), JOB.c.created_at <= bindparam("since"), IS_ACTIVE
    ),
)
"""Of some requesters' jobs those since an instant, and older ones that are under way."""

QUEUE = sa.select(sa.func.count().label("jobs")).where(IS_ACTIVE)
"""How many jobs are under way."""

_HAS_COST = sa.exists().where(COST.c.job_id == JOB.c.job_id).correlate(JOB)
_NOT_COST_YET = sa.case((sa.or_(JOB.c.preview, _HAS_COST), 0), else_=JOB.c.credits)
OPEN_CREDITS = sa.select(sa.func.coalesce(sa.func.sum(_NOT_COST_YET), 0).label("credits")).where(
    IS_ACTIVE
)
"""The credits that jobs under way have not cost yet."""

CREDITS_SINCE = sa.select(sa.func.coalesce(sa.func.sum(COST.c.credits), 0).label("credits")).where(
    COST.c.at >= bindparam("start"), sa.not_(COST.c.preview)
)
"""The credits that ended jobs have cost since then."""


def jobs_sought(sought: Sought) -> sa.Select[Any]:
    """Return everybody's jobs that are sought, the newest first; for what is asked for by hand."""
    found = JOBS
    if sought.states:
        found = found.where(_is_one_of(JOB.c.state, sought.states))
    if sought.platform is not None:
        found = found.where(JOB.c.platform == sought.platform)
    if sought.requester is not None:
        found = found.where(JOB.c.requester == sought.requester)
    return found


def names(found: Iterable[Mapping[Any, Any]]) -> Iterable[str]:
    """Return the names of the files that KEPT_MEDIA found."""
    for row in found:
        for item in (*row["prepared"], *row["outputs"]):
            yield f"{item['sha256']}.{item['kind']}"
