"""Doer: pictures as files that a workspace takes: few enough bytes, of kinds shown with words."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Final

from adapters.slack.naming import TAKES_ALT
from core.clock import Clock
from core.media.bytefit import fit_bytes
from core.media.decoding import Decoder
from core.media.fit import Prepared
from core.media.item import Kind, MediaItem
from core.media.spool import Spool

FILE_MAX_BYTES: Final = 20 * 1024 * 1024
"""The largest file that is sent; ours: Slack takes 1 GB, which nobody wants to look at."""
LINKS_LAST: Final = timedelta(days=7)
"""How long a link to a picture that is no file works; buckets sign for no longer."""
AT_ONCE: Final = 3
"""How many results are sent at once, each with one picture in memory at a time."""
ONLY_JPEG: Final = frozenset({Kind.JPEG})
"""What is tried once more where another type of file was not allowed."""


class Uploads:
    """Reads pictures and makes them fit; `room` bounds how many are in memory."""

    def __init__(self, *, spool: Spool, decoder: Decoder, clock: Clock) -> None:
        self._spool = spool
        self._decoder = decoder
        self._clock = clock
        self.room = asyncio.Semaphore(AT_ONCE)
        """Held from reading the first picture until the last is sent."""

    async def fit(
        self, item: MediaItem, limit_bytes: int, *, kinds: frozenset[Kind] = TAKES_ALT
    ) -> Prepared:
        """
        Return a picture of at most so many bytes and of one of `kinds`, JPEG among them.

        Raises:
            MediaUnavailable: it cannot be read just now.
            MediaError: it is gone, or cannot be made to fit.
        """
        data = await self._spool.read(item)
        if len(data) <= limit_bytes and item.kind in kinds:
            return Prepared(
                data=data, kind=item.kind, width_px=item.width_px, height_px=item.height_px
            )
        return await self._decoder.run(partial(fit_bytes, kinds=kinds), data, limit_bytes)

    async def links(self, items: Sequence[MediaItem]) -> tuple[str, ...]:
        """Return public addresses of the pictures that have one; raises MediaUnavailable."""
        expires_at = self._clock.now() + LINKS_LAST
        found = [await self._spool.public_url(item, expires_at=expires_at) for item in items]
        return tuple(url for url in found if url is not None)
