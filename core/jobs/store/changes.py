"""Doer: the changes of a job, guarded so that they share a transaction and cannot spoil it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from core.errors import StaleJob, UnknownJob
from core.jobs import lifecycle, quota
from core.jobs.job import NO_FACTS, Facts, Job, moved
from core.jobs.lifecycle import Event, State, Transition
from core.jobs.store import codec, delivering, direct, enqueuing, lines, rows, statements

BY_USERS = frozenset({Event.CANCEL, Event.CHECK_AGAIN, Event.ACK_REFUSED})
"""Events that need nobody to hold the job."""


def move(connection: sa.Connection, job: Job, event: Event, at: datetime, facts: Facts) -> Job:
    """
    Do what `event` does to a job that the caller holds.

    A wish to cancel may have come since the caller last saw the job: then it is honoured.

    Raises:
        StaleJob: it is in another state or held by somebody else.
    """
    # Whether a job is acknowledged is no part of the guard: it has to be read here and now.
    if event is not Event.ACK_REFUSED:
        changed = _try_move(connection, job, event, at, facts)
        if changed:
            return changed
    fresh = rows.job(connection, job.job_id, to_change=True)
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
    job = rows.job(connection, job_id, to_change=True)
    if job is None:
        raise UnknownJob(job_id)
    if event is Event.CANCEL and job.cancel_wanted:
        return job
    return _try_move(connection, job, event, at, NO_FACTS)


def _try_move(
    connection: sa.Connection, job: Job, event: Event, at: datetime, facts: Facts
) -> Job | None:
    transition = lifecycle.advance(job.state, event, cancel_wanted=job.cancel_wanted)
    if transition is None or not _is_open_to(job, event, at):
        return None
    return write_move(connection, job, moved(job, event, transition, at, facts), event, transition)


def _is_open_to(job: Job, event: Event, at: datetime) -> bool:
    match event:
        case Event.CHECK_AGAIN:
            return job.can_check_again(at)
        case Event.ACK_REFUSED:
            return job.acked_at is None
        case Event.REVIVED:
            return False  # only by an order, whose request it takes on
        case _:
            return True


def write_move(
    connection: sa.Connection, before: Job, after: Job, event: Event, transition: Transition
) -> Job | None:
    """Write one step of a job and all that belongs to it; None when the job was not `before`."""
    row = direct.one(connection, statements.MOVE_JOB, statements.move_values(before, after))
    if row is None:
        return None
    written = after if _is_as_written(after, row) else replace(after, **row)
    write_line(connection, written, event, before=before.state, at=after.updated_at)
    delivering.close(connection, written, transition.closes)
    delivering.open_all(connection, written, transition.opens)
    if written.is_terminal:
        _write_cost(connection, written)
    elif before.is_terminal:
        enqueuing.add(connection, written.job_id)
    return written


def _is_as_written(job: Job, row: codec.Row) -> bool:
    return all(getattr(job, name) == value for name, value in row.items())


def write_line(
    connection: sa.Connection, job: Job, event: str, *, before: State | None, at: datetime
) -> None:
    """Add a line about the job itself to its history."""
    lines.add(connection, line(job, event, before=before, at=at))


def line(job: Job, event: str, *, before: State | None, at: datetime) -> dict[str, object]:
    """Return the line of the history that says what happened to the job itself."""
    return {
        "job_id": job.job_id,
        "at": at,
        "event": event,
        "before": before,
        "after": job.state,
        "reason": job.reason,
        "fence": job.fence,
        "delivery": None,
        "seq": job.seq,
    }


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
    direct.run(connection, statements.charge(connection), cost)


def claim(connection: sa.Connection, job_id: str, owner: str, at: datetime) -> Job | None:
    """Take a job from whoever holds it; None when there is nothing left to do for it."""
    values = {"of_job": job_id, "owner": owner, "at": at}
    row = direct.one(connection, statements.CLAIM, values)
    return codec.job_from_row(row) if row else None


def acknowledge(connection: sa.Connection, job_id: str, at: datetime) -> Job:
    """
    Note that the platform took the acknowledgement; only the first time counts.

    A job that was withdrawn because nobody knew that yet comes back: its user was told of it.

    Raises:
        UnknownJob: there is no such job.
    """
    acknowledged = _try_acknowledge(connection, job_id, at)
    if acknowledged:
        return acknowledged
    job = rows.job(connection, job_id, to_change=True)
    if job is None:
        raise UnknownJob(job_id)
    if job.can_be_revived and job.request.prompt:  # an emptied job has nothing to come back to
        transition = lifecycle.TRANSITIONS[job.state, Event.REVIVED]
        revived = moved(job, Event.REVIVED, transition, at)
        job = write_move(connection, job, revived, Event.REVIVED, transition) or job
        job = _try_acknowledge(connection, job_id, at) or job
    return job


def _try_acknowledge(connection: sa.Connection, job_id: str, at: datetime) -> Job | None:
    row = direct.one(connection, statements.ACKNOWLEDGE, {"of_job": job_id, "at": at})
    return codec.job_from_row(row) if row else None
