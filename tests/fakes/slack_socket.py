"""
The fake Socket Mode: hello, envelopes and their acknowledgements, pings, and ways to break.

    await slack.socket.until_connected(2)
    await slack.socket.refresh()            # asks the bot to connect anew, as Slack does
    slack.socket.abort()                    # the line is dead, without a goodbye
    slack.socket.mute = True                # connected, and nothing arrives
    slack.socket.echoes = False             # pings are not answered any more
    slack.socket.greets = False             # connected, and no hello is said
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

from core.clock import Clock
from tests.fakes.discord_news import News
from tests.fakes.slack_acts import ACKNOWLEDGE_S, Act, Carries
from tests.fakes.slack_asked import Answer, Asked, Handler
from tests.fakes.slack_refusals import Refused
from tests.fakes.slack_transport import Reply, Undelivered, of_text
from tests.fakes.slack_values import Json

MOST_CONNECTIONS = 10
"""Source: Slack, apis/events-api/using-socket-mode."""

LIFETIME_S = 18060
"""What hello says of it. Source: a log in bolt-js#1061."""


@dataclass(kw_only=True, eq=False)
class Connection:
    """One WebSocket; `pings` and `pongs` are what came from the bot."""

    socket: web.WebSocketResponse
    request: web.Request
    number: int
    pings: list[bytes] = field(default_factory=list)
    pongs: list[bytes] = field(default_factory=list)
    acks: list[str] = field(default_factory=list)
    delivered: list[str] = field(default_factory=list)


@dataclass(kw_only=True)
class Awaited:
    """An acknowledgement that is waited for."""

    came: asyncio.Event = field(default_factory=asyncio.Event)
    body: Json = field(default_factory=dict)


class Socket:
    """
    Hands each act to one of the `connections`, in turn unless `chooses` says another.

    `opened` counts all connections there ever were, `strays` are envelope ids that were
    acknowledged too late or never sent.
    """

    def __init__(self, *, clock: Clock, news: News, app_id: str) -> None:
        self.url = ""
        self.connections: list[Connection] = []
        self.opened = 0
        self.turned_away = 0
        self.mute = False
        self.echoes = True
        self.greets = True
        self.strays: list[str] = []
        self.chooses: Callable[[list[Connection]], Connection] = self._next
        self._clock = clock
        self._news = news
        self._app_id = app_id
        self._tickets: set[str] = set()
        self._awaited: dict[str, Awaited] = {}
        self._turns = itertools.count()

    def handlers(self) -> dict[str, Handler]:
        """Return who answers which method."""
        return {"apps.connections.open": self._open}

    async def until_connected(self, count: int = 1, *, within_s: float | None = None) -> None:
        """Return once the bot has at least `count` connections."""
        what = f"{count} connections in Socket Mode"
        await self._news.until(lambda: len(self.connections) >= count, what, within_s=within_s)

    async def until_opened(self, count: int, *, within_s: float | None = None) -> None:
        """Return once there have been `count` connections, closed ones counted, and one is open."""
        what = f"connection number {count} in Socket Mode"
        await self._news.until(
            lambda: self.opened >= count and self.connections, what, within_s=within_s
        )

    async def until_disconnected(self, *, within_s: float | None = None) -> None:
        """Return once the bot has no connection."""
        await self._news.until(
            lambda: not self.connections, "no connection in Socket Mode", within_s=within_s
        )

    async def deliver(self, act: Act) -> Reply:
        """Send an envelope to one connection, and wait for the acknowledgement."""
        if not self.connections:
            raise Undelivered("no connection")
        awaited = self._awaited[act.id] = Awaited()
        connection = self.chooses(self.connections)
        connection.delivered.append(act.id)
        if not self.mute:
            with contextlib.suppress(ConnectionError):
                await _send(connection, envelope(act))
        in_time = await self._clock.wait(awaited.came, ACKNOWLEDGE_S)
        del self._awaited[act.id]
        if not in_time:
            raise Undelivered(f"no acknowledgement in {ACKNOWLEDGE_S} s")
        return Reply(body=awaited.body)

    async def warn(self) -> None:
        """Tell every connection that it will be closed soon."""
        await self._disconnect("warning")

    async def refresh(self, connection: Connection | None = None) -> None:
        """Ask the bot to replace one connection, or all."""
        await self._disconnect("refresh_requested", connection)

    async def close(self, connection: Connection | None = None, *, code: int = 1000) -> None:
        """Close one connection, or all, with a goodbye."""
        for each in self._chosen(connection):
            await each.socket.close(code=code)

    def abort(self, connection: Connection | None = None) -> None:
        """Cut one connection, or all, without a goodbye."""
        for each in self._chosen(connection):
            if each.request.transport is not None:
                each.request.transport.abort()

    async def ping(self) -> None:
        """Ping every connection, as Slack does."""
        for each in list(self.connections):
            await each.socket.ping(b"Ping from applink")

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Talk over one WebSocket until it is over."""
        if request.query.get("ticket") not in self._tickets:
            self.turned_away += 1
            return web.Response(status=401)
        self._tickets.discard(request.query["ticket"])
        socket = web.WebSocketResponse(autoping=False, timeout=0.5, compress=False)
        await socket.prepare(request)
        self.opened += 1
        connection = Connection(socket=socket, request=request, number=self.opened)
        if len(self.connections) >= MOST_CONNECTIONS:
            await _send(connection, _goodbye("too_many_websockets"))
            await socket.close()
            return socket
        await self._talk(connection)
        return socket

    async def _talk(self, connection: Connection) -> None:
        self.connections.append(connection)
        try:
            if self.greets:
                await _send(connection, self._hello())
            self._news.spread()
            async for frame in connection.socket:
                await self._hear(connection, frame)
        except ConnectionError:
            return
        finally:
            self.connections.remove(connection)
            self._news.spread()

    async def _hear(self, connection: Connection, frame: aiohttp.WSMessage) -> None:
        if frame.type is aiohttp.WSMsgType.PING:
            connection.pings.append(bytes(frame.data))
            if self.echoes:
                await connection.socket.pong(frame.data)
        elif frame.type is aiohttp.WSMsgType.PONG:
            connection.pongs.append(bytes(frame.data))
        elif frame.type is aiohttp.WSMsgType.TEXT:
            self._acknowledged(connection, json.loads(frame.data))
        self._news.spread()

    def _acknowledged(self, connection: Connection, said: Json) -> None:
        envelope_id = str(said.get("envelope_id"))
        connection.acks.append(envelope_id)
        awaited = self._awaited.get(envelope_id)
        if awaited is None or awaited.came.is_set():
            self.strays.append(envelope_id)
            return
        payload = said.get("payload")
        awaited.body = payload if isinstance(payload, dict) else of_text(payload or "")
        awaited.came.set()

    def _open(self, asked: Asked) -> Answer:
        if asked.verb != "POST":
            raise Refused("insecure_request")
        ticket = secrets.token_urlsafe(16)
        self._tickets.add(ticket)
        return Answer(body={"url": f"{self.url}/link/?ticket={ticket}&app_id={self._app_id}"})

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self.connections),
            "debug_info": {
                "host": "applink-1",
                "build_number": 1,
                "approximate_connection_time": LIFETIME_S,
            },
            "connection_info": {"app_id": self._app_id},
        }

    async def _disconnect(self, reason: str, connection: Connection | None = None) -> None:
        for each in self._chosen(connection):
            await _send(each, _goodbye(reason))

    def _chosen(self, connection: Connection | None) -> list[Connection]:
        return list(self.connections) if connection is None else [connection]

    def _next(self, connections: list[Connection]) -> Connection:
        return connections[next(self._turns) % len(connections)]


def envelope(act: Act) -> Json:
    """Return an act as Socket Mode carries it."""
    around: Json = {
        "envelope_id": act.id,
        "type": str(act.carries),
        "payload": act.payload,
        "accepts_response_payload": act.carries is not Carries.EVENT,
    }
    if act.carries is Carries.EVENT:
        number, reason = act.retry or (0, "")
        around |= {"retry_attempt": number, "retry_reason": reason}
    return around


def _goodbye(reason: str) -> Json:
    return {"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-1"}}


async def _send(connection: Connection, said: Json) -> None:
    await connection.socket.send_str(json.dumps(said))
