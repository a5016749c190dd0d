"""Doer: admits an order in time, or makes sure that nothing comes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
import structlog
from ulid import ULID

from core.clock import Clock
from core.errors import AppError, StoreUnavailable
from core.jobs.job import Admission, Order
from core.jobs.lifecycle import Event
from core.jobs.quota import Limits, check_order
from core.jobs.store import admission, changes
from core.jobs.store.writer import Writer

ADMIT_WITHIN_S = 1.0
"""How long an order may take to be admitted before its user is told to try again, in seconds."""

_log = structlog.get_logger()


def new_job_id(now: datetime) -> str:
    """Return a new job's id: a ULID, so that ids sort by time."""
    return str(ULID.from_datetime(now))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Try:
    """One order on its way into the ledger."""

    order: Order
    limits: Limits
    deadline_s: float
    now: datetime
    job_id: str
    given_up: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when nobody waits for it any more."""

    def write(self, connection: sa.Connection) -> Admission:
        self._check_wanted()
        admitted = admission.admit(
            connection,
            self.order,
            limits=self.limits,
            deadline_s=self.deadline_s,
            now=self.now,
            job_id=self.job_id,
        )
        self._check_wanted()
        return admitted

    def _check_wanted(self) -> None:
        if self.given_up.is_set():
            raise StoreUnavailable("the order came too late into the ledger")


class Intake:
    """
    Admits orders, each within a fixed time.

    An order whose time is over is not inserted; one that is committed at that very moment is
    withdrawn by a write of its own. Should the process die before that, the job is found without
    an acknowledgement at the next start.
    """

    def __init__(
        self,
        writer: Writer,
        tasks: asyncio.TaskGroup,
        clock: Clock,
        *,
        new_id: Callable[[datetime], str],
        within_s: float,
    ) -> None:
        self._writer = writer
        self._tasks = tasks
        self._clock = clock
        self._new_id = new_id
        self._within_s = within_s

    async def admit(
        self, order: Order, *, limits: Limits, deadline_s: float, now: datetime
    ) -> Admission:
        """
        Return the job of an order; the same act of the user always gives the same job.

        Raises:
            QuotaExceeded: the order does not fit into the limits.
            StoreUnavailable: it took too long; then there is no such job, or it is withdrawn.
        """
        check_order(order, limits)
        one = _Try(
            order=order, limits=limits, deadline_s=deadline_s, now=now, job_id=self._new_id(now)
        )
        task = self._tasks.create_task(self._carry_out(one))
        try:
            await asyncio.wait({task}, timeout=self._within_s)
        finally:
            if not task.done():
                one.given_up.set()
        if one.given_up.is_set():
            raise StoreUnavailable("the ledger took too long to admit an order")
        outcome = task.result()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def _carry_out(self, one: _Try) -> Admission | Exception:
        try:
            admitted = await self._writer.write(one.job_id, one.write, alone=True)
        except Exception as exc:  # noqa: BLE001 -- raised again where the order is waited for
            return exc
        if one.given_up.is_set() and admitted.is_new:
            await self._withdraw(admitted.job.job_id)
        return admitted

    async def _withdraw(self, job_id: str) -> None:
        at = self._clock.now()
        try:
            await self._writer.write(
                job_id,
                lambda connection: changes.move_as_user(connection, job_id, Event.ACK_REFUSED, at),
            )
        except AppError:
            _log.warning("store.late_order_left", job_id=job_id, exc_info=True)
