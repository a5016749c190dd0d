"""Conductor: has this process notice what admins did to the ledger from a process of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from core.clock import Clock
from core.errors import AppError
from core.jobs.dispatch import Dispatcher
from core.jobs.mode import Mode
from core.jobs.store.control import LOOKED_AT, ControlStore

LOOK_S = 1.0
"""Between two looks, in seconds; each takes two statements that find nothing as a rule."""

log = structlog.get_logger()


class Oversight:
    """
    Looks every second at what is halted and at which jobs were touched.

    What is halted when it begins is so before the first job is driven; jobs touched before that
    are found by whoever adopts what is unfinished.
    """

    def __init__(
        self,
        control: ControlStore,
        dispatch: Dispatcher,
        clock: Clock,
        *,
        on_mode: Callable[[Mode], None],
    ) -> None:
        """`on_mode` is told what is halted with every look."""
        self._control = control
        self._dispatch = dispatch
        self._clock = clock
        self._on_mode = on_mode
        self._line = 0
        self._known = Mode()

    async def begin(self) -> None:
        """
        Take note of how things stand.

        Raises:
            StoreUnavailable: the ledger could not be read.
        """
        self._line = await self._control.newest_line()
        self._take(await self._control.mode())

    async def run(self, stop: asyncio.Event) -> None:
        """Look until `stop` is set; what cannot be read leaves everything as it was."""
        while not await self._clock.wait(stop, LOOK_S):
            try:
                while await self.look():
                    pass
            except AppError as exc:
                log.warning("oversight_put_off", error=str(exc))

    async def look(self) -> bool:
        """
        Look once; return whether there is more to see at once.

        Raises:
            StoreUnavailable: the ledger could not be read, or jobs not be passed on.
        """
        mode, touched = await self._control.look(self._line)
        self._take(mode)
        if touched:
            await self._dispatch.adopt(dict.fromkeys(job_id for _, job_id in touched))
            self._line = touched[-1][0]
        return len(touched) == LOOKED_AT

    def _take(self, mode: Mode) -> None:
        if mode != self._known:
            log.info("mode_changed", paused=mode.is_paused, draining=mode.is_draining)
        self._known = mode
        self._on_mode(mode)
