"""Ways for a job on Slack to get stuck in one state, so that the process can be killed there."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from bot.plans import JOBS_FILE
from core.jobs.lifecycle import DeliveryKind
from tests.acceptance.bot_process import TURNED_AWAY
from tests.acceptance.slack_marks import mark_of, prompt_of, public, title_of
from tests.acceptance.slack_process import PATIENCE_S, Bot
from tests.fakes.provider_script import Fault as ApiFault
from tests.fakes.provider_script import Script
from tests.fakes.slack_faults import Fault, Where
from tests.fakes.slack_shown import Shown
from tests.fakes.slack_values import Channel, Message

LONG_S = 60.0
POST, EDIT, INFO = "chat.postMessage", "chat.update", "files.info"
BEGIN, COMPLETE = "files.getUploadURLExternal", "files.completeUploadExternal"
FETCH, UPLOAD = "GET files", "POST upload"
"""How the fake calls requests to its file host."""


@dataclass
class Stuck:
    """Something that does not go on: wait until it is so, and let it go on after the kill."""

    reached: Callable[[], Awaitable[object]]
    release: Callable[[], object] = lambda: None
    comes_late: bool = False
    """Whether it goes on only when the next process has asked Slack about it."""


Arrange = Callable[[Bot, str], Stuck]
"""Sets the fakes so that the job with a prompt gets stuck."""


def last_edit(asked: Any) -> bool:
    """Whether a call is the last edit of the card of a job that went well."""
    return asked.method == EDIT and "Redrawn" in json.dumps(asked.arguments)


def lost_call(where: Where) -> Arrange:
    """The call is lost on its way to Slack."""
    return lambda bot, _: _of(bot.slack.faults.fail(where, hold=True, drop=True))


def unanswered(where: Where) -> Arrange:
    """The call takes effect, and nobody hears of it."""
    return lambda bot, _: _of(bot.slack.faults.fail(where, hold=True, after_taking=True))


def late(where: Where) -> Arrange:
    """The call takes effect so late that the next process has already looked for it."""

    def arrange(bot: Bot, _: str) -> Stuck:
        fault = bot.slack.faults.fail(where, hold=True)
        return Stuck(fault.reached.wait, fault.end, comes_late=True)

    return arrange


def shared_late(bot: Bot, _: str) -> Stuck:
    """The upload is completed, and Slack posts the files only after the next process has looked."""
    bot.slack.world.shares_held = True
    fault = bot.slack.faults.fail(COMPLETE, hold=True, after_taking=True)

    def release() -> None:
        fault.end()
        bot.slack.release_shares()

    return Stuck(fault.reached.wait, release, comes_late=True)


def looked_for(bot: Bot, _: str) -> Stuck:
    """The files are posted, and that is not known yet."""

    def is_of_ours(asked: Any) -> bool:
        file = bot.slack.world.files.get(asked.text("file"))
        return asked.method == INFO and file is not None and file.owner is bot.slack.world.bot

    return _of(bot.slack.faults.fail(is_of_ours, hold=True, drop=True))


def _of(fault: Fault) -> Stuck:
    return Stuck(fault.reached.wait, fault.end)


def put_back(bot: Bot, _: str) -> Stuck:
    """The provider has no room just now."""
    bot.provider.fail_submits(TURNED_AWAY)

    async def is_put_back() -> None:
        query = "SELECT COUNT(*) FROM job WHERE state = 'queued' AND attempt > 0"
        while rows(bot, query) == [(0,)]:
            await asyncio.sleep(0.02)

    return Stuck(is_put_back)


def submitting(bot: Bot, _: str) -> Stuck:
    """The paid call has arrived, and is not answered."""
    bot.provider.fail_submits(ApiFault(ending="pass", delay_s=LONG_S))
    return Stuck(lambda: bot.provider.arrived(len(bot.provider.submits) + 1, timeout_s=LONG_S))


def running(bot: Bot, prompt: str) -> Stuck:
    """The provider has not done yet."""
    bot.provider.script(Script(held=True), prompt=prompt)
    polls = bot.provider.polls.total()
    return Stuck(
        lambda: _until(lambda: bot.provider.polls.total() > polls),
        lambda: bot.provider.release(prompt),
    )


def collecting(bot: Bot, _: str) -> Stuck:
    """The pictures are made, and do not come."""
    bot.provider.fail_pictures(ApiFault(ending="pass", delay_s=LONG_S))
    downloads = bot.provider.downloads.total()
    return Stuck(lambda: _until(lambda: bot.provider.downloads.total() > downloads))


async def _until(is_so: Callable[[], bool]) -> None:
    while not is_so():
        await asyncio.sleep(0.02)


STATES: dict[str, Arrange] = {
    "received, picture looked up": lost_call(INFO),
    "received, picture on its way": lost_call(FETCH),
    "received, card lost": lost_call(POST),
    "received, card taken": unanswered(POST),
    "queued": put_back,
    "running": running,
    "collecting": collecting,
    "ready, upload not announced": lost_call(BEGIN),
    "ready, upload announced": unanswered(BEGIN),
    "ready, bytes lost": lost_call(UPLOAD),
    "ready, bytes taken": unanswered(UPLOAD),
    "ready, completion lost": lost_call(COMPLETE),
    "ready, completion taken": unanswered(COMPLETE),
    "ready, completion late": late(COMPLETE),
    "ready, posted late": shared_late,
    "ready, posted, not known": looked_for,
    "ready, last edit lost": lost_call(last_edit),
    "ready, last edit taken": unanswered(last_edit),
}


def rows(bot: Bot, query: str) -> list[tuple[object, ...]]:
    """Return what the database of the process says."""
    with contextlib.closing(sqlite3.connect(bot.folder / "data" / JOBS_FILE)) as database:
        found: list[tuple[object, ...]] = database.execute(query).fetchall()
    return found


async def killed_when_stuck(
    bot: Bot, prompt: str, arrange: Arrange, *, meanwhile: Callable[[], None] = lambda: None
) -> Shown:
    """Order, kill the process once the job is stuck, and start it after what happens meanwhile."""
    stuck = arrange(bot, prompt)
    sent = await bot.order(prompt)
    async with asyncio.timeout(PATIENCE_S):
        await stuck.reached()
    await bot.kill()
    looks = len(bot.slack.called(INFO))
    if not stuck.comes_late:
        stuck.release()
    meanwhile()
    await bot.start()
    if stuck.comes_late:
        await bot.slack.until(
            lambda: len(bot.slack.called(INFO)) > looks, "a look", within_s=PATIENCE_S
        )
        stuck.release()
    return sent


async def under_way(
    bot: Bot, prompt: str, *, channel: Channel | None = None
) -> tuple[Shown, Message]:
    """Order, and return it with its card once it is known to run: until its prompt is released."""
    stuck = running(bot, prompt)
    sent = await bot.order(prompt, channel=channel)
    async with asyncio.timeout(PATIENCE_S):
        await stuck.reached()
    return sent, await bot.card(sent)


def cards_of(bot: Bot, prompt: str) -> list[Message]:
    """Return the cards with this prompt, oldest first; of a job the newest is the one that goes."""
    found = [message for message in public(bot.slack) if prompt_of(message) == prompt]
    return [each for each in found if (mark := mark_of(each)) and mark[1] is DeliveryKind.CARD]


async def ended(bot: Bot, prompt: str, *titles: str, within_s: float = PATIENCE_S) -> Message:
    """Return the newest card with this prompt once it has one of these titles, or is done."""

    def found() -> Message | None:
        card = next(reversed(cards_of(bot, prompt)), None)
        return card if card and title_of(card).startswith(titles or ("Redrawn",)) else None

    return await bot.slack.until(found, f"the end of {prompt!r}", within_s=within_s)
