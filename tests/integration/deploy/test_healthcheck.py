"""The check of a container's health, as a process of its own against our real web server."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web

from bot.web import serve
from tests.fakes.discord_server import DiscordServer
from tests.integration.bot.processes import PATIENCE_S, end, start

CHECK = Path(__file__).parents[3] / "deploy" / "healthcheck.py"


async def checked(port: int, *path: str) -> tuple[int | None, str]:
    """Run the check; a proxy that is set must make no difference."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(CHECK),
        str(port),
        *path,
        env={"PATH": os.defpath, "HTTP_PROXY": "http://127.0.0.1:9"},
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(PATIENCE_S):
        _, said = await process.communicate()
    return process.returncode, said.decode()


@asynccontextmanager
async def server(status: int) -> AsyncIterator[int]:
    """Serve a health page that answers `status`; gives the port."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=status, text=request.path)

    app = web.Application()
    app.router.add_get("/healthz", answer)
    async with serve(app, host="127.0.0.1", port=0) as origin:
        yield urlsplit(origin).port or 0


async def test_well() -> None:
    """An answer is all it takes."""
    async with server(200) as port:
        assert await checked(port) == (0, "")


async def test_unwell() -> None:
    """Another status counts as no health, and is said."""
    async with server(503) as port:
        assert await checked(port) == (1, "/healthz answers 503\n")


async def test_another_path() -> None:
    """A service without our pages is asked for the one that it has."""
    async with server(200) as port:
        assert await checked(port, "/nowhere") == (1, "/nowhere answers 404\n")


async def test_nobody_listens() -> None:
    """A process that has ended, or not begun, is not well."""
    async with server(200) as port:
        pass

    code, said = await checked(port)

    assert (code, said) == (1, f"no answer at port {port}: ConnectionRefusedError\n")


async def test_running_bot_is_well(tmp_path: Path) -> None:
    """`redraw run`, set up as in the image with a free port, answers the check."""
    async with server(200) as port:
        pass
    async with DiscordServer() as discord:
        environ = {
            "DISCORD_TOKEN": discord.token,
            "DISCORD_API_URL": discord.api_url,
            "DISCORD_GATEWAY_URL": discord.gateway_url,
            "DISCORD_CDN_URL": discord.cdn_url,
            "QOLABA_API_KEY": "k-1",
            "REDRAW_HTTP_HOST": "0.0.0.0",  # as in a container
            "REDRAW_HTTP_PORT": str(port),
        }
        process = await start("run", folder=tmp_path, environ=environ)
        try:
            await discord.until(
                lambda: discord.gateway.connections > 0 or None,
                "the bot to be connected",
                within_s=PATIENCE_S,
            )
            assert await checked(port) == (0, "")
        finally:
            process.terminate()
            assert (await end(process)).code == 0
