"""Root: what `redraw doctor` looks at; nothing of it costs anything, and nothing is left behind."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum

from adapters.wording import wording
from bot import plans, reach, sharing, storage
from bot.pulse import takes_writes
from bot.served import Served
from bot.settings import Settings, unknown_variables
from core.catalogue import loader
from core.clock import Clock
from core.errors import AppError, ProviderError, ProviderMisconfigured, SettingsError
from core.jobs.store.ledger import open_ledger
from core.media.item import Kind, MediaItem
from core.media.spool import Spool
from core.provider.client import ProviderClient, open_http

DISK_LOW_BYTES = 1024**3
"""Below this there is soon no room: a busy day's pictures."""
DISK_FULL_BYTES = 100 * 1024**2
"""Below this a single batch may not fit."""


class Verdict(StrEnum):
    """How a check went."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, kw_only=True, slots=True)
class Checkup:
    """What came of one check."""

    name: str
    verdict: Verdict
    found: str
    """What is the case, in words."""
    to_do: str = ""
    """What to do about it, unless all is well."""


def ok(name: str, found: str) -> Checkup:
    """Return that all is well."""
    return Checkup(name=name, verdict=Verdict.OK, found=found)


def warn(name: str, found: str, to_do: str) -> Checkup:
    """Return that something may be missing."""
    return Checkup(name=name, verdict=Verdict.WARN, found=found, to_do=to_do)


def fail(name: str, found: str, to_do: str) -> Checkup:
    """Return that something does not work."""
    return Checkup(name=name, verdict=Verdict.FAIL, found=found, to_do=to_do)


def settings(read: Settings, environ: Mapping[str, str]) -> Checkup:
    """Look for settings that have no effect, and for a default model that is none."""
    name = "settings"
    try:
        catalogue = loader.load(read.models_file)
        plans.check_default_model(read, catalogue)
    except SettingsError as exc:
        return fail(name, f"{exc.variable}: {exc.reason}", "change it")
    unknown = unknown_variables(environ)
    if unknown:
        return warn(name, f"nothing reads {', '.join(unknown)}", "look for a typing mistake")
    places = len(read.allowed_places) or "all"
    return ok(name, f"{len(catalogue.models)} models, {places} places, {len(read.admins)} admins")


def disk(read: Settings) -> Checkup:
    """Look for room in the data folder."""
    name = "disk"
    try:
        storage.make_folder(read.data_dir)
        free = shutil.disk_usage(read.data_dir).free
    except SettingsError as exc:
        return fail(name, exc.reason, "set REDRAW_DATA_DIR to a folder that can be written to")
    except OSError as exc:
        return fail(name, f"{read.data_dir}: {exc.strerror}", "look after the disk")
    found = f"{free / 1024**3:.1f} GiB free for {read.data_dir}"
    if free < DISK_FULL_BYTES:
        return fail(name, found, "make room, or set REDRAW_DATA_DIR to a larger disk")
    if free < DISK_LOW_BYTES:
        return warn(name, found, "make room soon, or lower REDRAW_RETENTION_DAYS")
    return ok(name, found)


async def store(read: Settings, clock: Clock) -> Checkup:
    """Look whether the bot's database is of this version and takes writes."""
    name = "store"
    url = plans.database_of(read, read.data_dir)
    if not plans.exists(url):
        return ok(name, "not there yet; it is made when it is first needed")
    try:
        if not await sharing.is_current(url):
            return fail(name, "of another version", "run `redraw migrate`")
        async with open_ledger(url, clock) as ledger:
            await takes_writes(ledger, clock)
            unfinished = len(await ledger.unfinished())
    except AppError as exc:
        return fail(name, _said(exc), "look at REDRAW_DATABASE_URL and at the database itself")
    return ok(name, f"current and writable, {unfinished} jobs unfinished")


async def pictures(read: Settings, clock: Clock) -> Checkup:
    """Put a file to where pictures are kept, read it and delete it."""
    name = "pictures"
    try:
        async with _kept(read, clock) as (spool, item):
            await spool.read(item)
    except AppError as exc:
        return fail(name, _said(exc), "look at REDRAW_MEDIA_URL and what it leads to")
    return ok(name, "written, read and deleted")


async def api(read: Settings, served: Served) -> Checkup:
    """Ask for a task that does not exist: free, and answered only to an accepted key."""
    name = "api"
    if read.qolaba_api_key is None:
        return ok(name, "no key: local previews, drawn on this machine")
    try:
        async with open_http(connections=1) as http:
            client = ProviderClient(http, api_url=read.qolaba_api_url, api_key=read.qolaba_api_key)
            await client.poll(f"doctor-{secrets.token_hex(8)}")
    except ProviderMisconfigured as exc:
        return fail(name, wording(exc).what_happened, "look at QOLABA_API_KEY and QOLABA_API_URL")
    except (ProviderError, SettingsError) as exc:
        to_do = "look at QOLABA_API_URL and at the network"
        return fail(name, f"{read.qolaba_api_url} does not answer: {exc}", to_do)
    what = "a local studio" if served is Served.STUDIO else "the hosted API"
    return ok(name, f"{what} answers and takes the key")


async def public_address(read: Settings, served: Served, clock: Clock) -> Checkup:
    """Fetch a file under an address that a provider would be given for it."""
    name = "public address"
    try:
        if plans.is_bucket(read.media_url):
            async with _kept(read, clock) as (spool, item):
                await reach.by_bucket(spool, item, clock)
            return ok(name, "a link of the bucket was fetched")
        if read.public_url is not None:
            async with _kept(read, clock) as (spool, item):
                found = await reach.by_ourselves(read, read.public_url, spool, item, clock)
            return ok(name, f"{read.public_url}: {found}")
    except AppError as exc:
        to_do = "look at REDRAW_PUBLIC_URL or REDRAW_MEDIA_URL, the reverse proxy and the firewall"
        return fail(name, f"a link of ours could not be fetched: {_said(exc)}", to_do)
    if served is not Served.HOSTED or plans.is_loopback(read.qolaba_api_url):
        return ok(name, "none is needed: pictures are redrawn on this machine")
    return _no_address(name, read)


def _no_address(name: str, read: Settings) -> Checkup:
    """Say what follows where the hosted API has nowhere to fetch pictures from but the chat."""
    to_do = (
        "set REDRAW_PUBLIC_URL to this machine's public address, or REDRAW_MEDIA_URL to a bucket"
    )
    if read.slack_bot_token is not None:
        found = "none: files in Slack are private, so the hosted API cannot fetch them"
        return fail(name, found, to_do)
    if read.discord_token is not None:
        return ok(name, "none is needed: Discord has the pictures, on the cards")
    return warn(name, "none: the hosted API cannot fetch pictures from here", to_do)


@asynccontextmanager
async def _kept(read: Settings, clock: Clock) -> AsyncIterator[tuple[Spool, MediaItem]]:
    """Keep a file that nobody else has, for the length of the block."""
    spool = storage.open_pictures(read.media_url, read.data_dir / "media", clock)
    await storage.check_pictures(spool)
    data = secrets.token_bytes(64)
    item = await spool.put(data, kind=Kind.PNG, width_px=1, height_px=1)
    try:
        yield spool, item
    finally:
        await spool.delete(item)


def _said(error: AppError) -> str:
    if isinstance(error, SettingsError):
        return f"{error.variable}: {error.reason}"
    return str(error)
