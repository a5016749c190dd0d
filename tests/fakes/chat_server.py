"""
A chat of no particular brand, over loopback: it keeps messages by nonce and counts what it took.

It outlives the process under test, so that what was said can be counted across kills. Like the
real chats it drops a message whose nonce it has seen, and an edit may be repeated. A *gate* holds
the answer to one kind of message back, before or after it was taken, until the test lets it go.

`POST /messages` `{nonce, job_id, kind, seq, text}` → `{message_id}`; `PATCH /messages/{id}`;
`GET /pictures/{name}` serves what the test put there.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from aiohttp import web


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message that the chat took."""

    message_id: str
    nonce: str
    job_id: str
    kind: str
    seq: int
    text: str


@dataclass
class Gate:
    """Holds requests of one kind; `reached` tells that one is being held."""

    takes_first: bool
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    opened: asyncio.Event = field(default_factory=asyncio.Event)


class ChatServer:
    """The fake chat; an async context manager."""

    def __init__(self, pictures: Mapping[str, bytes] | None = None) -> None:
        self.pictures = dict(pictures or {})
        self.messages: dict[str, Message] = {}
        self.edits: Counter[str] = Counter()
        self.posts: Counter[str] = Counter()
        self.arrived = asyncio.Condition()
        self.url = ""
        self._gates: dict[str, Gate] = {}
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/messages", self._post)
        app.router.add_patch("/messages/{message_id}", self._edit)
        app.router.add_get("/pictures/{name}", self._picture)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for gate in self._gates.values():
            gate.opened.set()
        assert self._runner is not None
        await self._runner.cleanup()

    def gate(self, kind: str, *, takes_first: bool = False) -> Gate:
        """Hold every post of `kind` from now on, after it was taken if `takes_first`."""
        self._gates[kind] = Gate(takes_first=takes_first)
        return self._gates[kind]

    def lift(self, kind: str) -> None:
        """Let what is held go, and hold no more."""
        self._gates.pop(kind).opened.set()

    def said(self, kind: str) -> Counter[str]:
        """Count the messages of `kind` by job."""
        return Counter(m.job_id for m in self.messages.values() if m.kind == kind)

    async def _post(self, request: web.Request) -> web.Response:
        body = await request.json()
        gate = self._gates.get(body["kind"])
        if gate and not gate.takes_first:
            await self._hold(gate)
        message_id = await self._take(body)
        if gate and gate.takes_first:
            await self._hold(gate)
        return web.json_response({"message_id": message_id})

    async def _hold(self, gate: Gate) -> None:
        gate.reached.set()
        await gate.opened.wait()

    async def _take(self, body: dict[str, object]) -> str:
        nonce = str(body["nonce"])
        self.posts[nonce] += 1
        message_id = f"m{len(self.messages)}"
        message = Message(
            message_id=message_id,
            nonce=nonce,
            job_id=str(body["job_id"]),
            kind=str(body["kind"]),
            seq=int(str(body["seq"])),
            text=str(body["text"]),
        )
        async with self.arrived:
            kept = self.messages.setdefault(nonce, message)
            self.arrived.notify_all()
        return kept.message_id

    async def _edit(self, request: web.Request) -> web.Response:
        message_id = request.match_info["message_id"]
        if message_id not in {m.message_id for m in self.messages.values()}:
            raise web.HTTPNotFound
        self.edits[message_id] += 1
        return web.json_response({"message_id": message_id})

    async def _picture(self, request: web.Request) -> web.Response:
        picture = self.pictures.get(request.match_info["name"])
        if picture is None:
            raise web.HTTPNotFound
        return web.Response(body=picture, content_type="image/jpeg")
