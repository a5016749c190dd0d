"""
The fake gateway: sessions that outlive their connections, and the ways a connection goes bad.

    await discord.gateway.until_connected()
    await discord.gateway.drop(code=4000)      # the bot resumes, and misses nothing
    await discord.gateway.reconnect()          # op 7
    await discord.gateway.invalidate(resumable=False)
    discord.gateway.dead_resume_host(); await discord.gateway.drop()
"""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator, Callable, Sequence

import aiohttp
from aiohttp import web

from tests.fakes.discord_faults import drop
from tests.fakes.discord_frames import Compressor, frames_for
from tests.fakes.discord_news import News
from tests.fakes.discord_session import Op, Session
from tests.fakes.discord_values import Json

HEARTBEAT_MS = 41250
"""Source: Discord, events/gateway (an example's interval, and what it sends)."""

RESUME_PATH = "/resume"


class Gateway:
    """
    Hands out events to every session whose shard they are for.

    `connections` is how many are open and identified or resumed; `identifies` and `resumes` hold
    the payloads that came, in order. `acks_heartbeats` may be switched off. `shards` is how many
    are asked for, and `at_once` how many of them may begin together.
    """

    def __init__(
        self, *, token: str, ready: Callable[[], Json], news: News, compress: bool
    ) -> None:
        self.url = ""
        self.identifies: list[Json] = []
        self.resumes: list[Json] = []
        self.heartbeats = 0
        self.turned_away = 0
        self.acks_heartbeats = True
        self.remaining_identifies = 1000
        self.shards = 1
        self.at_once = 1
        self.resets_in_ms = 86_400_000
        self._token = token
        self._ready = ready
        self._news = news
        self._compress = compress
        self._sessions: dict[str, Session] = {}
        self._open: set[web.WebSocketResponse] = set()
        self._dead: str | None = None

    @property
    def connections(self) -> int:
        """How many connections have a session now."""
        return sum(session.socket is not None for session in self._sessions.values())

    def app(self) -> web.Application:
        """Return the server, not yet running."""
        app = web.Application()
        app.router.add_get("/", self._serve)
        app.router.add_get(RESUME_PATH, self._serve_resuming)
        return app

    def session_start(self) -> Json:
        """Return what `/gateway/bot` says."""
        limit = {"total": 1000, "remaining": self.remaining_identifies}
        return {
            "url": self.url,
            "shards": self.shards,
            "session_start_limit": {
                **limit,
                "max_concurrency": self.at_once,
                "reset_after": self.resets_in_ms,
            },
        }

    async def until_connected(self, *, within_s: float | None = None) -> None:
        """Return once a bot has a session."""
        await self._news.until(
            lambda: self.connections > 0, "a bot on the gateway", within_s=within_s
        )

    async def until_disconnected(self, *, within_s: float | None = None) -> None:
        """Return once no bot is connected."""
        await self._news.until(
            lambda: self.connections == 0, "no bot on the gateway", within_s=within_s
        )

    async def dispatch(self, event: str, data: Json, *, guild_id: int = 0) -> None:
        """Send an event to the sessions it is for; those without a connection keep it."""
        for session in list(self._sessions.values()):
            if session.is_for(guild_id):
                await session.dispatch(event, data)

    async def dispatch_together(
        self, event: str, data: Sequence[Json], *, guild_id: int = 0
    ) -> AsyncIterator[int]:
        """Encode all events, then send them to the one session; yields each number just before."""
        (session,) = [one for one in self._sessions.values() if one.is_for(guild_id)]
        frames = [session.frame(session.keep(event, each)) for each in data]
        for number, frame in enumerate(frames):
            yield number
            await session.send_frame(frame)

    async def push(self, payload: Json) -> None:
        """Send a raw payload: `{"t", "d"}` as an event, anything with an `op` as it is."""
        for session in list(self._sessions.values()):
            if "op" in payload:
                await session.send(payload)
            else:
                await session.dispatch(payload["t"], payload["d"])

    async def drop(self, *, code: int = 4000) -> None:
        """Close every connection with `code`; sessions can be resumed."""
        for socket in list(self._open):
            await socket.close(code=code)

    async def reconnect(self) -> None:
        """Ask the bot to reconnect (op 7)."""
        await self.push({"op": Op.RECONNECT, "d": None, "s": None, "t": None})

    async def invalidate(self, *, resumable: bool = False) -> None:
        """Say that the session is invalid (op 9); it is gone unless `resumable`."""
        await self.push({"op": Op.INVALID_SESSION, "d": resumable, "s": None, "t": None})
        if not resumable:
            self.forget_sessions()

    async def drop_shard(self, number: int, *, code: int = 4000) -> None:
        """Close the connection of one shard; its session can be resumed."""
        for session in self._of_shard(number):
            await session.close(code)

    async def invalidate_shard(self, number: int) -> None:
        """Say that the session of one shard is gone."""
        for session in self._of_shard(number):
            await session.send({"op": Op.INVALID_SESSION, "d": False, "s": None, "t": None})
            del self._sessions[session.session_id]

    def _of_shard(self, number: int) -> list[Session]:
        return [each for each in self._sessions.values() if each.shard[0] == number]

    def dead_resume_host(self, *, refuses: bool = False) -> None:
        """Let nobody in at the address to resume at: 503, or cut off when it `refuses`."""
        self._dead = "refuses" if refuses else "503"

    def living_resume_host(self) -> None:
        """Let the bot in again at the address to resume at."""
        self._dead = None

    def limit(self, remaining: int) -> None:
        """Allow `remaining` identifies more; the next one then is like a bad token (4004)."""
        self.remaining_identifies = remaining

    def forget_sessions(self) -> None:
        """Know no session any more; connections stay until they are dropped."""
        self._sessions.clear()

    async def _serve_resuming(self, request: web.Request) -> web.StreamResponse:
        if self._dead is None:
            return await self._serve(request)
        self.turned_away += 1
        self._news.spread()
        return drop(request) if self._dead == "refuses" else web.Response(status=503)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(timeout=0.5, max_msg_size=4096, compress=False)
        await socket.prepare(request)
        compressor = frames_for(request.query.get("compress") if self._compress else None)
        self._open.add(socket)
        try:
            await self._talk(socket, compressor)
        finally:
            self._open.discard(socket)
            for session in self._sessions.values():
                session.leave(socket)
            self._news.spread()
        return socket

    async def _talk(self, socket: web.WebSocketResponse, compressor: Compressor) -> None:
        new = Session(session_id=secrets.token_hex(16), socket=socket, compressor=compressor)
        await new.send({"op": Op.HELLO, "d": {"heartbeat_interval": HEARTBEAT_MS}})
        async for frame in socket:
            if frame.type is aiohttp.WSMsgType.TEXT:
                await self._hear(new, json.loads(frame.data))

    async def _hear(self, new: Session, said: Json) -> None:
        if said["op"] == Op.HEARTBEAT:
            self.heartbeats += 1
            if self.acks_heartbeats:
                await new.send({"op": Op.HEARTBEAT_ACK})
            self._news.spread()
        elif said["op"] == Op.IDENTIFY:
            await self._identify(new, said["d"])
        elif said["op"] == Op.RESUME:
            await self._resume(new, said["d"])

    async def _identify(self, new: Session, said: Json) -> None:
        self.identifies.append(said)
        if said["token"] != self._token or self.remaining_identifies <= 0:
            await new.close(4004)
            return
        self.remaining_identifies -= 1
        new.shard = tuple(said.get("shard") or (0, 1))
        self._sessions[new.session_id] = new
        await new.dispatch("READY", self._greeting(new))
        self._news.spread()

    def _greeting(self, session: Session) -> Json:
        return {
            "v": 10,
            "session_id": session.session_id,
            "resume_gateway_url": self.url + RESUME_PATH,
            "shard": list(session.shard),
            **self._ready(),
        }

    async def _resume(self, new: Session, said: Json) -> None:
        self.resumes.append(said)
        if said["token"] != self._token:
            await new.close(4004)
            return
        session = self._sessions.get(said["session_id"])
        if session is None:
            await new.send({"op": Op.INVALID_SESSION, "d": False})
            return
        await session.resume(new, said["seq"])
        self._news.spread()
