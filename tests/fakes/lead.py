"""A lead that a test gives and takes."""

from __future__ import annotations

import asyncio


class GivenLead:
    """See `adapters.lead.Lead`; `forgotten` is one that was lost before anybody could say so."""

    def __init__(self) -> None:
        self.is_ours = False
        self.is_wanted = False
        self.releases = 0
        self._won, self._lost = asyncio.Event(), asyncio.Event()

    def give(self) -> None:
        self.is_ours = True
        self._lost.clear()
        self._won.set()

    def forget(self) -> None:
        """Another may have it by now, and nobody has noticed."""
        self.is_ours = False

    def take(self) -> None:
        self.is_ours = False
        self._won.clear()
        self._lost.set()

    async def won(self) -> None:
        self.is_wanted = True
        await self._won.wait()

    async def lost(self) -> None:
        await self._lost.wait()

    def release(self) -> None:
        self.releases += 1
