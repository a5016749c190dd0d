"""A web API that says yes to everything, to see what slack_sdk itself sends."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from aiohttp import web
from aiohttp.test_utils import TestServer
from slack_sdk.web.async_client import AsyncWebClient

from tests.fakes import slack_asked
from tests.fakes.slack_calls import Call

AT = datetime(2026, 11, 22, tzinfo=UTC)
FILE_ID = "F0AAAAAAA1"
"""The id of every file that is announced."""


@dataclass
class Recorder:
    """Keeps the calls and the bytes that come, and has no rules; `client` calls it."""

    client: AsyncWebClient
    calls: list[Call] = field(default_factory=list)
    uploaded: list[bytes] = field(default_factory=list)

    async def api(self, request: web.Request) -> web.Response:
        """Record a call of a method, and say yes."""
        asked = await slack_asked.read(request, request.match_info["method"], AT)
        call = Call(
            method=asked.method,
            arguments=asked.arguments,
            token=asked.token,
            status=200,
            error=None,
            at=AT,
        )
        self.calls.append(call)
        upload_url = str(request.url.origin() / "upload")
        files = asked.arguments.get("files", [])
        return web.json_response(
            {"ok": True, "file_id": FILE_ID, "upload_url": upload_url, "files": files}
        )

    async def upload(self, request: web.Request) -> web.Response:
        """Record the bytes of a file."""
        self.uploaded.append(await request.read())
        return web.Response(text="OK")


@contextlib.asynccontextmanager
async def recorder(token: str) -> AsyncIterator[Recorder]:
    """Listen for a client of slack_sdk that has `token`."""
    kept = Recorder(client=AsyncWebClient(token=token))
    app = web.Application()
    app.router.add_route("*", "/api/{method}", kept.api)
    app.router.add_post("/upload", kept.upload)
    async with TestServer(app) as server:
        kept.client.base_url = str(server.make_url("/api/"))
        yield kept
