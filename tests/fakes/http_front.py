"""
One address before several servers on this machine: each request goes to the next of them in turn.

    async with front_of(port, another) as front:
        slack.http.url = f"{front.origin}/slack/events"
        front.turn_to(another)                # the next request goes there
    front.served                              # the port that answered each request, oldest first

As a load balancer does, it passes on what it gets byte for byte, and asks the next one when a
server takes no connection; with one that broke off nobody can tell, so that is a 502.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import AsyncIterator, Mapping

import aiohttp
from aiohttp import web
from multidict import CIMultiDict

_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}


class Front:
    """Requests to `origin` go round the ports."""

    def __init__(self, ports: tuple[int, ...], session: aiohttp.ClientSession) -> None:
        self._turns = deque(ports)
        self._session = session
        self.origin = ""
        self.served: list[int] = []
        """The port that answered each request, oldest first."""
        self.refused: list[int] = []
        """The port that took no connection, each time that one did not."""

    def turn_to(self, port: int) -> None:
        """Have the next request go to a port, and the turns go on from there."""
        self._turns.rotate(-self._turns.index(port))

    async def handle(self, request: web.Request) -> web.Response:
        """Pass a request on, and its answer back."""
        body = await request.read()
        for _ in range(len(self._turns)):
            port = self._turns[0]
            self._turns.rotate(-1)
            try:
                return await self._pass(request, body, port)
            except aiohttp.ClientConnectorError:
                self.refused.append(port)
            except aiohttp.ClientError:
                return web.Response(status=502)
        return web.Response(status=503)

    async def _pass(self, request: web.Request, body: bytes, port: int) -> web.Response:
        url = f"http://127.0.0.1:{port}{request.raw_path}"
        async with self._session.request(
            request.method, url, data=body, headers=_passed(request.headers), allow_redirects=False
        ) as answer:
            content = await answer.read()
            self.served.append(port)
            return web.Response(status=answer.status, body=content, headers=_passed(answer.headers))


def _passed(headers: Mapping[str, str]) -> CIMultiDict[str]:
    """Return the headers but for those of one connection; one may be there more than once."""
    pairs = [(name, value) for name, value in headers.items() if name.lower() not in _HOP_BY_HOP]
    return CIMultiDict(pairs)


@contextlib.asynccontextmanager
async def front_of(*ports: int) -> AsyncIterator[Front]:
    """Open a front; each request is on a connection of its own, as a dead server keeps none."""
    connector = aiohttp.TCPConnector(force_close=True)
    async with aiohttp.ClientSession(connector=connector, auto_decompress=False) as session:
        front = Front(ports, session)
        door = web.Application()
        door.router.add_route("*", "/{path:.*}", front.handle)
        runner = web.AppRunner(door, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            front.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
            yield front
        finally:
            await runner.cleanup()
