"""The client against the scripted server: every known answer, bounds, and what it never shows."""

from __future__ import annotations

import asyncio
import io
import logging
import ssl
import traceback
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
import trustme
from pydantic import SecretStr
from structlog.testing import capture_logs

from core.catalogue import loader
from core.errors import (
    AppError,
    OutcomeUnknown,
    ProviderUnavailable,
    RequestRejected,
    SettingsError,
)
from core.provider import dialect
from core.provider.client import ANSWER_MAX_BYTES, Patience, ProviderClient, open_http
from core.provider.dialect import Call, Pending, Produced
from core.request import validate
from tests.fakes.provider_rows import POLLS, SUBMITS, Refused, Row
from tests.fakes.provider_script import FAULTS, Fault, Script
from tests.fakes.provider_server import API_KEY, ProviderServer
from tests.fakes.tcp import listener

CALL = Call(path="/getImagetoImage", body={"prompt": "a harbour", "batch": 2})
PATIENCE = Patience(connect_s=20, slot_s=20, submit_s=20, poll_s=20)


@pytest.fixture
async def provider() -> AsyncIterator[ProviderServer]:
    async with ProviderServer() as server:
        yield server


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with open_http(connections=4, tls=ssl.create_default_context()) as client:
        yield client


@pytest.fixture
def client(provider: ProviderServer, http: httpx.AsyncClient) -> ProviderClient:
    return _client(http, provider.api_url)


def _client(http: httpx.AsyncClient, url: str, key: str = API_KEY) -> ProviderClient:
    return ProviderClient(http, api_url=url, api_key=SecretStr(key), patience=PATIENCE)


def _named(row: Row) -> str:
    return row.name


def _fault(row: Row) -> Fault:
    return Fault(code=row.code, headers=row.headers, body=row.body)


@pytest.mark.parametrize("row", SUBMITS, ids=_named)
async def test_submit_answer_over_the_wire(
    row: Row, provider: ProviderServer, client: ProviderClient
) -> None:
    """Each known answer means the same through the client, and one POST arrives."""
    provider.fail_submits(_fault(row))
    found: object
    try:
        found = await client.submit(CALL)
    except AppError as exc:
        found = Refused.of(exc)

    assert row.expected == found
    assert provider.count() == 1


@pytest.mark.parametrize("row", POLLS, ids=_named)
async def test_poll_answer_over_the_wire(
    row: Row, provider: ProviderServer, client: ProviderClient
) -> None:
    """Each known answer means the same through the client, and a poll asks once."""
    provider.fail_polls(_fault(row))
    found: object
    try:
        found = await client.poll("task-1")
    except AppError as exc:
        found = Refused.of(exc)

    assert row.expected == found
    assert provider.polls["task-1"] == 1


async def test_whole_request_goes_through(provider: ProviderServer, client: ProviderClient) -> None:
    """A validated request arrives as encoded, is followed by its id, and ends in addresses."""
    catalogue = loader.load()
    values = {"prompt": "a woodcut of a harbour", "model": "flux kontext max", "batch": 3}
    request = validate(values, catalogue, image_count=2, default_model="flux-dev")
    model = catalogue[request.model_id]
    urls = ["https://media.example.org/1.jpg", "https://media.example.org/2.jpg"]
    call = dialect.encode_submit(request, model, image_urls=urls, size=model.sizes[0])
    provider.script(Script(pending_polls=1), prompt=request.prompt)

    task_id = await client.submit(call)

    assert await client.poll(task_id) == Pending()
    found = await client.poll(task_id)
    assert isinstance(found, Produced)
    assert len(found.urls) == 3
    assert provider.submits[0].body == call.body


@pytest.mark.parametrize("fault", ["close", "reset", "cut", "no_http", "huge", "malformed"])
async def test_poll_that_gets_no_answer_may_be_repeated(
    fault: str, provider: ProviderServer, client: ProviderClient
) -> None:
    """However a poll goes wrong, the next one works, and the client itself repeats nothing."""
    task_id = await client.submit(CALL)
    provider.fail_polls(fault)
    with pytest.raises(ProviderUnavailable):
        await client.poll(task_id)

    assert provider.polls[task_id] == 1
    assert isinstance(await client.poll(task_id), Produced)


async def test_slow_poll_is_given_up(provider: ProviderServer, http: httpx.AsyncClient) -> None:
    """A poll that stays silent ends in time."""
    hurried = Patience(poll_s=0.1)
    client = ProviderClient(
        http, api_url=provider.api_url, api_key=SecretStr(API_KEY), patience=hurried
    )
    provider.fail_polls(Fault(ending="pass", delay_s=0.3))

    with pytest.raises(ProviderUnavailable, match="SocketTimeoutError"):
        await client.poll("task-1")


async def test_trickling_answer_ends_too(http: httpx.AsyncClient) -> None:
    """An answer that never stops and never pauses is bounded in time as a whole."""

    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with listener(trickle) as port, asyncio.timeout(40):
        url = f"http://127.0.0.1:{port}"
        # Of the bound, `slot_s` is what a slow machine may take to get the connection.
        hurried = Patience(slot_s=4, submit_s=0.1, poll_s=0.1)
        client = ProviderClient(http, api_url=url, api_key=SecretStr("k"), patience=hurried)
        with pytest.raises(ProviderUnavailable, match="poll"):
            await client.poll("task-1")
        with pytest.raises(OutcomeUnknown):
            await client.submit(CALL)


async def test_too_long_an_answer_is_not_read(
    provider: ProviderServer, client: ProviderClient
) -> None:
    """An answer over the limit counts as one without a body, even if an id stands in it."""
    body = b'{"task_id": "task-1", "x": "' + b"x" * ANSWER_MAX_BYTES + b'"}'
    provider.fail_submits(Fault(body=body))

    with pytest.raises(OutcomeUnknown):
        await client.submit(CALL)


async def test_key_of_another_is_refused(provider: ProviderServer, http: httpx.AsyncClient) -> None:
    """A wrong key pauses submitting, and no task comes of it."""
    with pytest.raises(AppError, match="401"):
        await _client(http, provider.api_url, "another-key").submit(CALL)

    assert provider.count(accepted=True) == 0


async def test_https_needs_a_trusted_certificate(provider: ProviderServer) -> None:
    """Over TLS a certificate of an unknown authority means that nothing was sent."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    arrived: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        arrived.append(await reader.readuntil(b"}"))
        writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{"task_id":"1"}')
        await writer.drain()

    async with listener(answer, tls=context) as port:
        url = f"https://127.0.0.1:{port}"
        async with open_http(connections=1) as strangers:
            with pytest.raises(ProviderUnavailable, match="ClientConnectorCertificateError"):
                await _client(strangers, url).submit(CALL)
        assert arrived == []
        async with open_http(connections=1, tls=trusting) as friends:
            assert await _client(friends, url).submit(CALL) == "1"


@pytest.fixture
def everything_logged() -> Iterator[io.StringIO]:
    """Collect what the libraries below log, down to their debug lines."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(before)


def _chain(exc: BaseException | None) -> Iterator[BaseException]:
    while exc is not None:
        yield exc
        exc = exc.__cause__ or exc.__context__


@pytest.mark.parametrize("fault", sorted(FAULTS))
async def test_nothing_that_goes_wrong_shows_the_key(
    fault: str, provider: ProviderServer, client: ProviderClient, everything_logged: io.StringIO
) -> None:
    """The key is in no error, none of its causes, no traceback and no log line."""
    provider.fail_submits(fault)
    provider.fail_polls(fault)
    shown = [repr(client), repr(vars(client))]
    with capture_logs() as logs:
        for call in (client.submit(CALL), client.poll("task-1")):
            try:
                await call
            except AppError as exc:
                shown += [f"{part!r} {part} {vars(part)}" for part in _chain(exc)]
                shown += traceback.format_exception(exc)
    shown += [repr(logs), everything_logged.getvalue()]

    assert API_KEY not in "\n".join(shown)


async def test_echoed_key_is_struck_out(provider: ProviderServer, client: ProviderClient) -> None:
    """An answer that repeats the key does not carry it into an error."""
    body = f'{{"status": "FAILED", "error": "bad", "error_data": "Bearer {API_KEY}"}}'
    provider.fail_submits(Fault(body=body.encode()))

    with pytest.raises(RequestRejected) as caught:
        await client.submit(CALL)

    assert str(caught.value) == "200 bad Bearer (key)"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.example.org",
        "ftp://host/x",
        "https://",
        "https://u:p@host/",
        "http://[",
        "http://h/?a",
        "http://h:99999/",
        "http://h h/",
        "http://h/\n",
        "http://h\\x",
        "http://münchen..de",
        "https://xn--.com",
        "https://[v1.x]",
    ],
)
async def test_address_that_cannot_work_is_a_setting_error(
    url: str, http: httpx.AsyncClient
) -> None:
    """An address without scheme or host, or with more than a path, is refused at once."""
    with pytest.raises(SettingsError, match="QOLABA_API_URL"):
        _client(http, url)


@pytest.mark.parametrize("key", ["", "two words", "line\nbreak", "schlüssel"])
async def test_key_that_cannot_work_is_a_setting_error(key: str, http: httpx.AsyncClient) -> None:
    """A key that is no header value is refused at once, without being shown."""
    with pytest.raises(SettingsError, match="QOLABA_API_KEY") as caught:
        _client(http, "https://api.example.org", key)

    assert not key or key not in str(caught.value)
