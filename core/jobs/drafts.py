"""Conductor: keeps for an hour what belongs to a form that a user has opened."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import TypeVar

from ulid import ULID

from core.clock import Clock
from core.errors import StoreUnavailable
from core.jobs.draft import DATA_MAX_BYTES, DRAFT_FOR_S, Draft, checked
from core.jobs.store.drafts import DraftStore

__all__ = ["DATA_MAX_BYTES", "DRAFT_FOR_S", "Draft", "Drafts", "new_draft_id"]

KEEP_WITHIN_S = 1.0
"""How long a write may take, in seconds: a form has to be opened within three (Discord, Slack)."""

T = TypeVar("T")


def new_draft_id(now: datetime) -> str:
    """Return a new draft's id: a ULID, 80 bits of which nobody can guess."""
    return str(ULID.from_datetime(now))


class Drafts:
    """Keeps what an adapter cannot put into a form's own id; StoreUnavailable when it cannot."""

    def __init__(
        self,
        store: DraftStore,
        clock: Clock,
        *,
        new_id: Callable[[datetime], str] = new_draft_id,
        within_s: float = KEEP_WITHIN_S,
    ) -> None:
        self._store = store
        self._clock = clock
        self._new_id = new_id
        self._within_s = within_s

    async def keep(self, *, platform: str, requester: str, data: Mapping[str, object]) -> str:
        """
        Keep `data` for DRAFT_FOR_S and return the draft's id; it is committed by then.

        Raises:
            ValueError: the data is larger than DATA_MAX_BYTES, or no JSON.
            StoreUnavailable: it took longer than a second.
        """
        now = self._clock.now()
        draft = Draft(
            draft_id=self._new_id(now),
            platform=platform,
            requester=requester,
            data=checked(data),
            created_at=now,
        )
        await self._in_time(self._store.insert(draft, expires_at=_expiry(now)))
        return draft.draft_id

    async def read(self, draft_id: str) -> Draft | None:
        """
        Return a draft, or None when there is none or its time is over.

        Raises:
            StoreUnavailable: the store did not answer within a second.
        """
        return await self._in_time(self._store.read(draft_id, now=self._clock.now()))

    async def replace(self, draft_id: str, data: Mapping[str, object]) -> bool:
        """
        Give a draft other data and another hour; False when there is none or its time is over.

        Raises:
            ValueError: the data is larger than DATA_MAX_BYTES, or no JSON.
            StoreUnavailable: it took longer than a second.
        """
        now = self._clock.now()
        return await self._in_time(
            self._store.replace(draft_id, checked(data), now=now, expires_at=_expiry(now))
        )

    async def _in_time(self, call: Awaitable[T]) -> T:
        """Await the store; a write that comes too late leaves a draft that nobody knows of."""
        try:
            async with asyncio.timeout(self._within_s):
                return await call
        except TimeoutError as exc:
            raise StoreUnavailable("the store took too long over a draft") from exc


def _expiry(now: datetime) -> datetime:
    return now + timedelta(seconds=DRAFT_FOR_S)
