"""The front takes turns, changes nothing on the way, and goes round a server that is gone."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from tests.fakes.http_front import front_of
from tests.fakes.tcp import listener

BODY = b"payload=%7B%22a%22%3A+1%7D&\xff"


@contextlib.asynccontextmanager
async def echo() -> AsyncIterator[int]:
    """Serve on a free port what came in: path, body and a header."""

    async def answer(request: web.Request) -> web.Response:
        given = request.headers.get("X-Signature", "").encode()
        said = b"|".join([request.raw_path.encode(), await request.read(), given])
        return web.Response(status=418, body=said, headers={"X-Answer": "kept"})

    door = web.Application()
    door.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(door, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


async def post(origin: str) -> tuple[int, bytes, str | None]:
    headers = {"X-Signature": "v0=abc", "Content-Type": "application/x-www-form-urlencoded"}
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{origin}/a%2Fb?c=1", data=BODY, headers=headers) as answer,
    ):
        return answer.status, await answer.read(), answer.headers.get("X-Answer")


async def test_requests_go_round_unchanged() -> None:
    """One after the other, from whichever is asked for on; each byte as it was sent."""
    async with echo() as one, echo() as other, front_of(one, other) as front:
        answers = [await post(front.origin) for _ in range(3)]
        front.turn_to(one)
        answers += [await post(front.origin) for _ in range(2)]

    assert front.served == [one, other, one, one, other]
    assert set(answers) == {(418, b"/a%2Fb?c=1|" + BODY + b"|v0=abc", "kept")}


async def test_server_that_is_gone_is_gone_round() -> None:
    """Nobody is there: the next one answers; nobody at all is an error that says so."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # taken, and nobody listens
        gone = int(free.getsockname()[1])
        async with echo() as one, front_of(gone, one) as front:
            found = [(await post(front.origin))[0] for _ in range(2)]
        async with front_of(gone) as alone:
            nobody = await post(alone.origin)

    assert (found, front.served, front.refused) == ([418, 418], [one, one], [gone, gone])
    assert nobody[0] == 503


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"])
async def test_server_that_breaks_off_is_not_asked_elsewhere(said: bytes) -> None:
    """It may have done what it was asked for: whoever asked has to ask again."""

    async def break_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(BODY)
        writer.write(said)
        await writer.drain()
        writer.close()  # in order, so that what was said arrives
        await writer.wait_closed()

    async with listener(break_off) as broken, echo() as one, front_of(broken, one) as front:
        answer = await post(front.origin)

    assert (answer[0], front.served) == (502, [])
