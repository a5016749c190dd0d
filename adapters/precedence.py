"""
Doer: lets those who wait for an answer go before what is done after an answer.

In a burst everybody's three seconds run at once, while a job that is under way can wait: what is
done for it would take the processor from those who have not been answered yet.
"""

from __future__ import annotations

import asyncio
from typing import Final

from core.clock import Clock

CROWD: Final = 8
"""
With so many waiting it is a burst: answering them takes long enough to be held up by other work.

With 50 orders a second there are one to four at any moment, and jobs must go on all the same.
"""
LONGEST_S: Final = 1.0
"""How long anything stands back for a crowd, in seconds; it may then do so again."""


class Precedence:
    """Counts who waits for an answer."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: set[int | str] = set()
        self._calm = asyncio.Event()
        self._calm.set()
        self._stood_back: asyncio.Event | None = None

    def came(self, act_id: int | str) -> None:
        """Note that somebody waits for an answer."""
        self._waiting.add(act_id)
        self._look()

    def answered(self, act_id: int | str) -> None:
        """Note that somebody waits no more, answered or not."""
        self._waiting.discard(act_id)
        self._look()

    async def calm(self) -> None:
        """
        Return once no crowd waits for answers, or after LONGEST_S at most.

        Who comes first waits for that, and the others for him: one timer for all of them.
        """
        if self._calm.is_set():
            return
        if self._stood_back is not None:
            await self._stood_back.wait()
            return
        self._stood_back = over = asyncio.Event()
        try:
            await self._clock.wait(self._calm, LONGEST_S)
        finally:
            self._stood_back = None
            over.set()

    def _look(self) -> None:
        if len(self._waiting) < CROWD:
            self._calm.set()
        else:
            self._calm.clear()
