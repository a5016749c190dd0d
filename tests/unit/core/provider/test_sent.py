"""Which exceptions prove that nothing was sent."""

from __future__ import annotations

import inspect
import ssl

import aiohttp
import httpx
import pytest
from aiohttp.client_reqrep import ConnectionKey

from core.provider.sent import was_sent

KEY = ConnectionKey(
    "host",
    443,
    is_ssl=True,
    ssl=True,
    proxy=None,
    proxy_auth=None,
    proxy_headers_hash=None,
    server_hostname=None,
)
NOT_SENT: tuple[Exception, ...] = (
    aiohttp.ClientConnectorError(KEY, OSError(111, "refused")),
    aiohttp.ClientConnectorDNSError(KEY, OSError(-2, "no such name")),
    aiohttp.ClientConnectorSSLError(KEY, ssl.SSLError(1, "handshake")),
    aiohttp.ClientConnectorCertificateError(KEY, ssl.SSLCertVerificationError("untrusted")),
    aiohttp.ClientProxyConnectionError(KEY, OSError(111, "refused")),
    aiohttp.ConnectionTimeoutError("no slot"),
)
MAYBE_SENT: tuple[BaseException, ...] = (
    aiohttp.ServerDisconnectedError(),
    aiohttp.ClientOSError(104, "reset"),
    aiohttp.ClientConnectionResetError("closing"),
    aiohttp.SocketTimeoutError("silence"),
    aiohttp.ServerTimeoutError("silence"),
    aiohttp.ClientPayloadError("cut"),
    aiohttp.ClientConnectionError("closed"),
    ConnectionResetError(),
    TimeoutError(),
    ssl.SSLError(1, "alert"),
    RuntimeError("anything else"),
)


def _from(cause: BaseException) -> httpx.ConnectTimeout:
    error = httpx.ConnectTimeout("as the transport names nearly everything")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize("cause", NOT_SENT, ids=lambda cause: type(cause).__name__)
def test_no_connection_means_not_sent(cause: Exception) -> None:
    """An error from opening the connection proves that nothing left, wrapped or not."""
    assert not was_sent(cause)
    assert not was_sent(_from(cause))


@pytest.mark.parametrize("cause", MAYBE_SENT, ids=lambda cause: type(cause).__name__)
def test_anything_else_may_have_been_sent(cause: BaseException) -> None:
    """The httpx class does not count, not even when it says that connecting timed out."""
    assert was_sent(cause)
    assert was_sent(_from(cause))


def test_httpx_class_alone_proves_nothing() -> None:
    """Every httpx transport error without a cause may have been sent."""
    classes = [
        error
        for _, error in inspect.getmembers(httpx, inspect.isclass)
        if issubclass(error, httpx.TransportError)
    ]

    assert classes
    assert all(was_sent(error("x")) for error in classes)


def test_older_cause_proves_nothing() -> None:
    """Only what the error was raised from counts, not what that was raised from."""
    middle = aiohttp.ServerDisconnectedError()
    middle.__cause__ = NOT_SENT[0]

    assert was_sent(_from(middle))
