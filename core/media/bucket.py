"""
Doer: pictures kept in an object store (S3 and its like), shared by replicas.

With `core.media.bucket_calls` the only one that knows `obstore`, and only when a bucket is opened:
the library is an extra.
"""

from __future__ import annotations

import asyncio
import math
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, cast

from core.clock import Clock
from core.errors import Gone, MediaUnavailable, SettingsError
from core.media import bucket_calls as calls
from core.media.item import Kind, MediaItem, is_name
from core.media.spool import item_of

if TYPE_CHECKING:
    from obstore.store import ObjectStore, RetryConfig, S3Config, S3Store

VARIABLE: Final = "REDRAW_MEDIA_URL"
"""The setting that names the bucket."""

SCHEMES: Final = ("s3", "gs", "az")
"""Schemes of the object stores that can be named; credentials come from the usual places."""

SIGNED_FOR_AT_MOST: Final = timedelta(days=7)
"""Source: the longest life of a presigned URL (AWS Signature Version 4, query parameters)."""

RETRIES: Final = 4
"""How often a call that broke off is made again before the job's own retries take over."""

RETRY_MAX_S: Final = 20.0
"""
How long after its beginning a call is not made again, in seconds.

What is not answered at all costs 5 s to connect and 30 s besides, so that nobody waits a minute.
Source: docs.rs/object_store, `ClientOptions`, its defaults; an operator may set others.
"""

LEFT_AT_MOST: Final = 5
"""How many pictures a sweep leaves to the next before it gives up; each may cost RETRY_MAX_S."""


def open_bucket(url: str, *, clock: Clock) -> BucketSpool:
    """
    Return the spool behind `url`, for example `s3://bucket/folder`.

    Nothing is sent yet. Raises SettingsError when the extra is not installed or the URL cannot
    name a bucket.
    """
    if url.partition("://")[0] not in SCHEMES:
        raise SettingsError(VARIABLE, f"expected one of {', '.join(f'{s}://…' for s in SCHEMES)}")
    try:
        from obstore.exceptions import BaseError
        from obstore.store import from_url
    except ImportError as exc:
        raise SettingsError(VARIABLE, "needs the extra: pip install 'redraw[s3]'") from exc
    retries: RetryConfig = {"max_retries": RETRIES, "retry_timeout": timedelta(seconds=RETRY_MAX_S)}
    # S3's call for many deletes answers 200 and says in its body which of them were refused just
    # now: those the library does not make again. Source: obstore.store.S3Config.
    how: S3Config = {"disable_bulk_delete": True} if url.startswith("s3:") else {}
    try:
        return BucketSpool(from_url(url, retry_config=retries, **how), clock=clock)
    except (BaseError, ValueError) as exc:
        raise SettingsError(VARIABLE, "is no address of a bucket") from exc


class BucketSpool:
    """Keeps pictures as objects of one store; several processes may share it."""

    def __init__(self, store: ObjectStore, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def check(self) -> None:
        """
        Try out all that is done with the bucket later: write, list and delete.

        What is written has a name that no other check has: stores may refuse to delete what
        somebody else writes. It is one of a picture, so that what a killed process left is swept.

        Raises:
            SettingsError: there is no such bucket, or credentials or region do not do.
            MediaUnavailable: the store does not answer, which may pass.
        """
        try:
            async with calls.store_errors():
                probe = await self.put(uuid.uuid4().bytes, kind=Kind.PNG, width_px=1, height_px=1)
                await anext(self._store.list(), None)
                await self.delete(probe)
        except MediaUnavailable as exc:
            if str(exc) in calls.NEVER:
                raise SettingsError(VARIABLE, str(exc)) from exc
            raise

    async def put(self, data: bytes, *, kind: Kind, width_px: int, height_px: int) -> MediaItem:
        """Keep `data`; an object appears whole or not at all."""
        item = await asyncio.to_thread(
            item_of, data, kind=kind, width_px=width_px, height_px=height_px
        )
        await calls.write(self._store, item.name, data, kind.mime)
        return item

    async def read(self, item: MediaItem) -> bytes:
        """Return the bytes of `item`; raises Gone when they are no longer kept."""
        from obstore import get_async

        async with calls.store_errors():
            found = await get_async(self._store, item.name)
            if found.meta["size"] != item.size_bytes:
                raise Gone("another file lies under its name")
            return bytes(await found.bytes_async())

    async def exists(self, item: MediaItem) -> bool:
        """Whether `item` is kept."""
        from obstore import head_async

        try:
            async with calls.store_errors():
                await head_async(self._store, item.name)
        except Gone:
            return False
        return True

    async def touch(self, item: MediaItem) -> bool:
        """
        Renew the age of `item`; False when it is not kept, or not whole.

        By putting it again: stores refuse to copy an object onto itself.
        """
        try:
            data = await self.read(item)
        except Gone:
            return False
        await calls.write(self._store, item.name, data, item.kind.mime)
        return True

    async def delete(self, item: MediaItem) -> None:
        """Forget `item`; nothing happens when it is not kept."""
        await calls.delete(self._store, item.name)

    async def sweep(self, *, older_than: datetime, keep: Callable[[str], bool]) -> int:
        """
        Forget what was put before `older_than` and `keep` does not claim; returns how many.

        What the store refuses to delete just now is left to the next sweep, and the log says so.
        """
        swept, left = 0, calls.Left(LEFT_AT_MOST)
        async with calls.store_errors():
            async for page in self._store.list():
                for found in page:
                    name, is_old = found["path"], found["last_modified"] < older_than
                    if is_old and is_name(name) and not keep(name):
                        with left.excused():
                            swept += await self._forget(name, older_than)
        left.tell()
        return swept

    async def public_url(self, item: MediaItem, *, expires_at: datetime) -> str | None:
        """Return a presigned URL, or None from a store that cannot sign."""
        from obstore import sign_async

        if not calls.makes_links(self._store):
            return None
        left_s = math.ceil((expires_at - self._clock.now()).total_seconds())
        if left_s <= 0:
            raise Gone("the link would have expired already")
        left = min(timedelta(seconds=left_s), SIGNED_FOR_AT_MOST)
        async with calls.store_errors():
            return await sign_async(cast("S3Store", self._store), "GET", item.name, left)

    async def _forget(self, name: str, older_than: datetime) -> bool:
        """Delete an object, unless it was put again, or deleted elsewhere, since it was listed."""
        from obstore import head_async

        try:
            is_young = (await head_async(self._store, name))["last_modified"] >= older_than
        except FileNotFoundError:
            return False
        if not is_young:
            await calls.delete(self._store, name)
        return not is_young
