"""Doer: pictures as files that a place takes: few enough bytes, of kinds that are shown there."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from adapters.discord.allowance import Allowance, shares
from adapters.discord.outgoing import Attached
from core.clock import Clock
from core.errors import Gone, MediaError, MediaUnavailable
from core.media.bytefit import SHOWABLE, fit_bytes
from core.media.decoding import Decoder
from core.media.item import MediaItem
from core.media.spool import Spool

LINKS_LAST: Final = timedelta(days=7)
"""How long a link to a picture that is too large works; buckets sign for no longer."""
AT_ONCE: Final = 3
"""How many messages' pictures are held in memory and sent at once: 72 MiB at most."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fitted:
    """Pictures as files, in order, and those that are not among them."""

    files: tuple[Attached, ...] = ()
    shown: tuple[int, ...] = ()
    """Which of the pictures each file shows, from 0."""
    left_out: tuple[MediaItem, ...] = ()
    """What cannot be made small enough."""
    gone: int = 0
    """How many are no longer kept."""


class Uploads:
    """Reads pictures and makes them fit; `room` bounds how many are in memory."""

    def __init__(self, *, spool: Spool, decoder: Decoder, clock: Clock) -> None:
        self._spool = spool
        self._decoder = decoder
        self._clock = clock
        self.room = asyncio.Semaphore(AT_ONCE)
        """Held from reading pictures until they are sent; what acknowledges does not need it."""

    async def fit(self, items: Sequence[MediaItem], allowed: Allowance, *, stem: str) -> Fitted:
        """
        Return the pictures as files named `stem-1.png` and so on.

        Raises:
            MediaUnavailable: they cannot be read just now.
        """
        sizes = [item.size_bytes if item.kind in SHOWABLE else allowed.each_bytes for item in items]
        files: list[Attached] = []
        left_out: list[MediaItem] = []
        shown: list[int] = []
        gone = 0
        for index, most in enumerate(shares(sizes, allowed)):
            item = items[index]
            try:
                files.append(await self._file(item, most, f"{stem}-{len(files) + 1}"))
                shown.append(index)
            except MediaUnavailable:
                raise
            except Gone:
                gone += 1
            except MediaError:
                left_out.append(item)
        return Fitted(files=tuple(files), shown=tuple(shown), left_out=tuple(left_out), gone=gone)

    async def links(self, items: Sequence[MediaItem]) -> tuple[str, ...]:
        """Return public addresses of the pictures that have one; raises MediaUnavailable."""
        expires_at = self._clock.now() + LINKS_LAST
        found = [await self._spool.public_url(item, expires_at=expires_at) for item in items]
        return tuple(url for url in found if url is not None)

    async def _file(self, item: MediaItem, limit_bytes: int, name: str) -> Attached:
        data = await self._spool.read(item)
        if len(data) <= limit_bytes and item.kind in SHOWABLE:
            return Attached(name=f"{name}.{item.kind.extension}", data=data)
        made = await self._decoder.run(fit_bytes, data, limit_bytes)
        return Attached(name=f"{name}.{made.kind.extension}", data=made.data)
