"""
Doer: pictures kept in an object store (S3 and its like), shared by replicas.

The one module that knows `obstore`, and only when a bucket is opened: the library is an extra.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from core.clock import Clock
from core.errors import Gone, MediaUnavailable, SettingsError
from core.media.item import Kind, MediaItem, is_name
from core.media.spool import item_of

if TYPE_CHECKING:
    from obstore.store import ObjectStore

VARIABLE: Final = "REDRAW_MEDIA_URL"
"""The setting that names the bucket."""

SCHEMES: Final = ("s3", "gs", "az")
"""Schemes of the object stores that can be named; credentials come from the usual places."""

SIGNED_FOR_AT_MOST: Final = timedelta(days=7)
"""Source: the longest life of a presigned URL (AWS Signature Version 4, query parameters)."""


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
    try:
        return BucketSpool(from_url(url), clock=clock)
    except (BaseError, ValueError) as exc:
        raise SettingsError(VARIABLE, "is no address of a bucket") from exc


class BucketSpool:
    """Keeps pictures as objects of one store."""

    def __init__(self, store: ObjectStore, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def put(self, data: bytes, *, kind: Kind, width_px: int, height_px: int) -> MediaItem:
        """Keep `data`; an object appears whole or not at all."""
        from obstore import put_async

        item = await asyncio.to_thread(
            item_of, data, kind=kind, width_px=width_px, height_px=height_px
        )
        async with _store_errors():
            await put_async(self._store, item.name, data)
        return item

    async def read(self, item: MediaItem) -> bytes:
        """Return the bytes of `item`; raises Gone when they are no longer kept."""
        from obstore import get_async

        async with _store_errors():
            found = await get_async(self._store, item.name)
            if found.meta["size"] != item.size_bytes:
                raise Gone("another file lies under its name")
            return bytes(await found.bytes_async())

    async def exists(self, item: MediaItem) -> bool:
        """Whether `item` is kept."""
        from obstore import head_async

        try:
            async with _store_errors():
                await head_async(self._store, item.name)
        except Gone:
            return False
        return True

    async def delete(self, item: MediaItem) -> None:
        """Forget `item`; nothing happens when it is not kept."""
        await self._delete(item.name)

    async def sweep(self, *, older_than: datetime, keep: Callable[[str], bool]) -> int:
        """Forget what was put before `older_than` and `keep` does not claim; returns how many."""
        swept = 0
        async with _store_errors():
            async for page in self._store.list():
                for found in page:
                    name, is_old = found["path"], found["last_modified"] < older_than
                    if is_old and is_name(name) and not keep(name):
                        swept += await self._forget(name, older_than)
        return swept

    async def public_url(self, item: MediaItem, *, expires_at: datetime) -> str | None:
        """Return a presigned URL, or None from a store that cannot sign."""
        from obstore import sign_async
        from obstore.store import AzureStore, GCSStore, S3Store

        if not isinstance(self._store, S3Store | GCSStore | AzureStore):
            return None
        left = min(expires_at - self._clock.now(), SIGNED_FOR_AT_MOST)
        if left <= timedelta(0):
            raise Gone("the link would have expired already")
        async with _store_errors():
            return await sign_async(self._store, "GET", item.name, left)

    async def _forget(self, name: str, older_than: datetime) -> bool:
        """Delete an object, unless it was put again since it was listed."""
        from obstore import head_async

        if (await head_async(self._store, name))["last_modified"] >= older_than:
            return False
        await self._delete(name)
        return True

    async def _delete(self, name: str) -> None:
        from obstore import delete_async

        try:
            async with _store_errors():
                await delete_async(self._store, name)
        except Gone:
            return


@asynccontextmanager
async def _store_errors() -> AsyncIterator[None]:
    """Translate what the store raises."""
    from obstore.exceptions import BaseError

    try:
        yield
    except FileNotFoundError as exc:
        raise Gone from exc
    except (BaseError, OSError) as exc:
        raise MediaUnavailable(f"the object store failed: {type(exc).__name__}") from exc
