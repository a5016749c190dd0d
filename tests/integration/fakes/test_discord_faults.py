"""Calls that fail, are held, are cut off or limited, as discord.py and plain calls meet them."""

from __future__ import annotations

import asyncio

import aiohttp
import discord as library
import pytest

from tests.fakes.clock import VirtualClock
from tests.fakes.discord_raw import Raw
from tests.fakes.discord_server import DiscordServer
from tests.fakes.discord_small_bot import SmallBot, point_at
from tests.fakes.discord_values import Channel

POST = "POST /channels/{channel}/messages"


@pytest.fixture
def path(channel: Channel) -> str:
    return f"/channels/{channel.id}/messages"


async def test_fault_comes_as_often_as_asked(
    call: Raw, discord: DiscordServer, path: str, channel: Channel
) -> None:
    """The next calls of that route fail without effect, others and later ones do not."""
    fault = discord.faults.fail(POST, status=503, times=2)
    said = [await call("POST", path, {"content": "x"}) for _ in range(3)]

    assert [one.status for one in said] == [503, 503, 200]
    assert (fault.met, len(discord.messages(channel))) == (2, 1)
    assert [one.status for one in discord.called(POST)] == [503, 503, 200]


async def test_fault_by_code_and_predicate(call: Raw, discord: DiscordServer, path: str) -> None:
    """A known code brings its status; a predicate chooses among calls."""
    discord.faults.fail(lambda asked: asked.body.get("content") == "bad", code=50013)
    fine = await call("POST", path, {"content": "good"})
    bad = await call("POST", path, {"content": "bad"})

    assert (fine.status, bad.refused) == (200, (403, 50013))
    assert bad.body["message"] == "Missing Permissions"


async def test_lost_answer(call: Raw, discord: DiscordServer, path: str, channel: Channel) -> None:
    """A call may take effect although it is said to fail."""
    discord.faults.fail(POST, status=500, after_taking=True)
    body = {"content": "x", "nonce": "n", "enforce_nonce": True}
    lost = await call("POST", path, body)
    again = await call("POST", path, body)

    assert (lost.status, again.status) == (500, 200)
    assert [str(m.id) for m in discord.messages(channel)] == [again.body["id"]]


@pytest.mark.parametrize("after_taking", [False, True])
async def test_dropped_connection(
    call: Raw, discord: DiscordServer, path: str, channel: Channel, after_taking: bool
) -> None:
    """A connection may be cut before or after the call took effect."""
    discord.faults.fail(POST, drop=True, after_taking=after_taking)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await call("POST", path, {"content": "x"})

    assert len(discord.messages(channel)) == int(after_taking)
    assert discord.calls[-1].status == 0


@pytest.mark.parametrize("after_taking", [False, True])
async def test_held_call(
    call: Raw, discord: DiscordServer, path: str, channel: Channel, after_taking: bool
) -> None:
    """A held call waits until it is let go, before or after it took effect."""
    fault = discord.faults.fail(POST, hold=True, after_taking=after_taking)
    async with asyncio.TaskGroup() as tasks:
        posting = tasks.create_task(call("POST", path, {"content": "x"}))
        await asyncio.wait_for(fault.reached.wait(), 5)
        held = (posting.done(), len(discord.messages(channel)))
        fault.release()

    assert held == (False, int(after_taking))
    assert posting.result().status == 200


async def test_limited_route(
    call: Raw, discord: DiscordServer, path: str, clock: VirtualClock, channel: Channel
) -> None:
    """A limited route counts in its headers, and refuses until its window is over."""
    discord.limits.limit(POST, 2, within_s=5)
    said = [await call("POST", path, {"content": "x"}) for _ in range(3)]
    other = discord.world.channel(channel.guild) if channel.guild else channel
    elsewhere = await call("POST", f"/channels/{other.id}/messages", {"content": "x"})
    await clock.advance(5)
    later = await call("POST", path, {"content": "x"})

    assert [one.headers["X-RateLimit-Remaining"] for one in said] == ["1", "0", "0"]
    assert [one.status for one in [*said, elsewhere, later]] == [200, 200, 429, 200, 200]
    assert (said[2].body["retry_after"], said[2].body["global"]) == (5.0, False)
    assert said[2].headers["X-RateLimit-Bucket"] == said[0].headers["X-RateLimit-Bucket"]


async def _send(discord: DiscordServer, channel: Channel) -> library.Message:
    point_at(discord)
    async with SmallBot() as bot:
        bot.setup_hook = _nothing  # type: ignore[method-assign]  # no commands needed here
        await bot.login(discord.token)
        return await bot.get_partial_messageable(channel.id).send("x", nonce="n")


async def _nothing() -> None:
    return None


@pytest.mark.parametrize("everywhere", [False, True])
async def test_library_waits_for_a_limit(
    discord: DiscordServer, channel: Channel, everywhere: bool
) -> None:
    """discord.py waits and repeats after Discord's own 429, of the route or global."""
    fault = discord.faults.fail(POST, status=429, retry_after_s=0.05, everywhere=everywhere)
    await _send(discord, channel)

    assert [one.status for one in discord.called(POST)] == [429, 200]
    assert fault.met == 1


async def test_library_gives_up_at_a_ban(discord: DiscordServer, channel: Channel) -> None:
    """Without `Via` a 429 is Cloudflare's, and raised at once."""
    discord.faults.fail(POST, status=429, via=False, times=9)
    with pytest.raises(library.HTTPException) as caught:
        await _send(discord, channel)

    assert (caught.value.status, len(discord.called(POST))) == (429, 1)


async def test_library_repeats_after_a_lost_answer(
    discord: DiscordServer, channel: Channel
) -> None:
    """discord.py repeats after 500, and the nonce keeps it one message."""
    discord.faults.fail(POST, status=500, after_taking=True)
    message = await _send(discord, channel)

    assert [str(m.id) for m in discord.messages(channel)] == [str(message.id)]
    assert [one.status for one in discord.called(POST)] == [500, 200]


async def test_old_edit_says_when_to_come_back(
    call: Raw, discord: DiscordServer, path: str
) -> None:
    """30046 is a 429 of Discord's own, with the wait that was asked for."""
    discord.faults.fail(POST, code=30046, retry_after_s=7)
    said = await call("POST", path, {"content": "x"})

    assert (said.refused, said.body["retry_after"]) == ((429, 30046), 7)
