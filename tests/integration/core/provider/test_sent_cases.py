"""The cases in which a submit gets no answer, on real sockets, with the POSTs that arrived."""

from __future__ import annotations

import asyncio
import socket

import httpx
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from pydantic import SecretStr

from core.errors import OutcomeUnknown, ProviderUnavailable
from core.provider.client import Patience, ProviderClient, open_http
from core.provider.dialect import Call
from core.provider.sent import was_sent
from tests.fakes.provider_script import Fault
from tests.fakes.provider_server import API_KEY, ProviderServer
from tests.fakes.tcp import listener

CALL = Call(path="/getImagetoImage", body={"prompt": "a harbour", "batch": 1})
HURRIED = Patience(connect_s=20, slot_s=0.3, submit_s=20)
"""Gives up soon when no connection is free."""
ONCE_SENT = Patience(connect_s=20, slot_s=20, submit_s=0.2)
"""Gives up soon, once the call has left."""
PATIENT = Patience(connect_s=20, slot_s=20, submit_s=20, poll_s=20)
STALLED = Patience(connect_s=4, slot_s=5)
"""Gives up once there is a connection, but not before."""
ANSWER = b'{"status": "PENDING", "task_id": "task-1"}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


class NoSuchName(AbstractResolver):
    """A resolver to which no name is known."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        raise OSError(socket.EAI_NONAME, "Name or service not known")

    async def close(self) -> None:
        return


def _client(http: httpx.AsyncClient, url: str, patience: Patience = PATIENT) -> ProviderClient:
    return ProviderClient(http, api_url=url, api_key=SecretStr(API_KEY), patience=patience)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param("close", id="closed after read"),
        pytest.param("reset", id="reset after read"),
        pytest.param(Fault(ending="pass", delay_s=0.4), id="slow answer"),
        pytest.param("cut", id="answer cut in the middle"),
        pytest.param("no_http", id="answer is no HTTP"),
    ],
)
async def test_submit_that_was_read_has_an_unknown_outcome(fault: str | Fault) -> None:
    """Whatever ends the call after it was read: one POST arrived, and none is sent again."""
    async with ProviderServer() as provider, open_http(connections=2) as http:
        provider.fail_submits(fault)
        with pytest.raises(OutcomeUnknown) as caught:
            await _client(http, provider.api_url, ONCE_SENT).submit(CALL)

        await provider.arrived()
        assert provider.count(prompt="a harbour") == 1
        assert caught.value.__cause__ is not None
        assert was_sent(caught.value.__cause__)


async def test_transport_misnames_a_closed_connection() -> None:
    """The trap that `was_sent` is for: closed after the read is called a connect timeout."""
    async with ProviderServer() as provider, open_http(connections=2) as http:
        provider.fail_submits("close")
        with pytest.raises(httpx.ConnectTimeout) as caught:
            await http.post(provider.api_url + CALL.path, json=dict(CALL.body))

        assert provider.count() == 1
        assert was_sent(caught.value)


async def test_refused_port_was_not_sent() -> None:
    """Nobody listens: nothing was sent, and it may be tried again."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/api"
        async with open_http(connections=2) as http:
            with pytest.raises(ProviderUnavailable) as caught:
                await _client(http, url).submit(CALL)

    assert caught.value.__cause__ is not None
    assert not was_sent(caught.value.__cause__)


async def test_unknown_name_was_not_sent() -> None:
    """The name does not resolve: nothing was sent, and it may be tried again."""
    async with open_http(connections=2, resolver=NoSuchName()) as http:
        with pytest.raises(ProviderUnavailable, match="ClientConnectorDNSError"):
            await _client(http, "http://api.invalid/api").submit(CALL)


async def test_stalled_handshake_was_not_sent() -> None:
    """The TLS handshake gets no answer: not one byte of the request has left."""
    arrived = bytearray()

    async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(4096):
            arrived.extend(chunk)

    async with listener(stall) as port, open_http(connections=2) as http:
        with pytest.raises(ProviderUnavailable, match="ConnectionTimeoutError"):
            await _client(http, f"https://127.0.0.1:{port}/api", STALLED).submit(CALL)

    assert arrived[:1] == b"\x16"
    assert b"POST" not in arrived


async def test_no_free_slot_was_not_sent() -> None:
    """All connections are taken: the submit that waits in vain has not left."""
    arrived: list[bytes] = []
    has_arrived, may_answer = asyncio.Event(), asyncio.Event()

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        arrived.append(await reader.readuntil(b"}"))
        has_arrived.set()
        await may_answer.wait()
        writer.write(HEAD % len(ANSWER) + ANSWER)
        await writer.drain()

    async with listener(hold) as port, open_http(connections=1) as http:
        url = f"http://127.0.0.1:{port}"
        async with asyncio.TaskGroup() as group:
            first = group.create_task(_client(http, url).submit(CALL))
            await has_arrived.wait()
            with pytest.raises(ProviderUnavailable, match="ConnectionTimeoutError"):
                await _client(http, url, HURRIED).submit(CALL)
            may_answer.set()

        assert first.result() == "task-1"
        assert len(arrived) == 1


async def test_submit_does_not_use_a_kept_connection() -> None:
    """
    A submit goes out on a connection of its own, not even on that of another submit.

    The other side may close a kept connection just as it is used again; a submit would then have
    an unknown outcome although nothing was wrong with it.
    """
    seen: list[list[bytes]] = []

    async def once_only(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests: list[bytes] = []
        seen.append(requests)
        while line := await reader.readline():
            headers = await reader.readuntil(b"\r\n\r\n")
            length = next(
                int(header.split(b":")[1])
                for header in headers.lower().split(b"\r\n")
                if header.startswith(b"content-length")
            )
            await reader.readexactly(length)
            requests.append(line.split()[1])
            if len(requests) > 1:
                break
            writer.write(HEAD % len(ANSWER) + ANSWER)

    async with listener(once_only) as port, open_http(connections=2) as http:
        client = _client(http, f"http://127.0.0.1:{port}")
        await client.poll("task-1")
        assert await client.submit(CALL) == "task-1"
        assert await client.submit(CALL) == "task-1"
        with pytest.raises(ProviderUnavailable):
            await client.poll("task-1")

    assert seen == [[b"/getImage", b"/getImage"], [b"/getImagetoImage"], [b"/getImagetoImage"]]
