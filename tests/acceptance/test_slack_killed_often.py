"""Redraw on Slack under forty jobs, killed at random: nothing lost, nothing done or told twice."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping

import pytest

from adapters.slack.registration import COMMAND, GLOBAL_SHORTCUT, MESSAGE_SHORTCUT
from tests.acceptance.bot_process import was_held_up
from tests.acceptance.slack_marks import (
    cards_twice,
    job_of,
    jobs,
    lost,
    nothing_twice,
    results_of,
    title_of,
)
from tests.acceptance.slack_process import PATIENCE_S, PICTURE, Bot, Mode, bot_of
from tests.acceptance.slack_stuck import ended
from tests.fakes.provider_script import Fault as ApiFault
from tests.fakes.provider_script import Script
from tests.fakes.slack_shown import Shown
from tests.fakes.slack_user import Person

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

JOBS, KILLS = 40, 8
GIVEN_UP_S = 4.0
"""How long somebody looks for a form that was to open, in seconds; then they ask once more."""


@pytest.mark.parametrize(("mode", "seed"), [(Mode.SOCKET, 7), (Mode.HTTP, 8)])
async def test_forty_jobs_under_random_kills(
    tmp_path_factory: pytest.TempPathFactory, mode: Mode, seed: int
) -> None:
    """Of 40 jobs asked for in every way under 8 kills none is lost, and none done or told twice."""
    rng = random.Random(seed)
    async with bot_of(tmp_path_factory.mktemp("slack") / "bot", mode, "fake") as bot:
        bot.provider.default = Script(pending_s=0.5)
        bot.provider.fail_submits(ApiFault(ending="pass", delay_s=0.2), times=1000)
        prompts = {
            f"picture {number} of {seed}": WAYS[number % len(WAYS)] for number in range(JOBS)
        }
        async with asyncio.TaskGroup() as tasks:
            for prompt, way in prompts.items():
                tasks.create_task(_insist(way, bot, prompt, delay_s=rng.uniform(0.0, 12.0)))
            for _ in range(KILLS):
                await asyncio.sleep(rng.uniform(0.1, 2.0))
                await bot.restart()
        cards = {
            prompt: await ended(bot, prompt, "Redrawn", "Nobody knows", within_s=3 * PATIENCE_S)
            for prompt in prompts
        }
        uncertain = {
            prompt for prompt, card in cards.items() if title_of(card).startswith("Nobody knows")
        }
        submits = Counter(submit.prompt for submit in bot.provider.submits)
        again = cards_twice(bot.slack)
        print(f"uncertain {len(uncertain)} of {JOBS}, cards posted again {again}")  # noqa: T201

        assert set(prompts) - uncertain <= set(submits) <= set(prompts)
        assert max(submits.values()) == 1
        assert jobs(bot.slack) == {job_of(card) for card in cards.values()}
        for prompt, card in cards.items():
            assert len(results_of(bot.slack, card)) == (prompt not in uncertain)
        assert lost(bot.slack) == 0
        nothing_twice(bot.slack, bot.provider, cards_again=KILLS)


async def _insist(way: Way, bot: Bot, prompt: str, *, delay_s: float) -> None:
    """Ask as somebody does who reads that the app did not respond: until it does."""
    who = bot.slack.user(prompt.replace(" ", "-"), channel=bot.channel)
    await asyncio.sleep(delay_s)
    async with asyncio.timeout(3 * PATIENCE_S):
        while not await way(bot, who, prompt):
            await asyncio.sleep(0.5)


async def _by_command(bot: Bot, who: Person, prompt: str) -> bool:
    opened = await who.command(COMMAND, waits=False)
    return await _sent(who, opened, {"Picture": PICTURE, "Prompt": prompt})


async def _by_shortcut(bot: Bot, who: Person, prompt: str) -> bool:
    message = who.upload(dict([PICTURE]))
    opened = await who.message_shortcut(MESSAGE_SHORTCUT, message, waits=False)
    return await _sent(who, opened, {"Prompt": prompt})


async def _by_global_shortcut(bot: Bot, who: Person, prompt: str) -> bool:
    opened = await who.global_shortcut(GLOBAL_SHORTCUT, waits=False)
    filled = {"Picture": PICTURE, "Prompt": prompt, "Where to post": bot.channel.id}
    return await _sent(who, opened, filled)


async def _by_mention(bot: Bot, who: Person, prompt: str) -> bool:
    """Mention it once; Slack tells of that again until it hears an acknowledgement."""
    told = await who.mention(prompt, files=dict([PICTURE]), waits=False)
    event_id, number = told.event_id, 0
    while (await told.over(within_s=PATIENCE_S)).unacknowledged:
        await asyncio.sleep(0.5)
        number += 1
        told = await bot.slack.redeliver(event_id, number, waits=False)
    return True


Way = Callable[[Bot, Person, str], Awaitable[bool]]
"""Asks for one job; whether that was acknowledged in the end."""

WAYS: tuple[Way, ...] = (_by_command, _by_mention, _by_shortcut, _by_global_shortcut)


async def _sent(who: Person, opened: Shown, filled: Mapping[str, object]) -> bool:
    """Send the form that an act has opened, until it is closed; False when there is none."""
    await opened.over(within_s=PATIENCE_S)
    try:
        view = await opened.viewed(within_s=GIVEN_UP_S)
    except AssertionError:
        return False
    while view.open:
        sent = await who.submit(view, filled, waits=False)
        filled = {}
        if (await sent.over(within_s=PATIENCE_S)).unacknowledged:
            await asyncio.sleep(0.5)
        elif sent.response_action != "clear":
            assert was_held_up(" ".join(sent.errors.values()), sent.ack_s), sent.errors
    return True
