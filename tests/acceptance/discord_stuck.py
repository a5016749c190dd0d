"""Ways for a job on Discord to get stuck in one state, so that the process can be killed there."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from bot.plans import JOBS_FILE
from tests.acceptance.bot_process import TURNED_AWAY
from tests.acceptance.discord_process import PATIENCE_S, PICTURE, Bot
from tests.fakes.discord_faults import Fault, Where
from tests.fakes.discord_shown import Shown
from tests.fakes.provider_script import Fault as ApiFault
from tests.fakes.provider_script import Script

LONG_S = 60.0
CALLBACK = "POST /interactions/{interaction}/{token}/callback"
FILL = "PATCH /webhooks/{application}/{token}/messages/@original"
POST = "POST /channels/{channel}/messages"
THREAD = "POST /channels/{channel}/messages/{message}/threads"
EDIT = "PATCH /channels/{channel}/messages/{message}"


@dataclass
class Stuck:
    """Something that does not go on: wait until it is so, and let it go on after the kill."""

    reached: Callable[[], Awaitable[object]]
    release: Callable[[], object] = lambda: None


Arrange = Callable[[Bot, str], Stuck]
"""Sets the fakes so that the job with a prompt gets stuck."""


def last_edit(asked: Any) -> bool:
    """Whether a call is the last edit of the card of a job that went well."""
    return getattr(asked, "route", "") == EDIT and "### Redrawn" in json.dumps(asked.json)


def lost(where: Where) -> Arrange:
    """The call is lost on its way to Discord."""
    return lambda bot, _: _of(bot.discord.faults.fail(where, hold=True, drop=True))


def unanswered(where: Where) -> Arrange:
    """The call takes effect, and nobody hears of it."""
    return lambda bot, _: _of(bot.discord.faults.fail(where, hold=True, after_taking=True))


def _of(fault: Fault) -> Stuck:
    return Stuck(fault.reached.wait, fault.end)


def put_back(bot: Bot, prompt: str) -> Stuck:
    bot.provider.fail_submits(TURNED_AWAY)

    async def put_back() -> None:
        query = "SELECT COUNT(*) FROM job WHERE state = 'queued' AND attempt > 0"
        while True:
            with contextlib.closing(sqlite3.connect(bot.folder / "data" / JOBS_FILE)) as database:
                if database.execute(query).fetchone() != (0,):
                    return
            await asyncio.sleep(0.02)

    return Stuck(put_back)


def submitting(bot: Bot, prompt: str) -> Stuck:
    bot.provider.fail_submits(ApiFault(ending="pass", delay_s=LONG_S))
    return Stuck(lambda: bot.provider.arrived(len(bot.provider.submits) + 1, timeout_s=LONG_S))


def running(bot: Bot, prompt: str) -> Stuck:
    bot.provider.script(Script(held=True), prompt=prompt)
    polls = bot.provider.polls.total()
    return Stuck(
        lambda: _until(lambda: bot.provider.polls.total() > polls),
        lambda: bot.provider.release(prompt),
    )


def collecting(bot: Bot, prompt: str) -> Stuck:
    bot.provider.fail_pictures(ApiFault(ending="pass", delay_s=LONG_S))
    downloads = bot.provider.downloads.total()
    return Stuck(lambda: _until(lambda: bot.provider.downloads.total() > downloads))


async def _until(is_so: Callable[[], bool]) -> None:
    while not is_so():
        await asyncio.sleep(0.02)


STATES: dict[str, Arrange] = {
    "acknowledged, not recorded": unanswered(CALLBACK),
    "received, card lost": lost(FILL),
    "received, card taken": unanswered(FILL),
    "queued": put_back,
    "running": running,
    "collecting": collecting,
    "ready, thread lost": lost(THREAD),
    "ready, thread taken": unanswered(THREAD),
    "ready, result lost": lost(POST),
    "ready, result taken": unanswered(POST),
    "ready, last edit lost": lost(last_edit),
    "ready, last edit taken": unanswered(last_edit),
}


async def killed_when_stuck(
    bot: Bot, prompt: str, arrange: Arrange, *, meanwhile: Callable[[], None] = lambda: None
) -> Shown:
    """Order, kill the process once the job is stuck, and start it after what happens meanwhile."""
    stuck = arrange(bot, prompt)
    shown = await order(bot, prompt)
    async with asyncio.timeout(PATIENCE_S):
        await stuck.reached()
    await bot.kill()
    stuck.release()
    meanwhile()
    await bot.start()
    return shown


async def order(bot: Bot, prompt: str) -> Shown:
    """Order pictures without waiting for anything."""
    options, files = {"prompt": prompt}, {"image": PICTURE}
    return await bot.ann.slash("redraw", options, attachments=files, waits=False)
