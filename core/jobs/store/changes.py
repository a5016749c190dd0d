"""Doer: the changes of a job, guarded so that they share a transaction and cannot spoil it."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from core.errors import StaleJob, UnknownJob
from core.jobs import lifecycle, quota
from core.jobs.job import Facts, Job, moved
from core.jobs.lifecycle import Event, State, Transition
from core.jobs.store import codec, delivering, queries, rows
from core.jobs.store.tables import COST, HISTORY, JOB

BY_USERS = frozenset({Event.CANCEL, Event.CHECK_AGAIN, Event.ACK_REFUSED})
"""Events that need nobody to hold the job."""


def move(connection: sa.Connection, job: Job, event: Event, at: datetime, facts: Facts) -> Job:
    """
    Do what `event` does to a job that the caller holds.

    A wish to cancel may have come since the caller last saw the job: then it is honoured.

    Raises:
        StaleJob: it is in another state or held by somebody else.
    """
    changed = _try_move(connection, job, event, at, facts)
    if changed:
        return changed
    fresh = rows.find(connection, job.job_id, to_change=True)
    if fresh is None or (fresh.state, fresh.fence) != (job.state, job.fence):
        raise StaleJob(job.job_id)
    return _try_move(connection, fresh, event, at, facts) or fresh


def move_as_user(connection: sa.Connection, job_id: str, event: Event, at: datetime) -> Job | None:
    """
    Do what `event` does to a job that somebody else may hold; None when it does nothing.

    Raises:
        UnknownJob: there is no such job.
        ValueError: the event is not one of `BY_USERS`.
    """
    if event not in BY_USERS:
        raise ValueError(f"{event} happens only to a job that is held")
    job = rows.find(connection, job_id, to_change=True)
    if job is None:
        raise UnknownJob(job_id)
    if event is Event.CANCEL and job.cancel_wanted:
        return job
    if not _is_open_to(job, event, at):
        return None
    return _try_move(connection, job, event, at, Facts())


def _is_open_to(job: Job, event: Event, at: datetime) -> bool:
    if event is Event.CHECK_AGAIN:
        return job.can_check_again(at)
    return event is not Event.ACK_REFUSED or job.acked_at is None


def _try_move(
    connection: sa.Connection, job: Job, event: Event, at: datetime, facts: Facts
) -> Job | None:
    transition = lifecycle.advance(job.state, event, cancel_wanted=job.cancel_wanted)
    if transition is None:
        return None
    after = moved(job, event, transition, at, facts)
    return write_move(connection, job, after, event, transition)


def write_move(
    connection: sa.Connection, before: Job, after: Job, event: Event, transition: Transition
) -> Job | None:
    """Write one step of a job and all that belongs to it; None when the job was not `before`."""
    guarded = (
        sa.update(JOB)
        .where(
            JOB.c.job_id == before.job_id,
            JOB.c.state == before.state,
            JOB.c.fence == before.fence,
            JOB.c.cancel_wanted == before.cancel_wanted,
        )
        .values(codec.changed_columns(before, after))
        .returning(JOB)
    )
    row = rows.one(connection, guarded)
    if row is None:
        return None
    written = codec.job_from_row(row)
    write_line(connection, written, event, before=before.state, at=after.updated_at)
    delivering.close(connection, written, transition.closes)
    delivering.open_all(connection, written, transition.opens)
    if written.is_terminal:
        _write_cost(connection, written)
    return written


def write_line(
    connection: sa.Connection, job: Job, event: str, *, before: State | None, at: datetime
) -> None:
    """Add a line about the job itself to its history."""
    connection.execute(
        sa.insert(HISTORY).values(
            job_id=job.job_id,
            at=at,
            event=str(event),
            before=before,
            after=job.state,
            reason=job.reason,
            fence=job.fence,
            seq=job.seq,
        )
    )


def _write_cost(connection: sa.Connection, job: Job) -> None:
    if not quota.is_charged(job.state, job.reason):
        return
    cost = {
        "job_id": job.job_id,
        "requester": job.origin.requester,
        "platform": job.origin.platform,
        "model_id": job.request.model_id,
        "pictures": job.request.batch,
        "credits": job.credits,
        "preview": job.preview,
        "at": job.finished_at,
    }
    connection.execute(rows.insert_once(connection, COST), cost)


def claim(connection: sa.Connection, job_id: str, owner: str, at: datetime) -> Job | None:
    """Take a job from whoever holds it; None when there is nothing left to do for it."""
    taken = (
        sa.update(JOB)
        .where(JOB.c.job_id == job_id, sa.or_(queries.IS_ACTIVE, queries.HAS_OPEN_DELIVERY))
        .values(fence=JOB.c.fence + 1, owner=owner, updated_at=at)
        .returning(JOB)
    )
    row = rows.one(connection, taken)
    return codec.job_from_row(row) if row else None


def acknowledge(connection: sa.Connection, job_id: str, at: datetime) -> Job:
    """
    Note that the platform took the acknowledgement; only the first time counts.

    Raises:
        UnknownJob: there is no such job.
    """
    noted = (
        sa.update(JOB)
        .where(JOB.c.job_id == job_id, JOB.c.acked_at.is_(None), queries.IS_ACTIVE)
        .values(acked_at=at, updated_at=at)
        .returning(JOB)
    )
    row = rows.one(connection, noted)
    job = codec.job_from_row(row) if row else rows.find(connection, job_id)
    if job is None:
        raise UnknownJob(job_id)
    return job
