"""Redraw on Discord, killed in each state and started again: nothing lost, nothing said twice."""

from __future__ import annotations

import asyncio
import contextlib
import random
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from bot.plans import JOBS_FILE
from core.jobs.store.intake import ADMIT_WITHIN_S
from tests.acceptance.discord_marks import job_of, jobs, messages_of, nothing_twice
from tests.acceptance.discord_process import PATIENCE_S, PICTURE, Bot, bot_of
from tests.acceptance.discord_stuck import (
    CALLBACK,
    EDIT,
    STATES,
    killed_when_stuck,
    lost,
    order,
    running,
    submitting,
    unanswered,
)
from tests.fakes.discord_shown import Shown, Unanswered
from tests.fakes.discord_values import Message
from tests.fakes.provider_script import Fault as ApiFault
from tests.fakes.provider_script import Script

DELETE = "DELETE /channels/{channel}/messages/{message}"
RENAME = "PATCH /channels/{channel}"

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bot]:
    async with bot_of(tmp_path_factory.mktemp("discord") / "bot", "card") as process:
        yield process


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def command(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bot]:
    """`redraw run` itself."""
    async with bot_of(tmp_path_factory.mktemp("discord") / "command") as process:
        yield process


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def _nothing_goes_on_wrong(bot: Bot) -> AsyncIterator[None]:
    yield
    bot.discord.faults.end()
    bot.provider.release()


@pytest.mark.parametrize("state", STATES)
async def test_killed_in_each_state_ends_in_one_result(bot: Bot, state: str) -> None:
    """Whatever the process was about to do, the next one does the rest, and nothing again."""
    shown = await killed_when_stuck(bot, state, STATES[state])
    card, result = await bot.done(shown)

    assert bot.provider.count(prompt=state, accepted=True) == 1
    assert bot.provider.count(prompt=state) == (2 if state == "queued" else 1)
    assert result.channel.id == card.id
    assert len(bot.discord.messages(result.channel)) == 1
    nothing_twice(bot.discord)


async def test_killed_before_the_acknowledgement_is_as_if_never_asked(bot: Bot) -> None:
    """The user was told that nobody answered, so nothing is paid and nothing is posted."""
    prompt = "never acknowledged"
    shown = await killed_when_stuck(bot, prompt, lost(CALLBACK))
    await bot.done(await bot.order("the next one"))

    with pytest.raises(Unanswered):
        await shown.acknowledged(within_s=0.1)
    assert bot.provider.count(prompt=prompt) == 0
    assert [m for m in bot.discord.world.messages.values() if prompt in m.text] == []
    with contextlib.closing(sqlite3.connect(bot.folder / "data" / JOBS_FILE)) as database:
        reason = database.execute("SELECT reason FROM job WHERE state = 'cancelled'").fetchall()
    assert reason == [("unacked",)]


async def test_killed_while_submitting_is_told_once_and_never_sent_again(bot: Bot) -> None:
    """Nobody can tell whether it was taken: it is said once, whatever else happens."""
    prompt = "perhaps sent"
    shown = await killed_when_stuck(bot, prompt, submitting)
    card, notice = await bot.done(shown, "Nobody knows")
    await bot.restart()
    await bot.done(await bot.order("after it"))

    assert bot.provider.count(prompt=prompt) == 1
    assert notice.pings == {bot.ann.id}
    assert messages_of(bot.discord, job_of(card), "notice") == [notice]
    assert messages_of(bot.discord, job_of(card), "result") == []
    assert "twice" in notice.text


@pytest.mark.parametrize("route", [EDIT, DELETE, RENAME])
@pytest.mark.parametrize("how", [lost, unanswered])
async def test_killed_while_deleting(bot: Bot, route: str, how: Any) -> None:
    """Nothing says that it was deleted before it was; whoever asks again has it done."""
    prompt = f"deleted, {route[:5]} {len(route)} {how.__name__}"
    card, result = await bot.done(await bot.order(prompt))
    stuck = how(route)(bot, "")
    await _delete(bot, card, waits=False)
    async with asyncio.timeout(PATIENCE_S):
        await stuck.reached()
    await bot.kill()
    stuck.release()
    await bot.start()
    assert "Delete" in card.labels
    shown = await _delete(bot, card)
    await shown.settled(lambda message: "Deleted" in message.text, within_s=PATIENCE_S)

    assert result.deleted
    assert (card.attachments, card.labels) == ([], [])
    assert prompt not in card.text + result.channel.name
    with contextlib.closing(sqlite3.connect(bot.folder / "data" / JOBS_FILE)) as database:
        assert prompt not in str(database.execute("SELECT * FROM job").fetchall())
    nothing_twice(bot.discord)


async def _delete(bot: Bot, card: Message, *, waits: bool = True) -> Shown:
    asked = await bot.ann.click(card, "Delete")
    question = await asked.settled(
        lambda message: "Delete the messages" in message.text, within_s=PATIENCE_S
    )
    return await bot.ann.click(question, "Delete", waits=waits)


async def test_stopped_while_a_job_runs(command: Bot) -> None:
    """SIGTERM ends the process at once with 0; the next one delivers what ran meanwhile."""
    stuck = running(command, "left running")
    shown = await command.order("left running")
    async with asyncio.timeout(PATIENCE_S):
        await stuck.reached()
    began_s = asyncio.get_running_loop().time()
    code = await command.stop()
    took_s = asyncio.get_running_loop().time() - began_s
    stuck.release()
    await command.start()
    await command.done(shown)

    assert code == 0
    assert took_s < 5.0
    assert command.provider.count(prompt="left running") == 1


async def test_form_and_replay_outlive_the_process(bot: Bot) -> None:
    """A form that was open is taken by the next process; what comes again makes no second job."""
    message = bot.discord.world.message(
        bot.channel, bot.ann.user, "look", files={"a.jpg": PICTURE[1]}
    )
    opened = await bot.ann.message_command("Redraw this image", message)
    await bot.restart()
    sent = await bot.ann.submit_modal(opened, {"Prompt": "an open form"})
    await bot.done(sent)
    await bot.restart()
    calls, before = len(bot.discord.called(CALLBACK)), jobs(bot.discord)
    await bot.discord.replay(sent.interaction_id)
    await bot.discord.until(lambda: len(bot.discord.called(CALLBACK)) > calls, "an answer")
    await bot.done(await bot.order("after the replay"))

    assert bot.provider.count(prompt="an open form") == 1
    assert len(jobs(bot.discord) - before) == 1
    nothing_twice(bot.discord)


async def test_commands_are_registered_once(bot: Bot) -> None:
    """However often the process starts, what has not changed is not written again."""
    await bot.restart()
    await bot.done(await bot.order("after a start"))

    assert len(bot.discord.called("PUT /applications/{application}/commands")) == 1
    assert len(bot.discord.called("GET /applications/{application}/commands")) == bot.kills + 1


ANSWERABLE_S = 3.0
"""How long an interaction can be acknowledged, in seconds; Source: Discord, first response."""


def _was_taken(shown: Shown) -> bool:
    """Whether everybody was shown that work has begun; one person alone is told why it has not."""
    return shown.kind is not None and not shown.ephemeral


@pytest.mark.parametrize("seed", [7])
async def test_sixty_jobs_under_random_kills(command: Bot, seed: int) -> None:
    """Of 60 acknowledged jobs under 10 kills none is lost, and nothing is done or told twice."""
    rng = random.Random(seed)
    command.provider.default = Script(pending_s=0.5)
    command.provider.fail_submits(ApiFault(ending="pass", delay_s=0.2), times=1000)
    before, kills = jobs(command.discord), command.kills
    orders: dict[str, Shown] = {}

    async def arrive() -> None:
        for number in range(1000):
            prompt = f"picture {number} of {seed}"
            orders[prompt] = await order(command, prompt)
            await asyncio.sleep(0.2)
            if sum(map(_was_taken, orders.values())) >= 60:
                return

    async with asyncio.TaskGroup() as tasks:
        arriving = tasks.create_task(arrive())
        for _ in range(10):
            await asyncio.sleep(rng.uniform(0.05, 1.5))
            await command.restart()
        await arriving
    await asyncio.sleep(ANSWERABLE_S)  # the last of them may just be being acknowledged
    taken = {prompt: shown for prompt, shown in orders.items() if _was_taken(shown)}
    turned_down = [shown for shown in orders.values() if shown.ephemeral]
    assert all(shown.ack_s >= ADMIT_WITHIN_S for shown in turned_down)
    ended = Counter[str]()
    for shown in taken.values():
        card = await command.card(shown)
        await command.titled(card, "Redrawn", "Nobody knows")
        ended[job_of(card)] += 1

    told = Counter(
        kind for job in ended for kind in ("result", "notice")
        for _ in messages_of(command.discord, job, kind)
    )  # fmt: skip
    submits = Counter(
        submit.prompt for submit in command.provider.submits if submit.prompt in orders
    )
    print(f"kills {command.kills - kills}, uncertain {told['notice']} of {len(taken)}")  # noqa: T201
    assert len(taken) >= 60
    assert max(ended.values()) == max(submits.values()) == 1
    assert set(submits) == set(taken)
    assert told.total() == len(taken)
    assert jobs(command.discord) - before == set(ended)
    nothing_twice(command.discord)
