"""What the fake does on its own while a test goes on; ended, and its errors told, at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine


class Tasks:
    """
    Tasks that live as long as the fake.

    A TaskGroup would have to be left by the task that entered it, which fixtures of a test are not.
    """

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()
        self._errors: list[BaseException] = []

    def start(self, work: Coroutine[object, object, None]) -> None:
        """Run `work` beside everything else."""
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._done)

    async def end(self) -> None:
        """Cancel what still runs, and raise the first error there was."""
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await asyncio.sleep(0)
        if self._errors:
            raise self._errors.pop(0)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._errors.append(error)
