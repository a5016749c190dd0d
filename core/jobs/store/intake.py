"""Doer: admits orders in time, many together, or makes sure that nothing comes of them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import sqlalchemy as sa
import structlog
from ulid import ULID

from core.clock import Clock
from core.errors import AppError, QuotaExceeded, StoreUnavailable, UnknownJob
from core.jobs.job import Admission, Order
from core.jobs.lifecycle import Event
from core.jobs.quota import Limits, check_order
from core.jobs.store import admission, changes
from core.jobs.store.admission import Ask
from core.jobs.store.writer import Write, Writer, says_store_is_away

ADMIT_WITHIN_S = 1.0
"""How long an order may take to be admitted before its user is told to try again, in seconds."""
GROUP_MAX = 256
"""Orders in one transaction."""
WITHDRAW_PAUSES_S = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""
Between two tries to withdraw an order that came too late, in seconds.

Together they are less than the time after which somebody else looks at an order that nobody has
acknowledged.
"""

_log = structlog.get_logger()


def new_job_id(now: datetime) -> str:
    """Return a new job's id: a ULID, so that ids sort by time."""
    return str(ULID.from_datetime(now))


def _future() -> asyncio.Future[Admission | Exception]:
    return asyncio.get_running_loop().create_future()


@dataclass(kw_only=True, slots=True, eq=False)
class _Try:
    """One order on its way into the ledger, and the one who waits for its outcome."""

    ask: Ask
    outcome: asyncio.Future[Admission | Exception] = field(default_factory=_future)
    is_given_up: bool = False
    """Whether nobody waits for it any more."""

    def end(self, outcome: Admission | Exception) -> None:
        """Tell who waits, unless it was told before."""
        if not self.outcome.done():
            self.outcome.set_result(outcome)

    def give_up(self) -> None:
        """Wait no more, unless what became of it is known already."""
        if not self.outcome.done():
            self.is_given_up = True
            self.end(StoreUnavailable("the ledger took too long to admit an order"))


class _Group:
    """Orders for one transaction, which more may join until it begins."""

    def __init__(self, tries: Sequence[_Try], clock: Clock) -> None:
        self.tries = list(tries)
        self._clock = clock
        self._lock = threading.Lock()
        self._is_closed = False

    def join(self, one: _Try) -> bool:
        """Add an order, and return whether there was still room for it."""
        with self._lock:
            if self._is_closed or len(self.tries) >= GROUP_MAX:
                return False
            self.tries.append(one)
            return True

    def close(self) -> None:
        """Let nobody join any more."""
        with self._lock:
            self._is_closed = True

    def write(self, connection: sa.Connection) -> list[tuple[_Try, Admission | QuotaExceeded]]:
        """Admit the orders that are still waited for, and return what became of each."""
        admission.admit_nobody_else(connection)
        self.close()
        wanted = [one for one in self.tries if not one.is_given_up]
        outcomes = admission.admit(connection, [one.ask for one in wanted])
        admitted = list(zip(wanted, outcomes, strict=True))
        late = _late(admitted)
        for job_id in late.values():
            changes.move_as_user(connection, job_id, Event.ACK_REFUSED, self._clock.now())
        return [(one, outcome) for one, outcome in admitted if one not in late]


def _late(admitted: Sequence[tuple[_Try, Admission | QuotaExceeded]]) -> dict[_Try, str]:
    """Return the new jobs that nobody waits for any more."""
    return {
        one: outcome.job.job_id
        for one, outcome in admitted
        if one.is_given_up and isinstance(outcome, Admission) and outcome.is_new
    }


class Intake:
    """
    Admits orders, each within a fixed time; those that come together share a transaction.

    An order whose time is over is not inserted; one whose time ends while it is being inserted is
    withdrawn in the same transaction, or by a write of its own when that was committed. So is one
    whose transaction broke off: it may have been committed all the same. Should the process die
    before that, the job is found without an acknowledgement at the next start.
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
        self._waiting: _Group | None = None
        self._in_doubt: set[str] = set()
        """Jobs of which users were told that there are none, while nobody knows."""

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
            ask=Ask(
                order=order, limits=limits, deadline_s=deadline_s, now=now, job_id=self._new_id(now)
            )
        )
        self._send(one)
        limit = asyncio.get_running_loop().call_later(self._within_s, one.give_up)
        try:
            outcome = await one.outcome
        except asyncio.CancelledError:
            one.is_given_up = True
            raise
        finally:
            limit.cancel()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def _send(self, one: _Try) -> None:
        """Let an order join the group that waits for its transaction, or begin another."""
        if self._waiting is None or not self._waiting.join(one):
            self._waiting = _Group([one], self._clock)
            self._tasks.create_task(self._carry_out(self._waiting))

    async def _carry_out(self, group: _Group) -> None:
        try:
            admitted = await self._writer.write("", group.write, alone=True)
        except Exception as exc:  # noqa: BLE001 -- raised again where each order is waited for
            group.close()
            await self._go_on_singly(group, exc)
        else:
            await self._tell(admitted)
        finally:
            for one in group.tries:
                one.end(StoreUnavailable("the ledger stopped"))

    async def _tell(self, admitted: Sequence[tuple[_Try, Admission | QuotaExceeded]]) -> None:
        for one, outcome in admitted:
            one.end(outcome)
        await asyncio.gather(*map(self._withdraw, _late(admitted).values()))

    async def _go_on_singly(self, group: _Group, error: Exception) -> None:
        """Keep an order that spoilt a transaction from taking the others with it."""
        if says_store_is_away(error):
            for one in group.tries:
                one.end(StoreUnavailable(str(error)))
            self._doubt({one.ask.job_id for one in group.tries})
        elif len(group.tries) == 1:
            group.tries[0].end(error)
        else:
            _log.warning("store.orders_spoilt", orders=len(group.tries))
            for one in group.tries:
                await self._carry_out(_Group([one], self._clock))

    def _doubt(self, job_ids: set[str]) -> None:
        """Have these jobs withdrawn, should they have come to be."""
        is_first = not self._in_doubt
        self._in_doubt |= job_ids
        if is_first:
            self._tasks.create_task(self._end_doubts())

    async def _end_doubts(self) -> None:
        while job_ids := frozenset(self._in_doubt):
            at = self._clock.now()
            await self._insist("", partial(_withdraw_all, job_ids=job_ids, at=at), alone=True)
            self._in_doubt -= job_ids

    async def _withdraw(self, job_id: str) -> None:
        """Withdraw a job whose user was told that there is none."""
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
