"""Port: how jobs reach a worker, and the doer for one process beside one data folder."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import filelock

from core.errors import SettingsError


class Dispatcher(Protocol):
    """Hands job ids from whoever makes or changes jobs to whoever drives them."""

    async def offer(self, job_id: str) -> None:
        """Have the job driven soon; offering it again while it waits changes nothing."""
        ...

    async def next(self) -> str:
        """Return the next job to drive, as soon as there is one."""
        ...

    async def close(self) -> None:
        """Give back what was held; nothing is handed out afterwards."""
        ...


class LocalDispatcher:
    """
    One process drives all jobs of a data folder; a lock file beside the store proves it.

    The operating system lets go of the lock when the process ends, however it ends.
    """

    def __init__(self, lock_path: Path) -> None:
        self._lock = filelock.FileLock(lock_path, thread_local=False)
        self._folder = lock_path.parent
        self._waiting: dict[str, None] = {}
        self._some = asyncio.Event()

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
                "REDRAW_DATA_DIR",
                f"{self._folder} is in use by another Redraw process; "
                "stop that one, or choose another folder",
            ) from exc
        except OSError as exc:
            raise SettingsError(
                "REDRAW_DATA_DIR", f"{self._folder} cannot be written to: {exc.strerror}"
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

    async def offer(self, job_id: str) -> None:
        """Have the job driven soon; offering it again while it waits changes nothing."""
        self._waiting.setdefault(job_id)
        self._some.set()

    async def next(self) -> str:
        """Return the job that was offered longest ago, as soon as there is one."""
        while not self._waiting:
            self._some.clear()
            await self._some.wait()
        job_id = next(iter(self._waiting))
        del self._waiting[job_id]
        return job_id

    async def close(self) -> None:
        """Give the lock back and forget what is waiting: the ledger remembers it."""
        self._waiting.clear()
        self._lock.release()
