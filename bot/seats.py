"""Conductor: one chat's lead among replicas, as far as the session that holds its lock has told."""

from __future__ import annotations

import asyncio
import hashlib
import math

from core.clock import Clock

_KEY_BYTES = 8
"""Source: postgresql.org/docs/current/functions-admin.html, Advisory Lock Functions (bigint)."""


class Seat:
    """See `adapters.lead.Lead`; `Replicas` takes and loses it."""

    def __init__(self, name: str, clock: Clock, changed: asyncio.Event) -> None:
        """`changed` is set when somebody wants the seat, or wants it no more."""
        self.name = name
        self.key = key_of(f"lead {name}")
        """The number of its advisory lock."""
        self.is_wanted = False
        self._clock = clock
        self._changed = changed
        self._until_s = -math.inf
        self._won = asyncio.Event()
        self._lost = asyncio.Event()
        self._lost.set()

    @property
    def is_ours(self) -> bool:
        """Whether the server cannot have given it to anybody else yet."""
        return self._clock.monotonic_s() < self._until_s

    async def won(self) -> None:
        """Ask for it, and return once it is ours."""
        self.is_wanted = True
        self._changed.set()
        await self._won.wait()

    async def lost(self) -> None:
        """Return once it is not ours any more."""
        await self._lost.wait()

    def release(self) -> None:
        """Let others have it, as soon as the session gets to it."""
        self.is_wanted = False
        self.drop()
        self._changed.set()

    def hold(self, until_s: float) -> None:
        """It is ours until then at least, by the monotonic clock."""
        if self.is_wanted:
            self._until_s = until_s
            self._lost.clear()
            self._won.set()

    def drop(self) -> None:
        """It is not ours."""
        self._until_s = -math.inf
        self._won.clear()
        self._lost.set()


def key_of(name: str) -> int:
    """Return the number of an advisory lock, for the whole database."""
    digest = hashlib.sha256(f"redraw {name}".encode()).digest()
    return int.from_bytes(digest[:_KEY_BYTES], signed=True)
