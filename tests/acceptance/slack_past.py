"""Jobs that were done before somebody presses their buttons: just now, or a month ago."""

from __future__ import annotations

import asyncio
import contextlib
import copy
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal

from core.clock import SystemClock
from tests.acceptance.slack_process import PATIENCE_S, Bot, Mode, bot_of
from tests.fakes.clock import FastClock
from tests.fakes.pictures import jpeg
from tests.fakes.provider_script import Script
from tests.fakes.slack_shown import Shown
from tests.fakes.slack_values import Channel, Message

When = Literal["at once", "after a restart", "after a month"]
MONTH_S = 29 * 24 * 3600.0
"""A day less than pictures and words are kept, in seconds."""

DONE = ("run", "double", "edit", "compare", "delete", "moderate")
RUNNING = ("cancel", "stop")
"""Jobs under way; `cancel` is for the requester, `stop` for an admin."""


@dataclass
class Past:
    """What was there before: the cards and results of jobs, by what they are for."""

    bot: Bot
    when: When
    cards: dict[str, Message] = field(default_factory=dict)
    results: dict[str, Message] = field(default_factory=dict)
    stale: dict[str, Message] = field(default_factory=dict)
    """Cards as they looked before the process ended: somebody's client may still show them so."""

    pictures: list[str] = field(default_factory=list)
    """Whose pictures were made so far."""

    @property
    def is_old(self) -> bool:
        """Whether a month has gone by, and the pictures are gone from our disk."""
        return self.when == "after a month"

    async def make(self) -> None:
        """Make all jobs, at the same time but for the one whose submit is cut off."""
        await self._uncertain("warn")
        for prompt in (*RUNNING, "check"):
            self.bot.hold(prompt)
        async with asyncio.TaskGroup() as tasks:
            for prompt in DONE:
                tasks.create_task(self._done(prompt))
            for prompt in (*RUNNING, "check"):
                tasks.create_task(self._running(prompt))
            tasks.create_task(self._done("use", batch=2))
            tasks.create_task(self._refused("refused"))
        await self._cancelled("check")
        self.stale = {prompt: copy.copy(card) for prompt, card in self.cards.items()}

    async def _ordered(
        self, prompt: str, *, channel: Channel | None = None, batch: int = 1
    ) -> Shown:
        # a picture of its own: the spool keeps one copy of equal ones, whoever's they are
        picture = jpeg("coffee", (320, 200 + len(self.pictures)))
        self.pictures.append(prompt)
        filled = {"Picture": ("coffee.jpg", picture), "Pictures to make": str(batch)}
        return await self.bot.order(prompt, channel=channel, filled=filled)

    async def _done(self, prompt: str, *, batch: int = 1) -> None:
        sent = await self._ordered(prompt, batch=batch)
        self.cards[prompt], self.results[prompt] = await self.bot.done(sent)

    async def _uncertain(self, prompt: str) -> None:
        self.bot.provider.fail_submits("cut")
        sent = await self._ordered(prompt)
        self.cards[prompt], _ = await self.bot.done(sent, "Nobody knows")

    async def _running(self, prompt: str, *, channel: Channel | None = None) -> Shown:
        sent = await self._ordered(prompt, channel=channel)
        self.cards[prompt] = await self.bot.card(sent)
        await self.bot.submitted(prompt)
        await self._asked_for(prompt)
        return sent

    async def _asked_for(self, prompt: str) -> None:
        """Return once the result of a job was asked for: it is known to run then."""
        (task,) = [each for each in self.bot.provider.tasks.values() if each.prompt == prompt]
        async with asyncio.timeout(PATIENCE_S):
            while not self.bot.provider.polls[task.task_id]:
                await asyncio.sleep(0.02)

    async def _cancelled(self, prompt: str) -> None:
        await self.bot.ann.click(self.cards[prompt], "Cancel")
        await self.bot.titled(self.cards[prompt], "Cancelled")

    async def _refused(self, prompt: str) -> None:
        """Take Redraw out of a channel before its result; only its list knows of that then."""
        self.bot.provider.script(Script(held=True, formats=("png",)), prompt=prompt)
        world = self.bot.slack.world
        channel = world.channel("left")
        sent = await self._running(prompt, channel=channel)
        world.leave(channel)
        self.bot.provider.release(prompt)
        await sent.told("cannot be posted", within_s=PATIENCE_S)
        await self.bot.titled(self.cards[prompt], "Redrawn")
        world.join(channel)


@contextlib.asynccontextmanager
async def past(folder: Path, mode: Mode, when: When) -> AsyncIterator[Past]:
    """Open everything with jobs in the past; the process that made them runs, or another one."""
    behind_s = MONTH_S if when == "after a month" else 0.0
    clock = FastClock(1.0, start=SystemClock().now() - timedelta(seconds=behind_s))
    async with bot_of(folder, mode, "fake", clock=clock, behind_s=behind_s) as bot:
        made = Past(bot, when)
        await made.make()
        if when != "at once":
            await bot.kill()
            if made.is_old:
                clock.leap(MONTH_S)
                bot.behind_s = 0.0
                _lose_pictures(folder / "data" / "media")
            await bot.start()
        yield made


def _lose_pictures(folder: Path) -> None:
    """Remove all but the one that has not been shown yet, which is a PNG: nobody else has it."""
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix != ".png":
            path.unlink()


def altered(message: Message, label: str, **changes: str) -> Message:
    """Return the message with a button that another version, or another job, would have."""
    changed = copy.copy(message)
    changed.blocks = copy.deepcopy(message.blocks)
    for block in changed.blocks:
        for element in block.get("elements", ()):
            if element.get("type") == "button" and element["text"]["text"] == label:
                element.update(changes)
    return changed
