"""Doer: the one task that writes, many small writes to a transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import InterfaceError, OperationalError

from core.errors import AppError, StoreUnavailable
from core.jobs.store import enqueuing, lines
from core.jobs.store.engine import Database, as_ours
from core.jobs.store.enqueuing import Enqueue

WINDOW_S = 0.003
"""How long the first write of a group waits for others to join it, in seconds."""
STEADY_PER_S = 20.0
"""
Transactions a second while writes keep coming; a few of them may follow each other faster.

Each costs about a millisecond of CPU and a wait for the disk, however little it writes: a group
that is filled for 50 ms instead of 3 halves what a write costs when hundreds come in a second.
"""
BURST = 24.0
"""Transactions that may follow each other without a pause; the writes of one job are 14."""
CROWD = 32
"""With so many writes waiting, a group is large enough not to wait for more."""
GROUP_MAX = 256
"""Writes in one transaction."""
QUEUE_MAX = 4096
"""Writes that wait; who comes later waits for room."""

_log = structlog.get_logger()
T = TypeVar("T")
Write = Callable[[sa.Connection], T]
"""
One write, inside a transaction that it neither begins nor ends, in the thread that writes.

It may be run a second time, in a transaction of its own, after its first was rolled back. When it
raises an AppError it has changed nothing, unless it runs alone: then it is rolled back.
"""


def _future() -> asyncio.Future[Any]:
    return asyncio.get_running_loop().create_future()


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Pending:
    """A write that waits for its transaction, and the one who waits for its outcome."""

    key: str
    write: Write[Any]
    alone: bool
    outcome: asyncio.Future[Any] = field(default_factory=_future)

    def succeed(self, value: object) -> None:
        if not self.outcome.done():
            self.outcome.set_result(value)

    def fail(self, error: Exception) -> None:
        if not self.outcome.done():
            self.outcome.set_exception(error)


class _Spoilt(Exception):
    """A write raised, and its transaction was rolled back."""


class Writer:
    """
    Runs every write of this process, one transaction after the other.

    Writes that come within a few milliseconds share one transaction, and so one wait for the disk.
    Each has its own outcome: when one of them spoils the transaction, all are run again one by one.
    """

    def __init__(
        self,
        database: Database,
        *,
        window_s: float = WINDOW_S,
        queue_max: int = QUEUE_MAX,
        enqueue: Enqueue = enqueuing.nowhere,
    ) -> None:
        self._database = database
        self._enqueue = enqueue
        self._window_s = window_s
        self._queue: asyncio.Queue[_Pending | None] = asyncio.Queue(queue_max)
        self.closing = asyncio.Event()
        """Set when no more writes are taken."""
        self._stopped = asyncio.Event()
        self._taken: list[_Pending] = []
        self._allowance = BURST
        self._counted_at_s = 0.0

    @property
    def is_closing(self) -> bool:
        """Whether no more writes are taken."""
        return self.closing.is_set()

    async def write(self, key: str, write: Write[T], *, alone: bool = False) -> T:
        """
        Return what `write` returned, once it is committed; `key` is the job that it locks.

        Cancelling the wait does not take the write back. A write that may raise for a reason of
        its own goes `alone`, in a transaction that it shares with nobody.

        Raises:
            StoreUnavailable: it was not committed as far as anybody knows.
            AppError: whatever `write` raised.
        """
        if self.is_closing:
            raise StoreUnavailable("the ledger is closed")
        pending = _Pending(key=key, write=write, alone=alone)
        await self._queue.put(pending)
        if self._stopped.is_set():
            self._refuse_what_waits()
        outcome: T = await pending.outcome
        return outcome

    async def close(self) -> None:
        """Take no more writes, and return when those that wait are committed."""
        if not self.is_closing:
            self.closing.set()
            await self._queue.put(None)
        await self._stopped.wait()

    async def run(self) -> None:
        """Write until closed and done; if it ends by a fault, what waits is told so."""
        try:
            while not (self.is_closing and self._queue.empty()):
                await self._round()
        finally:
            self.closing.set()
            self._stopped.set()
            _fail_all(self._taken, StoreUnavailable("the ledger stopped"))
            self._refuse_what_waits()

    async def _round(self) -> None:
        first = await self._queue.get()
        if first is None:
            return
        self._taken = [first]
        if not first.alone:
            await self._let_others_join()
        self._gather()
        for each in self._taken:
            if each.alone:
                await self._commit([each])
        # Always in the same order, so that two processes on one Postgres never lock crosswise.
        shared = sorted((each for each in self._taken if not each.alone), key=lambda each: each.key)
        if shared:
            await self._commit(shared)

    async def _let_others_join(self) -> None:
        await asyncio.sleep(self._window_s)
        now_s = asyncio.get_running_loop().time()
        earned = (now_s - self._counted_at_s) * STEADY_PER_S
        self._allowance = min(self._allowance + earned, BURST) - 1.0
        self._counted_at_s = now_s
        if self._allowance < 0.0 and self._queue.qsize() < CROWD and not self.is_closing:
            await asyncio.sleep(-self._allowance / STEADY_PER_S)

    def _gather(self) -> None:
        with suppress(asyncio.QueueEmpty):
            while len(self._taken) < GROUP_MAX:
                if pending := self._queue.get_nowait():
                    self._taken.append(pending)

    async def _commit(self, group: Sequence[_Pending]) -> None:
        try:
            values = await self._database.transaction(
                lambda connection: _attempt_all(group, connection, self._enqueue)
            )
        except _Spoilt as exc:
            await self._commit_singly(group, exc)
        except Exception as exc:  # noqa: BLE001 -- whoever waits is told, and the writer goes on
            _fail_all(group, exc)
        else:
            for pending, value in zip(group, values, strict=True):
                if isinstance(value, AppError):
                    pending.fail(value)
                else:
                    pending.succeed(value)

    async def _commit_singly(self, group: Sequence[_Pending], spoilt: _Spoilt) -> None:
        if len(group) == 1:
            group[0].fail(_cause(spoilt))
            return
        _log.warning("store.group_spoilt", writes=len(group), cause=type(spoilt.__cause__).__name__)
        for done, pending in enumerate(group):
            await self._commit([pending])
            if says_store_is_away(_error_of(pending.outcome)):
                _fail_all(group[done + 1 :], StoreUnavailable("the database went away"))
                return

    def _refuse_what_waits(self) -> None:
        with suppress(asyncio.QueueEmpty):
            while True:
                if pending := self._queue.get_nowait():
                    pending.fail(StoreUnavailable("the ledger is closed"))


def _attempt_all(
    group: Sequence[_Pending], connection: sa.Connection, enqueue: Enqueue
) -> list[object]:
    try:
        with enqueuing.gathered(connection, enqueue), lines.gathered(connection):
            return [_attempt(pending, connection) for pending in group]
    except _Spoilt:
        raise
    except Exception as exc:
        raise _Spoilt from exc


def _attempt(pending: _Pending, connection: sa.Connection) -> object:
    try:
        return pending.write(connection)
    except Exception as exc:
        if isinstance(exc, AppError) and not pending.alone:
            return exc
        raise _Spoilt from exc


def _cause(spoilt: _Spoilt) -> Exception:
    return as_ours(spoilt.__cause__) if isinstance(spoilt.__cause__, Exception) else spoilt


def _fail_all(group: Sequence[_Pending], error: Exception) -> None:
    for pending in group:
        text = str(error) if isinstance(error, StoreUnavailable) else type(error).__name__
        own = StoreUnavailable(text)
        own.__cause__ = error.__cause__ or (None if isinstance(error, StoreUnavailable) else error)
        pending.fail(own)


def _error_of(outcome: asyncio.Future[Any]) -> BaseException | None:
    return outcome.exception() if outcome.done() and not outcome.cancelled() else None


def says_store_is_away(error: BaseException | None) -> bool:
    """Whether an error is of the database or the ledger as a whole, not of what was written."""
    if not isinstance(error, StoreUnavailable):
        return False
    cause = error.__cause__
    return cause is None or isinstance(cause, OperationalError | InterfaceError | OSError)
