"""Conductor: a queue of jobs before one kind of step, and the few that take it at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator

from core.jobs.holds import Entry


async def _at_once(_: Entry) -> bool:
    return True


class Lane:
    """Carries out `step` for the entries put in, `width` at a time; entries wait without a task."""

    def __init__(
        self,
        width: int,
        step: Callable[[Entry], Awaitable[None]],
        *,
        may_begin: Callable[[Entry], Awaitable[bool]] = _at_once,
    ) -> None:
        self._width = width
        self._step = step
        self._may_begin = may_begin
        self._waiting: asyncio.Queue[Entry | None] = asyncio.Queue()
        self.is_closed = False
        """Whether nothing new is begun."""

    def put(self, entry: Entry) -> None:
        """Have the step carried out for `entry` when its turn comes."""
        self._waiting.put_nowait(entry)

    def workers(self) -> Iterator[Coroutine[None, None, None]]:
        """Yield what has to run for the lane to move; each ends soon after `close`."""
        return (self._work() for _ in range(self._width))

    def close(self) -> None:
        """Begin nothing new; steps under way go on."""
        self.is_closed = True
        for _ in range(self._width):
            self._waiting.put_nowait(None)

    async def _work(self) -> None:
        while not self.is_closed:
            entry = await self._waiting.get()
            if entry is None or self.is_closed:
                continue
            if await self._may_begin(entry) and not self.is_closed:
                await self._step(entry)
