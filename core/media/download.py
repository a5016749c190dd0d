"""
Doer: fetching pictures from URLs that somebody else chose.

Nothing private is reached: a URL is checked before it is used (`core.media.addresses`), each
address is checked when a socket for it is made, so that no name can change its mind in between,
and each redirect is a new URL. Origins that are ours by configuration are fetched through a
connector of their own.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType, TracebackType
from typing import Final, Self, TypeAlias
from urllib.parse import urljoin

import aiohttp
import stamina
from aiohttp.abc import AbstractResolver
from yarl import URL

from core.clock import Clock
from core.errors import AddressRefused, Gone, MediaUnavailable, TooLarge, WrongType
from core.media.addresses import Origin, check_url, is_public, origin_of, origins
from core.media.guard import Guard
from core.media.probe import HEAD_BYTES, is_web_page, sniff
from core.retry_after import retry_after_s

_Answer: TypeAlias = aiohttp.ClientResponse

REDIRECTS: Final = 3
"""How many redirects are followed; the file hosts we know need one."""

CONNECTIONS: Final = 32
"""Connections open at once, per connector."""

USER_AGENT: Final = "Redraw"

_REDIRECTING: Final = frozenset({301, 302, 303, 307, 308})
_PASSING: Final = frozenset({408, 425, 429})
"""Refusals that another try may get past, as may every 5xx."""
_CHUNK_BYTES: Final = 64 * 1024
_UNCHANGED: Final = frozenset({"", "identity"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Patience:
    """How long a download may take, and how often it is tried."""

    connect_s: float = 10.0
    stall_s: float = 15.0
    """Longest pause between two pieces of an answer."""
    total_s: float = 60.0
    """Everything together: redirects, tries, and the waits between them."""
    attempts: int = 4
    first_wait_s: float = 0.5
    """Before the second try; doubles from then on, plus as much again by chance."""
    longest_wait_s: float = 8.0
    """A host that asks for more patience than this is left to whoever asked for the picture."""


PATIENCE: Final = Patience()


class Downloader:
    """Fetches pictures; used as an asynchronous context manager."""

    def __init__(
        self,
        *,
        clock: Clock,
        trusted_origins: frozenset[str] = frozenset(),
        patience: Patience = PATIENCE,
        resolver: AbstractResolver | None = None,
        tls: ssl.SSLContext | None = None,
        is_allowed: Callable[[str], bool] = is_public,
    ) -> None:
        """
        Take the origins that may be private (scheme, host and port, exactly).

        `resolver`, `tls` and `is_allowed` (the addresses that other origins may have) stand for
        the system's resolver, its certificates and `is_public`. Raises AddressRefused for a
        trusted origin that is no URL.
        """
        self._trusted = trusted_origins
        self._trusted_origins = origins(trusted_origins)
        self._clock = clock
        self._patience = patience
        self._resolver = resolver
        self._tls = tls
        self._is_allowed = is_allowed
        self._sessions = AsyncExitStack()

    async def __aenter__(self) -> Self:
        names = self._resolver or aiohttp.ThreadedResolver()
        tls = self._tls or True
        ours = aiohttp.TCPConnector(resolver=names, ssl=tls, limit=CONNECTIONS)
        guard = Guard(names, self._is_allowed)
        self._sessions.push_async_callback(guard.close)
        theirs = aiohttp.TCPConnector(
            resolver=guard,
            socket_factory=guard.make_socket,
            use_dns_cache=False,  # every connection is made to what was just checked
            ssl=tls,
            limit=CONNECTIONS,
        )
        self._ours = await self._sessions.enter_async_context(self._open(ours))
        self._theirs = await self._sessions.enter_async_context(self._open(theirs))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._sessions.aclose()

    def trust(self, url: str) -> None:
        """Let the origin of `url` be private from now on; raises AddressRefused if it has none."""
        self._trusted |= {url}
        self._trusted_origins |= {origin_of(url)}

    async def fetch(
        self,
        url: str,
        *,
        limit_bytes: int,
        headers: Mapping[str, str] = MappingProxyType({}),
        follows: Callable[[Origin], bool] = lambda _: True,
    ) -> bytes:
        """
        Return what `url` answers with, of at most `limit_bytes`.

        `headers` go to the URL's own origin and to no other; `follows` says to which origins a
        redirect may lead. Raises AddressRefused, Gone when the host does not hand it out (any
        more), TooLarge, WrongType for a web page or a compressed answer, MediaUnavailable when
        patience ran out.
        """
        patience = self._patience
        try:
            async with asyncio.timeout(patience.total_s):
                async for attempt in stamina.retry_context(
                    on=self._wait_s,
                    attempts=patience.attempts,
                    timeout=None,
                    wait_initial=patience.first_wait_s,
                    wait_max=patience.longest_wait_s,
                    wait_jitter=patience.first_wait_s,
                ):
                    with attempt:
                        return await self._follow(url, limit_bytes, headers, follows)
        except TimeoutError as exc:
            raise MediaUnavailable("the host took too long") from exc
        raise AssertionError("the last try returns or raises")  # pragma: no cover - cannot be

    def _wait_s(self, error: Exception) -> bool | float:
        """Whether to try again, or after how many seconds if the host said so."""
        if not isinstance(error, MediaUnavailable):
            return False
        if error.retry_after_s is None:
            return True
        return error.retry_after_s <= self._patience.longest_wait_s and error.retry_after_s

    async def _follow(
        self,
        url: str,
        limit_bytes: int,
        headers: Mapping[str, str],
        follows: Callable[[Origin], bool],
    ) -> bytes:
        """Fetch once, each redirect being judged like a new URL."""
        for _ in range(1 + REDIRECTS):
            check_url(url, trusted_origins=self._trusted)
            found = await self._ask(url, limit_bytes, headers)
            if isinstance(found, bytes):
                return found
            target = _joined(url, found)
            if not follows(origin_of(target)):
                raise AddressRefused("the host sends us to one that is not asked")
            if origin_of(target) != origin_of(url):
                headers = {}
            url = target
        raise AddressRefused(f"more than {REDIRECTS} redirects")

    async def _ask(self, url: str, limit_bytes: int, headers: Mapping[str, str]) -> bytes | str:
        """Return the body, or where a redirect points; URLs stay out of errors, as secrets do."""
        try:
            async with self._get(url, headers) as answer:
                if answer.status in _REDIRECTING:
                    return answer.headers.get("Location", "")
                self._judge(answer)
                return await _body(answer, limit_bytes)
        except aiohttp.ClientResponseError as exc:
            # It shows the request with its headers, and with them a token: nothing may hold it.
            no_http = MediaUnavailable(f"the host does not speak HTTP: {type(exc).__name__}")
        except aiohttp.ClientConnectorCertificateError as exc:
            raise AddressRefused("the host cannot prove who it is") from exc
        except (aiohttp.ClientError, OSError) as exc:
            raise MediaUnavailable(f"the host could not be asked: {type(exc).__name__}") from exc
        raise no_http

    def _get(self, url: str, headers: Mapping[str, str]) -> AbstractAsyncContextManager[_Answer]:
        origin = origin_of(url)
        session = self._ours if origin in self._trusted_origins else self._theirs
        target = _as_url(url)
        host = (target.raw_host or "").lower()
        if (target.scheme, host, target.port) != (origin.scheme, origin.host, origin.port):
            raise AddressRefused("the URL can be read in two ways")
        return session.get(target, headers=headers, allow_redirects=False)

    def _judge(self, answer: _Answer) -> None:
        """Raise unless the answer is one with a body that we want."""
        status = answer.status
        if status in _PASSING or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            wait_s = retry_after_s(answer.headers.get("Retry-After", ""), now=self._clock.now())
            raise MediaUnavailable(f"the host answered {status}", retry_after_s=wait_s)
        if status != HTTPStatus.OK:
            raise Gone(f"the host answered {status}")
        if answer.headers.get("Content-Encoding", "").lower() not in _UNCHANGED:
            raise WrongType("a compressed answer")

    def _open(self, connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            headers={"Accept-Encoding": "identity", "User-Agent": USER_AGENT},
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=self._patience.connect_s, sock_read=self._patience.stall_s
            ),
        )


async def _body(answer: _Answer, limit_bytes: int) -> bytes:
    """Read the body piece by piece, whatever its announced length; never over the limit."""
    if (answer.content_length or 0) > limit_bytes:
        raise TooLarge(limit_bytes, "bytes")
    body = bytearray()
    async for chunk in answer.content.iter_chunked(_CHUNK_BYTES):
        body += chunk
        if len(body) > limit_bytes:
            raise TooLarge(limit_bytes, "bytes")
    _check_is_no_page(bytes(body[:HEAD_BYTES]), answer.content_type)
    return bytes(body)


def _check_is_no_page(head: bytes, content_type: str) -> None:
    """Raise WrongType for a web page: hosts answer so, with status 200, who is not logged in."""
    if sniff(head) is None and (is_web_page(head) or content_type == "text/html"):
        raise WrongType("a web page")
    if not head:
        raise WrongType("an empty file")


def _joined(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError as exc:
        raise AddressRefused("the redirect cannot be taken apart") from exc


def _as_url(url: str) -> URL:
    """Return `url` letter by letter as it was given: signatures are over its spelling."""
    try:
        return URL(url, encoded=url.isascii())
    except ValueError as exc:
        raise AddressRefused("the URL cannot be taken apart") from exc
