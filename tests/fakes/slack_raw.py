"""
Plain calls to the fake Slack and a plain WebSocket from it, for what the SDK would hide.

    async with asking(slack) as api, line_to(api) as line:
        said = await api("chat.postMessage", channel=channel.id, text="x")
        shown = await ann.command("/redraw", waits=False)
        envelope = await line.next()
        await line.ack(envelope, {"text": "hello"})
        await shown.acknowledged()
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

from tests.fakes.slack_server import SlackServer
from tests.fakes.slack_values import Json

PATIENCE_S = 5.0


@dataclass(frozen=True, kw_only=True)
class Said:
    """An answer."""

    status: int
    headers: Mapping[str, str]
    data: bytes

    @property
    def body(self) -> Json:
        found: Json = json.loads(self.data)
        return found

    @property
    def error(self) -> str | None:
        """The error, None for `ok: true`."""
        assert self.body["ok"] is ("error" not in self.body)
        return self.body.get("error")


class Api:
    """Asks methods; with the bot's token unless `token` says otherwise (None: without any)."""

    def __init__(self, slack: SlackServer, session: aiohttp.ClientSession) -> None:
        self.slack = slack
        self.session = session
        self.token: str | None = slack.bot_token

    async def __call__(self, method: str, **arguments: object) -> Said:
        """Call a method with JSON."""
        return await self.send(method, json=arguments)

    async def send(self, method: str, **how: object) -> Said:
        """Call a method as the keywords of aiohttp say (`json`, `data`, `params`)."""
        return await self.fetch(self.slack.api_url + method, verb="POST", token=self.token, **how)

    async def fetch(
        self, url: str, *, verb: str = "GET", token: str | None = None, **how: object
    ) -> Said:
        """Ask for any address."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        async with self.session.request(verb, url, headers=headers, **how) as answer:  # type: ignore[arg-type]  # aiohttp's own keywords
            data = await answer.read()
            return Said(status=answer.status, headers=dict(answer.headers), data=data)


class Line:
    """One connection in Socket Mode; `hello` is what it began with."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, hello: Json) -> None:
        self.socket = socket
        self.hello = hello

    async def next(self) -> Json:
        """Return the next envelope."""
        async with asyncio.timeout(PATIENCE_S):
            found: Json = await self.socket.receive_json()
        return found

    async def ack(self, envelope: Json, payload: object = None) -> None:
        """Acknowledge an envelope."""
        said = {"envelope_id": envelope["envelope_id"]}
        await self.socket.send_json(said if payload is None else {**said, "payload": payload})


@asynccontextmanager
async def asking(slack: SlackServer) -> AsyncIterator[Api]:
    """Open a session for plain calls."""
    async with aiohttp.ClientSession() as session:
        yield Api(slack, session)


@asynccontextmanager
async def line_to(api: Api) -> AsyncIterator[Line]:
    """Open a connection in Socket Mode."""
    url = await address(api)
    async with api.session.ws_connect(url, autoping=False) as socket:
        yield Line(socket, await socket.receive_json())


async def address(api: Api) -> str:
    """Return a new address for Socket Mode."""
    url, token = api.slack.api_url + "apps.connections.open", api.slack.app_token
    said = await api.fetch(url, verb="POST", token=token)
    assert said.error is None
    return str(said.body["url"])
