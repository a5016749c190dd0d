"""
Port: where pictures are kept, and the doer that keeps them as files.

A picture is found by the digest of its bytes: putting the same one twice keeps one, and a name
never changes its meaning.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import ParamSpec, Protocol, TypeVar

from core.errors import Gone, MediaUnavailable
from core.media import spool_files as files
from core.media.item import Kind, MediaItem

P = ParamSpec("P")
T = TypeVar("T")

_SHARD_CHARACTERS = 2
"""Pictures lie in 256 folders, so that none grows too long to list."""


class Spool(Protocol):
    """Where pictures are kept. Every method raises MediaUnavailable when the place fails."""

    async def put(self, data: bytes, *, kind: Kind, width_px: int, height_px: int) -> MediaItem:
        """Keep `data`, durably, and return what stands for it; keeping it again renews its age."""
        ...

    async def read(self, item: MediaItem) -> bytes:
        """Return the bytes of `item`; raises Gone when they are no longer kept."""
        ...

    async def exists(self, item: MediaItem) -> bool:
        """Whether `item` is kept."""
        ...

    async def touch(self, item: MediaItem) -> bool:
        """
        Renew the age of `item`, as putting it again would; False when it is not kept, or not whole.

        Whoever makes a new job of an old picture touches it first: no sweep takes it then before
        the job refers to it.
        """
        ...

    async def delete(self, item: MediaItem) -> None:
        """Forget `item`; nothing happens when it is not kept."""
        ...

    async def sweep(self, *, older_than: datetime, keep: Callable[[str], bool]) -> int:
        """
        Forget the pictures put before `older_than` whose name `keep` does not claim.

        Returns how many. `keep` may be called from another thread. A picture that is put again
        meanwhile stays, and so does every file that is no picture of ours.
        """
        ...

    async def public_url(self, item: MediaItem, *, expires_at: datetime) -> str | None:
        """Return a URL that anybody can fetch until `expires_at`, or None if there is none."""
        ...


def item_of(data: bytes, *, kind: Kind, width_px: int, height_px: int) -> MediaItem:
    """Return the value that stands for `data`."""
    return MediaItem(
        sha256=hashlib.sha256(data).hexdigest(),
        kind=kind,
        size_bytes=len(data),
        width_px=width_px,
        height_px=height_px,
    )


class FileSpool:
    """Keeps pictures as files below one folder; several processes may share it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path_of(self, item: MediaItem) -> Path:
        """Return where `item` lies, or would lie."""
        return self._folder / item.name[:_SHARD_CHARACTERS] / item.name

    async def put(self, data: bytes, *, kind: Kind, width_px: int, height_px: int) -> MediaItem:
        """Keep `data`: written beside its place, synced, then moved there in one step."""
        item = await asyncio.to_thread(
            item_of, data, kind=kind, width_px=width_px, height_px=height_px
        )
        await _off_loop(files.write, self.path_of(item), data)
        return item

    async def read(self, item: MediaItem) -> bytes:
        """Return the bytes of `item`; raises Gone when they are no longer kept, or not whole."""
        data = await _off_loop(self.path_of(item).read_bytes)
        if len(data) != item.size_bytes:
            raise Gone("another file lies under its name")
        return data

    async def exists(self, item: MediaItem) -> bool:
        """Whether `item` is kept."""
        return await _off_loop(self.path_of(item).is_file)

    async def touch(self, item: MediaItem) -> bool:
        """Renew the age of `item`; False when it is not kept, or not whole."""
        return await _off_loop(files.renew, self.path_of(item), item.size_bytes)

    async def delete(self, item: MediaItem) -> None:
        """Forget `item`; nothing happens when it is not kept."""
        await _off_loop(files.unlink, self.path_of(item))

    async def sweep(self, *, older_than: datetime, keep: Callable[[str], bool]) -> int:
        """Forget what was put before `older_than` and `keep` does not claim; returns how many."""
        return await _off_loop(self._sweep, older_than, keep)

    async def public_url(
        self,
        item: MediaItem,  # noqa: ARG002 - the port's signature
        *,
        expires_at: datetime,  # noqa: ARG002 - the port's signature
    ) -> str | None:
        """Return None: a file on a disk has no public address of its own."""
        return None

    def _sweep(self, older_than: datetime, keep: Callable[[str], bool]) -> int:
        swept = 0
        for path in self._files():
            is_part = path.suffix == files.PART_SUFFIX
            with contextlib.suppress(FileNotFoundError):
                if files.put_at(path) < older_than and (is_part or not keep(path.name)):
                    swept += files.forget(path, older_than) and not is_part
        return swept

    def _files(self) -> Iterator[Path]:
        if self._folder.is_dir():
            yield from (path for path in self._folder.glob("??/*") if files.is_ours(path))


async def _off_loop(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call `function` in a thread, with the errors of disks translated."""
    try:
        return await asyncio.to_thread(function, *args, **kwargs)
    except FileNotFoundError as exc:
        raise Gone from exc
    except OSError as exc:
        raise MediaUnavailable(f"the folder of pictures failed: {exc.strerror}") from exc
