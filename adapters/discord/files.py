"""Doer: brings what a user pointed at on Discord into the spool, from Discord's own hosts alone."""

from __future__ import annotations

import asyncio
import re
from typing import Final

from adapters.discord import refusals
from adapters.discord.origin import Kept, Source, Upload
from adapters.discord.wire import Wire
from core.errors import (
    AddressRefused,
    DeliveryRefused,
    DeliveryRetryable,
    Gone,
    MediaError,
    MediaUnavailable,
)
from core.media.addresses import origin_of
from core.media.decoding import Decoder
from core.media.download import Downloader
from core.media.fit import DEFAULT, probe_picture
from core.media.item import MediaItem
from core.media.spool import Spool

HOSTS: Final = re.compile(
    r"https://(cdn\.discordapp\.com|media\.discordapp\.net|images-ext-\d{1,3}\.discordapp\.net):443"
)
"""
Where Discord keeps attachments and what it shows of other people's pages.

Source: discord.com/developers/docs/reference#image-formatting, and the `proxy_url` of embeds.
"""
AT_ONCE: Final = 4
"""How many pictures are held in memory at once, over all jobs; each is 32 MiB at most."""


class Files:
    """Fetches pictures; the downloader has to be open by the time that the wire is ready."""

    def __init__(
        self,
        *,
        wire: Wire,
        downloader: Downloader,
        spool: Spool,
        decoder: Decoder,
        own_origin: str | None = None,
    ) -> None:
        """Take the doers, and the one origin that stands for Discord's file hosts if any does."""
        self._wire = wire
        self._downloader = downloader
        self._spool = spool
        self._decoder = decoder
        self._own_origin = None if own_origin is None else origin_of(own_origin)
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def fetch(self, sources: tuple[Source, ...]) -> tuple[MediaItem, ...]:
        """
        Return the pictures in the order given.

        Raises:
            MediaError: of the first that cannot be had; MediaUnavailable may be tried again.
        """
        async with asyncio.TaskGroup() as tasks:
            under_way = [tasks.create_task(self._try(source)) for source in sources]
        found = [task.result() for task in under_way]
        for each in found:
            if isinstance(each, MediaError):
                raise each
        return tuple(each for each in found if isinstance(each, MediaItem))

    async def _try(self, source: Source) -> MediaItem | MediaError:
        """Return the picture, or why there is none: one that is missing ends no other."""
        try:
            async with self._slots:
                return await self._fetch(source)
        except MediaError as exc:
            return exc
        except DeliveryRetryable as exc:
            return MediaUnavailable(str(exc), retry_after_s=exc.retry_after_s)

    async def _fetch(self, source: Source) -> MediaItem:
        match source:
            case Upload(url=url):
                return await self._download(url)
            case Kept(item=item):
                if await self._spool.touch(item):
                    return item
                return await self._download(await self._shown(source))

    async def _shown(self, kept: Kept) -> str:
        """Return a fresh address of a picture in the message that shows it; raises Gone."""
        if kept.channel_id is None or kept.message_id is None:
            raise Gone("no message shows the picture")
        try:
            message = await self._wire.read(kept.channel_id, kept.message_id)
        except DeliveryRefused as exc:
            raise Gone(refusals.of(exc)) from exc
        if not 0 <= kept.position < len(message.attachments):
            raise Gone("the message does not show it any more")
        return message.attachments[kept.position].url

    async def _download(self, url: str) -> MediaItem:
        self._check_host(url)
        await self._wire.ready()
        data = await self._downloader.fetch(url, limit_bytes=DEFAULT.bytes)
        kind, width_px, height_px = await self._decoder.run(probe_picture, data)
        return await self._spool.put(data, kind=kind, width_px=width_px, height_px=height_px)

    def _check_host(self, url: str) -> None:
        origin = origin_of(url)
        is_discord = HOSTS.fullmatch(str(origin)) is not None
        if not is_discord and origin != self._own_origin:
            raise AddressRefused("not a file host of Discord")
