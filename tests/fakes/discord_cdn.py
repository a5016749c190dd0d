"""The fake CDN: files by signed links, on an origin of its own; it logs who asked for what."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from aiohttp import web

from tests.fakes.discord_faults import Faults, drop
from tests.fakes.discord_links import Links
from tests.fakes.discord_pictures import content_type_of
from tests.fakes.discord_refusals import Refused
from tests.fakes.discord_values import Attachment
from tests.fakes.discord_world import World

GONE = "This content is no longer available."


@dataclass(frozen=True, kw_only=True)
class Fetch:
    """
    One request to the CDN, answered with `status` (0: cut off instead).

    `with_credentials` tells that it carried some, which none should.
    """

    path: str
    status: int
    with_credentials: bool


class Cdn:
    """
    Serves `/attachments/…`, `/ephemeral-attachments/…`, their proxy `/media/…`, and `/external/…`.

    Faults name the first part of the path: `faults.fail("GET /attachments", status=503)`.
    """

    def __init__(self, world: World, links: Links, faults: Faults) -> None:
        self.fetches: list[Fetch] = []
        self._world = world
        self._links = links
        self._faults = faults

    def app(self) -> web.Application:
        """Return the server, not yet running."""
        app = web.Application()
        app.router.add_get("/{path:.*}", self._get)
        return app

    async def _get(self, request: web.Request) -> web.StreamResponse:
        path = request.rel_url.raw_path.removeprefix("/media")
        fault = self._faults.due(f"GET /{path.split('/')[1]}", request)
        if fault is not None:
            await fault.wait()
            if fault.drops:
                self._log(request, 0)
                return drop(request)
        try:
            if fault is not None and fault.refusal is not None:
                raise fault.refusal
            answer = self._serve(path, request)
        except Refused as refused:
            answer = web.Response(status=refused.status, text=GONE)
        self._log(request, answer.status)
        return answer

    def _serve(self, path: str, request: web.Request) -> web.Response:
        if path.startswith("/external/"):
            return self._elsewhere(request)
        found = self._find(path)
        if found is None or found.lost or not self._links.holds(path, request.query):
            raise Refused(404, 0, GONE)
        return _file(found.data, found.content_type)

    def _find(self, path: str) -> Attachment | None:
        parts = path.split("/")
        if len(parts) != 5 or not parts[3].isdecimal():
            return None
        found = self._world.attachments.get(int(parts[3]))
        return found if found and quote(found.filename) == parts[4] else None

    def _elsewhere(self, request: web.Request) -> web.Response:
        for url, data in self._world.external.items():
            if self._links.external(url) == f"{self._links.origin}{request.rel_url.raw_path}":
                return _file(data, content_type_of(url))
        raise Refused(404, 0, GONE)

    def _log(self, request: web.Request, status: int) -> None:
        told = "Authorization" in request.headers or "Cookie" in request.headers
        path = request.rel_url.raw_path
        self.fetches.append(Fetch(path=path, status=status, with_credentials=told))
        self._world.news.spread()


def _file(data: bytes, content_type: str) -> web.Response:
    return web.Response(body=data, headers={"Content-Type": content_type})
