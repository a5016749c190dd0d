"""The door of the fake REST API: reads calls, lets faults happen, records, writes answers."""

from __future__ import annotations

import json
import re

from aiohttp import BodyPartReader, web

from core.clock import Clock
from tests.fakes.discord_asked import Answer, Asked, Table
from tests.fakes.discord_calls import Call, FilePart
from tests.fakes.discord_faults import Fault, Faults, drop
from tests.fakes.discord_limits import Limits
from tests.fakes.discord_news import News
from tests.fakes.discord_refusals import Refused, refusal

PREFIX = "/api/v10"
MOST_BYTES = 25 * 2**20
"""A whole request. Source: Discord, resources/message."""

BY_TOKEN = re.compile(r"^/(webhooks|interactions)/\d+/[^/]+")
"""Paths that carry their own authority."""


class Front:
    """Answers each call of the API by the table's handlers, and keeps `calls` in order."""

    def __init__(
        self, table: Table, faults: Faults, limits: Limits, *, clock: Clock, token: str, news: News
    ) -> None:
        self.calls: list[Call] = []
        self._table = table
        self._faults = faults
        self._limits = limits
        self._clock = clock
        self._token = token
        self._news = news

    def app(self) -> web.Application:
        """Return the server, not yet running."""
        app = web.Application(client_max_size=4 * MOST_BYTES)
        app.router.add_route("*", PREFIX + "/{path:.*}", self._handle)
        return app

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        at = self._clock.now()
        body, files, size = await _read(request)
        path = request.rel_url.raw_path.removeprefix(PREFIX)
        asked = Asked(
            method=request.method,
            path=path,
            query=dict(request.query),
            json=body,
            files=files,
            authorised_by=self._authority(request, path),
            at=at,
            read_s=self._clock.monotonic_s(),
        )
        fault = self._faults.due(asked.route, asked)
        if fault is not None and not fault.after_taking:
            await fault.wait()
        answer = self._answer(asked, fault, size)
        self._record(asked, 0 if fault and fault.drops else answer.status)
        if fault is not None:
            await fault.wait()
            if fault.drops:
                return drop(request)
        return _written(answer)

    def _authority(self, request: web.Request, path: str) -> str | None:
        if request.headers.get("Authorization") == f"Bot {self._token}":
            return "bot"
        return "token" if BY_TOKEN.match(path) else None

    def _answer(self, asked: Asked, fault: Fault | None, size: int) -> Answer:
        try:
            if fault is not None and not fault.after_taking and _wrong(fault):
                raise fault.refusal or Refused(500, 0, "cut off")
            answer = self._taken(asked, size)
            if fault is not None and fault.refusal is not None:
                raise fault.refusal
        except Refused as refused:
            banned = refused.status == 429 and "Via" not in refused.headers
            headers = {} if banned else self._limits.headers(asked)
            headers |= refused.headers
            return Answer(status=refused.status, body=refused.body, headers=headers)
        headers = self._limits.headers(asked)
        return Answer(status=answer.status, body=answer.body, headers=headers)

    def _taken(self, asked: Asked, size: int) -> Answer:
        if size > MOST_BYTES:
            raise refusal(40005)
        handler = self._table.find(asked)
        if asked.authorised_by is None or (
            asked.authorised_by != "bot" and not BY_TOKEN.match(asked.path)
        ):
            raise Refused(401, 0, "401: Unauthorized")
        if asked.json is UNREADABLE:
            raise refusal(50109)
        self._limits.count(asked)
        return handler(asked)

    def _record(self, asked: Asked, status: int) -> None:
        self.calls.append(
            Call(
                method=asked.method,
                path=asked.path,
                query=asked.query,
                body=None if asked.json is UNREADABLE else asked.json,
                files=asked.files,
                authorised_by=asked.authorised_by,
                status=status,
                at=asked.at,
            )
        )
        self._news.spread()


UNREADABLE = object()
"""What a body that is no JSON is read as."""


def _wrong(fault: Fault) -> bool:
    return fault.drops or fault.refusal is not None


async def _read(request: web.Request) -> tuple[object, tuple[FilePart, ...], int]:
    """Return the JSON body, the files, and the size of it all in bytes."""
    if request.content_type == "multipart/form-data":
        return await _read_parts(request)
    raw = await request.read()
    return _parsed(raw) if raw else None, (), len(raw)


async def _read_parts(request: web.Request) -> tuple[object, tuple[FilePart, ...], int]:
    body: object = None
    files: list[FilePart] = []
    size = 0
    async for part in await request.multipart():
        assert isinstance(part, BodyPartReader)
        data = bytes(await part.read())
        size += len(data)
        if part.name == "payload_json":
            body = _parsed(data)
        else:
            files.append(_file(part, data))
    return body, tuple(files), size


def _file(part: BodyPartReader, data: bytes) -> FilePart:
    return FilePart(
        name=part.name or "",
        filename=part.filename or "",
        content_type=part.headers.get("Content-Type", ""),
        data=data,
    )


def _parsed(raw: bytes) -> object:
    try:
        return json.loads(raw)
    except ValueError:
        return UNREADABLE


def _written(answer: Answer) -> web.Response:
    if answer.body is None:
        return web.Response(status=answer.status, headers=answer.headers)
    # exactly this type, without a charset: discord.py takes anything else for text
    headers = {**answer.headers, "Content-Type": "application/json"}
    body = json.dumps(answer.body).encode()
    return web.Response(status=answer.status, body=body, headers=headers)
