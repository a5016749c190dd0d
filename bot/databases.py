"""Root: the databases that a command of an admin is about, opened beside whoever runs on them."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot import exits, logs, plans, storage, tries
from bot.settings import Settings
from core.clock import Clock, SystemClock
from core.errors import StoreUnavailable, UnknownJob
from core.jobs.store.ledger import Ledger, open_ledger
from core.jobs.store.schema import schema_is_current
from core.media.spool import Spool

OTHER_VERSION = "is of another version: run `redraw migrate`"
NONE_YET = "the bot has no jobs yet: run `redraw migrate`, or start it once with `redraw run`"


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where jobs and pictures of the bot are kept together."""

    url: str
    folder: Path


def begin() -> Settings:
    """Return the settings; what is logged goes to a file, so that the output stays clean."""
    settings = Settings.from_machine()
    logs.configure_file(settings.data_dir / "redraw.log", settings.secrets)
    return settings


def of_bot(settings: Settings) -> tuple[Place, ...]:
    """Return where the bot has its jobs, and its previews; only what is there."""
    preview = settings.data_dir / "preview"
    places = {
        plans.database_of(settings, folder): folder for folder in (settings.data_dir, preview)
    } | {plans.sqlite_in(preview): preview}
    if settings.database_url is not None:
        places[plans.database_of(settings, preview)] = settings.data_dir
    return tuple(
        Place(url=url, folder=folder) for url, folder in places.items() if plans.exists(url)
    )


def of_terminal(settings: Settings) -> tuple[str, ...]:
    """Return where `redraw try` has its jobs, the last used first."""
    return tuple(filter(plans.exists, map(plans.sqlite_in, tries.folders(settings.data_dir))))


def pictures_of(settings: Settings, place: Place, clock: Clock) -> Spool:
    """Return where the pictures beside those jobs are kept."""
    return storage.open_pictures(settings.media_url, place.folder / "media", clock)


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Ledger | None]:
    """Open jobs beside whoever drives them; None, once it was said why, where that cannot be."""
    trouble = await _trouble(url)
    if trouble is not None:
        exits.say(f"{plans.place_of(url)} {trouble}")
        yield None
        return
    async with open_ledger(url, SystemClock()) as ledger:
        yield ledger


async def has(ledger: Ledger, job_id: str) -> bool:
    """Whether the job is one of these."""
    try:
        await ledger.load(job_id)
    except UnknownJob:
        return False
    return True


def print_json(value: object) -> None:
    """Print a value as JSON, and nothing else."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


async def _trouble(url: str) -> str | None:
    try:
        return None if await schema_is_current(url) else OTHER_VERSION
    except StoreUnavailable as error:
        return f"cannot be read ({error})"
