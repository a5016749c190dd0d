"""
Doer: fetches reference images the way the hosted API does, from the server's side.

An embedded studio fetches from the origins it is allowed and from nowhere else, redirects
included; one on its own also from public addresses, under the rules of `core.media.download`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from core.clock import Clock
from core.errors import AddressRefused, MediaError
from core.media import addresses, fit
from core.media.download import Downloader, Patience
from core.studio import envelope
from core.studio.envelope import Failure

PICTURE_BYTES_MAX = 25 * 1024 * 1024
"""
Largest reference image.

Source: developer.ideogram.ai, remix: 25 MB.
"""
_PATIENCE = Patience(connect_s=5.0, stall_s=10.0, total_s=30.0, attempts=3)
_PATIENCE_AT_HOME = Patience(connect_s=2.0, stall_s=5.0, total_s=10.0, attempts=3)
"""For origins of our own: a studio that closes waits for its fetches."""


class BadPicture(Exception):
    """A reference image could not be had; `failure` is what the task fails with."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.error)
        self.failure = failure


class References:
    """Fetches and prepares reference images; blocks, and is called from worker threads."""

    def __init__(self, *, clock: Clock, origins: Sequence[str], only_these: bool) -> None:
        """Take the allowed origins; raises AddressRefused for one that is no URL."""
        self._clock = clock
        self._trusted = frozenset(origins)
        self._trusted_origins = addresses.origins(self._trusted)
        self._only_these = only_these

    def fetch(self, urls: Sequence[str], *, trusts_loopback: bool = False) -> tuple[bytes, ...]:
        """
        Return the pictures at `urls`, upright and of usual kinds; raises BadPicture.

        With `trusts_loopback` a studio on its own takes them from any port of this machine too.
        """
        with _as_bad_picture():
            ours = filter(_is_loopback, urls) if trusts_loopback else ()
            found = asyncio.run(self._fetch(urls, self._trusted.union(ours)))
            return tuple(fit.prepare(data).data for data in found)

    async def _fetch(self, urls: Sequence[str], trusted: frozenset[str]) -> list[bytes]:
        allowed = _nowhere if self._only_these else addresses.is_public
        downloader = Downloader(
            clock=self._clock,
            trusted_origins=trusted,
            patience=_PATIENCE_AT_HOME if self._only_these else _PATIENCE,
            is_allowed=allowed,
        )
        async with downloader:
            return [await self._one(downloader, url) for url in urls]

    async def _one(self, downloader: Downloader, url: str) -> bytes:
        if self._only_these and addresses.origin_of(url) not in self._trusted_origins:
            raise AddressRefused("an embedded studio fetches from its own side only")
        return await downloader.fetch(url, limit_bytes=PICTURE_BYTES_MAX)


def _is_loopback(url: str) -> bool:
    """Whether `url` leads to a port of this machine by its number; names may mean anything."""
    return addresses.origin_of(url).host in {"127.0.0.1", "::1"}


def _nowhere(address: str) -> bool:
    """Refuse every address: for redirects that leave the allowed origins."""
    return not address


@contextmanager
def _as_bad_picture() -> Iterator[None]:
    """Say of every picture that cannot be used what the hosted API says of it."""
    try:
        yield
    except MediaError as exc:
        raise BadPicture(envelope.BAD_PICTURE) from exc
