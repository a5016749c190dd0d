"""Conductor: jobs that wait to be claimed, each of them once, the longest waiting first."""

from __future__ import annotations

import asyncio


class Turns:
    """Whoever puts a job that waits already changes nothing."""

    def __init__(self) -> None:
        self._waiting: dict[str, None] = {}
        self._some = asyncio.Event()

    def __contains__(self, job_id: object) -> bool:
        return job_id in self._waiting

    def put(self, job_id: str) -> None:
        """Have the job taken when its turn comes."""
        self._waiting.setdefault(job_id)
        self._some.set()

    def drop(self, job_id: str) -> None:
        """Have the job wait no longer."""
        self._waiting.pop(job_id, None)

    def clear(self) -> None:
        """Have nothing wait any longer."""
        self._waiting.clear()

    async def take(self) -> str:
        """Return the job that has waited longest, as soon as there is one."""
        while not self._waiting:
            self._some.clear()
            await self._some.wait()
        job_id = next(iter(self._waiting))
        del self._waiting[job_id]
        return job_id
