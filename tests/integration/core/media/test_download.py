"""Fetching pictures: from where, how much, how long, and with what in hand."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from email.utils import format_datetime

import pytest
import stamina
import structlog
import trustme
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from core.errors import (
    AddressRefused,
    Gone,
    MediaError,
    MediaUnavailable,
    TooLarge,
    WrongType,
)
from core.media.download import Downloader, Patience
from tests.fakes import pictures
from tests.fakes.clock import START, VirtualClock
from tests.fakes.tcp import listener

PICTURE = pictures.jpeg()
LIMIT = 1_000_000
HASTE = Patience(
    connect_s=20, stall_s=20, total_s=60, attempts=3, first_wait_s=0.001, longest_wait_s=0.05
)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Names(AbstractResolver):
    """A resolver that answers with what it is told, and counts how often it is asked."""

    def __init__(self, *answers: tuple[str, ...], port: int) -> None:
        self._answers = list(answers)
        self._port = port
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        addresses = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=self._port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in addresses
        ]

    async def close(self) -> None:
        """Nothing is open."""


class Host:
    """A file host on loopback: what it was asked, and where it is."""

    def __init__(self, port: int) -> None:
        self.origin = f"http://127.0.0.1:{port}"
        self.port = port
        self.asked: list[web.Request] = []


@asynccontextmanager
async def host(
    handler: Handler,
    *,
    tls: ssl.SSLContext | None = None,
    address: str = "127.0.0.1",
    port: int = 0,
) -> AsyncIterator[Host]:
    """Serve `handler` for every path."""
    asked: list[web.Request] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(request)
        return await handler(request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, address, port, ssl_context=tls)
    await site.start()
    try:
        served = Host(site.port)
        served.asked = asked
        yield served
    finally:
        await runner.cleanup()


def certificates(name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What a server needs to prove that it is `name`, and what a client needs to believe it."""
    authority = trustme.CA()
    served, known = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert(name).configure_cert(served)
    authority.configure_trust(known)
    return served, known


def downloader(
    *trusted: str,
    patience: Patience = HASTE,
    names: AbstractResolver | None = None,
    tls: ssl.SSLContext | None = None,
    is_allowed: Callable[[str], bool] | None = None,
) -> Downloader:
    more = {} if is_allowed is None else {"is_allowed": is_allowed}
    return Downloader(
        clock=VirtualClock(),
        trusted_origins=frozenset(trusted),
        patience=patience,
        resolver=names,
        tls=tls,
        **more,
    )


async def picture(_: web.Request) -> web.Response:
    return web.Response(body=PICTURE, content_type="image/jpeg")


async def picture_and_close(request: web.Request) -> web.Response:
    answer = await picture(request)
    answer.force_close()
    return answer


async def fetched_from(handler: Handler, *, patience: Patience = HASTE) -> tuple[bytes, int]:
    """What a trusted host with this handler gives, and how often it was asked."""
    async with host(handler) as there, downloader(there.origin, patience=patience) as fetching:
        body = await fetching.fetch(f"{there.origin}/a.png", limit_bytes=LIMIT)
        return body, len(there.asked)


async def failure_of(
    handler: Handler, *, patience: Patience = HASTE, limit_bytes: int = LIMIT
) -> tuple[MediaError, int]:
    """The error that a trusted host with this handler leads to, and how often it was asked."""
    async with host(handler) as there, downloader(there.origin, patience=patience) as fetching:
        with pytest.raises(MediaError) as caught:
            await fetching.fetch(f"{there.origin}/a.png", limit_bytes=limit_bytes)
        return caught.value, len(there.asked)


async def test_a_picture_is_fetched() -> None:
    """What the host gives is what the caller gets."""
    assert await fetched_from(picture) == (PICTURE, 1)


async def test_a_public_https_host_is_fetched_by_name() -> None:
    """An ordinary host is reached over TLS that proves its name."""
    served, known = certificates("cdn.example.com")

    async with host(picture, tls=served) as there:
        names = Names(("127.0.0.1",), port=there.port)
        async with downloader(names=names, tls=known, is_allowed=lambda _: True) as fetching:
            body = await fetching.fetch("https://cdn.example.com/a.jpg", limit_bytes=LIMIT)

    assert body == PICTURE
    assert names.asked == ["cdn.example.com"]


async def test_a_host_that_cannot_prove_its_name_is_refused() -> None:
    """A certificate for another name is no picture host."""
    served, known = certificates("evil.example")

    async with host(picture, tls=served) as there:
        names = Names(("127.0.0.1",), port=there.port)
        async with downloader(names=names, tls=known, is_allowed=lambda _: True) as fetching:
            with pytest.raises(AddressRefused):
                await fetching.fetch("https://cdn.example.com/a.jpg", limit_bytes=LIMIT)

    assert there.asked == []


@pytest.mark.parametrize(
    "addresses",
    [
        ("127.0.0.1",),
        ("10.0.0.1",),
        ("169.254.169.254",),
        ("::1",),
        ("::ffff:127.0.0.1",),
        ("93.184.216.34", "127.0.0.1"),
        ("127.0.0.1", "93.184.216.34"),
    ],
)
async def test_a_name_that_leads_inside_is_refused(addresses: tuple[str, ...]) -> None:
    """A public name with any private address is refused before a connection is made."""
    names = Names(addresses, port=443)

    async with downloader(names=names) as fetching:
        with pytest.raises(AddressRefused):
            await fetching.fetch("https://rebind.example.com/a.png", limit_bytes=LIMIT)

    assert names.asked == ["rebind.example.com"]


async def test_a_rebinding_name_reaches_only_what_was_checked() -> None:
    """
    A name that changes its mind between two questions gains nothing.

    The address that is connected to is the one that was checked: while the name answers with
    the allowed address that one is reached, and as soon as it answers with another it is refused.
    """
    served, known = certificates("rebind.example.com")
    async with host(picture_and_close, tls=served, address="::1") as outside:
        names = Names(("::1",), ("127.0.0.1",), port=outside.port)
        async with (
            host(picture, tls=served, port=outside.port) as inside,
            downloader(names=names, tls=known, is_allowed=lambda ip: ip == "::1") as fetching,
        ):
            await fetching.fetch("https://rebind.example.com/1", limit_bytes=LIMIT)
            with pytest.raises(AddressRefused):
                await fetching.fetch("https://rebind.example.com/2", limit_bytes=LIMIT)

    assert names.asked == ["rebind.example.com"] * 2
    assert [len(place.asked) for place in (outside, inside)] == [1, 0]


async def test_a_private_address_is_refused_at_the_socket_too() -> None:
    """Should a private address get past every check of URLs, no socket is made for it."""
    async with host(picture) as there, downloader() as fetching:
        with pytest.raises(AddressRefused):
            await fetching._theirs.get(there.origin)

    assert there.asked == []


@pytest.mark.parametrize("origin", ["http://b\xfccher.example", "http://xn--\xfc.example"])
async def test_a_url_that_can_be_read_in_two_ways_is_refused(origin: str) -> None:
    """What the parser of the check and that of the connection see differently is not fetched."""
    async with downloader(origin) as fetching:
        with pytest.raises(AddressRefused):
            await fetching.fetch(f"{origin}/a.png", limit_bytes=LIMIT)


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:1/",
        "https://127.0.0.1/latest",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]/",
        "https://2130706433/",
        "file:///etc/passwd",
        "ftp://cdn.example.com/",
        "data:image/png;base64,AAAA",
        "//127.0.0.1:1/",
        "https://user@cdn.example.com/",
    ],
)
async def test_a_redirect_is_judged_like_any_url(target: str) -> None:
    """A trusted host cannot send us where we would not go by ourselves."""

    async def away(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": target})

    error, asked = await failure_of(away)

    assert (type(error), asked) == (AddressRefused, 1)


async def test_a_redirect_that_is_no_url_is_refused() -> None:
    """What cannot be taken apart is refused, whoever takes it apart."""

    async def astray(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "http://["})

    error, asked = await failure_of(astray)

    assert (type(error), asked) == (AddressRefused, 1)


async def test_an_error_holds_no_headers() -> None:
    """A host that speaks no HTTP leads to an error without the token that was sent to it."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"no HTTP at all\r\n\r\n")
        await writer.drain()

    async with listener(speak) as port:
        origin = f"http://127.0.0.1:{port}"
        async with downloader(origin, patience=HASTE) as fetching:
            with pytest.raises(MediaUnavailable) as caught:
                await fetching.fetch(
                    f"{origin}/a.png", limit_bytes=LIMIT, headers={"Authorization": "the token"}
                )

    chain: list[BaseException] = [caught.value]
    while linked := chain[-1].__cause__ or chain[-1].__context__:
        chain.append(linked)
    assert not [error for error in chain if "the token" in repr(error)]


async def test_redirects_are_followed() -> None:
    """Redirects within bounds lead to the picture, relative ones included."""

    async def twice(request: web.Request) -> web.Response:
        if request.path == "/a.png":
            raise web.HTTPFound("/b/c")
        if request.path == "/b/c":
            return web.Response(status=308, headers={"Location": "d?x=1%2F2"})
        assert request.raw_path == "/b/d?x=1%2F2"
        return await picture(request)

    assert await fetched_from(twice) == (PICTURE, 3)


async def test_a_redirect_to_an_origin_that_is_not_followed_is_refused() -> None:
    """Whoever fetches may say where else a file may be; nobody else is asked then."""

    async def elsewhere(_: web.Request) -> web.Response:
        raise web.HTTPFound(other.origin)

    async with (
        host(picture) as other,
        host(elsewhere) as there,
        downloader(there.origin, other.origin) as fetching,
    ):
        assert await fetching.fetch(there.origin, limit_bytes=LIMIT) == PICTURE
        with pytest.raises(AddressRefused):
            await fetching.fetch(
                there.origin, limit_bytes=LIMIT, follows=lambda origin: origin.port == there.port
            )
        assert len(other.asked) == 1


async def test_an_origin_may_be_trusted_later() -> None:
    async with host(picture) as there, host(picture) as other, downloader() as fetching:
        with pytest.raises(AddressRefused):
            await fetching.fetch(there.origin, limit_bytes=LIMIT)
        fetching.trust(there.origin)
        assert await fetching.fetch(there.origin, limit_bytes=LIMIT) == PICTURE
        with pytest.raises(AddressRefused):
            await fetching.fetch(other.origin, limit_bytes=LIMIT)
        with pytest.raises(AddressRefused):
            fetching.trust("nonsense")


async def test_redirects_without_end_are_refused() -> None:
    """A circle of redirects is left after the third."""

    async def circle(request: web.Request) -> web.Response:
        raise web.HTTPFound(request.path)

    error, asked = await failure_of(circle)

    assert (type(error), asked) == (AddressRefused, 4)


async def test_credentials_stay_with_their_origin() -> None:
    """A token goes to the host it was given for, and to nobody that host points to."""

    async def elsewhere(request: web.Request) -> web.Response:
        if request.path == "/back":
            return await picture(request)
        raise web.HTTPFound(f"{first.origin}/back")

    async def here(request: web.Request) -> web.Response:
        if request.path == "/back":
            return await picture(request)
        raise web.HTTPFound(f"{second.origin}/on")

    async with (
        host(here) as first,
        host(elsewhere) as second,
        downloader(first.origin, second.origin) as fetching,
    ):
        body = await fetching.fetch(
            f"{first.origin}/a", limit_bytes=LIMIT, headers={"Authorization": "Bearer xoxb-1"}
        )

    given = [request.headers.get("Authorization") for request in first.asked + second.asked]
    assert body == PICTURE
    assert given == ["Bearer xoxb-1", None, None]


async def test_a_trusted_origin_is_exact() -> None:
    """Another port of a trusted host is as private as any other."""
    async with (
        host(picture) as trusted,
        host(picture) as neighbour,
        downloader(trusted.origin) as fetching,
    ):
        with pytest.raises(AddressRefused):
            await fetching.fetch(f"{neighbour.origin}/a", limit_bytes=LIMIT)

    assert neighbour.asked == []


async def test_a_length_over_the_limit_is_refused_unread() -> None:
    """An announced length over the limit is enough."""
    error, _ = await failure_of(picture, limit_bytes=1000)

    assert isinstance(error, TooLarge)
    assert (error.limit, error.unit) == (1000, "bytes")


async def test_a_body_without_a_length_is_counted() -> None:
    """Whoever sends without end is left at the limit."""

    async def endless(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        answer.enable_chunked_encoding()
        await answer.prepare(request)
        while True:
            await answer.write(PICTURE)

    error, asked = await failure_of(endless)

    assert (type(error), asked) == (TooLarge, 1)


async def test_no_compression_is_asked_for_and_none_is_unpacked() -> None:
    """A few bytes that unpack to a flood stay a few bytes: they are refused packed."""
    bomb = gzip.compress(b"\x00" * 50_000_000)

    async def packed(request: web.Request) -> web.Response:
        assert request.headers["Accept-Encoding"] == "identity"
        return web.Response(body=bomb, headers={"Content-Encoding": "gzip"})

    error, asked = await failure_of(packed)

    assert (type(error), asked) == (WrongType, 1)
    assert len(bomb) < LIMIT


@pytest.mark.parametrize("status", [404, 410, 403, 401, 400, 451, 204, 304])
async def test_what_is_not_handed_out_is_gone(status: int) -> None:
    """A refusal that time will not change is not asked for twice."""

    async def refuse(_: web.Request) -> web.Response:
        return web.Response(status=status)

    error, asked = await failure_of(refuse)

    assert (type(error), asked) == (Gone, 1)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
async def test_passing_troubles_are_tried_again(status: int) -> None:
    """A host in trouble is asked again, and then again no more."""
    answers = [status, status, 200]

    async def recover(request: web.Request) -> web.Response:
        now = answers.pop(0) if answers else status
        return await picture(request) if now == 200 else web.Response(status=now)

    assert await fetched_from(recover) == (PICTURE, 3)
    error, asked = await failure_of(recover)
    assert (type(error), asked) == (MediaUnavailable, 3)


@pytest.mark.parametrize(
    ("retry_after", "asked"),
    [
        ("0", 3),
        ("0.01", 3),
        ("soon", 3),
        ("3600", 1),
        ("9" * 400, 1),
        ("Fri, 99999999999999999999 Nov 2026 12:00:00 GMT", 3),
        (format_datetime(START, usegmt=True), 3),
        (format_datetime(START + timedelta(hours=1), usegmt=True), 1),
    ],
)
async def test_retry_after_is_honoured(retry_after: str, asked: int) -> None:
    """A wait that is short enough is waited, a longer one is handed to the caller."""

    async def busy(_: web.Request) -> web.Response:
        return web.Response(status=429, headers={"Retry-After": retry_after})

    error, times = await failure_of(busy)

    assert times == asked
    assert isinstance(error, MediaUnavailable)
    if asked == 1:
        assert error.retry_after_s == 3600


async def test_a_body_cut_short_is_tried_again() -> None:
    """A connection that breaks in the middle does not give half a picture."""
    times: list[int] = []

    async def cut(request: web.Request) -> web.StreamResponse:
        times.append(1)
        if len(times) == 3:
            return await picture(request)
        answer = web.StreamResponse(headers={"Content-Length": str(len(PICTURE))})
        await answer.prepare(request)
        await answer.write(PICTURE[:1000])
        assert request.transport is not None
        request.transport.close()
        return answer

    assert await fetched_from(cut) == (PICTURE, 3)


async def test_nothing_beyond_the_announced_length_is_taken() -> None:
    """A host that sends more than it announced gives what it announced, or an error."""

    async def lie(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n" + PICTURE)
        request.transport.close()
        raise asyncio.CancelledError

    try:
        body, _ = await fetched_from(lie)
    except MediaUnavailable:
        body = PICTURE[:10]

    assert body == PICTURE[:10]


@pytest.mark.parametrize(
    "patience",
    [
        Patience(stall_s=0.05, attempts=2, first_wait_s=0.001),
        Patience(total_s=0.1, attempts=2, first_wait_s=0.001),
    ],
    ids=["stall", "total"],
)
async def test_a_host_that_stalls_is_left(patience: Patience) -> None:
    """A host that stops in the middle is given up in time."""
    never = asyncio.Event()

    async def stall(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Length": str(len(PICTURE))})
        await answer.prepare(request)
        await answer.write(PICTURE[:1000])
        await never.wait()
        return answer

    error, asked = await failure_of(stall, patience=patience)

    assert isinstance(error, MediaUnavailable)
    assert asked <= 2


async def test_a_trickle_is_cut_off_by_the_total() -> None:
    """A host that sends a byte now and then never stalls, and is given up all the same."""

    async def trickle(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        while True:
            await answer.write(b"\xff")
            await asyncio.sleep(0.005)

    error, asked = await failure_of(trickle, patience=Patience(total_s=4, stall_s=20))

    assert (type(error), asked) == (MediaUnavailable, 1)


async def test_nobody_there_is_unavailable() -> None:
    """A host that does not answer is tried as often as patience allows, then reported."""
    async with host(picture) as there:
        origin = there.origin

    async with downloader(origin) as fetching:
        with pytest.raises(MediaUnavailable):
            await fetching.fetch(f"{origin}/a", limit_bytes=LIMIT)


@pytest.mark.parametrize(
    ("body", "content_type", "found"),
    [
        (b"<!DOCTYPE html><html>Sign in</html>", "text/html", "a web page"),
        (b"<!DOCTYPE html><html>Sign in</html>", "image/png", "a web page"),
        (b"Please sign in", "text/html", "a web page"),
        (b"", "image/png", "an empty file"),
    ],
)
async def test_a_web_page_is_no_picture(body: bytes, content_type: str, found: str) -> None:
    """A login page with status 200 is seen for what it is."""

    async def page(_: web.Request) -> web.Response:
        return web.Response(body=body, content_type=content_type)

    error, asked = await failure_of(page)

    assert isinstance(error, WrongType)
    assert (error.found, asked) == (found, 1)


async def test_a_picture_served_as_a_page_is_a_picture() -> None:
    """The bytes count, whatever the host calls them."""

    async def mislabelled(_: web.Request) -> web.Response:
        return web.Response(body=PICTURE, content_type="text/html")

    assert await fetched_from(mislabelled) == (PICTURE, 1)


async def test_what_is_no_http_is_unavailable() -> None:
    """Whatever answers on the port, the caller gets one clear error."""

    async def rubbish(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.write(b"\x00\xffSSH-2.0-rubbish\r\n\r\n")
        request.transport.close()
        raise asyncio.CancelledError

    error, _ = await failure_of(rubbish)

    assert isinstance(error, MediaUnavailable)


async def test_secrets_stay_out_of_errors_and_logs() -> None:
    """A signed address and a token appear in no error and in no line of the log."""

    async def fail(_: web.Request) -> web.Response:
        return web.Response(status=503)

    with structlog.testing.capture_logs() as lines:
        async with host(fail) as there, downloader(there.origin) as fetching:
            with pytest.raises(MediaUnavailable) as caught:
                await fetching.fetch(
                    f"{there.origin}/SECRETPATH?sig=SECRETSIG",
                    limit_bytes=LIMIT,
                    headers={"Authorization": "SECRETTOKEN"},
                )

    assert "SECRET" not in f"{caught.value!r} {lines}"


def test_a_trusted_origin_must_be_a_url() -> None:
    """A trusted origin that is none is found out at once."""
    with pytest.raises(AddressRefused):
        downloader("127.0.0.1:8080")


def test_retries_are_really_on() -> None:
    """Nothing in the tests' surroundings switches retrying off."""
    assert stamina.is_active() is True
