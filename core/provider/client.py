"""Doer: sends calls to the image-to-image API and translates what goes wrong on the way."""

from __future__ import annotations

import asyncio
import functools
import json
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp
import httpx
import structlog
from aiohttp.abc import AbstractResolver
from httpx_aiohttp import AiohttpTransport
from pydantic import SecretStr

from core.errors import OutcomeUnknown, ProviderUnavailable, SettingsError
from core.provider import dialect
from core.provider.dialect import Answer, Call, Poll
from core.provider.sent import was_sent

ANSWER_MAX_BYTES = 1024 * 1024
"""A longer answer is read no further, and counts as one without a body."""

_KEY_MIN_CHARS = 12
_FRESH = "redraw_fresh_connection"
_WENT_WRONG = (httpx.HTTPError, httpx.StreamError, aiohttp.ClientError, OSError)
"""What the transport raises; it lets some of aiohttp's own errors through unmapped."""

_log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class Patience:
    """How long each part of an exchange may take, in seconds."""

    connect_s: float = 10.0
    """To open a socket and finish the TLS handshake."""
    slot_s: float = 15.0
    """To get a connection at all: a free slot, the name, the socket and the handshake together."""
    submit_s: float = 60.0
    """Silence after a submit. Long, because giving up on a paid call makes its outcome unknown."""
    poll_s: float = 15.0
    """Silence after a poll."""


class ProviderClient:
    """
    The API at one address, with one key.

    Raises:
        SettingsError: the address or the key cannot work.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        api_url: str,
        api_key: SecretStr,
        patience: Patience | None = None,
    ) -> None:
        self._http = http
        self._api_url = _checked_url(api_url)
        self._api_key = _checked_key(api_key)
        self._headers = httpx.Headers(
            {
                "Authorization": f"Bearer {api_key.get_secret_value()}",
                "Content-Type": "application/json",
                "Accept": "application/json",
                "Accept-Encoding": "identity",
                "User-Agent": "redraw",
            }
        )
        self._patience = patience or Patience()

    async def submit(self, call: Call) -> str:
        """
        Send a paid call, once, on a connection of its own, and return the remote task id.

        A kept connection may be closed by the other side just as it is used again, and then nobody
        can tell whether the call was read.

        Raises:
            ProviderUnavailable: it was certainly not carried out.
            RequestRejected: it will never be carried out as it is.
            ProviderMisconfigured: the operator has to mend something first.
            OutcomeUnknown: it may have been carried out; it must not be sent again.
        """
        try:
            answer = await self._exchange(call, silence_s=self._patience.submit_s, fresh=True)
        except _WENT_WRONG as exc:
            cause = type(exc.__cause__ or exc).__name__
            _log.warning("provider.submit_cut", cause=cause, maybe_sent=was_sent(exc))
            if was_sent(exc):
                raise OutcomeUnknown(f"submit: {cause}") from exc
            raise ProviderUnavailable(f"submit: not sent: {cause}") from exc
        return dialect.decode_submit(answer)

    async def poll(self, remote_task_id: str) -> Poll:
        """
        Ask once how a remote task stands.

        Raises:
            ProviderUnavailable: there was no answer; it may be asked again.
            ProviderMisconfigured: the operator has to mend something first.
        """
        call = dialect.encode_poll(remote_task_id)
        try:
            answer = await self._exchange(call, silence_s=self._patience.poll_s, fresh=False)
        except _WENT_WRONG as exc:
            cause = type(exc.__cause__ or exc).__name__
            raise ProviderUnavailable(f"poll: {cause}") from exc
        return dialect.decode_poll(answer)

    async def _exchange(self, call: Call, *, silence_s: float, fresh: bool) -> Answer:
        timeout = httpx.Timeout(
            silence_s, connect=self._patience.connect_s, pool=self._patience.slot_s
        )
        request = httpx.Request(
            "POST",
            self._api_url + call.path,
            headers=self._headers,
            content=json.dumps(call.body, allow_nan=False).encode(),
            extensions={"timeout": timeout.as_dict(), _FRESH: fresh},
        )
        async with asyncio.timeout(self._patience.slot_s + 2 * silence_s):
            response = await self._http.send(request, stream=True)
            try:
                body = await _bounded(response)
            finally:
                await response.aclose()
        return Answer(
            status_code=response.status_code,
            headers={name.lower(): value for name, value in response.headers.items()},
            body=self._without_key(body),
        )

    def _without_key(self, body: bytes) -> bytes:
        """Return an answer that may be logged, should it repeat the key; short ones are words."""
        key = self._api_key.get_secret_value().encode()
        return body if len(key) < _KEY_MIN_CHARS else body.replace(key, b"(key)")


async def _bounded(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > ANSWER_MAX_BYTES:
            return b""
    return bytes(body)


def _checked_url(api_url: str) -> str:
    wrong = "expected an address such as https://host/path"
    try:
        url = urlsplit(api_url)
        port = url.port
        _ = httpx.URL(api_url).host  # reads it more strictly, and would with every call
    except (ValueError, httpx.InvalidURL) as exc:
        raise SettingsError("QOLABA_API_URL", wrong) from exc
    strange = url.username is not None or url.query or url.fragment or port == 0
    strange = strange or any(char in " \\" or not char.isprintable() for char in api_url)
    if url.scheme not in {"http", "https"} or not url.hostname or strange:
        raise SettingsError("QOLABA_API_URL", wrong)
    return api_url.rstrip("/")


def _checked_key(api_key: SecretStr) -> SecretStr:
    text = api_key.get_secret_value()
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        raise SettingsError("QOLABA_API_KEY", "expected letters, digits and signs without spaces")
    return api_key


class _Connections(httpx.AsyncBaseTransport):
    """Kept connections for polls, and a new one for each submit."""

    def __init__(self, *, kept: httpx.AsyncBaseTransport, fresh: httpx.AsyncBaseTransport) -> None:
        self._kept = kept
        self._fresh = fresh

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        wanted = self._fresh if request.extensions.get(_FRESH) else self._kept
        try:
            return await wanted.handle_async_request(request)
        except aiohttp.ClientResponseError as exc:
            # Its repr shows the request's headers, and with them the key: nothing may hold it.
            no_http = httpx.RemoteProtocolError(exc.message)
        raise no_http

    async def aclose(self) -> None:
        await self._kept.aclose()
        await self._fresh.aclose()


def open_http(
    *,
    connections: int,
    keepalive_s: float = 120.0,
    tls: ssl.SSLContext | None = None,
    resolver: AbstractResolver | None = None,
) -> httpx.AsyncClient:
    """
    Return the one HTTP client of a process; close it, or use it in `async with`.

    `connections` bounds the polls in flight, and the submits in flight by themselves. A connection
    is kept `keepalive_s` seconds, longer than the largest gap between two polls.
    """
    context = tls or httpx.create_ssl_context()
    keeping = functools.partial(
        aiohttp.TCPConnector, limit=connections, ssl=context, keepalive_timeout=keepalive_s
    )
    closing = functools.partial(
        aiohttp.TCPConnector, limit=connections, ssl=context, force_close=True
    )

    def transport(connector: Callable[..., aiohttp.TCPConnector]) -> AiohttpTransport:
        def session() -> aiohttp.ClientSession:
            return aiohttp.ClientSession(
                connector=connector(resolver=resolver), cookie_jar=aiohttp.DummyCookieJar()
            )

        return AiohttpTransport(verify=context, client=session)

    return httpx.AsyncClient(
        transport=_Connections(kept=transport(keeping), fresh=transport(closing))
    )
