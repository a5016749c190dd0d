"""As many sessions as Discord wants: each hears its servers, and is resumed or begun by itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters.discord.shards import BETWEEN_S, Turns
from adapters.lead import Presence
from core.jobs.lifecycle import State
from tests.fakes.clock import VirtualClock, settle
from tests.fakes.discord_rig import PATIENCE_S, PICTURE, Redraw, open_redraw
from tests.fakes.discord_values import Channel

SHARDS = 3


@asynccontextmanager
async def sharded(folder: Path) -> AsyncIterator[Redraw]:
    """Redraw, connected in as many sessions as there are shards."""
    async with open_redraw(folder, starts=False) as redraw:
        redraw.discord.gateway.shards = redraw.discord.gateway.at_once = SHARDS
        await redraw.start()
        await connections(redraw, SHARDS)
        yield redraw


async def connections(redraw: Redraw, count: int) -> None:
    gateway = redraw.discord.gateway
    await redraw.discord.until(
        lambda: gateway.connections == count, f"{count} sessions", within_s=PATIENCE_S
    )


def place_of(redraw: Redraw, shard: int) -> Channel:
    """Return a channel of a server of that shard."""
    while True:
        guild = redraw.discord.world.guild()
        if (guild.id >> 22) % SHARDS == shard:
            return redraw.discord.world.channel(guild)


async def test_servers_of_every_shard_are_heard_once(tmp_path: Path) -> None:
    """Each shard announces itself, and an order in any server makes one job."""
    async with sharded(tmp_path) as redraw:
        announced = sorted(each["shard"] for each in redraw.discord.gateway.identifies)
        assert announced == [[number, SHARDS] for number in range(SHARDS)]
        for shard in range(SHARDS):
            channel = place_of(redraw, shard)
            ann = redraw.discord.user("ann", channel=channel)
            shown = await ann.slash(
                "redraw", {"prompt": str(shard)}, attachments={"image": PICTURE}
            )
            await redraw.said(await redraw.until(shown, State.READY))
        assert redraw.app.presence is Presence.CONNECTED
        assert len(await redraw.works.ledger.list_all(9)) == SHARDS
    assert redraw.discord.gateway.connections == 0


async def test_lost_sockets_are_resumed_each_by_itself(tmp_path: Path) -> None:
    """No new session is begun for a lost connection."""
    async with sharded(tmp_path) as redraw:
        gateway = redraw.discord.gateway
        await gateway.drop()
        await redraw.discord.until(
            lambda: len(gateway.resumes) >= SHARDS, "resumes", within_s=PATIENCE_S
        )
        await connections(redraw, SHARDS)
        assert len(gateway.identifies) == SHARDS


async def test_only_the_invalid_session_is_begun_anew(tmp_path: Path) -> None:
    """A shard whose session is gone costs one IDENTIFY; the others stay as they are."""
    async with sharded(tmp_path) as redraw:
        gateway = redraw.discord.gateway
        await gateway.invalidate_shard(1)
        await redraw.discord.until(
            lambda: len(gateway.identifies) == SHARDS + 1, "a new session", within_s=PATIENCE_S
        )
        await connections(redraw, SHARDS)
        assert gateway.identifies[-1]["shard"] == [1, SHARDS]


async def test_shard_that_is_not_connected_makes_the_chat_away(tmp_path: Path) -> None:
    """Some servers are not heard then."""
    async with sharded(tmp_path) as redraw:
        gateway = redraw.discord.gateway
        gateway.dead_resume_host()
        await gateway.drop_shard(2)
        await redraw.discord.until(
            lambda: redraw.app.presence is Presence.AWAY, "away", within_s=PATIENCE_S
        )
        assert gateway.connections == SHARDS - 1
        gateway.living_resume_host()
        await connections(redraw, SHARDS)


async def test_unknown_number_is_asked_for_again(tmp_path: Path) -> None:
    """A failing call keeps the bot away for a moment only."""
    async with open_redraw(tmp_path, starts=False) as redraw:
        redraw.discord.faults.fail("GET /gateway/bot", status=404, times=2)
        await redraw.start()
        assert len(redraw.discord.gateway.identifies) == 1
        assert "shard" not in redraw.discord.gateway.identifies[0]


@pytest.mark.parametrize(
    ("at_once", "waits"), [(1, [0, 1, 2, 3]), (2, [0, 0, 1, 1]), (0, [0, 1, 2, 3])]
)
async def test_sessions_begin_no_faster_than_discord_allows(at_once: int, waits: list[int]) -> None:
    """So many together; the next of each after its pause."""
    clock, began_s = VirtualClock(), dict[int, float]()
    turns = Turns(at_once, clock)

    async def begin(number: int) -> None:
        await turns.take(number)
        began_s[number] = clock.monotonic_s()

    async with asyncio.TaskGroup() as tasks:
        for number in range(4):
            tasks.create_task(begin(number))
        await settle()
        await clock.advance(BETWEEN_S * 4)

    assert [began_s[number] / BETWEEN_S for number in range(4)] == waits
