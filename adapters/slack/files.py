"""Doer: brings what a user pointed at in Slack into the spool, from Slack's own hosts alone."""

from __future__ import annotations

import asyncio
from typing import Final

from pydantic import SecretStr

from adapters.slack import refusals
from adapters.slack.origin import Mode, Source, Upload
from adapters.slack.wire import HeldFile, Wire
from core.errors import (
    AddressRefused,
    DeliveryRefused,
    DeliveryRetryable,
    Gone,
    MediaError,
    MediaUnavailable,
    TooLarge,
    WrongType,
)
from core.media.addresses import Origin, origin_of
from core.media.decoding import Decoder
from core.media.download import Downloader
from core.media.fit import DEFAULT, probe_picture
from core.media.item import MediaItem
from core.media.spool import Spool

DOMAIN: Final = ".slack.com"
"""
Where Slack keeps files: files.slack.com, and a workspace's own host.

Source: docs.slack.dev/reference/objects/file-object, `url_private`.
"""
AT_ONCE: Final = 4
"""How many pictures are held in memory at once, over all jobs; each is 32 MiB at most."""
PAGE: Final = "a web page"
"""What the login page is found to be. Source: core.media.download."""


class Files:
    """Fetches pictures; the downloader has to be open by then."""

    def __init__(
        self,
        *,
        wire: Wire,
        downloader: Downloader,
        spool: Spool,
        decoder: Decoder,
        token: SecretStr,
        api_url: str | None = None,
    ) -> None:
        """
        Take the doers and the bot's token, which goes to Slack's hosts and to no other.

        `api_url` stands for Slack's own address; its host is trusted with files as well.
        """
        self._wire = wire
        self._downloader = downloader
        self._spool = spool
        self._decoder = decoder
        self._token = token
        self._override = None if api_url is None else origin_of(api_url)
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
        if isinstance(source, Upload):
            _check_kind(is_external=source.is_external, mode=source.mode)
            return await self._download(await self._held(source.file_id))
        if await self._spool.touch(source.item):
            return source.item
        if source.file_id is None:
            raise Gone("no file in Slack shows the picture")
        return await self._download(await self._held(source.file_id))

    async def _held(self, file_id: str) -> HeldFile:
        """Return what Slack knows of a file: an act may have told nothing but its id."""
        try:
            return await self._wire.file(file_id)
        except DeliveryRefused as exc:
            raise Gone(refusals.of(exc)) from exc

    async def _download(self, file: HeldFile) -> MediaItem:
        _check_kind(is_external=file.is_external, mode=file.mode)
        if file.url is None:
            raise Gone("Slack does not show where the file is")
        if (file.size_bytes or 0) > DEFAULT.bytes:
            raise TooLarge(DEFAULT.bytes, "bytes")
        data = await self._bytes(file.url)
        kind, width_px, height_px = await self._decoder.run(probe_picture, data)
        return await self._spool.put(data, kind=kind, width_px=width_px, height_px=height_px)

    async def _bytes(self, url: str) -> bytes:
        origin = origin_of(url)
        if not self._is_slack(origin):
            raise AddressRefused("not a file host of Slack")
        if self._is_override(origin):
            self._downloader.trust(str(origin))
        token = self._token.get_secret_value()
        try:
            return await self._downloader.fetch(
                url,
                limit_bytes=DEFAULT.bytes,
                headers={"Authorization": f"Bearer {token}"},
                follows=self._is_slack,
            )
        except WrongType as exc:
            if exc.found != PAGE:
                raise
            raise Gone("Slack showed its login page: the file is not open to the bot") from exc

    def _is_slack(self, origin: Origin) -> bool:
        is_slack = (origin.scheme, origin.port) == ("https", 443) and origin.host.endswith(DOMAIN)
        return is_slack or self._is_override(origin)

    def _is_override(self, origin: Origin) -> bool:
        at = self._override
        return at is not None and (origin.scheme, origin.host) == (at.scheme, at.host)


def _check_kind(*, is_external: bool, mode: str | None) -> None:
    """Raise for what Slack only links, whose address is anybody's, or shows nobody any more."""
    if is_external or mode == Mode.EXTERNAL:
        raise AddressRefused("the file is kept outside of Slack")
    if mode in {Mode.DELETED, Mode.HIDDEN}:
        raise Gone("Slack does not show the file any more")
