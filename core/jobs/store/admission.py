"""Doer: takes orders in, many at once: read first, then decided on, then inserted together."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from core.errors import Limit, QuotaExceeded
from core.jobs import lifecycle, quota
from core.jobs.job import Admission, Job, Order, moved
from core.jobs.lifecycle import DeliveryKind, Event, State
from core.jobs.quota import Limits, Usage
from core.jobs.store import (
    changes,
    codec,
    delivering,
    direct,
    enqueuing,
    halts,
    lines,
    queries,
    rows,
    statements,
)
from core.jobs.store import tally as tallies
from core.jobs.store.engine import ADMISSION_LOCK
from core.jobs.store.tables import ADMITTED, mended
from core.jobs.store.tally import Tally

_LOCK = sa.select(sa.func.pg_advisory_xact_lock(ADMISSION_LOCK))


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """An order, and what it needs to become a job."""

    order: Order
    limits: Limits
    deadline_s: float
    now: datetime
    job_id: str
    """The id of its job, should it become a new one."""

    @property
    def requester(self) -> str:
        """Who asks, as the database has it."""
        return mended(self.order.origin.requester)

    @property
    def deadline_at(self) -> datetime:
        """When the job has to have its result."""
        return self.now + timedelta(seconds=self.deadline_s)


def admit_nobody_else(connection: sa.Connection) -> None:
    """
    Keep two orders from being counted side by side, until the transaction ends.

    Comes before everything else in it. With SQLite the transaction itself does that.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK)


def admit(connection: sa.Connection, asks: Sequence[Ask]) -> list[Admission | QuotaExceeded]:
    """
    Return, for each order, its job or why it does not fit; each sees those before it.

    A job is a new one, or the one that the same act of the user made before. Of an order that
    does not fit nothing is kept.
    """
    if not asks:
        return []
    jobs = _jobs_of_acts(connection, {mended(ask.order.dedupe_key) for ask in asks})
    tally = _tally(connection, asks)
    new: list[Job] = []
    is_open = not halts.mode(connection).is_draining
    outcomes = [_decide(connection, ask, jobs, tally, new, is_open=is_open) for ask in asks]
    _insert(connection, new)
    return outcomes


def usage(connection: sa.Connection, requester: str, now: datetime) -> Usage:
    """Return all that is used of the limits, as this transaction sees it."""
    requester, since = mended(requester), quota.day_start(now)
    tally = Tally(jobs=_jobs_that_count(connection, {requester}, since), queue=_queue(connection))
    _read_credits(connection, tally, {now})
    return tally.usage(requester, now)


def _decide(
    connection: sa.Connection,
    ask: Ask,
    jobs: dict[str, Job],
    tally: Tally,
    new: list[Job],
    *,
    is_open: bool,
) -> Admission | QuotaExceeded:
    key = mended(ask.order.dedupe_key)
    known = jobs.get(key)
    if known and not known.can_be_revived:
        return Admission(job=known, is_new=False)
    if not is_open:
        return QuotaExceeded(Limit.DRAINING, allowed=0, used=0)
    try:
        quota.check(ask.order, ask.limits, tally.usage(ask.requester, ask.now), ask.now)
    except QuotaExceeded as exc:
        return exc
    job = _revive(connection, known, ask) if known else _new(ask)
    if not known:
        new.append(job)
    jobs[key] = job
    tally.add(job)
    return Admission(job=job, is_new=True)


def _jobs_of_acts(connection: sa.Connection, dedupe_keys: Collection[str]) -> dict[str, Job]:
    values = {"dedupe_keys": list(dedupe_keys)}
    found = rows.many(connection, queries.JOBS_OF_ACTS, values)
    return {row["dedupe_key"]: codec.job_from_row(row) for row in found}


def _tally(connection: sa.Connection, asks: Sequence[Ask]) -> Tally:
    """Read what is used of the limits that are on."""
    tally = Tally()
    personal = [ask for ask in asks if tallies.counts_by_requester(ask.limits)]
    if personal:
        since = min(quota.day_start(ask.now) for ask in personal)
        tally.jobs = _jobs_that_count(connection, {ask.requester for ask in personal}, since)
    if any(ask.limits.queue_max for ask in asks):
        tally.queue = _queue(connection)
    if paying := {ask.now for ask in asks if ask.limits.credits_month and not ask.order.preview}:
        _read_credits(connection, tally, paying)
    return tally


def _jobs_that_count(
    connection: sa.Connection, requesters: Collection[str], since: datetime
) -> dict[str, list[tallies.Counted]]:
    values = {"requesters": list(requesters), "since": since}
    return tallies.by_requester(rows.many(connection, queries.JOBS_THAT_COUNT, values))


def _queue(connection: sa.Connection) -> int:
    return int(rows.the_one(connection, queries.QUEUE, {})["jobs"])


def _read_credits(connection: sa.Connection, tally: Tally, at: Collection[datetime]) -> None:
    tally.open_credits = int(rows.the_one(connection, queries.OPEN_CREDITS, {})["credits"])
    tally.credits_since = {
        start: int(rows.the_one(connection, queries.CREDITS_SINCE, {"start": start})["credits"])
        for start in {quota.month_start(each) for each in at}
    }


def _new(ask: Ask) -> Job:
    order = ask.order
    return codec.as_kept(
        Job(
            job_id=ask.job_id,
            dedupe_key=order.dedupe_key,
            origin=order.origin,
            request=order.request,
            credits=order.credits,
            preview=order.preview,
            state=State.RECEIVED,
            created_at=ask.now,
            updated_at=ask.now,
            deadline_at=ask.deadline_at,
        )
    )


def _insert(connection: sa.Connection, jobs: Sequence[Job]) -> None:
    if not jobs:
        return
    direct.insert(connection, statements.INSERT_JOB, [codec.job_to_columns(job) for job in jobs])
    cards = [row for job in jobs for row in delivering.rows_of(job, [DeliveryKind.CARD])]
    direct.insert(connection, statements.open_delivery(connection), cards)
    for job in jobs:
        lines.add(connection, changes.line(job, ADMITTED, before=None, at=job.created_at))
        enqueuing.add(connection, job.job_id)


def _revive(connection: sa.Connection, job: Job, ask: Ask) -> Job:
    order, transition = ask.order, lifecycle.TRANSITIONS[job.state, Event.REVIVED]
    revived = replace(
        moved(job, Event.REVIVED, transition, ask.now),
        origin=order.origin,
        request=order.request,
        credits=order.credits,
        preview=order.preview,
        deadline_at=ask.deadline_at,
    )
    revived = codec.as_kept(revived)
    direct.run(connection, statements.REFILL, statements.refill_values(revived))
    written = changes.write_move(connection, job, revived, Event.REVIVED, transition)
    assert written is not None, "a row that this transaction holds has moved"
    return written
