"""Doer: orders that wait for one transaction, and what each is told of it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from core.clock import Clock
from core.errors import OrderInDoubt, QuotaExceeded, StoreUnavailable
from core.jobs.job import Admission
from core.jobs.lifecycle import Event
from core.jobs.store import admission, changes
from core.jobs.store.admission import Ask

GROUP_MAX = 256
"""Orders in one transaction."""


def _future() -> asyncio.Future[Admission | Exception]:
    return asyncio.get_running_loop().create_future()


@dataclass(kw_only=True, slots=True, eq=False)
class Try:
    """One order on its way into the ledger, and the one who waits for its outcome."""

    ask: Ask
    outcome: asyncio.Future[Admission | Exception] = field(default_factory=_future)
    kept_as: str = ""
    """The id of the job that it became, or is to become: of one that is revived, that one's."""
    is_given_up: bool = False
    """Whether nobody waits for it any more."""
    is_taken: bool = False
    """Whether a transaction that may be committed, or may have been, has it."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.kept_as = self.ask.job_id

    def take(self) -> bool:
        """Have it inserted, and return whether it is still waited for; in the writing thread."""
        with self._lock:
            self.is_taken = not self.is_given_up
            return self.is_taken

    def put_back(self) -> None:
        """Say that what had it was rolled back; in the writing thread."""
        with self._lock:
            self.is_taken = False

    def leave(self) -> bool:
        """Wait no more, and return whether it may be kept all the same."""
        with self._lock:
            self.is_given_up = True
            return self.is_taken

    def end(self, outcome: Admission | Exception) -> None:
        """Tell who waits, unless it was told before."""
        if not self.outcome.done():
            self.outcome.set_result(outcome)

    def give_up(self, why: str) -> None:
        """Wait no more, unless what became of it is known already."""
        if not self.outcome.done():
            self.end(OrderInDoubt(why) if self.leave() else StoreUnavailable(why))


class Group:
    """Orders for one transaction, which more may join until it begins."""

    def __init__(self, tries: Sequence[Try], clock: Clock) -> None:
        self.tries = list(tries)
        self._clock = clock
        self._lock = threading.Lock()
        self._is_closed = False

    def join(self, one: Try) -> bool:
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

    def write(self, connection: sa.Connection) -> list[tuple[Try, Admission | QuotaExceeded]]:
        """Admit the orders that are still waited for, and return what became of each."""
        admission.admit_nobody_else(connection)
        self.close()
        wanted = [one for one in self.tries if one.take()]
        try:
            return self._admit(connection, wanted)
        except BaseException:
            for one in wanted:
                one.put_back()
            raise

    def _admit(
        self, connection: sa.Connection, wanted: Sequence[Try]
    ) -> list[tuple[Try, Admission | QuotaExceeded]]:
        outcomes = admission.admit(connection, [one.ask for one in wanted])
        admitted = list(zip(wanted, outcomes, strict=True))
        for one, outcome in admitted:
            if isinstance(outcome, Admission) and outcome.is_new:
                one.kept_as = outcome.job.job_id
        too_late = late(admitted)
        for job_id in too_late.values():
            changes.move_as_user(connection, job_id, Event.ACK_REFUSED, self._clock.now())
        return [(one, outcome) for one, outcome in admitted if one not in too_late]


def late(admitted: Sequence[tuple[Try, Admission | QuotaExceeded]]) -> dict[Try, str]:
    """Return the new jobs that nobody waits for any more."""
    return {
        one: outcome.job.job_id
        for one, outcome in admitted
        if one.is_given_up and isinstance(outcome, Admission) and outcome.is_new
    }
