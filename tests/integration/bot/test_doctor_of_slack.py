"""`redraw doctor` about Slack, with the real library against a server that speaks its API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from adapters.slack.registration import EVENTS_PATH
from bot.checkups import Checkup, Verdict
from bot.doctor import examine
from bot.settings import Settings
from bot.web import serve
from tests.fakes.slack_server import SlackServer


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer() as slack:
        yield slack


async def examined(slack: SlackServer, folder: Path, **changes: str) -> dict[str, Checkup]:
    given = {
        "REDRAW_DATA_DIR": str(folder / "data"),
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_API_URL": slack.api_url,
        **changes,
    }
    return {each.name: each for each in await examine(Settings.read(given))}


def over_http(slack: SlackServer, **changes: str) -> dict[str, str]:
    return {"SLACK_APP_TOKEN": "", "SLACK_SIGNING_SECRET": slack.signing_secret, **changes}


async def free_port() -> int:
    async with serve(web.Application(), host="127.0.0.1", port=0) as origin:
        return urlsplit(origin).port or 0


async def test_well_set_up_bot(slack: SlackServer, tmp_path: Path) -> None:
    """Whose token it is, its scopes, and that a socket would be opened; nothing else is called."""
    found = await examined(slack, tmp_path)

    assert "every scope" in found["slack bot"].found
    assert found["slack bot"].verdict is Verdict.OK
    assert found["slack socket"].verdict is Verdict.OK
    assert [call.method for call in slack.calls] == ["auth.test", "apps.connections.open"]


async def test_missing_scopes_are_named_with_what_they_are_for(
    slack: SlackServer, tmp_path: Path
) -> None:
    """Without what mentions need the rest works; without files nothing does."""
    slack.world.scopes.discard("app_mentions:read")
    some = (await examined(slack, tmp_path))["slack bot"]
    slack.world.scopes.discard("files:read")
    most = (await examined(slack, tmp_path))["slack bot"]

    assert (some.verdict, most.verdict) == (Verdict.WARN, Verdict.FAIL)
    assert "app_mentions:read (" in some.found
    assert "files:read (" in most.found
    assert "install" in most.to_do


async def test_scopes_that_nobody_tells_are_not_said_to_be_missing(
    slack: SlackServer, tmp_path: Path
) -> None:
    """A proxy may drop the header that names them; `redraw run` starts all the same."""
    slack.world.scopes.clear()
    told = (await examined(slack, tmp_path))["slack bot"]

    assert told.verdict is Verdict.WARN
    assert "SLACK_API_URL" in told.to_do


async def test_refused_bot_token_is_the_one_thing_said(tmp_path: Path) -> None:
    """Nothing else can be looked at; the token is not shown."""
    async with SlackServer(allow_illegal=True) as slack:
        found = await examined(slack, tmp_path, SLACK_BOT_TOKEN="xoxb-wrong")

    (told,) = [each for name, each in found.items() if name.startswith("slack")]
    assert told.verdict is Verdict.FAIL
    assert "SLACK_BOT_TOKEN" in told.found
    assert "xoxb-wrong" not in told.found


async def test_refused_app_token_is_told_apart(tmp_path: Path) -> None:
    """The bot's token is fine, the other one is not."""
    async with SlackServer(allow_illegal=True) as slack:
        found = await examined(slack, tmp_path, SLACK_APP_TOKEN="xapp-wrong")

    assert found["slack bot"].verdict is Verdict.OK
    assert found["slack socket"].verdict is Verdict.FAIL
    assert "SLACK_APP_TOKEN" in found["slack socket"].found


async def test_slack_that_does_not_answer(slack: SlackServer, tmp_path: Path) -> None:
    """It is said to be out of reach, not that a token is wrong."""
    await slack.stop()

    told = (await examined(slack, tmp_path))["slack bot"]

    assert told.verdict is Verdict.FAIL
    assert "network" in told.to_do
    assert "TOKEN" not in told.found


async def test_half_set_up(slack: SlackServer, tmp_path: Path) -> None:
    """What is missing is named, as `redraw run` names it; Slack is not asked."""
    told = (await examined(slack, tmp_path, SLACK_APP_TOKEN=""))["slack bot"]

    assert told.verdict is Verdict.FAIL
    assert "SLACK_APP_TOKEN" in told.found
    assert slack.calls == []


async def test_own_page_is_called_from_outside(slack: SlackServer, tmp_path: Path) -> None:
    """Where nothing runs yet a server of ours stands in, and is called at the public address."""
    port = await free_port()
    address = {"REDRAW_PUBLIC_URL": f"http://127.0.0.1:{port}", "REDRAW_HTTP_PORT": str(port)}

    told = (await examined(slack, tmp_path, **over_http(slack, **address)))["slack address"]

    assert (told.verdict, told.to_do) == (Verdict.OK, "")
    assert told.found.endswith(f"{EVENTS_PATH}: a call reached this machine")


@pytest.mark.parametrize(("status", "verdict"), [(401, Verdict.OK), (404, Verdict.FAIL)])
async def test_page_of_a_running_bot(
    slack: SlackServer, tmp_path: Path, status: int, verdict: Verdict
) -> None:
    """A bot that refuses what is unsigned is one that Slack can call; another answer is none."""

    async def alive(request: web.Request) -> web.Response:  # aiohttp's signature
        return web.json_response({"status": "alive"})

    async def events(request: web.Request) -> web.Response:  # aiohttp's signature
        return web.Response(status=status)

    app = web.Application()
    app.router.add_get("/healthz", alive)
    app.router.add_post(EVENTS_PATH, events)
    async with serve(app, host="127.0.0.1", port=0) as origin:
        port = str(urlsplit(origin).port)
        address = {"REDRAW_PUBLIC_URL": origin, "REDRAW_HTTP_PORT": port}
        told = (await examined(slack, tmp_path, **over_http(slack, **address)))["slack address"]

    assert told.verdict is verdict


async def test_address_that_leads_elsewhere(slack: SlackServer, tmp_path: Path) -> None:
    """Another server at the public address is found out, and so is nobody."""
    port = str(await free_port())
    elsewhere = {"REDRAW_PUBLIC_URL": slack.files_url, "REDRAW_HTTP_PORT": port}
    nobody = {"REDRAW_PUBLIC_URL": "http://127.0.0.1:9", "REDRAW_HTTP_PORT": port}

    for address in (elsewhere, nobody):
        told = (await examined(slack, tmp_path, **over_http(slack, **address)))["slack address"]
        assert told.verdict is Verdict.FAIL


async def test_unknown_address(slack: SlackServer, tmp_path: Path) -> None:
    """Without the address there is nothing to call; what to set is said."""
    told = (await examined(slack, tmp_path, **over_http(slack)))["slack address"]

    assert told.verdict is Verdict.WARN
    assert "REDRAW_PUBLIC_URL" in told.to_do
