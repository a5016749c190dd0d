"""`redraw doctor` about Discord, with the real library against a server that speaks its API."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.discord.inspection import Bot
from bot import discord_checkups
from bot.checkups import Checkup, Verdict
from bot.doctor import examine
from bot.settings import Settings
from tests.fakes.discord_server import DiscordServer
from tests.fakes.discord_values import Channel, Permission
from tests.integration.bot.processes import redraw


@pytest.fixture
async def discord() -> AsyncIterator[DiscordServer]:
    async with DiscordServer() as discord:
        yield discord


@pytest.fixture
def channel(discord: DiscordServer) -> Channel:
    return discord.world.channel(discord.world.guild("Atelier"), name="pictures")


def environ(discord: DiscordServer, **changes: str) -> dict[str, str]:
    return {
        "DISCORD_TOKEN": discord.token,
        "DISCORD_API_URL": discord.api_url,
        "DISCORD_GATEWAY_URL": discord.gateway_url,
        "DISCORD_CDN_URL": discord.cdn_url,
        **changes,
    }


async def examined(
    discord: DiscordServer, folder: Path, channel_id: int | None = None, **changes: str
) -> dict[str, Checkup]:
    given = {"REDRAW_DATA_DIR": str(folder / "data"), **environ(discord, **changes)}
    done = await examine(Settings.read(given), channel_id)
    return {checkup.name: checkup for checkup in done if checkup.name.startswith("discord")}


async def test_well_set_up_bot(discord: DiscordServer, channel: Channel, tmp_path: Path) -> None:
    """Who the token belongs to, what is left of connections, and that a channel has it all."""
    found = await examined(discord, tmp_path, channel.id)

    assert f"application Redraw, {discord.application_id}" in found["discord bot"].found
    assert "no privileged intents" in found["discord bot"].found
    assert found["discord gateway"].found == "1000 of 1000 connections are left"
    assert found["discord channel"].found == "#pictures in Atelier: every permission is there"
    well = [found[f"discord {name}"].verdict for name in ("bot", "gateway", "channel")]
    assert well == [Verdict.OK] * 3


async def test_looking_changes_nothing(
    discord: DiscordServer, channel: Channel, tmp_path: Path
) -> None:
    """Everything is asked for, nothing is sent, and no connection is used up."""
    await examined(discord, tmp_path, channel.id)

    assert discord.calls
    assert {call.method for call in discord.calls} == {"GET"}
    assert discord.gateway.identifies == []


async def test_commands_of_another_version_are_named(
    discord: DiscordServer, tmp_path: Path
) -> None:
    """Before the first run Discord has no command of ours; each is named."""
    found = await examined(discord, tmp_path)

    assert found["discord commands"].verdict is Verdict.WARN
    for command in ("redraw", "redraw-models", "redraw-jobs", "Redraw this image"):
        assert command in found["discord commands"].found
    assert "redraw run" in found["discord commands"].to_do


async def test_refused_token_is_the_one_thing_said(tmp_path: Path) -> None:
    """With a token that Discord does not know nothing else can be looked at; it is not shown."""
    async with DiscordServer(allow_illegal=True) as discord:
        found = await examined(discord, tmp_path, DISCORD_TOKEN="d-wrong")

    (checkup,) = found.values()
    assert checkup.verdict is Verdict.FAIL
    assert "DISCORD_TOKEN" in checkup.found
    assert "d-wrong" not in str(found)


async def test_silent_discord_fails(discord: DiscordServer, tmp_path: Path) -> None:
    """Where nobody answers that is said, and the override is named."""
    await discord.stop()

    (checkup,) = (await examined(discord, tmp_path)).values()

    assert checkup.verdict is Verdict.FAIL
    assert "does not answer" in checkup.found
    assert "DISCORD_API_URL" in checkup.to_do


@pytest.mark.parametrize(
    ("lost", "name", "verdict"),
    [
        (Permission.ATTACH_FILES, "Attach Files", Verdict.FAIL),
        (Permission.READ_MESSAGE_HISTORY, "Read Message History", Verdict.FAIL),
        (Permission.SEND_MESSAGES, "Send Messages is missing", Verdict.FAIL),
        (Permission.CREATE_PUBLIC_THREADS, "Create Public Threads", Verdict.WARN),
        (Permission.SEND_MESSAGES_IN_THREADS, "Send Messages in Threads", Verdict.WARN),
    ],
)
async def test_missing_permission_is_named_with_its_reason(
    discord: DiscordServer,
    channel: Channel,
    tmp_path: Path,
    *,
    lost: Permission,
    name: str,
    verdict: Verdict,
) -> None:
    """What is required is a failure, what Redraw manages without a warning; no other is named."""
    discord.world.permit(channel, discord.world.bot_permissions(channel) & ~lost)

    found = (await examined(discord, tmp_path, channel.id))["discord channel"]

    assert (found.verdict, found.found.count(" is missing")) == (verdict, 1)
    assert name in found.found
    assert "channel's settings" in found.to_do


async def test_everything_that_is_missing_is_named(
    discord: DiscordServer, channel: Channel, tmp_path: Path
) -> None:
    """One look tells all: what is required and what is not, each with what follows."""
    lost = Permission.ATTACH_FILES | Permission.EMBED_LINKS | Permission.CREATE_PUBLIC_THREADS
    discord.world.permit(channel, discord.world.bot_permissions(channel) & ~lost)

    found = (await examined(discord, tmp_path, channel.id))["discord channel"].found

    assert "Attach Files is missing (commands are refused)" in found
    assert "Embed Links is missing (commands are refused)" in found
    assert "Create Public Threads is missing (Redraw manages without)" in found
    assert found.count(" is missing") == 3


async def test_thread_needs_its_own_permission(
    discord: DiscordServer, channel: Channel, tmp_path: Path
) -> None:
    """Inside a thread Send Messages in Threads is required, and Send Messages is not."""
    thread = discord.world.thread(channel, name="details")
    both = Permission.SEND_MESSAGES | Permission.SEND_MESSAGES_IN_THREADS
    discord.world.permit(channel, discord.world.bot_permissions(channel) & ~both)

    found = (await examined(discord, tmp_path, thread.id))["discord channel"]

    assert found.verdict is Verdict.FAIL
    assert "#details in Atelier: Send Messages in Threads is missing" in found.found
    assert found.found.count(" is missing") == 1


async def test_channel_that_the_bot_cannot_see(
    discord: DiscordServer, channel: Channel, tmp_path: Path
) -> None:
    """A hidden channel and a number that is none are said with what to do."""
    discord.world.forbid(channel, Permission.VIEW_CHANNEL)

    hidden = (await examined(discord, tmp_path, channel.id))["discord channel"]
    nowhere = (await examined(discord, tmp_path, 4))["discord channel"]

    assert (hidden.verdict, nowhere.verdict) == (Verdict.FAIL, Verdict.FAIL)
    assert "redraw invite discord" in hidden.to_do
    assert hidden.found.startswith(str(channel.id))


async def test_direct_message_needs_no_permission(discord: DiscordServer, tmp_path: Path) -> None:
    """A direct message is no mistake."""
    direct = discord.world.dm(discord.world.user("ann"))

    found = (await examined(discord, tmp_path, direct.id))["discord channel"]

    assert (found.verdict, "direct message" in found.found) == (Verdict.OK, True)


async def test_without_a_token_nothing_is_asked(discord: DiscordServer, tmp_path: Path) -> None:
    """No token, no lines about Discord, unless a channel was asked about."""
    silent = await examined(discord, tmp_path, DISCORD_TOKEN="")
    asked = await examined(discord, tmp_path, 4, DISCORD_TOKEN="")

    assert silent == {}
    assert asked["discord channel"].verdict is Verdict.FAIL
    assert discord.calls == []


async def test_command_for_scripts(
    discord: DiscordServer, channel: Channel, tmp_path: Path
) -> None:
    """With `--json` the checks of Discord stand in the same list, and the token nowhere."""
    done = await redraw(
        "doctor",
        "--discord-channel",
        str(channel.id),
        "--json",
        folder=tmp_path,
        environ=environ(discord),
    )

    found = {each["name"]: each for each in json.loads(done.out)}
    assert (done.code, done.err) == (0, "")
    assert found["discord channel"]["verdict"] == "ok"
    assert discord.token not in done.out
    kept = [path.read_text() for path in (tmp_path / "data").rglob("*.log")]
    assert not any(discord.token in text for text in kept)


async def test_low_budget_is_a_warning(discord: DiscordServer, tmp_path: Path) -> None:
    """A bot that used its connections up is told when there are more."""
    discord.gateway.limit(3)

    found = (await examined(discord, tmp_path))["discord gateway"]

    assert found.verdict is Verdict.WARN
    assert found.found.startswith("3 of ")
    assert "more in" in found.to_do


def bot(*, grant: bool = False, endpoint: bool = False) -> Checkup:
    """Return what is said of an application that is set up like this."""
    return discord_checkups.bot(
        Bot(
            application_id=1,
            application="Redraw",
            name="Redraw#0",
            requires_code_grant=grant,
            has_endpoint=endpoint,
        )
    )


def test_set_up_that_cannot_work_is_named() -> None:
    """An endpoint takes all commands away; a code grant only the plain link."""
    away, granted = bot(endpoint=True), bot(grant=True)

    assert (away.verdict, "Endpoint URL" in away.found) == (Verdict.FAIL, True)
    assert (granted.verdict, "Code Grant" in granted.to_do) == (Verdict.WARN, True)
