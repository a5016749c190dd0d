"""What tests of the studio need around it: a host of pictures, a caller, worker processes."""

from __future__ import annotations

import asyncio
import io
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from PIL import Image

ROOT = Path(__file__).parents[2]
TOKEN = "a-token-for-tests"
FLUX_DEV = "ap-fGhKl3mfkdlpqrshuwwabc"
IDEOGRAM = "ap-hTjXy7qplkzvnmwqrsdabc"
REDUX = "ap-gFhLq9zvbnmopxkytswabc"
GPT = "ap-zuzhawbgipcrnxdtefhjbnvhc"
KONTEXT = "ap-tK7gR4jP9sWbC1mNfE8uVzH2"


def photo(width_px: int = 96, height_px: int = 64, kind: str = "JPEG") -> bytes:
    """Return a picture with a gradient in it."""
    picture = Image.linear_gradient("L").resize((width_px, height_px)).convert("RGB")
    target = io.BytesIO()
    picture.save(target, kind)
    return target.getvalue()


@dataclass(kw_only=True)
class PictureHost:
    """A loopback host of reference images; counts what is asked of it, and may be told to wait."""

    origin: str = ""
    asked: list[str] = field(default_factory=list)
    redirect_to: str = ""
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.may_answer.set()

    def url(self, name: str = "photo.jpg") -> str:
        return f"{self.origin}/{name}"

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        await self.may_answer.wait()
        match request.path:
            case "/photo.jpg":
                return web.Response(body=photo(), content_type="image/jpeg")
            case "/other.png":
                return web.Response(body=photo(48, 80, "PNG"), content_type="image/png")
            case "/page.html":
                return web.Response(text="<html>log in</html>", content_type="text/html")
            case "/broken.jpg":
                return web.Response(body=photo()[:200], content_type="image/jpeg")
            case "/away.jpg":
                return web.Response(status=302, headers={"Location": self.redirect_to})
            case _:
                return web.Response(status=404)


@asynccontextmanager
async def picture_host() -> AsyncIterator[PictureHost]:
    """Serve pictures on a free port of the loopback."""
    host = PictureHost()
    app = web.Application()
    app.router.add_get("/{name}", host.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield host
    finally:
        host.may_answer.set()
        await runner.cleanup()


@dataclass(frozen=True, kw_only=True)
class Said:
    """One answer."""

    status: int
    headers: Mapping[str, str]
    data: bytes
    body: Any = None


@dataclass(kw_only=True)
class Caller:
    """Speaks to a studio as a customer would; a body is completed with what every model takes."""

    http: aiohttp.ClientSession
    api_url: str
    image_url: str

    async def post(self, path: str, body: object, **headers: str) -> Said:
        async with self.http.post(self.api_url + path, json=body, headers=headers) as answer:
            data = await answer.read()
            is_json = answer.content_type == "application/json"
            body = await answer.json() if is_json and data.endswith(b"}") else None
            return Said(status=answer.status, headers=answer.headers, data=data, body=body)

    async def get(self, url: str) -> Said:
        async with self.http.get(url) as answer:
            data = await answer.read()
            return Said(status=answer.status, headers=answer.headers, data=data)

    def body(self, **more: object) -> dict[str, object]:
        usual = {"app_id": FLUX_DEV, "image": self.image_url, "prompt": "a woodcut", "celery": True}
        return {k: v for k, v in {**usual, **more}.items() if v is not None}

    async def submit(self, *, headers: Mapping[str, str] | None = None, **more: object) -> Said:
        return await self.post("/getImagetoImage", self.body(**more), **(headers or {}))

    async def poll(self, task_id: str, **headers: str) -> Said:
        return await self.post("/getImage", {"id": task_id}, **headers)

    async def outcome(self, **more: object) -> Said:
        """Submit a task and poll until it has ended."""
        said = await self.post("/getImagetoImage", self.body(**more))
        assert said.status == 200, said
        return await self.ended(said.body["task_id"])

    async def ended(self, task_id: str, *, within_s: float = 30.0) -> Said:
        async with asyncio.timeout(within_s):
            said = await self.poll(task_id)
            while said.body["status"] == "PENDING":
                await asyncio.sleep(0.03)
                said = await self.poll(task_id)
        return said


@asynccontextmanager
async def caller(api_url: str, image_url: str, token: str = TOKEN) -> AsyncIterator[Caller]:
    """Open a caller with the token."""
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as http:
        yield Caller(http=http, api_url=api_url, image_url=image_url)


class StudioProcess:
    """A worker, or an embedded studio, in a process of its own."""

    def __init__(self, *args: str, log: Path) -> None:
        self._log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.fakes.studio_process", *args],
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(10)

    def stop(self) -> int:
        """Ask it to end, and return its exit code."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        return self._process.wait(20)

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    @property
    def output(self) -> str:
        return self._log.read_text()

    def wait_for(self, text: str, *, within_s: float = 20.0) -> str:
        """Return the line of the output that holds `text`, as soon as there is one."""
        until_s = time.monotonic() + within_s
        while time.monotonic() < until_s:
            found = [line for line in self.output.splitlines() if text in line]
            if found:
                return found[0]
            assert self._process.poll() is None, self.output
            time.sleep(0.05)
        raise TimeoutError(self.output)
