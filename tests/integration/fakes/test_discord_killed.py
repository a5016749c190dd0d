"""The fake Discord outlives a bot that is killed: another process of it goes on in that world."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes.discord_server import DiscordServer
from tests.fakes.discord_user import Person

ROOT = Path(__file__).parents[3]


@pytest.fixture
async def discord() -> AsyncIterator[DiscordServer]:
    """Discord by the machine's clock, for a whole bot."""
    async with DiscordServer() as server:
        yield server


@contextlib.asynccontextmanager
async def _process(discord: DiscordServer) -> AsyncIterator[asyncio.subprocess.Process]:
    module = "tests.fakes.discord_small_bot"
    urls = (discord.api_url, discord.gateway_url, discord.cdn_url)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "ignore", "-m", module, *urls, discord.token, cwd=ROOT
    )
    try:
        await discord.gateway.until_connected(within_s=30)
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@pytest.mark.slow
async def test_world_outlives_the_bot(discord: DiscordServer, ann: Person) -> None:
    """What was said before the kill is there after it; what came in between is lost."""
    async with _process(discord) as bot:
        shown = await ann.slash("redraw", {"prompt": "ink"}, attachments={"image": ("a", b"x")})
        message = await shown.settled()
        bot.kill()
        await discord.gateway.until_disconnected()
    unheard = await ann.click(message, "Again", waits=False)
    async with _process(discord):
        cancelled = await ann.click(message, "Cancel")

    assert (len(discord.gateway.identifies), discord.gateway.resumes) == (2, [])
    assert (unheard.kind, cancelled.kind, message.text) == (None, "update", "cancelled")
