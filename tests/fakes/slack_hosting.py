"""The fake file host: private files, a login page for everybody else, uploads; it logs who came."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import BodyPartReader, web

from tests.fakes.slack_asked import aside, bearer_of
from tests.fakes.slack_faults import Fault, Faults, drop
from tests.fakes.slack_files import Files
from tests.fakes.slack_tokens import Tokens
from tests.fakes.slack_values import File
from tests.fakes.slack_world import World

LOGIN = "<!DOCTYPE html><html><head><title>Sign in | Slack</title></head><body></body></html>"

MOST_BYTES = 64 * 2**20


@dataclass(frozen=True, kw_only=True)
class Fetch:
    """
    One request to the file host or the foreign one, answered with `status` (0: cut off).

    `with_credentials` tells that it carried some; `foreign` that it came to a host that is none of
    Slack's, where none should.
    """

    verb: str
    path: str
    status: int
    with_credentials: bool
    foreign: bool


class Hosting:
    """
    The file host. `redirects_to_login` sends strangers on to the login page, as Slack does; without
    they get it at once. `foreign` are files by path on a host that is not Slack's.
    """

    def __init__(self, world: World, files: Files, faults: Faults, tokens: Tokens) -> None:
        self.fetches: list[Fetch] = []
        self.redirects_to_login = True
        self.foreign: dict[str, tuple[bytes, str]] = {}
        self._world = world
        self._files = files
        self._faults = faults
        self._tokens = tokens

    def app(self) -> web.Application:
        """Return the file host, not yet running."""
        app = web.Application(client_max_size=MOST_BYTES)
        app.router.add_get("/files-pri/{team_and_file}/{name:.*}", self._get)
        app.router.add_get("/login", self._login)
        app.router.add_post("/upload/v1/{file}", self._upload)
        return app

    def foreign_app(self) -> web.Application:
        """Return a host of somebody else, not yet running."""
        app = web.Application()
        app.router.add_get("/{path:.*}", self._elsewhere)
        return app

    async def _get(self, request: web.Request) -> web.StreamResponse:
        fault = self._due("GET files", request)
        if fault is not None:
            await fault.wait()
        return self._logged(request, fault, self._file(request))

    def _due(self, name: str, request: web.Request) -> Fault | None:
        asked = aside(
            name,
            {"path": request.path},
            token=bearer_of(request),
            at=self._world.clock.now(),
        )
        return self._faults.due(name, asked)

    def _file(self, request: web.Request) -> web.Response:
        file_id = request.match_info["team_and_file"].rpartition("-")[2]
        file = self._world.files.get(file_id)
        if not self._may(request, file):
            return self._stranger(request)
        if file is None or file.lost or file.deleted:
            return web.Response(status=404, text="File not found")
        if file.redirects_to is not None:
            return web.Response(status=302, headers={"Location": file.redirects_to})
        headers = {"Content-Type": file.mimetype or "application/octet-stream"}
        return web.Response(body=file.data, headers=headers)

    def _may(self, request: web.Request, file: File | None) -> bool:
        if not self._tokens.holds(bearer_of(request)):
            return False
        return "files:read" in self._world.scopes and (file is None or self._world.sees(file))

    def _stranger(self, request: web.Request) -> web.Response:
        if self.redirects_to_login:
            return web.Response(status=302, headers={"Location": f"/login?redir={request.path}"})
        return web.Response(text=LOGIN, content_type="text/html")

    async def _login(self, request: web.Request) -> web.StreamResponse:
        return self._logged(request, None, web.Response(text=LOGIN, content_type="text/html"))

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        data = await _bytes(request)
        fault = self._due("POST upload", request)
        if fault is not None and not fault.after_taking:
            await fault.wait()
        if fault is None or fault.wrong is None or fault.after_taking:
            answer = self._take(request.match_info["file"], data)
        else:
            answer = web.Response(status=500)
        if fault is not None:
            await fault.wait()
        return self._logged(request, fault, answer)

    def _take(self, file_id: str, data: bytes) -> web.Response:
        ticket = self._files.tickets.get(file_id)
        if ticket is None or ticket.completed:
            return web.Response(status=404, text="unknown upload")
        if len(data) != ticket.length:
            return web.Response(status=400, text=f"{len(data)} bytes, not {ticket.length}")
        self._files.take(ticket, data)
        return web.Response(text=f"OK - {len(data)}")

    async def _elsewhere(self, request: web.Request) -> web.StreamResponse:
        found = self.foreign.get(request.path)
        answer = web.Response(status=404)
        if found is not None:
            answer = web.Response(body=found[0], headers={"Content-Type": found[1]})
        return self._logged(request, None, answer, foreign=True)

    def _logged(
        self,
        request: web.Request,
        fault: Fault | None,
        answer: web.Response,
        *,
        foreign: bool = False,
    ) -> web.StreamResponse:
        if fault is not None and fault.refusal is not None:
            answer = web.Response(status=fault.refusal.status, headers=fault.refusal.headers)
        drops = fault is not None and fault.drops
        told = "Authorization" in request.headers or "Cookie" in request.headers
        self.fetches.append(
            Fetch(
                verb=request.method,
                path=request.path,
                status=0 if drops else answer.status,
                with_credentials=told,
                foreign=foreign,
            )
        )
        self._world.news.spread()
        return drop(request) if drops else answer


async def _bytes(request: web.Request) -> bytes:
    if request.content_type != "multipart/form-data":
        return await request.read()
    part = await (await request.multipart()).next()
    return bytes(await part.read()) if isinstance(part, BodyPartReader) else b""
