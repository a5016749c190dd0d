"""The fake's signed requests as slack-bolt takes them, and as a plain server sees them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import pytest
from aiohttp import web
from slack_sdk.signature import SignatureVerifier

from tests.fakes.clock import VirtualClock
from tests.fakes.slack_server import SlackServer
from tests.fakes.slack_shown import Unanswered
from tests.fakes.slack_small_bot import SmallBot, over_http
from tests.fakes.slack_user import Person
from tests.fakes.slack_values import Json


@pytest.fixture
async def strict() -> AsyncIterator[SlackServer]:
    async with SlackServer() as server:
        yield server


@pytest.fixture
async def bot(strict: SlackServer) -> AsyncIterator[SmallBot]:
    async with over_http(strict) as bot:
        yield bot


@pytest.fixture
def ann(strict: SlackServer) -> Person:
    return strict.user("ann", channel=strict.world.channel())


async def test_address_is_verified(strict: SlackServer, bot: SmallBot) -> None:
    """The challenge comes back."""
    assert await strict.http.verifies()


@pytest.mark.parametrize("wrong", [{"secret": "another"}, {"age_s": 301}, {"age_s": -400}])
async def test_wrong_signatures(
    strict: SlackServer, bot: SmallBot, ann: Person, wrong: Json
) -> None:
    """slack-bolt refuses what is signed by another, too early or too late."""
    for name, value in wrong.items():
        setattr(strict.http, name, value)
    with pytest.raises(Unanswered, match="HTTP 401"):
        await ann.command("/redraw", "hello")

    assert not await strict.http.verifies()


async def test_unsigned_request(strict: SlackServer, bot: SmallBot) -> None:
    """What has no signature is refused too."""
    received = await strict.http.post("{}", "application/json", headers={"X-Slack-Signature": ""})

    assert received.status == 401


async def test_nobody_listens(strict: SlackServer, bot: SmallBot, ann: Person) -> None:
    """What no listener takes is recorded as unacknowledged."""
    with pytest.raises(Unanswered, match="HTTP 404"):
        await ann.command("/unknown")

    assert [act.failure for act in strict.unacknowledged] == ["HTTP 404"]


async def test_nobody_is_there(strict: SlackServer, ann: Person) -> None:
    """An address where nobody answers."""
    async with over_http(strict):
        address = strict.http.url
    strict.http.url = address
    with pytest.raises(Unanswered, match="unreachable"):
        await ann.command("/redraw")


@dataclass
class Plain:
    """A server that answers with `text`, once `opened`."""

    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    came: asyncio.Event = field(default_factory=asyncio.Event)
    text: str = ""

    async def handle(self, request: web.Request) -> web.Response:
        self.requests.append((await request.text(), dict(request.headers)))
        self.came.set()
        await self.opened.wait()
        return web.Response(text=self.text)


@asynccontextmanager
async def _plain(slack: SlackServer) -> AsyncIterator[Plain]:
    plain = Plain()
    app = web.Application()
    app.router.add_post("/", plain.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    slack.http.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    try:
        yield plain
    finally:
        plain.opened.set()
        await runner.cleanup()


async def test_three_seconds(slack: SlackServer, eve: Person, clock: VirtualClock) -> None:
    """An answer that takes longer is none."""
    async with _plain(slack) as plain:
        shown = await eve.command("/redraw", waits=False)
        await asyncio.wait_for(plain.came.wait(), 5)
        await clock.advance(2.9)
        waiting = shown.unacknowledged
        await clock.advance(0.1)
        with pytest.raises(Unanswered, match="no acknowledgement in 3"):
            await shown.acknowledged()

    assert not waiting


async def test_what_is_sent(slack: SlackServer, eve: Person) -> None:
    """Commands are forms, interactions JSON in a form, events JSON; all are signed."""
    async with _plain(slack) as plain:
        plain.opened.set()
        plain.text = "words"
        command = await eve.command("/redraw", "a & b")
        await eve.global_shortcut("redraw")
        event = await eve.mention("look")
        await slack.redeliver(event.event_id, 2, reason="http_error")
    bodies = [body for body, _ in plain.requests]
    headers = [headers for _, headers in plain.requests]
    verifier = SignatureVerifier(slack.signing_secret)

    assert all(verifier.is_valid_request(body, sent) for body, sent in plain.requests)
    assert parse_qs(bodies[0])["text"] == ["a & b"]
    assert json.loads(parse_qs(bodies[1])["payload"][0])["callback_id"] == "redraw"
    assert json.loads(bodies[2])["event"]["type"] == "app_mention"
    assert bodies[3] == bodies[2]
    assert "X-Slack-Retry-Num" not in headers[2]
    assert headers[3]["X-Slack-Retry-Num"] == "2"
    assert headers[3]["X-Slack-Retry-Reason"] == "http_error"
    assert [m.text for m in command.ephemerals] == ["words"]
