"""`redraw run` as a real process, against a server that speaks Discord's API and gateway."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.fakes.discord_server import DiscordServer
from tests.fakes.pictures import jpeg
from tests.integration.bot.processes import PATIENCE_S, Done, end, redraw, start

pytestmark = pytest.mark.slow

NO_DISCORD = "http://127.0.0.1:9"
PROMPT = "a lighthouse of nobody's business"
PICTURE = ("harbour.jpg", jpeg("astronaut", (320, 240)))


@pytest.fixture
async def discord() -> AsyncIterator[DiscordServer]:
    async with DiscordServer() as discord:
        yield discord


def environ(discord: DiscordServer, **changes: str) -> dict[str, str]:
    return {
        "DISCORD_TOKEN": discord.token,
        "DISCORD_API_URL": discord.api_url,
        "DISCORD_GATEWAY_URL": discord.gateway_url,
        "DISCORD_CDN_URL": discord.cdn_url,
        "REDRAW_LOG_FORMAT": "json",
        **changes,
    }


@asynccontextmanager
async def running(
    discord: DiscordServer, folder: Path, *arguments: str, given: Mapping[str, str]
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start the command, and return once it is connected and has registered its commands."""
    process = await start("run", *arguments, folder=folder, environ=given)
    try:
        await discord.until(
            lambda: (discord.gateway.connections > 0 and discord.application.commands) or None,
            "the bot to be connected",
            within_s=PATIENCE_S,
        )
        yield process
    finally:
        if process.returncode is None:
            process.kill()


async def stopped(process: asyncio.subprocess.Process) -> Done:
    """Ask the command to stop, and return how it ended."""
    process.send_signal(signal.SIGTERM)
    return await end(process)


async def test_preview_from_the_command_to_the_thread(
    discord: DiscordServer, tmp_path: Path
) -> None:
    """Without a key, a picture and a prompt become a preview in a thread of its own."""
    channel = discord.world.channel(discord.world.guild())
    ann = discord.user("ann", channel=channel)
    async with running(discord, tmp_path, "--preview", given=environ(discord)) as process:
        shown = await ann.slash(
            "redraw", {"prompt": "a woodcut of a harbour"}, attachments={"image": PICTURE}
        )
        card = await shown.settled(lambda message: "Redrawn" in message.text, within_s=PATIENCE_S)
        done = await stopped(process)

    (thread,) = discord.threads(channel)
    (result,) = discord.messages(thread)
    assert "local preview" in card.text
    assert result.attachments
    assert (done.code, done.out) == (0, "")
    assert "a woodcut of a harbour" not in done.err


async def test_nothing_secret_is_logged_or_left_readable(
    discord: DiscordServer, tmp_path: Path
) -> None:
    """Neither tokens, nor what answers an interaction, nor a prompt is in a line of the log."""
    channel = discord.world.channel(discord.world.guild())
    ann = discord.user("ann", channel=channel)
    discord.world.forbid(channel, discord.world.bot_permissions(channel))
    given = environ(discord)
    async with running(discord, tmp_path, "--preview", given=given) as process:
        await ann.slash("redraw", {"prompt": PROMPT}, attachments={"image": PICTURE})
        done = await stopped(process)

    assert PROMPT not in done.out + done.err
    tokens = [interaction.token for interaction in discord.world.interactions.values()]
    assert tokens
    assert not any(secret in done.out + done.err for secret in (discord.token, *tokens))
    assert '"event": "stopped"' in done.err
    assert '"level": "warning"' not in done.err


async def test_refused_token_ends_with_one_sentence(tmp_path: Path) -> None:
    """A token that Discord does not know is the operator's to mend: 2, and no traceback."""
    async with DiscordServer(allow_illegal=True) as discord:
        given = environ(discord, DISCORD_TOKEN="d-wrong")
        done = await redraw("run", "--preview", folder=tmp_path, environ=given)

    last = done.err.rstrip().rpartition("\n")[2]
    assert (done.code, done.out) == (2, "")
    assert last.startswith("redraw: DISCORD_TOKEN: ")
    assert "d-wrong" not in done.err
    assert "Traceback" not in done.err


async def test_hosted_api_needs_no_address_of_ours(discord: DiscordServer, tmp_path: Path) -> None:
    """With a key and nothing else a bot starts: Discord's cards hold the pictures."""
    given = environ(discord, QOLABA_API_KEY="k-1234", QOLABA_API_URL="https://api.example.invalid")
    async with running(discord, tmp_path, given=given) as process:
        done = await stopped(process)

    assert done.code == 0
    assert '"web": null' in done.err


async def test_bot_starts_while_discord_is_away(tmp_path: Path) -> None:
    """Where nobody answers it goes on trying, and stops when it is told to."""
    given = {
        "DISCORD_TOKEN": "d-1",
        "DISCORD_API_URL": NO_DISCORD,
        "DISCORD_GATEWAY_URL": "ws://127.0.0.1:9",
        "REDRAW_LOG_FORMAT": "json",
    }
    process = await start("run", "--preview", folder=tmp_path, environ=given)
    assert process.stderr is not None
    said = b""
    async with asyncio.timeout(PATIENCE_S):
        while b"discord_login_failed" not in said:
            said = await process.stderr.readline()
            assert said, "it ended"
    done = await stopped(process)

    assert done.code == 0
    assert '"event": "stopped"' in done.err


async def test_run_without_a_chat_names_the_token(tmp_path: Path) -> None:
    """With nothing to serve there is nothing to run, and what to set is named."""
    done = await redraw("run", "--preview", folder=tmp_path)

    assert (done.code, done.out) == (2, "")
    assert "no chat is set up: set DISCORD_TOKEN" in done.err
    assert done.err.count("\n") == 1
