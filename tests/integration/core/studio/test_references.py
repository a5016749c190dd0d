"""Where a studio fetches reference images from."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from PIL import Image

from core.clock import SystemClock
from core.studio.references import BadPicture, References


@pytest.fixture
async def url() -> AsyncIterator[str]:
    data = io.BytesIO()
    Image.new("RGB", (32, 24), "teal").save(data, "PNG")

    async def picture(request: web.Request) -> web.Response:
        return web.Response(body=data.getvalue(), content_type="image/png")

    app = web.Application()
    app.router.add_get("/a.png", picture)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/a.png"
    await runner.cleanup()


async def test_studio_on_its_own_takes_pictures_from_its_machine_if_told(url: str) -> None:
    """With `trusts_loopback` any port of this machine will do."""
    references = References(clock=SystemClock(), origins=(), only_these=False)

    pictures = await asyncio.to_thread(references.fetch, (url,), trusts_loopback=True)

    assert len(pictures) == 1


async def test_studio_refuses_its_machine_otherwise(url: str) -> None:
    """Without it a private address is refused, as is one that only a name leads to."""
    references = References(clock=SystemClock(), origins=(), only_these=False)

    named = url.replace("127.0.0.1", "localhost")

    with pytest.raises(BadPicture):
        await asyncio.to_thread(references.fetch, (url,))
    with pytest.raises(BadPicture):
        await asyncio.to_thread(references.fetch, (named,), trusts_loopback=True)


async def test_embedded_studio_never_does(url: str) -> None:
    """An embedded studio knows its one origin, whatever an order says."""
    references = References(clock=SystemClock(), origins=("http://127.0.0.1:1",), only_these=True)

    with pytest.raises(BadPicture):
        await asyncio.to_thread(references.fetch, (url,), trusts_loopback=True)
