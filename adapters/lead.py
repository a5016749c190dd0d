"""Port: which of several processes listens to a chat, and the doer where there is but one."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import Protocol


class Presence(StrEnum):
    """How a process stands to a chat."""

    CONNECTED = "connected"
    """What users do there reaches us."""
    AWAY = "away"
    """It should, but does not at present."""
    STANDING_BY = "standing by"
    """Another process listens, and we would if it ended."""
    NOT_LISTENING = "not listening"
    """We were told to deliver only."""


class Lead(Protocol):
    """
    The right to listen to one chat, of which at most one process is sure to have it.

    It can be lost at any time. Whoever was stopped for a while, and cannot know yet, is told by
    `is_ours`.
    """

    @property
    def is_ours(self) -> bool:
        """Whether nobody else can have it at this very moment."""
        ...

    async def won(self) -> None:
        """Ask for it, and return once it is ours."""
        ...

    async def lost(self) -> None:
        """Return once it is not ours any more."""
        ...

    def release(self) -> None:
        """Let others have it; called when nothing is listened to any more."""
        ...


class Alone:
    """The lead of a process that shares its jobs with no other."""

    is_ours = True

    async def won(self) -> None:
        """Return at once."""

    async def lost(self) -> None:
        """Never return."""
        await asyncio.Event().wait()

    def release(self) -> None:
        """Do nothing: nobody waits for it."""
