"""Port: a process's place among those on its database, and the doer where it is the only one."""

from __future__ import annotations

import asyncio
from typing import Protocol

from adapters.lead import Alone, Lead


class Membership(Protocol):
    """A process's place among those on its database."""

    def lead(self, name: str) -> Lead:
        """Return the lead of one chat; `name` is the same for all that would listen to it."""
        ...

    async def until(self, stop: asyncio.Event) -> None:
        """
        Return once `stop` is set.

        Raises:
            SettingsError: we may not go on beside the others.
        """
        ...


class OnlyOne:
    """The membership of a process whose database is a file."""

    def lead(self, name: str) -> Lead:  # noqa: ARG002 -- the port's signature
        """Return a lead that is always ours."""
        return Alone()

    async def until(self, stop: asyncio.Event) -> None:
        """Return once `stop` is set."""
        await stop.wait()
