"""Doer: the ledger, which is the only way to change a job or to know of one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

import sqlalchemy as sa

from core.clock import Clock
from core.errors import UnknownJob
from core.jobs.deliveries import DeliveryEvent
from core.jobs.job import NO_FACTS, Admission, Change, Delivery, Facts, Job, Order, Pile
from core.jobs.lifecycle import Event, State
from core.jobs.quota import Limits, Usage
from core.jobs.sought import Sought
from core.jobs.standing import Standing
from core.jobs.store import (
    admission,
    changes,
    codec,
    delivering,
    keeping,
    queries,
    rows,
    wishes,
)
from core.jobs.store.control import ControlStore
from core.jobs.store.drafts import DraftStore
from core.jobs.store.engine import Database, open_databases
from core.jobs.store.enqueuing import Enqueue, nowhere
from core.jobs.store.erasing import ErasingStore
from core.jobs.store.intake import ADMIT_WITHIN_S, Intake, new_job_id
from core.jobs.store.tidying import TidyingStore
from core.jobs.store.writer import WINDOW_S, Writer
from core.media.item import MediaItem

PAGE = 500
"""Jobs read at once where all of them are gone through."""


@asynccontextmanager
async def open_ledger(
    url: str,
    clock: Clock,
    *,
    new_id: Callable[[datetime], str] = new_job_id,
    admit_within_s: float = ADMIT_WITHIN_S,
    window_s: float = WINDOW_S,
    enqueue: Enqueue = nowhere,
) -> AsyncIterator[Ledger]:
    """
    Open the ledger in the database at `url`, whose schema is current; close it when left.

    `enqueue` is called in every transaction that gives jobs something to do that had nothing.

    Leaving waits until every write that was begun is committed.

    Raises:
        SettingsError: the address cannot work, or the SQLite file cannot be made.
    """
    databases = await open_databases(url)
    failure: Exception | None = None
    try:
        async with asyncio.TaskGroup() as tasks:
            writer = Writer(databases.writes, window_s=window_s, enqueue=enqueue)
            tasks.create_task(writer.run())
            intake = Intake(writer, tasks, clock, new_id=new_id, within_s=admit_within_s)
            try:
                yield Ledger(databases.reads, writer, intake, clock)
            except Exception as exc:  # noqa: BLE001 -- raised again outside the group, unwrapped
                failure = exc
            finally:
                await writer.close()
    finally:
        await databases.close()
    if failure:
        raise failure


class Ledger:
    """
    Every job, delivery and cost, and what happened to them.

    What is written is on the disk when the call returns. Every call may raise StoreUnavailable:
    then nothing was kept, as far as anybody knows.
    """

    def __init__(self, reads: Database, writer: Writer, intake: Intake, clock: Clock) -> None:
        self._reads = reads
        self._writer = writer
        self._intake = intake
        self._clock = clock
        self.drafts = DraftStore(reads, writer)
        """The open forms, which are kept beside the jobs."""
        self.control = ControlStore(reads, writer)
        """What admins ask of all jobs, or of one, from a process of their own."""
        self.erasing = ErasingStore(reads, writer)
        """How people are taken out of it."""
        self.tidying = TidyingStore(writer)
        """How it is kept from growing."""

    async def admit(
        self, order: Order, *, limits: Limits, deadline_s: float, now: datetime
    ) -> Admission:
        """
        Return the job of an order; the same act of the user always gives the same job.

        Raises:
            QuotaExceeded: the order does not fit into the limits.
            StoreUnavailable: it was not kept, and will not be.
            OrderInDoubt: it may have been kept; it is withdrawn if that can be done.
        """
        return await self._intake.admit(order, limits=limits, deadline_s=deadline_s, now=now)

    async def acknowledge(self, job_id: str, at: datetime) -> Job:
        """
        Note that the platform took the acknowledgement of the job, and return the job.

        Raises:
            UnknownJob: there is no such job.
        """
        return await self._writer.write(
            job_id, lambda connection: changes.acknowledge(connection, job_id, at)
        )

    async def claim(self, job_id: str, *, owner: str, at: datetime) -> Job | None:
        """Take a job from whoever holds it; None when there is nothing left to do for it."""
        return await self._writer.write(
            job_id, lambda connection: changes.claim(connection, job_id, owner, at)
        )

    async def record(self, job: Job, event: Event, at: datetime, *, facts: Facts = NO_FACTS) -> Job:
        """
        Do what `event` does to a job that the caller holds; an event that does nothing is ignored.

        The deliveries that it opens, the cost and the history are written in the same transaction.

        Raises:
            StaleJob: the job is in another state or held by somebody else; nothing was written.
            ValueError: the event lacks the task id that it needs.
        """
        return await self._writer.write(
            job.job_id, lambda connection: changes.move(connection, job, event, at, facts)
        )

    async def record_as_user(self, job_id: str, event: Event, at: datetime) -> Job | None:
        """
        Do what CANCEL, CHECK_AGAIN or ACK_REFUSED does to a job, whoever holds it.

        None means that it did nothing: too late, or not possible for this job.

        Raises:
            UnknownJob: there is no such job.
            ValueError: it is another event.
        """
        return await self._writer.write(
            job_id, lambda connection: changes.move_as_user(connection, job_id, event, at)
        )

    async def record_delivery(
        self,
        job: Job,
        delivery: Delivery,
        event: DeliveryEvent,
        at: datetime,
        *,
        data: Mapping[str, object] | None = None,
        not_before_at: datetime | None = None,
    ) -> Delivery:
        """
        Do what `event` does to a delivery of a job that the caller holds.

        `data` is added to what the adapter recorded before.

        Raises:
            StaleJob: the job is held by somebody else, or the delivery has moved on.
        """
        return await self._writer.write(
            job.job_id,
            lambda connection: delivering.move(
                connection, job, delivery, event, at, data=data, not_before_at=not_before_at
            ),
        )

    async def show_again(self, job_id: str, at: datetime) -> Job | None:
        """
        Open a new round of what a place had refused; None when nothing had been refused.

        Raises:
            UnknownJob: there is no such job.
        """
        return await self._writer.write(
            job_id, lambda connection: delivering.show_again(connection, job_id, at)
        )

    async def load(self, job_id: str) -> Job:
        """
        Return a job as it is now.

        Raises:
            UnknownJob: there is no such job.
        """
        job = await self._reads.transaction(lambda connection: rows.job(connection, job_id))
        if job is None:
            raise UnknownJob(job_id)
        return job

    async def deliveries(self, job_id: str) -> tuple[Delivery, ...]:
        """Return a job's deliveries in the order in which they are sent."""
        return await self._reads.transaction(
            lambda connection: tuple(rows.deliveries(connection, job_id))
        )

    async def unfinished(self) -> tuple[str, ...]:
        """Return the ids of jobs that have not ended or have something to say; oldest first."""
        return tuple(row["job_id"] for row in await self._read(queries.UNFINISHED))

    async def standing(self) -> tuple[Standing, ...]:
        """Return who holds the jobs that have not ended or have something to say."""
        return tuple(Standing(**row) for row in await self._read(queries.STANDING))

    async def list_for(self, requester: str, limit: int) -> tuple[Job, ...]:
        """Return a requester's jobs, the newest first."""
        found = await self._read(queries.JOBS_OF, requester=requester, limit=limit)
        return tuple(codec.job_from_row(row) for row in found)

    async def find_act(self, dedupe_key: str) -> Job | None:
        """Return the job that one act of a user made, or None."""
        return await self._reads.transaction(
            lambda connection: wishes.job_of_act(connection, dedupe_key)
        )

    async def list_with_deliveries(self, requester: str, limit: int) -> tuple[wishes.Told, ...]:
        """Return a requester's jobs, the newest first, each with its deliveries."""
        return await self._reads.transaction(
            lambda connection: wishes.told(connection, requester, limit)
        )

    async def list_all(self, limit: int, state: State | None = None) -> tuple[Job, ...]:
        """Return everybody's jobs, or those in one state; the newest first."""
        if state is None:
            found = await self._read(queries.JOBS, limit=limit)
        else:
            found = await self._read(queries.JOBS_IN, limit=limit, state=state)
        return tuple(codec.job_from_row(row) for row in found)

    async def find(self, sought: Sought, limit: int) -> tuple[Job, ...]:
        """Return the jobs that are sought, the newest first."""
        found = await self._read(queries.jobs_sought(sought), limit=limit)
        return tuple(codec.job_from_row(row) for row in found)

    async def history(self, job_id: str) -> tuple[Change, ...]:
        """Return what happened to a job and to its deliveries, in order."""
        found = await self._read(queries.HISTORY_OF, job_id=job_id)
        return tuple(codec.change_from_row(row) for row in found)

    async def usage(self, requester: str, now: datetime) -> Usage:
        """Return what is used of the limits by a requester and by everybody."""
        return await self._reads.transaction(
            lambda connection: admission.usage(connection, requester, now)
        )

    async def durations(
        self, model_id: str, limit: int = 200, *, preview: bool | None = None
    ) -> tuple[float, ...]:
        """
        Return how long the newest results of a model took from submit to sight, in seconds.

        `preview` chooses the local studio's or the hosted API's; None takes both.
        """
        previews = [True, False] if preview is None else [preview]
        found = await self._read(
            queries.DURATIONS, model_id=model_id, previews=previews, limit=limit
        )
        return tuple((row["produced_at"] - row["submitted_at"]).total_seconds() for row in found)

    async def piles(self) -> Mapping[State, Pile]:
        """Return how many jobs are in each state, and since when; every state is there."""
        found = {row["state"]: row for row in await self._read(queries.PILES)}
        return {
            state: Pile(jobs=row["jobs"], oldest_at=row["oldest_at"]) if row else Pile()
            for state, row in ((state, found.get(state.value)) for state in State)
        }

    async def media_in_use(self, *, page: int = PAGE) -> frozenset[str]:
        """Return the names of the files that jobs still refer to."""
        names: set[str] = set()
        after = ""
        while found := await self._read(queries.KEPT_MEDIA, after=after, limit=page):
            names.update(queries.names(found))
            after = found[-1]["job_id"]
        return frozenset(names)

    async def is_referred_to(self, picture: MediaItem, *, besides: str) -> bool:
        """Whether another job than `besides` has or awaits a picture; reads every job kept."""
        return await self._reads.transaction(
            lambda connection: wishes.is_referred_to(connection, picture.sha256, besides)
        )

    async def is_awaited(self, picture: MediaItem, *, besides: str) -> bool:
        """Whether a job under way, other than `besides`, may yet come to have a picture."""
        return await self._reads.transaction(
            lambda connection: wishes.is_awaited(connection, picture.sha256, besides)
        )

    async def wants_media(self, job_id: str, name: str) -> bool:
        """Whether the job is under way and `name` is one of its prepared pictures."""
        found = await self._read(queries.JOB_BY_ID, job_id=job_id)
        jobs = [codec.job_from_row(row) for row in found]
        return any(
            item.name == name for job in jobs if not job.is_terminal for item in job.prepared
        )

    async def retain(
        self, older_than: datetime, limit: int, *, at: datetime | None = None
    ) -> tuple[str, ...]:
        """
        Remove words and pictures from at most `limit` jobs that ended before `older_than`.

        Their costs are kept. Returns their ids.
        """
        emptied_at = at or self._clock.now()
        return await self._writer.write(
            "",
            lambda connection: keeping.empty_old(connection, older_than, limit, emptied_at),
            alone=True,
        )

    async def forget_job(self, job_id: str, *, at: datetime | None = None) -> Job | None:
        """
        Remove words and pictures from one job, on request; its messages count as deleted.

        None when it has not ended, something is still to be said of it, or it is empty already.
        """
        emptied_at = at or self._clock.now()
        return await self._writer.write(
            job_id, lambda connection: keeping.empty(connection, job_id, emptied_at)
        )

    async def _read(self, statement: sa.Executable, **values: object) -> Sequence[codec.Row]:
        return await self._reads.transaction(
            lambda connection: rows.many(connection, statement, values)
        )
