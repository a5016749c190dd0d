"""Doer: drops what is kept no longer, and gives its space back to the disk."""

from __future__ import annotations

from datetime import datetime

from core.jobs.store import keeping, space
from core.jobs.store.writer import Writer


class TidyingStore:
    """
    Keeps the ledger from growing, a little at a time, so that nobody's write waits long.

    Every call may raise StoreUnavailable: then nothing was changed, as far as anybody knows.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    async def drop(self, ended_before: datetime, limit: int) -> int:
        """Drop at most `limit` emptied jobs that ended before then, and their costs; count them."""
        return await self._writer.write(
            "", lambda connection: keeping.drop_old(connection, ended_before, limit), alone=True
        )

    async def give_back_space(self) -> bool:
        """Give some of the space that is not needed back to the disk; whether there is more."""
        return await self._writer.write("", space.give_back, alone=True)
