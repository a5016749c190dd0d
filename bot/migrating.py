"""Root: `redraw migrate`."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

from adapters.terminal.report import ExitCode
from bot import logs, plans, sharing, storage
from bot.settings import Settings
from core.errors import StoreUnavailable
from core.jobs.store import space

_MIB = 1024 * 1024


def main() -> int:
    """Bring the bot's database to what this version needs; Ctrl-C ends it at once."""
    # Python would wait for the thread that waits for the server, for as long as that takes.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    settings = Settings.from_machine()
    logs.configure(settings.log_format, settings.secrets)
    changed = asyncio.run(_migrate_all(settings))
    print("The database was brought up to date." if changed else "The database is up to date.")
    return ExitCode.DONE


async def _migrate_all(settings: Settings) -> bool:
    """Migrate the bot's database, and the file of its previews where they have one of their own."""
    folder, previews = settings.data_dir, plans.preview_folder(settings)
    changed = await _migrate(plans.database_of(settings, folder), folder)
    url = plans.sqlite_in(previews)
    if settings.database_url is not None or not plans.exists(url):
        return changed
    try:
        return await _migrate(url, previews) or changed
    except StoreUnavailable as exc:
        raise StoreUnavailable(f"{plans.place_of(url)}, {exc}") from exc


async def _migrate(url: str, folder: Path) -> bool:
    """Return whether anything had to be done; a file must not be in use for that."""
    is_current, rebuilt_bytes = await sharing.is_current(url), await space.bytes_to_rebuild(url)
    if is_current and not rebuilt_bytes:
        return False
    if not storage.is_file(url):
        await sharing.migrate(url)
        return True
    async with sharing.locked(url, folder / "redraw.lock"):
        await sharing.migrate(url)
        if rebuilt_bytes:
            await _rebuild(url, rebuilt_bytes)
    return True


async def _rebuild(url: str, size_bytes: int) -> None:
    mib = max(size_bytes // _MIB, 1)
    print(
        f"The file ({mib} MiB) is written anew, once, so that it gives back space from now on; "
        f"that takes up to {2 * mib} MiB more on its disk for as long as it lasts.",
        flush=True,
    )
    await space.rebuild(url)
