"""Doer: what admins ask of the ledger from a process that drives no jobs, for those that do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import bindparam

from core.jobs.job import Job
from core.jobs.lifecycle import Event
from core.jobs.mode import Halt, Mode
from core.jobs.store import admission, changes, delivering, halts, rows
from core.jobs.store.engine import Database
from core.jobs.store.tables import CONTROL, TOUCHED
from core.jobs.store.writer import Writer

LOOKED_AT = 500
"""Lines that are read at once; what is left comes with the next look."""
KEPT_S = 3600.0
"""How long a line is kept, in seconds: who drives jobs looks every second, or starts anew."""

_TOUCH = sa.insert(TOUCHED).inline()
_DROP_OLD = sa.delete(TOUCHED).where(TOUCHED.c.at < bindparam("before"))
_NEWEST = sa.select(sa.func.coalesce(sa.func.max(TOUCHED.c.line), 0).label("line"))
_AFTER = (
    sa.select(TOUCHED.c.line, TOUCHED.c.job_id)
    .where(TOUCHED.c.line > bindparam("after"))
    .order_by(TOUCHED.c.line)
    .limit(LOOKED_AT)
)
_RESUME = sa.delete(CONTROL)

Touched = tuple[int, str]
"""A line, and the job that was changed."""


def touch(connection: sa.Connection, job_id: str, at: datetime) -> None:
    """
    Have whoever drives the job look at it, within about a second of the commit.

    The transaction has to hold the lock of `admission`: lines come to be seen in their order.
    """
    connection.execute(_TOUCH, {"job_id": job_id, "at": at})
    connection.execute(_DROP_OLD, {"before": at - timedelta(seconds=KEPT_S)})


class ControlStore:
    """
    What is halted, and which jobs were changed from outside.

    Every call may raise StoreUnavailable: then nothing was kept, as far as anybody knows.
    """

    def __init__(self, reads: Database, writer: Writer) -> None:
        self._reads = reads
        self._writer = writer

    async def mode(self) -> Mode:
        """Return what is halted."""
        return await self._reads.transaction(halts.mode)

    async def newest_line(self) -> int:
        """Return the number of the line that was written last; 0 when there is none."""
        row = await self._reads.transaction(
            lambda connection: rows.the_one(connection, _NEWEST, {})
        )
        return int(row["line"])

    async def look(self, after: int) -> tuple[Mode, tuple[Touched, ...]]:
        """Return what is halted, and the jobs touched after that line."""

        def read(connection: sa.Connection) -> tuple[Mode, tuple[Touched, ...]]:
            found = rows.many(connection, _AFTER, {"after": after})
            return halts.mode(connection), tuple((row["line"], row["job_id"]) for row in found)

        return await self._reads.transaction(read)

    async def halt(self, halt: Halt, at: datetime) -> Mode:
        """
        Halt something; return all that is halted. What is halted already stays so, since then.

        No order is admitted any more once draining has been committed, by any process.
        """

        def write(connection: sa.Connection) -> Mode:
            admission.admit_nobody_else(connection)
            halts.add(connection, halt, at)
            return halts.mode(connection)

        return await self._writer.write("", write, alone=True)

    async def resume(self) -> Mode:
        """Go on with everything; return what had been halted."""

        def write(connection: sa.Connection) -> Mode:
            admission.admit_nobody_else(connection)
            before = halts.mode(connection)
            connection.execute(_RESUME)
            return before

        return await self._writer.write("", write, alone=True)

    async def record(self, job_id: str, event: Event, at: datetime) -> Job | None:
        """
        Do what CANCEL or CHECK_AGAIN does to a job, whoever drives it; None when it does nothing.

        Raises:
            UnknownJob: there is no such job.
        """
        return await self._touching(
            job_id, at, lambda connection: changes.move_as_user(connection, job_id, event, at)
        )

    async def show_again(self, job_id: str, at: datetime) -> Job | None:
        """
        Say again what a place had refused; None when nothing had been refused.

        Raises:
            UnknownJob: there is no such job.
        """
        return await self._touching(
            job_id, at, lambda connection: delivering.show_again(connection, job_id, at)
        )

    async def _touching(
        self, job_id: str, at: datetime, change: Callable[[sa.Connection], Job | None]
    ) -> Job | None:
        def write(connection: sa.Connection) -> Job | None:
            admission.admit_nobody_else(connection)
            job = change(connection)
            if job is not None:
                touch(connection, job_id, at)
            return job

        return await self._writer.write(job_id, write, alone=True)
