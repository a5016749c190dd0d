"""The gateway: sessions, resuming, and each way in which a connection goes bad."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import discord as library
import pytest

from tests.fakes.discord_server import DiscordServer
from tests.fakes.discord_small_bot import SmallBot, point_at, running
from tests.fakes.discord_user import Person
from tests.fakes.discord_values import Channel


@pytest.fixture
async def discord() -> AsyncIterator[DiscordServer]:
    """Discord by the machine's clock, for a whole bot."""
    async with DiscordServer() as server:
        yield server


@pytest.fixture
async def bot(discord: DiscordServer, channel: Channel) -> AsyncIterator[SmallBot]:
    async with running(discord) as bot:
        yield bot


async def _resumed(discord: DiscordServer, count: int = 1) -> None:
    def seen() -> bool:
        return len(discord.gateway.resumes) == count and discord.gateway.connections == 1

    await discord.until(seen, "a resumed session")


async def test_bot_identifies(discord: DiscordServer, bot: SmallBot) -> None:
    """The real library identifies once, and its heartbeat is answered."""
    await discord.until(lambda: discord.gateway.heartbeats, "a heartbeat")

    (identify,) = discord.gateway.identifies
    assert (identify["token"], identify["intents"]) == (discord.token, 0)
    assert discord.gateway.session_start()["session_start_limit"]["remaining"] == 999
    assert bot.user is not None
    assert bot.user.id == discord.application_id


async def test_dropped_connection_is_resumed(
    discord: DiscordServer, bot: SmallBot, ann: Person
) -> None:
    """What happens while the connection is down is heard after it is resumed."""
    await discord.gateway.drop(code=4000)
    shown = await ann.slash("redraw", {"prompt": "x"}, attachments={"image": ("a", b"x")})

    assert shown.kind == "deferred"
    assert (len(discord.gateway.resumes), len(discord.gateway.identifies)) == (1, 1)


async def test_events_sent_together(discord: DiscordServer, bot: SmallBot, ann: Person) -> None:
    """What is encoded before any of it is sent arrives whole and in order, and is counted on."""
    picture = {"image": ("a", b"x")}
    said = [await ann.slash("redraw", {"prompt": "x"}, attachments=picture) for _ in range(3)]
    bot.heard.clear()
    pushed = [discord._desk.payload(each.interaction) for each in reversed(said)]

    numbers = [n async for n in discord.gateway.dispatch_together("INTERACTION_CREATE", pushed)]
    await ann.slash("redraw", {"prompt": "y"}, attachments=picture)

    heard = [str(each.id) for each in bot.heard]
    assert numbers == [0, 1, 2]
    assert heard[:3] == [each["id"] for each in pushed]
    assert len(heard) == 4


async def test_reconnect_is_obeyed(discord: DiscordServer, bot: SmallBot) -> None:
    """Op 7 makes the bot resume."""
    await discord.gateway.reconnect()
    await _resumed(discord)

    assert len(discord.gateway.identifies) == 1


async def test_invalid_session(discord: DiscordServer, bot: SmallBot) -> None:
    """An invalid session is resumed if it can be, else the bot identifies anew."""
    await discord.gateway.invalidate(resumable=True)
    await _resumed(discord)
    await discord.gateway.invalidate()
    await discord.until(lambda: len(discord.gateway.identifies) == 2, "a second identify")

    assert len(discord.gateway.resumes) == 1


async def test_lost_session_is_refused(discord: DiscordServer, bot: SmallBot) -> None:
    """A session that the gateway does not know any more is not resumed."""
    discord.gateway.forget_sessions()
    await discord.gateway.drop()
    await discord.until(lambda: len(discord.gateway.identifies) == 2, "a second identify")

    assert len(discord.gateway.resumes) == 1


@pytest.mark.parametrize("refuses", [False, True])
async def test_dead_resume_host(discord: DiscordServer, bot: SmallBot, refuses: bool) -> None:
    """While the address to resume at is dead the bot stays away; it comes back with it."""
    discord.gateway.dead_resume_host(refuses=refuses)
    await discord.gateway.drop()
    await discord.until(lambda: discord.gateway.turned_away, "somebody turned away")
    away = discord.gateway.connections
    discord.gateway.living_resume_host()
    await _resumed(discord)

    assert away == 0


async def test_outage_keeps_the_world(discord: DiscordServer, bot: SmallBot, ann: Person) -> None:
    """After stop and start the same bot resumes at the same address, in the same world."""
    before = (discord.api_url, discord.gateway_url, discord.cdn_url)
    await discord.stop()
    assert discord.gateway.connections == 0

    await discord.start()
    await _resumed(discord)
    shown = await ann.slash("redraw", {"prompt": "x"}, attachments={"image": ("a", b"x")})

    assert (discord.api_url, discord.gateway_url, discord.cdn_url) == before
    assert shown.kind == "deferred"


async def test_raw_payload_is_pushed(discord: DiscordServer, bot: SmallBot) -> None:
    """An event that nobody knows reaches the bot, and does no harm."""
    await discord.gateway.push({"t": "SOMETHING_NEW", "d": {}})
    await discord.gateway.reconnect()
    await _resumed(discord)

    assert discord.gateway.resumes[0]["seq"] == 2


async def test_bad_token() -> None:
    """A wrong token is told apart at the REST API, and by 4004 at the gateway."""
    said = {"token": "wrong", "intents": 0, "properties": {}}
    async with DiscordServer(allow_illegal=True) as discord, SmallBot() as bot:
        point_at(discord)
        with pytest.raises(library.LoginFailure):
            await bot.login("wrong")

        assert await _close_code(discord, {"op": 2, "d": said}) == 4004


async def test_identifies_run_out(discord: DiscordServer) -> None:
    """When no identify is left, the token does not work any more."""
    discord.gateway.limit(0)
    said = {"token": discord.token, "intents": 0, "properties": {}}

    assert await _close_code(discord, {"op": 2, "d": said}) == 4004


async def _close_code(discord: DiscordServer, said: dict[str, Any]) -> int | None:
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(f"{discord.gateway_url}/?v=10&encoding=json") as socket,
    ):
        hello = json.loads((await socket.receive()).data)
        assert hello["op"] == 10
        await socket.send_json(said)
        await asyncio.wait_for(socket.receive(), 5)
        return socket.close_code


@pytest.mark.parametrize("compression", [None, "zlib-stream", "zstd-stream"])
async def test_frames_are_as_asked(compression: str | None) -> None:
    """A payload comes as text, or compressed as one stream per connection."""
    import zlib

    import zstandard

    async with DiscordServer() as discord, aiohttp.ClientSession() as http:
        query = f"&compress={compression}" if compression else ""
        async with http.ws_connect(f"{discord.gateway_url}/?v=10{query}") as socket:
            frame = (await socket.receive()).data
    if compression == "zlib-stream":
        frame = zlib.decompressobj().decompress(frame)
    elif compression:
        frame = zstandard.ZstdDecompressor().decompressobj().decompress(frame)

    assert json.loads(frame)["op"] == 10


async def test_shards_hear_their_guilds(discord: DiscordServer, ann: Person) -> None:
    """An event goes to the session of its guild's shard alone."""
    point_at(discord)
    guild = discord.world.channel(discord.world.guild()).guild
    assert guild is not None
    number = (guild.id >> 22) % 2
    async with aiohttp.ClientSession() as http:
        sockets = []
        for shard in (0, 1):
            socket = await http.ws_connect(f"{discord.gateway_url}/?v=10")
            await socket.receive()
            said = {"token": discord.token, "intents": 0, "shard": [shard, 2]}
            await socket.send_json({"op": 2, "d": said})
            assert json.loads((await socket.receive()).data)["t"] == "READY"
            sockets.append(socket)
        await discord.gateway.dispatch("MARK", {}, guild_id=guild.id)
        heard = json.loads((await asyncio.wait_for(sockets[number].receive(), 5)).data)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(sockets[1 - number].receive(), 0.05)

    assert heard["t"] == "MARK"


async def test_interaction_is_replayed(discord: DiscordServer, bot: SmallBot, ann: Person) -> None:
    """The same interaction may come twice, with the same id and token."""
    shown = await ann.slash("redraw", {"prompt": "x"}, attachments={"image": ("a", b"x")})
    await discord.replay(shown.interaction_id)
    await discord.until(lambda: len(bot.heard) == 2, "the replay")

    assert {(one.id, one.token) for one in bot.heard} == {(shown.interaction_id, shown.token)}
