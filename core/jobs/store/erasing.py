"""Doer: takes a person out of the ledger: what they gave, and that it was they who asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import bindparam

from core.jobs import deliveries
from core.jobs.deliveries import DeliveryEvent
from core.jobs.job import OPEN_DELIVERIES, Delivery, DeliveryState, Job
from core.jobs.lifecycle import Event
from core.jobs.store import admission, changes, control, keeping, lines, queries, rows
from core.jobs.store.engine import Database
from core.jobs.store.tables import COST, DELIVERY, DRAFTS, ERASURE, JOB, mended
from core.jobs.store.writer import Writer

NOBODY = "forgotten"
"""Stands for whoever asked, after the platform; the same for everybody: it leads nowhere."""

_ERASURE = sa.select(ERASURE).where(ERASURE.c.requester == bindparam("of"))
_OPEN = sa.select(ERASURE).order_by(ERASURE.c.requester)
_OURS = (JOB.c.requester == bindparam("of"), JOB.c.created_at <= bindparam("until"))
_JOBS = (
    sa.select(JOB.c.job_id)
    .where(*_OURS, JOB.c.job_id > bindparam("after"))
    .order_by(JOB.c.job_id)
    .limit(bindparam("limit", type_=sa.Integer))
)
_COUNT_JOBS = sa.select(sa.func.count().label("found")).select_from(JOB).where(*_OURS)
_OURS_OF_DRAFTS = (DRAFTS.c.requester == bindparam("of"), DRAFTS.c.created_at <= bindparam("until"))
_DROP_DRAFTS = sa.delete(DRAFTS).where(*_OURS_OF_DRAFTS).returning(DRAFTS.c.draft_id)
_STILL_SETTLED = sa.select(JOB.c.job_id).where(
    JOB.c.job_id == bindparam("of_job"), queries.IS_TERMINAL, sa.not_(queries.HAS_OPEN_DELIVERY)
)
_TAKE_AWAY = (
    sa.update(JOB)
    .where(JOB.c.job_id == bindparam("of_job"))
    .values(fence=JOB.c.fence + 1, updated_at=bindparam("new_at"))
)
_END_DELIVERY = (
    sa.update(DELIVERY)
    .where(
        DELIVERY.c.job_id == bindparam("of_job"),
        DELIVERY.c.kind == bindparam("of_kind"),
        DELIVERY.c.seq == bindparam("of_seq"),
    )
    .values(state=bindparam("new_state"))
)
_EMPTY_DELIVERIES = (
    sa.update(DELIVERY).where(DELIVERY.c.job_id == bindparam("of_job")).values(data={})
)
_NAMELESS_COST = (
    sa.update(COST)
    .where(COST.c.job_id == bindparam("of_job"))
    .values(requester=COST.c.platform + f":{NOBODY}")
)
_END_ERASURE = sa.delete(ERASURE).where(
    ERASURE.c.requester == bindparam("of"),
    ERASURE.c.before_at <= bindparam("until"),
    sa.not_(sa.exists().where(*_OURS)),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Erasing:
    """A person who is to be forgotten, with all that was ordered until then."""

    requester: str
    until: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Settled:
    """A job that nobody will touch any more, and what was to be said of it."""

    job: Job
    deliveries: tuple[Delivery, ...]


class ErasingStore:
    """
    Takes people out of the ledger, step by step; each step can be done again.

    Every call may raise StoreUnavailable: then nothing was changed, as far as anybody knows.
    """

    def __init__(self, reads: Database, writer: Writer) -> None:
        self._reads = reads
        self._writer = writer

    async def note(self, requester: str, until: datetime) -> Erasing:
        """Keep the wish, so that it is carried out whoever has to; one of before is widened."""
        return await self._writer.write(
            "", lambda connection: _note(connection, mended(requester), until), alone=True
        )

    async def noted(self) -> tuple[Erasing, ...]:
        """Return the people who are not forgotten whole yet."""
        found = await self._reads.transaction(lambda connection: rows.many(connection, _OPEN, {}))
        return tuple(Erasing(requester=row["requester"], until=row["before_at"]) for row in found)

    async def end(self, erasing: Erasing) -> None:
        """Forget the wish as well, unless something is left of what it was about."""
        values = {"of": erasing.requester, "until": erasing.until}
        await self._writer.write("", lambda connection: _run(connection, _END_ERASURE, values))

    async def count(self, erasing: Erasing) -> int:
        """Return how many jobs still bear the name."""
        values = {"of": erasing.requester, "until": erasing.until}
        row = await self._reads.transaction(
            lambda connection: rows.the_one(connection, _COUNT_JOBS, values)
        )
        return int(row["found"])

    async def jobs_of(self, erasing: Erasing, *, after: str, limit: int) -> tuple[str, ...]:
        """Return the ids of jobs that still bear the name, from the one after the given one."""
        values = {
            "of": erasing.requester, "until": erasing.until, "after": after, "limit": limit,
        }  # fmt: skip
        found = await self._reads.transaction(
            lambda connection: rows.many(connection, _JOBS, values)
        )
        return tuple(row["job_id"] for row in found)

    async def drop_drafts(self, erasing: Erasing) -> int:
        """Remove the forms that were open; return how many."""
        values = {"of": erasing.requester, "until": erasing.until}
        dropped = await self._writer.write(
            "", lambda connection: rows.many(connection, _DROP_DRAFTS, values), alone=True
        )
        return len(dropped)

    async def settle(self, job_id: str, at: datetime) -> Settled | None:
        """
        Cancel a job that is under way, and have nothing more be said of it.

        Whoever drives it loses it. None while it cannot be cancelled: the wish is kept on a job
        that is being submitted, and a result that is being downloaded is paid for and comes.
        """
        return await self._writer.write(
            job_id, lambda connection: _settle(connection, job_id, at), alone=True
        )

    async def erase(self, job_id: str, at: datetime) -> bool:
        """
        Remove from a settled job what was given and made, and who asked; return whether it is done.

        One that its user brought back since it was settled stays as it is until it is settled anew.
        """
        return await self._writer.write(
            job_id, lambda connection: _erase(connection, job_id, at), alone=True
        )


def _run(connection: sa.Connection, statement: sa.Executable, values: dict[str, object]) -> None:
    connection.execute(statement, values)


def _note(connection: sa.Connection, requester: str, until: datetime) -> Erasing:
    admission.admit_nobody_else(connection)
    known = rows.one(connection, _ERASURE, {"of": requester})
    if known is None:
        connection.execute(sa.insert(ERASURE), {"requester": requester, "before_at": until})
    else:
        until = max(until, known["before_at"])
        ours = ERASURE.c.requester == requester
        connection.execute(sa.update(ERASURE).where(ours).values(before_at=until))
    return Erasing(requester=requester, until=until)


def _settle(connection: sa.Connection, job_id: str, at: datetime) -> Settled | None:
    admission.admit_nobody_else(connection)
    job = rows.job(connection, job_id, to_change=True)
    if job is not None and not job.is_terminal:
        job = changes.move_as_user(connection, job_id, Event.CANCEL, at)
        control.touch(connection, job_id, at)
    if job is None or not job.is_terminal:
        return None
    said = rows.deliveries(connection, job_id)
    still_open = [row for row in said if row.state in OPEN_DELIVERIES]
    for row in still_open:
        _end(connection, job, row, at)
    if still_open:
        connection.execute(_TAKE_AWAY, {"of_job": job_id, "new_at": at})
        control.touch(connection, job_id, at)
    return Settled(job=job, deliveries=tuple(said))


def _end(connection: sa.Connection, job: Job, row: Delivery, at: datetime) -> None:
    """Have a delivery never be sent, or not be tried again where it was begun."""
    is_begun = row.state is DeliveryState.SENDING
    event = DeliveryEvent.GAVE_UP if is_begun else DeliveryEvent.SUPERSEDED
    transition = deliveries.advance(row.state, event, row.kind)
    assert transition is not None, "an open delivery always has an end"
    of = {"of_job": row.job_id, "of_kind": row.kind.value, "of_seq": row.seq}
    connection.execute(_END_DELIVERY, {**of, "new_state": transition.to.value})
    line = {
        "job_id": job.job_id, "at": at, "event": event, "before": row.state,
        "after": transition.to, "reason": None, "fence": job.fence + 1,
        "delivery": row.kind, "seq": row.seq,
    }  # fmt: skip
    lines.add(connection, line)


def _erase(connection: sa.Connection, job_id: str, at: datetime) -> bool:
    job = rows.job(connection, job_id, to_change=True)
    if job is None:
        return True
    if rows.one(connection, _STILL_SETTLED, {"of_job": job_id}) is None:
        return False
    ours = JOB.c.job_id == job_id
    connection.execute(keeping.emptied(at).where(ours, keeping.MAY_BE_EMPTIED))
    connection.execute(sa.update(JOB).where(ours).values(_nameless(job)))
    connection.execute(_EMPTY_DELIVERIES, {"of_job": job_id})
    connection.execute(_NAMELESS_COST, {"of_job": job_id})
    return True


def _nameless(job: Job) -> dict[str, object]:
    """Return the columns that would lead to who asked; a place may be theirs alone."""
    nobody = f"{job.origin.platform}:{NOBODY}"
    columns: dict[str, object] = {"requester": nobody, "place": nobody}
    if job.origin.requester.partition(":")[2] in job.dedupe_key:
        columns["dedupe_key"] = f"{nobody}:{job.job_id}"
    return columns
