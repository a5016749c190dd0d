"""`redraw invite discord` as a real process, against a server that speaks Discord's API."""

from __future__ import annotations

import json
from pathlib import Path

from adapters.discord import invitation
from adapters.discord.access import PERMISSIONS
from tests.fakes.discord_server import DiscordServer
from tests.integration.bot.processes import redraw


async def test_link_stands_alone_on_standard_output(tmp_path: Path) -> None:
    """A named application needs no token and no network; the reasons are said beside the link."""
    done = await redraw("invite", "discord", "--application-id", "1234", folder=tmp_path)

    assert (done.code, done.out) == (0, f"{invitation.link(1234)}\n")
    for permission in PERMISSIONS:
        assert permission.name in done.err
        assert permission.why in done.err


async def test_scripts_get_one_object(tmp_path: Path) -> None:
    """With `--json` there is the link with its parts and nothing else at all."""
    arguments = ("invite", "discord", "--application-id", "1234", "--json")

    done = await redraw(*arguments, folder=tmp_path)

    found = json.loads(done.out)
    assert (done.code, done.err) == (0, "")
    assert (found["link"], found["application_id"]) == (invitation.link(1234), "1234")
    assert found["scopes"] == ["bot", "applications.commands"]
    assert [each["name"] for each in found["reasons"]] == [each.name for each in PERMISSIONS]


async def test_without_token_and_application_both_remedies_are_named(tmp_path: Path) -> None:
    """Nobody is left without what to do."""
    done = await redraw("invite", "discord", folder=tmp_path)

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("redraw: DISCORD_TOKEN: is not set")
    assert "--application-id" in done.err
    assert done.err.count("\n") == 1


async def test_application_that_is_no_number_is_bad_input(tmp_path: Path) -> None:
    """A name or a token is not taken for the number of an application."""
    done = await redraw("invite", "discord", "--application-id", "Redraw", folder=tmp_path)

    assert (done.code, done.out) == (2, "")


async def test_application_is_the_tokens(tmp_path: Path) -> None:
    """With a token Discord says which application it is; nothing but that is asked."""
    async with DiscordServer() as discord:
        environ = {"DISCORD_TOKEN": discord.token, "DISCORD_API_URL": discord.api_url}
        done = await redraw("invite", "discord", folder=tmp_path, environ=environ)

        assert (done.code, done.out) == (0, f"{invitation.link(discord.application_id)}\n")
        assert {call.method for call in discord.calls} == {"GET"}


async def test_refused_token_is_bad_input(tmp_path: Path) -> None:
    """One sentence that names the setting and does not show its value."""
    async with DiscordServer(allow_illegal=True) as discord:
        environ = {"DISCORD_TOKEN": "d-wrong", "DISCORD_API_URL": discord.api_url}
        done = await redraw("invite", "discord", folder=tmp_path, environ=environ)

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("redraw: DISCORD_TOKEN: ")
    assert "d-wrong" not in done.err


async def test_silent_discord_leaves_another_way(tmp_path: Path) -> None:
    """Where nobody answers, the link can still be made of the application's number."""
    environ = {"DISCORD_TOKEN": "d-1", "DISCORD_API_URL": "http://127.0.0.1:9"}
    done = await redraw("invite", "discord", folder=tmp_path, environ=environ)

    assert (done.code, done.out) == (1, "")
    assert "--application-id" in done.err
