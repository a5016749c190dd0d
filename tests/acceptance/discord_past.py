"""Jobs that were done before somebody presses their buttons: just now, or a month ago."""

from __future__ import annotations

import asyncio
import contextlib
import copy
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Literal

from core.clock import SystemClock
from tests.acceptance.discord_process import PATIENCE_S, Bot, bot_of
from tests.fakes.clock import FastClock
from tests.fakes.discord_shown import Shown
from tests.fakes.discord_values import Message, Permission
from tests.fakes.pictures import jpeg
from tests.fakes.provider_script import Script

When = Literal["at once", "after a restart", "after a month"]
MONTH_S = 29 * 24 * 3600.0
"""A day less than pictures and words are kept, in seconds."""

DONE = ("run", "double", "edit", "compare", "delete", "moderate")
RUNNING = ("cancel", "stop")
"""Jobs under way; `cancel` is for the requester, `stop` for a moderator."""


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
        """Make all jobs, at the same time."""
        self.bot.provider.script(Script(held=True, formats=("png",)), prompt="refused")
        for prompt in (*RUNNING, "check"):
            self.bot.provider.script(Script(held=True), prompt=prompt)
        async with asyncio.TaskGroup() as tasks:
            for prompt in DONE:
                tasks.create_task(self._done(prompt))
            for prompt in (*RUNNING, "check"):
                tasks.create_task(self._running(prompt))
            tasks.create_task(self._done("use", batch=2))
            tasks.create_task(self._refused())
        await self._cancelled("check")
        self.stale = {prompt: copy.copy(card) for prompt, card in self.cards.items()}

    async def _ordered(self, prompt: str, **more: object) -> Shown:
        """Order in a channel of its own: edits of one channel wait for each other."""
        channel = self.bot.discord.world.channel(self.bot.guild)
        options = {"prompt": prompt, **more}
        # a picture of its own: the spool keeps one copy of equal ones, whoever's they are
        picture = jpeg("coffee", (320, 200 + len(self.pictures)))
        self.pictures.append(prompt)
        files = {"image": ("coffee.jpg", picture)}
        return await self.bot.ann.slash("redraw", options, channel=channel, attachments=files)

    async def _done(self, prompt: str, **more: object) -> None:
        shown = await self._ordered(prompt, **more)
        self.cards[prompt], self.results[prompt] = await self.bot.done(shown)

    async def _running(self, prompt: str) -> None:
        shown = await self._ordered(prompt)
        self.cards[prompt] = card = await self.bot.card(shown)
        await self._until(lambda: self.bot.provider.count(prompt=prompt) == 1)
        await self._until(lambda: "It is being redrawn" in card.text)

    async def _cancelled(self, prompt: str) -> None:
        await self.bot.ann.click(self.cards[prompt], "Cancel")
        await self.bot.titled(self.cards[prompt], "Cancelled")

    async def _refused(self) -> None:
        """Have a place take the card, and refuse the result; only its list knows of it then."""
        await self._running("refused")
        world, card = self.bot.discord.world, self.cards["refused"]
        world.forbid(card.channel, Permission.SEND_MESSAGES | Permission.SEND_MESSAGES_IN_THREADS)
        self.bot.provider.release("refused")
        await self.bot.titled(card, "Redrawn")
        world.permit(card.channel, self.bot.guild.permissions)

    async def _until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not is_so():
                await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def past(folder: Path, when: When) -> AsyncIterator[Past]:
    """Open everything with jobs in the past; the process that made them runs, or another one."""
    behind_s = MONTH_S if when == "after a month" else 0.0
    clock = FastClock(1.0, start=SystemClock().now() - timedelta(seconds=behind_s))
    async with bot_of(folder, "card", clock=clock, behind_s=behind_s) as bot:
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


def altered(message: Message, old: str, new: str) -> Message:
    """Return the message with other custom ids, as another version would have made it."""
    controls = [
        {**control, "custom_id": control["custom_id"].replace(old, new)}
        for control in message.controls
        if "custom_id" in control
    ]
    row = {"type": 1, "id": 900, "components": controls[:5]}
    return replace(message, components=[row])
