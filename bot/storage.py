"""Root: opens what is kept: the jobs and the pictures."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import structlog
from pydantic import SecretStr

from core.clock import Clock
from core.errors import MediaUnavailable, SettingsError
from core.jobs.store.enqueuing import Enqueue, nowhere
from core.jobs.store.intake import ADMIT_WITHIN_S
from core.jobs.store.ledger import Ledger, open_ledger
from core.jobs.store.schema import migrate, schema_is_current
from core.media.bucket import BucketSpool, open_bucket
from core.media.spool import FileSpool, Spool

FOLDER = "file://"
"""What the address of a folder for pictures begins with."""

_log = structlog.get_logger()


@asynccontextmanager
async def open_jobs(
    url: str, clock: Clock, *, within_s: float = ADMIT_WITHIN_S, enqueue: Enqueue = nowhere
) -> AsyncIterator[Ledger]:
    """
    Open the jobs at `url`; a SQLite file is brought to this version, a server is only checked.

    A file belongs to one process, which has its lock; a server may be in use by others. An order
    is admitted within `within_s` seconds, or not at all.

    Raises:
        SettingsError: the database is of another version, or cannot be used.
    """
    if is_file(url):
        await migrate(url)
    elif not await schema_is_current(url):
        raise SettingsError(
            "REDRAW_DATABASE_URL", "leads to a database of another version: run `redraw migrate`"
        )
    async with open_ledger(url, clock, admit_within_s=within_s, enqueue=enqueue) as ledger:
        yield ledger


def make_folder(folder: Path) -> None:
    """Make a folder that only its owner may look into; raises SettingsError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exc:
        raise SettingsError("REDRAW_DATA_DIR", f"{folder}: {exc.strerror}") from exc


def open_pictures(media_url: SecretStr | None, folder: Path, clock: Clock) -> Spool:
    """Return where pictures are kept: what `media_url` names, or else files below `folder`."""
    if media_url is None:
        return FileSpool(folder)
    url = media_url.get_secret_value()
    if url.startswith(FOLDER):
        return FileSpool(folder_of(url))
    return open_bucket(url, clock=clock)


async def check_pictures(spool: Spool) -> None:
    """
    Try out a bucket before anything depends on it; raises SettingsError for one that never will do.

    One that does not answer may do so later: jobs wait for it, and the log says why.
    """
    if not isinstance(spool, BucketSpool):
        return
    try:
        await spool.check()
    except MediaUnavailable as exc:
        _log.warning("pictures_unreachable", error=str(exc))


def is_file(url: str) -> bool:
    """Whether the jobs at `url` are in a SQLite file."""
    return url.startswith("sqlite")


def folder_of(url: str) -> Path:
    """Return the folder that an address of pictures names; raises SettingsError for none."""
    parts = urlsplit(url)
    if parts.netloc not in {"", "localhost"} or not parts.path.startswith("/"):
        raise SettingsError("REDRAW_MEDIA_URL", "expected file:/// and an absolute folder")
    return Path(unquote(parts.path))
