"""`redraw run` as a real process, against a server that is Slack in both ways of listening."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from adapters.slack.registration import COMMAND, EVENTS_PATH
from bot.web import serve
from tests.fakes.discord_server import DiscordServer
from tests.fakes.jobs import picture_bytes
from tests.fakes.slack_server import SlackServer
from tests.integration.bot.processes import PATIENCE_S, Done, end, redraw, start

pytestmark = pytest.mark.slow

KEY = {"QOLABA_API_KEY": "k-1"}
FORM = {"Picture": ("harbour.png", picture_bytes("teal", (96, 64))), "Prompt": "a woodcut"}


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer() as slack:
        yield slack


def over_socket(slack: SlackServer) -> dict[str, str]:
    return {
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_API_URL": slack.api_url,
        "REDRAW_LOG_FORMAT": "json",
    }


async def over_http(slack: SlackServer) -> dict[str, str]:
    """Return settings with a port that is free, and have Slack call that."""
    from aiohttp import web

    async with serve(web.Application(), host="127.0.0.1", port=0) as origin:
        port = urlsplit(origin).port
    slack.http.url = f"http://127.0.0.1:{port}{EVENTS_PATH}"
    return {
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_SIGNING_SECRET": slack.signing_secret,
        "SLACK_API_URL": slack.api_url,
        "REDRAW_HTTP_PORT": str(port),
        "REDRAW_LOG_FORMAT": "json",
    }


@asynccontextmanager
async def running(
    slack: SlackServer, folder: Path, environ: dict[str, str], *arguments: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start the command, and return once it has logged in and listens."""
    process = await start("run", *arguments, folder=folder, environ=environ)
    try:
        async with asyncio.timeout(PATIENCE_S):
            if slack.http.url is None:
                await slack.socket.until_connected(within_s=PATIENCE_S)
            else:
                await slack.until(
                    lambda: slack.called("auth.test", ok=True) or None,
                    "the bot to log in",
                    within_s=PATIENCE_S,
                )
                await listening(slack)
        yield process
    finally:
        if process.returncode is None:
            process.kill()


async def listening(slack: SlackServer) -> None:
    """Return once a signed call is answered: the login is heard of a moment before its end."""
    for _ in range(200):
        if await slack.http.verifies():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("no signed call was answered")


async def stopped(process: asyncio.subprocess.Process) -> Done:
    process.send_signal(signal.SIGTERM)
    return await end(process)


def logged(done: Done, event: str) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in done.err.splitlines()]
    return [line for line in lines if line["event"] == event]


@pytest.mark.parametrize("mode", ["socket", "http"])
async def test_preview_from_a_form_to_the_thread(
    slack: SlackServer, tmp_path: Path, mode: str
) -> None:
    """Without an API key previews are drawn, and no address is needed for them."""
    environ = over_socket(slack) if mode == "socket" else await over_http(slack)
    channel = slack.world.channel("pictures")
    async with running(slack, tmp_path, environ, "--preview") as process:
        ann = slack.user("ann", channel=channel)
        shown = await ann.command(COMMAND)
        await ann.submit(await shown.viewed(), FORM)
        (card,) = await slack.until(
            lambda: slack.messages(channel) or None, "a card", within_s=PATIENCE_S
        )
        result = await slack.until(
            lambda: [each for each in slack.thread(card) if each.files] or None,
            "the result in its thread",
            within_s=PATIENCE_S,
        )
        done = await stopped(process)

    assert len(result[0].files) == 1
    assert done.code == 0
    assert logged(done, "slack_pictures_cannot_be_fetched") == []
    for secret in (slack.bot_token, slack.app_token, slack.signing_secret):
        assert secret not in done.err


async def test_without_a_place_for_pictures_one_line_says_so(
    slack: SlackServer, tmp_path: Path
) -> None:
    """With the hosted API and neither bucket nor address it starts, and says what is missing."""
    async with running(slack, tmp_path, {**over_socket(slack), **KEY}) as process:
        done = await stopped(process)

    (line,) = logged(done, "slack_pictures_cannot_be_fetched")
    assert done.code == 0
    assert "REDRAW_MEDIA_URL" in str(line["to_do"])
    assert "REDRAW_PUBLIC_URL" in str(line["to_do"])


async def test_both_chats_in_one_process(slack: SlackServer, tmp_path: Path) -> None:
    """One process, one start, two chats."""
    async with DiscordServer() as discord:
        of_discord = {
            "DISCORD_TOKEN": discord.token,
            "DISCORD_API_URL": discord.api_url,
            "DISCORD_GATEWAY_URL": discord.gateway_url,
            "DISCORD_CDN_URL": discord.cdn_url,
        }
        environ = {**over_socket(slack), **of_discord}
        async with running(slack, tmp_path, environ, "--preview") as process:
            await discord.until(
                lambda: discord.gateway.connections > 0 or None,
                "the bot to be connected to Discord",
                within_s=PATIENCE_S,
            )
            done = await stopped(process)

    (started,) = logged(done, "started")
    assert (done.code, started["chats"]) == (0, 2)


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"SLACK_BOT_TOKEN": "xoxb-1"}, ("SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET")),
        ({"SLACK_APP_TOKEN": "xapp-1"}, ("SLACK_BOT_TOKEN",)),
        ({"SLACK_SIGNING_SECRET": "s-1"}, ("SLACK_BOT_TOKEN",)),
    ],
)
async def test_half_set_up_is_bad_input(
    tmp_path: Path, environ: dict[str, str], named: tuple[str, ...]
) -> None:
    """One sentence that says what is missing; nothing is started."""
    done = await redraw("run", "--preview", folder=tmp_path, environ=environ)

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"redraw: {named[0]}: is not set")
    assert all(name in done.err for name in named)
    assert done.err.count("\n") == 1


async def test_refused_token_is_bad_input(tmp_path: Path) -> None:
    """A token that Slack does not know ends the process with the setting's name."""
    async with SlackServer(allow_illegal=True) as slack:
        environ = {**over_socket(slack), "SLACK_BOT_TOKEN": "xoxb-wrong"}
        done = await redraw("run", "--preview", folder=tmp_path, environ=environ)

    assert done.code == 2
    assert "redraw: SLACK_BOT_TOKEN: " in done.err
    assert "xoxb-wrong" not in done.err
