"""A fake Discord and a fake Slack whose clock stands still, and plain calls to them."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator

import pytest
from PIL import Image

from tests.fakes.clock import VirtualClock
from tests.fakes.discord_raw import Raw, calling
from tests.fakes.discord_server import DiscordServer
from tests.fakes.discord_user import Person
from tests.fakes.discord_values import Channel, Guild
from tests.fakes.slack_legality import answer_problems
from tests.fakes.slack_raw import Api, Line, asking, line_to
from tests.fakes.slack_server import SlackServer
from tests.fakes.slack_user import Person as SlackPerson
from tests.fakes.slack_values import Channel as Room

UNDOCUMENTED = ("invalid_thread_ts",)
"""What Slack answers although its reference has it not. Source: jenkinsci/slack-plugin#584."""


@pytest.fixture(scope="session")
def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
async def discord(clock: VirtualClock) -> AsyncIterator[DiscordServer]:
    """Discord, which is told of illegal calls on purpose here."""
    async with DiscordServer(clock=clock, allow_illegal=True) as server:
        yield server


@pytest.fixture
async def call(discord: DiscordServer) -> AsyncIterator[Raw]:
    async with calling(discord) as raw:
        yield raw


@pytest.fixture
def guild(discord: DiscordServer) -> Guild:
    return discord.world.guild()


@pytest.fixture
def channel(discord: DiscordServer, guild: Guild) -> Channel:
    return discord.world.channel(guild)


@pytest.fixture
def ann(discord: DiscordServer, channel: Channel) -> Person:
    return discord.user("ann", channel=channel)


@pytest.fixture
async def slack(clock: VirtualClock) -> AsyncIterator[SlackServer]:
    """Slack, which is told of illegal calls on purpose here, and answers as its reference says."""
    async with SlackServer(clock=clock, allow_illegal=True) as server:
        yield server
    documented = [call for call in server.calls if call.error not in UNDOCUMENTED]
    assert [wrong for call in documented if (wrong := answer_problems(call))] == []


@pytest.fixture
async def api(slack: SlackServer) -> AsyncIterator[Api]:
    async with asking(slack) as api:
        yield api


@pytest.fixture
async def line(slack: SlackServer, api: Api) -> AsyncIterator[Line]:
    async with line_to(api) as line:
        yield line


@pytest.fixture
def room(slack: SlackServer) -> Room:
    return slack.world.channel()


@pytest.fixture
def eve(slack: SlackServer, room: Room) -> SlackPerson:
    return slack.user("eve", channel=room)
