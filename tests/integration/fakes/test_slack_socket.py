"""The fake Socket Mode: envelopes and receipts, several connections, and each way to break one."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import aiohttp
import pytest

from tests.fakes.clock import VirtualClock
from tests.fakes.slack_raw import Api, Line, address, line_to
from tests.fakes.slack_server import SlackServer
from tests.fakes.slack_shown import Unanswered
from tests.fakes.slack_small_bot import in_socket_mode
from tests.fakes.slack_user import Person


async def test_envelope_and_receipt(slack: SlackServer, line: Line, eve: Person) -> None:
    """A command comes in an envelope, and its acknowledgement may say something."""
    shown = await eve.command("/redraw", "ink", waits=False)
    envelope = await line.next()
    await line.ack(envelope, {"text": "hello"})
    await shown.acknowledged()

    assert (line.hello["type"], line.hello["num_connections"]) == ("hello", 1)
    assert (envelope["type"], envelope["accepts_response_payload"]) == ("slash_commands", True)
    assert envelope["payload"]["text"] == "ink"
    assert (shown.ack, shown.ack_s) == ({"text": "hello"}, 0)
    assert [m.text for m in shown.ephemerals] == ["hello"]


async def test_silence_is_recorded(
    slack: SlackServer, line: Line, eve: Person, clock: VirtualClock
) -> None:
    """After three seconds it is too late, and what then comes has no effect."""
    shown = await eve.command("/redraw", waits=False)
    envelope = await line.next()
    await clock.advance(2.9)
    waiting = shown.unacknowledged
    await clock.advance(0.1)
    with pytest.raises(Unanswered, match="no acknowledgement in 3"):
        await shown.acknowledged()
    await line.ack(envelope, {"text": "late"})
    await slack.until(lambda: slack.socket.strays, "the late receipt")

    assert (waiting, shown.unacknowledged) == (False, True)
    assert slack.unacknowledged == [shown.act]
    assert shown.ephemerals == []


async def test_nobody_is_connected(slack: SlackServer, eve: Person) -> None:
    """Without a connection a person reads at once that it failed."""
    with pytest.raises(Unanswered, match="no connection"):
        await eve.command("/redraw")


async def test_each_goes_to_one_connection(slack: SlackServer, api: Api, eve: Person) -> None:
    """Of several connections one gets the payload: in turn, or as the test says."""
    async with line_to(api) as first, line_to(api) as second:
        for line in (first, second):
            shown = await eve.command("/redraw", waits=False)
            await line.ack(await line.next())
            await shown.acknowledged()
        slack.socket.chooses = lambda connections: connections[-1]
        for _ in range(2):
            shown = await eve.command("/redraw", waits=False)
            await second.ack(await second.next())
            await shown.acknowledged()

        assert [len(one.delivered) for one in slack.socket.connections] == [1, 3]
    await slack.socket.until_disconnected()


async def test_receipt_on_another_connection(slack: SlackServer, api: Api, eve: Person) -> None:
    """An acknowledgement counts wherever it comes from."""
    async with line_to(api) as first, line_to(api) as second:
        shown = await eve.command("/redraw", waits=False)
        await second.ack(await first.next())
        await shown.acknowledged()

    assert not shown.unacknowledged


async def test_ten_connections(slack: SlackServer, api: Api) -> None:
    """The eleventh is told that there are too many."""
    async with AsyncExitStack() as stack:
        for _ in range(10):
            await stack.enter_async_context(line_to(api))
        last = await stack.enter_async_context(line_to(api))

        assert (last.hello["type"], last.hello["reason"]) == ("disconnect", "too_many_websockets")
        assert len(slack.socket.connections) == 10


async def test_ticket_is_good_once(slack: SlackServer, api: Api) -> None:
    """The address of a connection cannot be used again."""
    url = await address(api)
    async with api.session.ws_connect(url) as socket:
        await socket.receive_json()
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await api.session.ws_connect(url)

    assert slack.socket.turned_away == 1


async def test_pings_are_echoed(slack: SlackServer, line: Line) -> None:
    """A ping comes back with what it carried, until the fake is deaf; the fake pings too."""
    await line.socket.ping(b"sdk-ping-pong:1")
    echo = await line.socket.receive()
    await slack.socket.ping()
    asked = await line.socket.receive()
    await line.socket.pong(asked.data)
    (connection,) = slack.socket.connections
    await slack.until(lambda: connection.pongs, "the pong")
    slack.socket.echoes = False
    await line.socket.ping(b"lost")
    await slack.until(lambda: len(connection.pings) == 2, "the second ping")
    await slack.socket.warn()
    after = await line.next()

    assert (echo.type, echo.data) == (aiohttp.WSMsgType.PONG, b"sdk-ping-pong:1")
    assert connection.pongs == [b"Ping from applink"]
    assert (after["type"], after["reason"]) == ("disconnect", "warning")


async def test_mute_connection(
    slack: SlackServer, line: Line, eve: Person, clock: VirtualClock
) -> None:
    """A connection may live without anything arriving."""
    slack.socket.mute = True
    lost = await eve.command("/redraw", "lost", waits=False)
    await clock.advance(3)
    slack.socket.mute = False
    shown = await eve.command("/redraw", "heard", waits=False)
    envelope = await line.next()
    await line.ack(envelope)
    await shown.acknowledged()

    assert lost.unacknowledged
    assert envelope["payload"]["text"] == "heard"


async def test_redelivered_event(slack: SlackServer, line: Line, eve: Person) -> None:
    """An event comes again in a new envelope that says how often."""
    first = await eve.mention("redraw", waits=False)
    original = await line.next()
    await line.ack(original)
    again = await slack.redeliver((await first.acknowledged()).event_id, 3, waits=False)
    repeated = await line.next()
    await line.ack(repeated)
    await again.acknowledged()

    assert repeated["payload"] == original["payload"]
    assert repeated["envelope_id"] != original["envelope_id"]
    assert [one["retry_attempt"] for one in (original, repeated)] == [0, 3]
    assert repeated["retry_reason"] == "http_timeout"


@pytest.mark.parametrize("way", ["refresh", "close", "abort"])
async def test_library_connects_anew(way: str) -> None:
    """slack-bolt comes back after a refresh, a close and a lost line."""
    async with SlackServer() as slack, in_socket_mode(slack):
        eve = slack.user("eve", channel=slack.world.channel())
        if way == "refresh":
            await slack.socket.refresh()
        elif way == "close":
            await slack.socket.close()
        else:
            slack.socket.abort()
        await slack.socket.until_opened(2)
        shown = await eve.command("/redraw", "hello")

        assert [m.text for m in shown.ephemerals] == ["you said hello"]


async def test_library_over_two_sockets() -> None:
    """Of two connections one may be lost while the other answers."""
    async with SlackServer() as slack, in_socket_mode(slack, sockets=2):
        eve = slack.user("eve", channel=slack.world.channel())
        slack.socket.abort(slack.socket.connections[0])
        await slack.until(lambda: len(slack.socket.connections) == 1, "one connection")
        shown = await eve.command("/redraw", "hello")
        await slack.socket.until_opened(3)

        assert shown.ack == {"text": "you said hello"}


async def test_library_survives_an_outage() -> None:
    """After an outage the bot connects to the same address, and the world is the same."""
    async with SlackServer() as slack, in_socket_mode(slack):
        eve = slack.user("eve", channel=slack.world.channel())
        before = slack.api_url
        await slack.stop()
        await asyncio.wait_for(slack.start(), 5)
        await slack.socket.until_opened(2)
        shown = await eve.command("/redraw", "hello")

        assert (slack.api_url, shown.unacknowledged) == (before, False)
