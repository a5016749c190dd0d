"""
Root: whether providers can fetch a picture under the addresses that we would give them.

A link is made, and fetched the way the internet comes in. Where a bot runs already, its health
page has to do: the port is taken.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from http import HTTPStatus

import aiohttp
import aiohttp.web

from bot import web
from bot.settings import Settings
from core.clock import Clock
from core.errors import Gone, MediaUnavailable, SettingsError
from core.media import links
from core.media.download import Downloader, Patience
from core.media.item import MediaItem
from core.media.spool import Spool

PATIENCE = Patience(connect_s=5.0, stall_s=5.0, total_s=15.0, attempts=2)
"""Somebody waits for the answer."""

_JOB_ID = "doctor"
_LINK_LIFE = timedelta(minutes=5)


async def by_bucket(spool: Spool, item: MediaItem, clock: Clock) -> None:
    """Fetch `item` by the bucket's own link; raises MediaError."""
    url = await spool.public_url(item, expires_at=clock.now() + _LINK_LIFE)
    if url is None:
        raise Gone("the place of the pictures makes no links")
    await _fetch(url, clock, item)


async def by_ourselves(
    settings: Settings, public_url: str, spool: Spool, item: MediaItem, clock: Clock
) -> str:
    """
    Serve `item` and fetch it under `public_url`; return in words what was proved.

    Raises:
        MediaError: it could not be fetched.
        SettingsError: our own server could not be started, for another reason than a bot.
    """
    key = secrets.token_bytes(32)
    app = web.application(_site_of(item, spool, key, clock))
    expires_at = clock.now() + _LINK_LIFE
    url = links.link(public_url, key, job_id=_JOB_ID, name=item.name, expires_at=expires_at)
    try:
        async with web.serve(app, host=settings.http_host, port=settings.http_port):
            await _fetch(url, clock, item)
    except SettingsError:
        await _greet(public_url)
        return "the bot that runs here answers at it"
    return "a link of ours was fetched"


async def by_a_caller(settings: Settings, public_url: str, path: str) -> str:
    """
    Post to `path` below `public_url` as a stranger would; return in words what was proved.

    Raises:
        MediaUnavailable: nobody answers there, or somebody else does.
        SettingsError: our own server could not be started, for another reason than a bot.
    """
    word = secrets.token_hex(16)

    async def greet(request: aiohttp.web.Request) -> aiohttp.web.Response:  # noqa: ARG001  # aiohttp's signature
        return aiohttp.web.Response(text=word)

    app = aiohttp.web.Application()
    app.router.add_post(path, greet)
    try:
        async with web.serve(app, host=settings.http_host, port=settings.http_port):
            _, said = await _post(f"{public_url}{path}")
    except SettingsError as exc:
        if exc.variable != "REDRAW_HTTP_PORT":
            raise
        await _greet(public_url)
        status, _ = await _post(f"{public_url}{path}")
        if status != HTTPStatus.UNAUTHORIZED:
            raise MediaUnavailable(f"what runs there answers {status}") from None
        return "the bot that runs here answers, and refuses what is not signed"
    if said != word:
        raise MediaUnavailable("something else answers at it")
    return "a call reached this machine"


async def _post(url: str) -> tuple[int, str]:
    timeout = aiohttp.ClientTimeout(total=PATIENCE.total_s)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(url, data=b"", allow_redirects=False) as answer,
        ):
            return answer.status, await answer.text()
    except (aiohttp.ClientError, OSError, TimeoutError, UnicodeDecodeError) as exc:
        raise MediaUnavailable(f"it does not answer: {type(exc).__name__}") from exc


def _site_of(item: MediaItem, spool: Spool, key: bytes, clock: Clock) -> web.Site:
    async def find(job_id: str, name: str) -> MediaItem | None:
        return item if (job_id, name) == (_JOB_ID, item.name) else None

    async def readiness() -> web.Readiness:
        return web.Readiness(store="not looked at", worker="not running")

    return web.Site(find_media=find, spool=spool, key=key, clock=clock, readiness=readiness)


async def _fetch(url: str, clock: Clock, item: MediaItem) -> None:
    trusted = frozenset({url})
    async with Downloader(clock=clock, trusted_origins=trusted, patience=PATIENCE) as downloader:
        data = await downloader.fetch(url, limit_bytes=item.size_bytes)
    if len(data) != item.size_bytes:
        raise MediaUnavailable("another file came back")


async def _greet(public_url: str) -> None:
    """Ask the bot that has the port whether it is reached; raises MediaUnavailable."""
    timeout = aiohttp.ClientTimeout(total=PATIENCE.total_s)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"{public_url}/healthz", allow_redirects=False) as answer,
        ):
            said = await answer.text()
    except (aiohttp.ClientError, OSError, TimeoutError, UnicodeDecodeError) as exc:
        raise MediaUnavailable(f"it does not answer: {type(exc).__name__}") from exc
    if '"alive"' not in said:
        raise MediaUnavailable("something else answers at it")
