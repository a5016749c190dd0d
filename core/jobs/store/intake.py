"""Doer: admits orders in time, many together, or makes sure that nothing comes of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial

import sqlalchemy as sa
import structlog
from ulid import ULID

from core.clock import Clock
from core.errors import AppError, QuotaExceeded, UnknownJob
from core.jobs.job import Admission, Order
from core.jobs.lifecycle import Event
from core.jobs.quota import Limits, check_order
from core.jobs.store import admission, changes
from core.jobs.store.admission import Ask
from core.jobs.store.grouping import Group, Try, late
from core.jobs.store.writer import Write, Writer, says_store_is_away

ADMIT_WITHIN_S = 1.0
"""How long an order may take to be admitted before its user is told to try again, in seconds."""
WITHDRAW_PAUSES_S = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""
Between two tries to withdraw an order that came too late, in seconds.

Together they are less than the time after which somebody else looks at an order that nobody has
acknowledged.
"""

_TOO_LONG = "the ledger took too long to admit an order"

_log = structlog.get_logger()


def new_job_id(now: datetime) -> str:
    """Return a new job's id: a ULID, so that ids sort by time."""
    return str(ULID.from_datetime(now))


class Intake:
    """
    Admits orders, each within a fixed time; those that come together share a transaction.

    An order whose time is over is not inserted; one whose time ends while it is being inserted is
    withdrawn in the same transaction, or by a write of its own when that was committed. So is one
    whose commit broke off: it may have been carried out all the same. Should the process die before
    that, the job is found without an acknowledgement by another or at the next start, and where the
    platform says that it counts (Slack), it runs: whoever was told anything read "in doubt".
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
        self._waiting: Group | None = None
        self._in_doubt: set[str] = set()
        """Jobs of which nobody knows whether there are any."""

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
        check_order(order, limits)
        one = Try(
            ask=Ask(
                order=order, limits=limits, deadline_s=deadline_s, now=now, job_id=self._new_id(now)
            )
        )
        self._send(one)
        limit = asyncio.get_running_loop().call_later(self._within_s, one.give_up, _TOO_LONG)
        try:
            outcome = await one.outcome
        except asyncio.CancelledError:
            one.leave()
            raise
        finally:
            limit.cancel()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def _send(self, one: Try) -> None:
        """Let an order join the group that waits for its transaction, or begin another."""
        if self._waiting is None or not self._waiting.join(one):
            self._waiting = Group([one], self._clock)
            self._tasks.create_task(self._carry_out(self._waiting))

    async def _carry_out(self, group: Group) -> None:
        try:
            admitted = await self._writer.write("", group.write, alone=True)
        except Exception as exc:  # noqa: BLE001 -- raised again where each order is waited for
            group.close()
            await self._go_on_singly(group, exc)
        else:
            await self._tell(admitted)
        finally:
            for one in group.tries:
                one.give_up("the ledger stopped")

    async def _tell(self, admitted: Sequence[tuple[Try, Admission | QuotaExceeded]]) -> None:
        for one, outcome in admitted:
            one.end(outcome)
        await asyncio.gather(*map(self._withdraw, late(admitted).values()))

    async def _go_on_singly(self, group: Group, error: Exception) -> None:
        """Keep an order that spoilt a transaction from taking the others with it."""
        if says_store_is_away(error):
            for one in group.tries:
                one.give_up(str(error))
            self._doubt({one.kept_as for one in group.tries if one.is_taken})
        elif len(group.tries) == 1:
            group.tries[0].end(error)
        else:
            _log.warning("store.orders_spoilt", orders=len(group.tries))
            for one in group.tries:
                await self._carry_out(Group([one], self._clock))

    def _doubt(self, job_ids: set[str]) -> None:
        """Have these jobs withdrawn, should they have come to be."""
        is_first = not self._in_doubt
        self._in_doubt |= job_ids
        if is_first and job_ids:
            self._tasks.create_task(self._end_doubts())

    async def _end_doubts(self) -> None:
        while job_ids := frozenset(self._in_doubt):
            at = self._clock.now()
            await self._insist("", partial(_withdraw_all, job_ids=job_ids, at=at), alone=True)
            self._in_doubt -= job_ids

    async def _withdraw(self, job_id: str) -> None:
        """Withdraw a job whose user no longer waits for it."""
        await self._insist(
            job_id,
            partial(
                changes.move_as_user,
                job_id=job_id,
                event=Event.ACK_REFUSED,
                at=self._clock.now(),
            ),
        )

    async def _insist(self, key: str, write: Write[object], *, alone: bool = False) -> None:
        """Carry out a write, again while the store is away."""
        for pause_s in (*WITHDRAW_PAUSES_S, None):
            try:
                await self._writer.write(key, write, alone=alone)
            except AppError:
                if pause_s is None or self._writer.is_closing:
                    _log.warning("store.late_order_left", job_id=key, exc_info=True)
                    return
                await self._clock.wait(self._writer.closing, pause_s)
            else:
                return


def _withdraw_all(connection: sa.Connection, job_ids: Collection[str], at: datetime) -> None:
    """Withdraw those of the jobs that there are, unless they are acknowledged."""
    admission.admit_nobody_else(connection)  # whose commit is under way holds it until it is over
    for job_id in sorted(job_ids):
        with suppress(UnknownJob):
            changes.move_as_user(connection, job_id, Event.ACK_REFUSED, at)
