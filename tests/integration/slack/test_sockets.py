"""Two sockets, however they are lost; signed HTTP; and settings that cannot work."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr
from slack_bolt.request.async_request import AsyncBoltRequest

from adapters.slack import sockets
from adapters.slack.client import open_session
from adapters.slack.registration import COMMAND
from adapters.slack.sockets import OPEN_S, Send, Socket
from core.clock import Clock, SystemClock
from core.errors import DeliveryRetryable, SettingsError
from tests.fakes.clock import FastClock
from tests.fakes.slack_rig import PATIENCE_S, SOCKETS, Mode, Redraw, open_redraw
from tests.fakes.slack_server import SlackServer
from tests.fakes.slack_socket import MOST_CONNECTIONS
from tests.fakes.slack_user import Person

HELLO_WITHIN_S = 4.0
"""Longer than any machine takes to connect on loopback."""


@pytest.mark.parametrize("how", ["refresh", "close", "abort"])
async def test_lost_sockets_come_back(tmp_path: Path, how: str) -> None:
    """Slack's own wish, a goodbye, and a line that is dead."""
    async with open_redraw(tmp_path) as redraw:
        socket = redraw.slack.socket
        match how:
            case "refresh":
                await socket.refresh()
            case "close":
                await socket.close()
            case _:
                socket.abort()
        await redraw.slack.until(
            lambda: socket.opened >= 2 * SOCKETS and len(socket.connections) == SOCKETS,
            "new sockets",
            within_s=PATIENCE_S,
        )
        await _is_served(redraw)


async def test_one_lost_socket_leaves_the_other(tmp_path: Path) -> None:
    """While one is away, acts are answered over the one that is there."""
    async with open_redraw(tmp_path) as redraw:
        first, other = redraw.slack.socket.connections
        redraw.slack.socket.chooses = lambda there: next(c for c in there if c is not first)
        redraw.slack.socket.abort(first)
        await _is_served(redraw)
        assert other in redraw.slack.socket.connections


async def test_deaf_sockets_are_replaced(tmp_path: Path) -> None:
    """Connected, and pings are not answered any more."""
    async with open_redraw(tmp_path) as redraw:
        socket = redraw.slack.socket
        socket.echoes = False
        await socket.until_opened(2 * SOCKETS, within_s=2 * PATIENCE_S)
        socket.echoes = True
        await socket.until_connected(SOCKETS, within_s=PATIENCE_S)
        await _is_served(redraw)


async def test_a_connection_without_a_hello_is_none() -> None:
    """Slack answers pings on it, and would send no act."""
    async with SlackServer() as slack, one_socket(slack, open_s=HELLO_WITHIN_S) as socket:
        slack.socket.greets = False
        with pytest.raises(DeliveryRetryable):
            await socket.open()
        assert slack.socket.opened == 1


async def test_a_renewed_connection_without_a_hello_is_none() -> None:
    """slack_sdk connects anew by itself when Slack asks for it, and looks no further."""
    clock = FastClock(1.0)
    async with SlackServer() as slack, one_socket(slack, clock=clock) as socket:
        await socket.open()
        assert await socket.is_open()
        slack.socket.greets = False
        await slack.socket.refresh()
        await slack.socket.until_opened(2, within_s=PATIENCE_S)
        await _until_open(socket)
        clock.leap(OPEN_S)
        assert not await socket.is_open()


async def test_a_goodbye_without_an_answer_leaves_nothing_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """slack_sdk waits for one for longer than we do, and would keep its own session."""
    monkeypatch.setattr(sockets, "CLOSE_S", 0.2)
    async with SlackServer() as slack, one_socket(slack) as socket:
        await socket.open()
        (connection,) = slack.socket.connections
        assert connection.request.transport is not None
        connection.request.transport.pause_reading()
        client = socket._client
        await socket.close()
        assert client.aiohttp_client_session.closed
        await asyncio.wait([client.message_processor], timeout=PATIENCE_S)
        assert client.message_processor.done()
        slack.socket.abort()


async def test_outage_is_waited_out(tmp_path: Path) -> None:
    """Slack is away altogether for a moment."""
    async with open_redraw(tmp_path) as redraw:
        await redraw.slack.stop()
        await redraw.slack.start()
        await redraw.slack.socket.until_connected(SOCKETS, within_s=PATIENCE_S)
        await _is_served(redraw)


async def test_wrong_signatures_are_refused(tmp_path: Path) -> None:
    """Another secret, and a request that is too old."""
    async with open_redraw(tmp_path, Mode.HTTP) as redraw:
        http = redraw.slack.http
        assert await http.verifies()
        http.age_s = 301.0
        assert not await http.verifies()
        http.age_s, http.secret = 0.0, "another"
        assert not await http.verifies()


async def test_junk_over_http_is_refused(tmp_path: Path) -> None:
    """What is no JSON is a bad request and no error of ours."""
    async with open_redraw(tmp_path, Mode.HTTP) as redraw:
        answer = await redraw.slack.http.post("{junk", "application/json")
        assert answer.status == 400


@pytest.mark.parametrize("mode", list(Mode))
async def test_names_in_the_environment_do_not_take_our_token_away(
    tmp_path: Path, mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bolt would serve installations instead, and drop the token."""
    monkeypatch.setenv("SLACK_CLIENT_ID", "1.2")
    monkeypatch.setenv("SLACK_CLIENT_SECRET", "s")
    async with open_redraw(tmp_path, mode) as redraw:
        await _is_served(redraw)


@pytest.mark.parametrize("variable", ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"])
async def test_refused_token_ends_the_start(tmp_path: Path, variable: str) -> None:
    """One sentence that names the setting."""
    async with open_redraw(tmp_path, starts=False) as redraw:
        if variable == "SLACK_BOT_TOKEN":
            redraw.bot_token = "xoxb-wrong"
        else:
            redraw.app_token = "xapp-wrong"
        assert (await _refused(redraw)).variable == variable


async def test_missing_scopes_are_named(tmp_path: Path) -> None:
    """All that are lacking; without mentions Redraw still works."""
    async with open_redraw(tmp_path, starts=False) as redraw:
        redraw.slack.world.scopes -= {"files:read", "files:write", "app_mentions:read"}
        refused = await _refused(redraw)
        assert refused.variable == "SLACK_BOT_TOKEN"
        assert "files:read, files:write;" in refused.reason


async def test_slack_that_is_away_at_the_start_is_waited_for(tmp_path: Path) -> None:
    """A login that fails for now is tried again."""
    async with open_redraw(tmp_path, starts=False) as redraw:
        redraw.slack.faults.fail("auth.test", status=503)
        redraw.slack.faults.fail("apps.connections.open", error="internal_error", times=2)
        await redraw.start()
        await _is_served(redraw)


async def test_socket_too_many_is_put_off() -> None:
    """Slack takes ten for an app: the next replica's are told so, and do not try on and on."""
    async with SlackServer() as slack, AsyncExitStack() as stack:
        for _ in range(MOST_CONNECTIONS):
            await (await stack.enter_async_context(one_socket(slack))).open()
        last = await stack.enter_async_context(one_socket(slack))
        with pytest.raises(DeliveryRetryable, match="as many connections"):
            await last.open()


@asynccontextmanager
async def one_socket(
    slack: SlackServer, *, clock: Clock | None = None, open_s: float = OPEN_S
) -> AsyncIterator[Socket]:
    """Return a socket to the fake, unopened; closed at the end."""
    async with open_session() as session:
        socket = Socket(
            app_token=SecretStr(slack.app_token),
            api_url=slack.api_url,
            session=session,
            dispatch=_refuse,
            clock=clock or SystemClock(),
            open_s=open_s,
        )
        try:
            yield socket
        finally:
            await socket.close()


async def _until_open(socket: Socket) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            if await socket.is_open():
                return
            await asyncio.sleep(0.02)


async def _refuse(request: AsyncBoltRequest, send: Send) -> None:
    raise AssertionError("nobody has done anything")


async def _is_served(redraw: Redraw) -> None:
    ann: Person = redraw.slack.user("ann", channel=redraw.channel)
    assert (await ann.command(COMMAND, "help")).ack


async def _refused(redraw: Redraw) -> SettingsError:
    """Return why the start failed."""
    with pytest.raises(SettingsError) as raised:
        async with asyncio.timeout(PATIENCE_S):
            await redraw.run()
    return raised.value
