"""Port: how jobs reach a worker, and the doer for one process beside one data folder."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import filelock

from core.errors import SettingsError
from core.jobs.turns import Turns


@dataclass(frozen=True, kw_only=True, slots=True)
class Upkeep:
    """How the looking after jobs of replicas that died goes; for health and metrics."""

    last_swept_at: datetime | None
    """When a look has last succeeded."""
    is_overdue: bool
    """Whether that is so long ago that jobs of the dead may be left lying."""
    stuck: int
    """How many jobs stay with the dead though they were given back; should be 0."""
    held_back: int = 0
    """How many jobs wait because the processes that held them died too often; should be 0."""


class Dispatcher(Protocol):
    """
    Hands job ids from whoever makes or changes jobs to whoever drives them.

    Whoever gets a job from `next` claims it in the ledger, and says by `done` or `give_back` when
    it holds it no longer.
    """

    is_shared: bool
    """Whether other processes may take orders and drive jobs of the same ledger."""
    unsure: asyncio.Event
    """Set when others may have taken or changed what was handed out; cleared by who has looked."""

    def enqueue(self, connection: object, job_ids: Sequence[str]) -> None:
        """
        Have the jobs driven by somebody once the transaction on `connection` is committed.

        Called in that transaction and in its thread, for jobs that had nothing to do before it;
        never refuses a job.
        """
        ...

    async def offer(self, job_id: str) -> None:
        """Have whoever drives the job look at it soon; it was changed. Only a hint."""
        ...

    async def adopt(self, job_ids: Iterable[str]) -> None:
        """
        See to it that somebody drives each of these: unfinished, and in no hands of this process.

        Raises:
            StoreUnavailable: nothing came of it, or only of some.
        """
        ...

    async def next(self) -> str:
        """Return the next job to claim and drive, as soon as there is one."""
        ...

    def done(self, job_id: str) -> None:
        """Nothing is left to do for the job; it stays with us if it waits to be claimed again."""
        ...

    def give_back(self, job_id: str) -> None:
        """Leave the job to others, who find in the ledger whatever is left to do."""
        ...

    def retire(self) -> None:
        """Hand out nothing from now on; what was handed out stays with us until given back."""
        ...

    async def run(self) -> None:
        """Do what has to be done all the while that jobs are driven, until cancelled."""
        ...

    def upkeep(self) -> Upkeep | None:
        """Return how the looking after the dead goes; None where there is nobody else."""
        ...

    async def close(self) -> None:
        """Give back what was held; nothing is handed out afterwards."""
        ...


class LocalDispatcher:
    """
    One process drives all jobs of a data folder; a lock file beside the store proves it.

    The operating system lets go of the lock when the process ends, however it ends.
    """

    def __init__(self, lock_path: Path, *, variable: str = "REDRAW_DATA_DIR") -> None:
        """`variable` is the setting that chose the folder."""
        self._lock = filelock.FileLock(lock_path, thread_local=False)
        self._folder = lock_path.parent
        self._variable = variable
        self._turns = Turns()
        self.is_shared = False
        """Never: the lock keeps everybody else out."""
        self.unsure = asyncio.Event()
        """Never set: nobody else drives the jobs of this folder."""

    async def __aenter__(self) -> Self:
        """
        Take the lock.

        Raises:
            SettingsError: another process holds it, or the folder cannot be written to.
        """
        try:
            self._lock.acquire(blocking=False)
        except filelock.Timeout as exc:
            raise SettingsError(
                self._variable,
                f"{self._folder} is in use by another Redraw process; "
                "stop that one, or choose another folder",
            ) from exc
        except OSError as exc:
            raise SettingsError(
                self._variable, f"{self._folder} cannot be written to: {exc.strerror}"
            ) from exc
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Give the lock back."""
        await self.close()

    def enqueue(self, connection: object, job_ids: Sequence[str]) -> None:
        """Do nothing: the ledger alone says what there is to do, and offers say when."""

    async def offer(self, job_id: str) -> None:
        """Have the job driven soon; offering it again while it waits changes nothing."""
        self._turns.put(job_id)

    async def adopt(self, job_ids: Iterable[str]) -> None:
        """Have each of these driven: nobody else will."""
        for job_id in job_ids:
            await self.offer(job_id)

    async def next(self) -> str:
        """Return the job that was offered longest ago, as soon as there is one."""
        return await self._turns.take()

    def done(self, job_id: str) -> None:
        """Do nothing: whoever has a job more to do is offered it again."""

    def give_back(self, job_id: str) -> None:
        """Do nothing: there are no others; the next process adopts it."""

    def retire(self) -> None:
        """Do nothing: whoever stops takes no more."""

    async def run(self) -> None:
        """Return at once: the operating system watches the lock."""

    def upkeep(self) -> None:
        """Return None: there is nobody else."""

    async def close(self) -> None:
        """Give the lock back and forget what is waiting: the ledger remembers it."""
        self._turns.clear()
        self._lock.release()
