"""
Doer: procrastinate's rows, one for each job that somebody drives or has to drive.

procrastinate ends a row by its number alone, gives up when the database goes away, and listens and
beats in tasks that nobody watches once one of them has returned. Here a row is ended only by the
one that holds it, and nothing ends because a statement failed.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

import structlog
from procrastinate import PsycopgConnector, SyncPsycopgConnector, exceptions
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager, NotificationCallback, get_channel_for_queues

from core.clock import Clock
from core.jobs import dispatch_statements as statements
from core.jobs.dispatch_link import CONNECTIONS, as_ours, kind_of

QUEUE = "redraw"
TASK = "redraw.drive"
CHANNEL = "redraw_wishes"
"""Where every replica hears of jobs that were changed."""
LISTEN_AGAIN_S = 2.0
"""Between two tries to listen, in seconds."""
ENDINGS = CONNECTIONS - 2
"""Rows that are ended at once, so that signs of life and fetching never wait for them."""
FORGOTTEN_S = 3600.0
"""
After so long without a sign of life a replica's number is removed, in seconds.

Its rows are taken over long before that. Removing it as early, as procrastinate does whenever a
worker starts, would after an outage remove those who are about to be heard of again.
"""
GONE = "23503"
"""
A row refers to a worker that is not there: ours was removed as dead.

Source: foreign_key_violation in postgresql.org/docs/current/errcodes-appendix.html.
"""

DEADLINE_LATE_S = 5.0
"""
How long after its deadline a row that is held back is due, in seconds.

Then whoever takes it ends the job and tells its user, also with a clock that is somewhat behind.
"""

_log = structlog.get_logger()


def row_of(job_id: str, *, unless_waiting: bool = False) -> Job:
    """
    Return the row of a job; while one of them is driven, others of the same job wait.

    A row that must not be refused cannot be `unless_waiting` for another one.
    """
    return Job(
        queue=QUEUE,
        task_name=TASK,
        lock=job_id,
        queueing_lock=job_id if unless_waiting else None,
        task_kwargs={"job_id": job_id},
    )


class Rows(JobManager):
    """What a procrastinate worker asks of the database, and what we ask besides."""

    def __init__(
        self,
        connector: PsycopgConnector,
        clock: Clock,
        *,
        on_wish: Callable[[str], object],
        on_beat: Callable[[], None],
        on_removed: Callable[[], None],
    ) -> None:
        """
        Take who is told: of a job that was changed elsewhere, of each sign of life that was noted,
        and that we were removed as dead.
        """
        super().__init__(connector)
        self._clock = clock
        self._on_wish = on_wish
        self._on_beat = on_beat
        self._on_removed = on_removed
        self._ending = asyncio.Semaphore(ENDINGS)
        self._joining = JobManager(SyncPsycopgConnector())
        self.is_closed = False
        """Whether no more rows are taken."""

    def enqueue(self, connection: object, job_ids: Sequence[str]) -> None:
        """Add a row for each job in somebody's transaction, whatever rows there are."""
        self._joining.batch_defer_jobs([row_of(each) for each in job_ids], connection=connection)

    async def enqueue_missing(self, job_ids: Collection[str]) -> None:
        """
        Add a row for each job that has none.

        Raises:
            StoreUnavailable: not for all of them.
        """
        try:
            found = await self.connector.execute_query_all_async(
                statements.QUEUED, job_ids=list(job_ids)
            )
            for job_id in sorted(set(job_ids) - {row["lock"] for row in found}):
                await self._add(job_id)
        except exceptions.ConnectorException as exc:
            raise as_ours(exc) from exc

    async def _add(self, job_id: str) -> None:
        try:
            await self.defer_job_async(row_of(job_id, unless_waiting=True))
        except exceptions.AlreadyEnqueued:
            return
        _log.info("job_adopted", job_id=job_id)

    async def tell(self, job_ids: Collection[str]) -> None:
        """Tell every replica that the jobs were changed; nobody may hear it."""
        try:
            await self.connector.execute_query_async(
                statements.TELL, channel=CHANNEL, job_ids=list(job_ids)
            )
        except exceptions.ConnectorException as exc:
            _log.warning("wishes_untold", jobs=len(job_ids), error=kind_of(exc))

    async def strays(self, worker_id: int, row_ids: Collection[int]) -> list[Job]:
        """Return the rows that are down to a worker, but for those that it knows of."""
        found = await self.connector.execute_query_all_async(
            statements.STRAYS, worker_id=worker_id, row_ids=list(row_ids)
        )
        return [Job.from_row(row) for row in found]

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        """Take the next row; None when there is none, or none can be had."""
        if self.is_closed:
            return None
        try:
            return await super().fetch_job(queues, worker_id)
        except exceptions.ConnectorException as exc:
            if getattr(exc.__cause__, "sqlstate", None) == GONE:
                self._on_removed()
            else:
                _log.warning("dispatch_fetch_failed", error=kind_of(exc))
            return None

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:  # noqa: FBT001  # procrastinate's signature
        """End a row that is still held; one that cannot be ended is found as a stray."""
        await self._end(job, statements.FINISH, status=status.value, delete_job=delete_job)

    async def retry_job(
        self,
        job: Job,
        retry_at: dt.datetime | None = None,  # noqa: ARG002  # clocks may differ: at once
        priority: int | None = None,  # noqa: ARG002  # procrastinate's signature
        queue: str | None = None,  # noqa: ARG002  # procrastinate's signature
        lock: str | None = None,  # noqa: ARG002  # procrastinate's signature
    ) -> None:
        """Let others have a row that is still held."""
        await self._end(job, statements.RETRY, priority=None)

    async def take_from_the_dead(self, job: Job, *, held_back_s: float = 0.0) -> None:
        """
        Let others have a row of a dead worker, and count that; later if it is to be held back.

        Its priority says how often: procrastinate counts with `attempts` each time that a row was
        given back, also by those who were told to stop. So it comes after those that never were
        with the dead. It is never held back beyond the deadline of its job, if that is to come.
        """
        taken = {"priority": job.priority - 1}
        if held_back_s > 0:
            late = {"for_s": held_back_s, "late_s": DEADLINE_LATE_S}
            await self._end(job, statements.HOLD_BACK, **taken, **late)
        else:
            await self._end(job, statements.RETRY, **taken)

    async def held_back(self) -> int:
        """Return how many rows wait because they were with the dead too often."""
        found = await self.connector.execute_query_one_async(statements.COUNT_HELD_BACK)
        return int(found["rows"])

    async def _end(self, job: Job, statement: Any, **values: object) -> None:
        """Each time that a row is given back its attempts are counted: they are its fence."""
        try:
            async with self._ending:
                await self.connector.execute_query_async(
                    statement, row_id=job.id, attempts=job.attempts, **values
                )
        except exceptions.ConnectorException as exc:
            _log.warning("dispatch_row_left", job_id=job.lock, error=kind_of(exc))

    async def update_heartbeat(self, worker_id: int) -> None:
        """Note a sign of life."""
        try:
            await self.connector.execute_query_one_async(statements.BEAT, worker_id=worker_id)
        except exceptions.NoResult:
            self._on_removed()
        except exceptions.ConnectorException as exc:
            _log.warning("dispatch_beat_failed", error=kind_of(exc))
        else:
            self._on_beat()

    async def prune_stalled_workers(
        self,
        seconds_since_heartbeat: float,  # noqa: ARG002  # that is how long a row is waited for
    ) -> list[int]:
        """Remove the numbers of those who are gone for good."""
        return await super().prune_stalled_workers(FORGOTTEN_S)

    async def unregister_worker(self, worker_id: int) -> None:
        """
        Leave; whoever cannot say so any more is found to be dead.

        A failure would take the place of the cancellation with which a worker is ended.
        """
        try:
            await super().unregister_worker(worker_id)
        except exceptions.ConnectorException as exc:
            _log.warning("dispatch_left_unsaid", error=kind_of(exc))

    async def listen_for_jobs(
        self, *, on_notification: NotificationCallback, queues: Iterable[str] | None = None
    ) -> None:
        """Listen for new rows and for wishes until cancelled, whatever becomes of connections."""

        async def heard(channel: str, payload: str) -> None:
            if channel == CHANNEL:
                self._on_wish(payload)
            else:
                await on_notification(channel=channel, notification=json.loads(payload))

        channels = [*get_channel_for_queues(queues), CHANNEL]
        while True:
            try:
                await self.connector.listen_notify(on_notification=heard, channels=channels)
            except exceptions.ConnectorException as exc:
                _log.warning("dispatch_deaf", error=kind_of(exc))
            await self._clock.sleep(LISTEN_AGAIN_S)
