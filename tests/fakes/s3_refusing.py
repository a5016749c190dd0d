"""Stands before an S3 server and refuses deletes as busy stores do; all else it passes on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web
from yarl import URL

_LARGEST_BYTES = 64 * 1024**2
_OF_EACH_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


class Refusing:
    """Refuses deletes of what `refuse` named, and counts them."""

    def __init__(self, to_url: str, http: aiohttp.ClientSession) -> None:
        self._to_url = to_url
        self._http = http
        self._status_of: dict[str, int] = {}
        self._times = 0
        self.port = 0
        self.refused = 0

    def refuse(self, *names: str, status: int, times: int) -> None:
        """Answer `status` to deletes of the objects, so many times in all."""
        self._status_of = dict.fromkeys(names, status)
        self._times = times

    async def answer(self, request: web.Request) -> web.Response:
        """Refuse, or do what the server does."""
        status = self._status_of.get(request.path.rpartition("/")[2])
        if request.method == "DELETE" and status is not None and self.refused < self._times:
            self.refused += 1
            return web.Response(status=status)
        return await self._pass(request)

    async def _pass(self, request: web.Request) -> web.Response:
        """The host that was signed stays as it is."""
        url = URL(self._to_url + request.raw_path, encoded=True)
        headers = [(k, v) for k, v in request.headers.items() if k.lower() not in _OF_EACH_HOP]
        body = await request.read()
        async with self._http.request(request.method, url, headers=headers, data=body) as found:
            answer = web.Response(status=found.status, body=await found.read())
            for name, value in found.headers.items():
                if name.lower() not in _OF_EACH_HOP:
                    answer.headers[name] = value
            if request.method == "HEAD":
                answer.headers["Content-Length"] = found.headers.get("Content-Length", "0")
        return answer


@asynccontextmanager
async def refusing(to_url: str) -> AsyncIterator[Refusing]:
    """Stand before the server at `to_url`, on a port of the loopback."""
    async with aiohttp.ClientSession(auto_decompress=False) as http:
        before = Refusing(to_url, http)
        app = web.Application(client_max_size=_LARGEST_BYTES)
        app.router.add_route("*", "/{path:.*}", before.answer)
        runner = web.AppRunner(app)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            before.port = runner.addresses[0][1]
            yield before
        finally:
            await runner.cleanup()
