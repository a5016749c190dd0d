"""Redraw on Discord, away for long: until nonces are forgotten, until tokens are dead."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from core.clock import SystemClock
from tests.acceptance.discord_marks import job_of, mark_of, messages_of, nothing_twice
from tests.acceptance.discord_process import PATIENCE_S, Bot, bot_of
from tests.acceptance.discord_stuck import STATES, killed_when_stuck
from tests.fakes.clock import FastClock
from tests.fakes.discord_values import Message

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

NONCE_FORGOTTEN_S = 200.0
TOKEN_DEAD_S = 20 * 60.0
PATIENT = {"REDRAW_JOB_DEADLINE_S": "14400"}


@dataclass
class Away:
    """The process, and the clock by which Discord and it are away from each other."""

    bot: Bot
    clock: FastClock

    def for_(self, seconds: float) -> None:
        """Let so much time go by at once, for Discord and for the next process."""
        self.clock.leap(seconds)
        self.bot.behind_s -= seconds


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def away(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Away]:
    clock = FastClock(1.0, start=SystemClock().now())
    folder = tmp_path_factory.mktemp("discord") / "bot"
    async with bot_of(folder, "card", clock=clock, environ=PATIENT) as bot:
        yield Away(bot, clock)


@pytest.mark.parametrize("seconds", [NONCE_FORGOTTEN_S, TOKEN_DEAD_S])
@pytest.mark.parametrize(
    "state",
    [
        "acknowledged, not recorded",
        "received, card lost",
        "received, card taken",
        "ready, thread taken",
        "ready, result lost",
        "ready, result taken",
    ],
)
async def test_away_for_long(away: Away, state: str, seconds: float) -> None:
    """What may have been posted is looked for before it is posted again."""
    bot, prompt = away.bot, f"{state} for {seconds:g} seconds"
    place = bot.channel
    shown = await killed_when_stuck(
        bot, prompt, STATES[state], meanwhile=lambda: away.for_(seconds)
    )

    def card() -> Message | None:
        ours = (m for m in bot.discord.messages(place) if (mark_of(m) or ("", ""))[1] == "card")
        return next((m for m in ours if prompt in m.text), None)

    found = await bot.discord.until(card, f"the card of {prompt}", within_s=PATIENCE_S)
    await bot.titled(found, "Redrawn")

    nothing_said = state in ("acknowledged, not recorded", "received, card lost")
    is_new = nothing_said and seconds == TOKEN_DEAD_S
    assert (found is shown.original) == (not is_new)
    assert len(messages_of(bot.discord, job_of(found), "result")) == 1
    assert bot.provider.count(prompt=prompt) == 1
    nothing_twice(bot.discord)
