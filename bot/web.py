"""
Root: the small web server: is the process well, and the pictures that a job's provider fetches.

`/healthz` says that the process answers, `/readyz` whether it can work, `/metrics` how it has been
doing, and `/media/{token}/{name}` hands out one prepared picture to whoever holds its link, while
the job still wants it. There is no listing, and every reason to refuse looks the same: 404. A chat
that is called from outside has a page of its own beside them.
"""

from __future__ import annotations

import errno
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from adapters.lead import Presence
from bot import metrics
from core.clock import Clock
from core.errors import (
    AddressRefused,
    Gone,
    MediaUnavailable,
    SettingsError,
    StoreUnavailable,
)
from core.media import links
from core.media.item import MediaItem
from core.media.spool import Spool

_SHUTDOWN_S = 2.0
"""How long answers under way may take once the server is to stop."""

_IDLE_S = 30.0
"""How long a connection may stay open after an answer."""

_BODY_BYTES_MAX = 1024
"""None of our own pages reads a body."""

_log = structlog.get_logger()

_strangers = logging.getLogger("bot.web.strangers")
"""Where aiohttp tells what went wrong with a call."""
_strangers.addFilter(lambda record: not _is_no_http(record))


def _is_no_http(record: logging.LogRecord) -> bool:
    """Whether somebody sent what is no HTTP: scanners do, and each time it would be a traceback."""
    error = record.exc_info[1] if record.exc_info else None
    return isinstance(error, HttpProcessingError | web.RequestPayloadError)


FindMedia = Callable[[str, str], Awaitable[MediaItem | None]]
"""From a job's id and a picture's name to the picture, while the job still wants it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Readiness:
    """What `/readyz` says; `is_ready` decides between 200 and 503."""

    store: str
    """`ok`, or what is wrong with it."""
    worker: str
    """`running`, `elsewhere` where other processes drive all jobs, or what it is instead."""
    unfinished: int | None = None
    """Jobs with something left to do; None while the store cannot tell."""
    oldest_unfinished_at: datetime | None = None
    chats: Mapping[str, Presence] = field(default_factory=dict)
    """How we stand to each chat, by platform."""
    halted: tuple[str, ...] | None = None
    """What the operator has halted, as far as known; it is no reason not to be ready."""

    @property
    def is_ready(self) -> bool:
        """Whether we do what is ours to do: standing by, for another that listens, is."""
        works = self.store == "ok" and self.worker in {"running", "elsewhere"}
        return works and Presence.AWAY not in self.chats.values()


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """What the web server has to do with."""

    find_media: FindMedia
    spool: Spool
    key: bytes
    clock: Clock
    readiness: Callable[[], Awaitable[Readiness]]
    numbers: Callable[[], Awaitable[bytes]] | None = None
    """What `/metrics` shows; there is no such page without it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mount:
    """A page of a chat, for what that chat posts to it."""

    path: str
    handle: Callable[[web.Request], Awaitable[web.StreamResponse]]
    body_bytes_max: int
    """The longest body that is read of a call, in bytes."""


def application(site: Site, mounts: Sequence[Mount] = ()) -> web.Application:
    """Return the pages over `site`, and those of chats."""
    longest = max((mount.body_bytes_max for mount in mounts), default=_BODY_BYTES_MAX)
    app = web.Application(middlewares=[_note], client_max_size=longest)
    app.on_response_prepare.append(_harden)
    app.router.add_get("/healthz", _healthz)
    app.router.add_get("/readyz", _readyz(site))
    app.router.add_get("/media/{token}/{name}", _media(site))
    if site.numbers is not None:
        app.router.add_get("/metrics", _metrics(site.numbers))
    for mount in mounts:
        app.router.add_post(mount.path, mount.handle)
    return app


@asynccontextmanager
async def serve(app: web.Application, *, host: str, port: int) -> AsyncIterator[str]:
    """
    Serve `app` until the end of the block; gives the origin it is reachable at from here.

    Raises:
        SettingsError: the address cannot be listened at.
    """
    runner = web.AppRunner(
        app,
        access_log=None,
        logger=_strangers,
        shutdown_timeout=_SHUTDOWN_S,
        keepalive_timeout=_IDLE_S,
    )
    await runner.setup()
    try:
        await _listen(runner, host, port)
        yield _origin(runner)
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, host: str, port: int) -> None:
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as exc:
        reason = f"cannot listen at {host}:{port}: {(exc.strerror or str(exc)).lower()}"
        of_the_host = isinstance(exc, socket.gaierror) or exc.errno == errno.EADDRNOTAVAIL
        variable = "REDRAW_HTTP_HOST" if of_the_host else "REDRAW_HTTP_PORT"
        raise SettingsError(variable, reason) from exc


def _origin(runner: web.AppRunner) -> str:
    host, port = runner.addresses[0][:2]
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # compared with
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"


async def _healthz(request: web.Request) -> web.Response:  # noqa: ARG001  # aiohttp's signature
    return web.json_response({"status": "alive"})


def _readyz(site: Site) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:  # noqa: ARG001  # aiohttp's signature
        found = await site.readiness()
        oldest = found.oldest_unfinished_at
        age_s = None if oldest is None else (site.clock.now() - oldest).total_seconds()
        body = {
            "status": "ready" if found.is_ready else "not ready",
            "store": found.store,
            "worker": found.worker,
            "chats": dict(found.chats),
            "halted": found.halted,
            "unfinished": found.unfinished,
            "oldest_unfinished_s": None if age_s is None else round(max(age_s, 0.0), 1),
        }
        status = HTTPStatus.OK if found.is_ready else HTTPStatus.SERVICE_UNAVAILABLE
        return web.json_response(body, status=status)

    return answer


def _metrics(
    numbers: Callable[[], Awaitable[bytes]],
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:  # noqa: ARG001  # aiohttp's signature
        page = await numbers()
        return web.Response(body=page, headers={"Content-Type": metrics.CONTENT_TYPE})

    return answer


def _media(site: Site) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        token, name = request.match_info["token"], request.match_info["name"]
        try:
            item = await _wanted(site, token, name)
            return _picture(item, await site.spool.read(item))
        except (AddressRefused, Gone):
            raise web.HTTPNotFound from None
        except (MediaUnavailable, StoreUnavailable):
            raise web.HTTPServiceUnavailable(headers={"Retry-After": "2"}) from None

    return answer


async def _wanted(site: Site, token: str, name: str) -> MediaItem:
    claim = links.read(site.key, token, site.clock.now(), name=name)
    item = await site.find_media(claim.job_id, claim.name)
    if item is None:
        raise Gone("the job does not want it any more")
    return item


def _picture(item: MediaItem, data: bytes) -> web.Response:
    disposition = f'inline; filename="{item.name}"'
    return web.Response(
        body=data,
        content_type=item.kind.mime,
        headers={"Content-Disposition": disposition},
    )


async def _harden(request: web.Request, response: web.StreamResponse) -> None:  # noqa: ARG001  # aiohttp's signature
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'"
    response.headers["Server"] = "redraw"


@web.middleware
async def _note(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Log each call by its route, never by its path: the path of a link is a secret."""
    route = request.match_info.route.resource
    page = "unknown" if route is None else route.canonical
    try:
        response = await handler(request)
    except web.HTTPException as exc:
        _log.info("web_request", method=request.method, page=page, status=exc.status)
        raise
    _log.info("web_request", method=request.method, page=page, status=response.status)
    return response
