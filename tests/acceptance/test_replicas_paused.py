"""A replica is stopped in the middle of deliveries, others deliver, and then it goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

import pytest

from tests.acceptance import discord_stuck, slack_marks, slack_stuck
from tests.acceptance.bot_process import PATIENCE_S
from tests.acceptance.discord_marks import job_of, messages_of
from tests.acceptance.replica_set import TAKEN_OVER_WITHIN_S, Replica, ReplicaSet, replicas_of

pytestmark = [pytest.mark.slow, pytest.mark.postgres]

ON_SLACK = (
    ("ready, upload announced", "ready, completion late"),
    ("ready, bytes taken", "ready, completion lost"),
    ("ready, completion taken", "ready, last edit taken"),
    ("ready, posted, not known", "ready, last edit lost"),
)
"""
The calls at which a replica is stopped; a late one takes effect when others have posted.

A few at once, since no more than three are uploaded side by side.
"""
ON_DISCORD = (
    ("ready, thread taken", "ready, result taken", "ready, last edit lost"),
    ("ready, result lost", "ready, last edit taken"),
)


async def reached(stuck: Callable[[], Awaitable[object]]) -> None:
    """Return once a job is at the call at which it is to be stopped."""
    async with asyncio.timeout(PATIENCE_S):
        await stuck()


def let_go(releases: Iterable[Callable[[], object]]) -> None:
    """Let calls go on."""
    for release in releases:
        release()


async def alone_again(several: ReplicaSet, woken: Replica, other: Replica) -> None:
    """Return once the one that was stopped has found out, and has everything to itself."""
    await woken.logged("dispatch_was_away")
    await other.kill()
    await woken.stands(**several._chats("connected"))


@pytest.mark.parametrize("calls", ON_SLACK, ids="; ".join)
async def test_slack_deliveries_are_taken_from_a_paused_replica(
    tmp_path: Path, calls: tuple[str, ...]
) -> None:
    """The other does what is left of each, and the one that wakes up adds nothing to any."""
    async with replicas_of(tmp_path / "set", with_slack=True) as several:
        bot, slack = several.on_slack, several.slack
        assert bot is not None
        assert slack is not None
        one = await several.leading("one")
        stuck: dict[str, slack_stuck.Stuck] = {}
        for each in calls:
            stuck[each] = slack_stuck.STATES[each](bot, each)
            await bot.order(each)
            await reached(stuck[each].reached)
        one.pause()
        let_go(each.release for each in stuck.values() if not each.comes_late)
        other = await several.start("other")
        for prompt in calls:
            await slack_stuck.ended(bot, prompt, within_s=TAKEN_OVER_WITHIN_S)
        let_go(each.release for each in stuck.values() if each.comes_late)
        one.wake()
        await alone_again(several, one, other)
        await bot.done(await bot.order("after it all"))

        for prompt in calls:
            cards = slack_stuck.cards_of(bot, prompt)
            assert len(cards) == 1, prompt
            assert len(slack_marks.results_of(slack, cards[0])) == 1
            assert several.provider.count(prompt=prompt) == 1
        slack_marks.nothing_twice(slack, several.provider)
        assert slack_marks.lost(slack) == 0
    assert len(other.times("job_taken_from_the_dead")) == len(calls)


@pytest.mark.parametrize("calls", ON_DISCORD, ids="; ".join)
async def test_discord_deliveries_are_taken_from_a_paused_replica(
    tmp_path: Path, calls: tuple[str, ...]
) -> None:
    """The same; what its library tries again by itself when it wakes up is no second message."""
    async with replicas_of(tmp_path / "set") as several:
        bot, discord = several.on_discord, several.discord
        one = await several.leading("one")
        cards = []
        stuck = []
        for each in calls:
            stuck.append(discord_stuck.STATES[each](bot, each))
            channel = discord.world.channel(bot.guild)  # calls to one wait for each other
            cards.append(await bot.card(await bot.order(each, channel=channel)))
            await reached(stuck[-1].reached)
        one.pause()
        let_go(each.release for each in stuck)
        other = await several.start("other")
        ids = [job_of(card) for card in cards]
        await discord.until(
            lambda: all("### Redrawn" in card.text for card in cards),
            "the end of every job",
            within_s=TAKEN_OVER_WITHIN_S,
        )
        one.wake()
        await alone_again(several, one, other)
        await bot.done(await bot.order("after it all"))

        assert [len(messages_of(discord, each, "result")) for each in ids] == [1] * len(ids)
        assert [several.provider.count(prompt=each) for each in calls] == [1] * len(ids)
    assert len(other.times("job_taken_from_the_dead")) == len(calls)
