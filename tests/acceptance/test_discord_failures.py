"""Discord when it goes wrong in the middle of a job: places that go away, calls that fail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from adapters.discord import markup
from tests.acceptance.discord_marks import job_of, jobs, messages_of, nothing_twice
from tests.acceptance.discord_process import PATIENCE_S, Bot, bot_of
from tests.fakes.discord_values import Channel, Message, Permission
from tests.fakes.pictures import jpeg
from tests.fakes.provider_script import Script

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

CALLBACK = "POST /interactions/{interaction}/{token}/callback"
FILL = "PATCH /webhooks/{application}/{token}/messages/@original"
POST = "POST /channels/{channel}/messages"
THREAD = "POST /channels/{channel}/messages/{message}/threads"
EDIT = "PATCH /channels/{channel}/messages/{message}"
SENDS = Permission.SEND_MESSAGES | Permission.SEND_MESSAGES_IN_THREADS


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bot]:
    async with bot_of(tmp_path_factory.mktemp("discord") / "bot", "card") as process:
        yield process


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def _said_once(bot: Bot) -> AsyncIterator[None]:
    yield
    bot.discord.faults.end()
    bot.provider.release()
    nothing_twice(bot.discord)


async def _private_word(bot: Bot) -> Message:
    """Return the newest message of the bot to the requester alone."""
    dm = bot.discord.world.dm(bot.ann.user)
    before = len(bot.discord.messages(dm))
    await bot.discord.until(
        lambda: len(bot.discord.messages(dm)) > before, "a private word", within_s=PATIENCE_S
    )
    return bot.discord.messages(dm)[-1]


async def _listed_as_refused(bot: Bot, prompt: str) -> None:
    """Return once the list of jobs offers to show this one again: it is the newest."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            listed = await (await bot.ann.slash("redraw-jobs")).settled(within_s=PATIENCE_S)
            if listed.labels[:1] == ["Show again"]:
                break
    assert markup.escaped(prompt) in listed.text


async def test_deleted_card(bot: Bot) -> None:
    """Without its card the result is posted in the channel, to nobody's message."""
    _, card = await bot.running("card deleted")
    bot.discord.world.delete_message(card)
    bot.provider.release("card deleted")
    result = await bot.said(job_of(card), "result")

    assert (result.channel, result.reference) == (card.channel, None)
    assert result.pings == {bot.ann.id}


@pytest.mark.parametrize("how", ["deleted", "locked"])
async def test_thread_that_takes_nothing(bot: Bot, how: str) -> None:
    """A thread that is gone or locked before the result is in it: it goes below the card."""
    fault = bot.discord.faults.fail(POST, hold=True)
    shown = await bot.order(f"thread {how}", channel=bot.discord.world.channel(bot.guild))
    await asyncio.wait_for(fault.reached.wait(), PATIENCE_S)
    card = await bot.card(shown)
    (thread,) = bot.discord.threads(card.channel)
    if how == "deleted":
        bot.discord.world.delete_channel(thread)
    else:
        bot.discord.world.archive(thread, locked=True)
    fault.release()
    card, result = await bot.done(shown)

    assert (result.channel, result.reference) == (card.channel, card)


def _kick(bot: Bot, channel: Channel) -> None:
    assert channel.guild is not None
    bot.discord.world.remove_bot(channel.guild)


def _silence(bot: Bot, channel: Channel) -> None:
    bot.discord.world.forbid(channel, SENDS)


def _delete(bot: Bot, channel: Channel) -> None:
    bot.discord.world.delete_channel(channel)


@pytest.mark.parametrize("lose", [_kick, _silence, _delete])
async def test_place_that_is_lost(bot: Bot, lose: Callable[[Bot, Channel], None]) -> None:
    """What was paid for is kept, and the requester is told in private, once."""
    prompt = f"place lost by {lose.__name__}"
    channel = bot.discord.world.channel(bot.discord.world.guild())
    _, card = await bot.running(prompt, channel=channel)
    waiting = _private_word(bot)
    lose(bot, channel)
    bot.provider.release(prompt)
    word = await waiting
    await _listed_as_refused(bot, prompt)

    assert "Your pictures are ready" in word.text
    assert f"<#{channel.id}>" in word.text
    assert messages_of(bot.discord, job_of(card), "result") == []
    assert bot.provider.count(prompt=prompt) == 1


@pytest.mark.parametrize(
    "lost", [Permission.CREATE_PUBLIC_THREADS, Permission.SEND_MESSAGES_IN_THREADS]
)
async def test_no_thread_without_its_permission(bot: Bot, lost: Permission) -> None:
    """Where a thread cannot be used, the result is a reply to the card."""
    channel = bot.discord.world.channel(bot.guild)
    bot.discord.world.forbid(channel, lost)
    card, result = await bot.done(await bot.order(f"without {lost.name}", channel=channel))

    assert (result.channel, result.reference) == (channel, card)


@pytest.mark.parametrize("locked", [False, True], ids=["archived", "locked"])
async def test_thread_that_closes_around_a_job(bot: Bot, *, locked: bool) -> None:
    """An archived thread is opened by the result; a locked one is a place that is lost."""
    thread = bot.discord.world.thread(bot.channel)
    prompt = f"in a thread, locked: {locked}"
    _, card = await bot.running(prompt, channel=thread)
    waiting = _private_word(bot)
    bot.discord.world.archive(thread, locked=locked)
    bot.provider.release(prompt)
    if locked:
        assert "Your pictures are ready" in (await waiting).text
        return
    waiting.close()
    result = await bot.said(job_of(card), "result")
    assert (result.channel, thread.archived) == (thread, False)


@pytest.mark.parametrize("route", [CALLBACK, FILL, POST, THREAD, EDIT])
@pytest.mark.parametrize("everywhere", [False, True], ids=["route", "global"])
async def test_rate_limits_are_waited_for(bot: Bot, route: str, *, everywhere: bool) -> None:
    """After a 429 of Discord's own the same call is made once more, and once only."""
    bot.discord.faults.fail(route, status=429, retry_after_s=0.2, everywhere=everywhere)
    channel = bot.discord.world.channel(bot.guild)
    await bot.done(await bot.order(f"429 {route} {everywhere}", channel=channel))

    assert len(bot.discord.threads(channel)) == 1


@pytest.mark.parametrize("ending", ["500", "cut"])
@pytest.mark.parametrize("route", [CALLBACK, FILL, POST, THREAD, EDIT])
async def test_lost_answers_do_nothing_twice(bot: Bot, route: str, ending: str) -> None:
    """A call that was carried out, but not said to be: its repetition changes nothing."""
    how: dict[str, Any] = {"drop": True} if ending == "cut" else {"status": 500}
    fault = bot.discord.faults.fail(route, after_taking=True, **how)
    channel = bot.discord.world.channel(bot.guild)
    prompt = f"lost {route} {ending}"
    card, result = await bot.done(await bot.order(prompt, channel=channel))

    assert fault.met == 1
    assert bot.discord.messages(channel) == [card]
    assert [m for m in bot.discord.messages(result.channel) if m.author is result.author] == [
        result
    ]
    assert bot.provider.count(prompt=prompt) == 1


def _with_files(route: str) -> Callable[[Any], bool]:
    return lambda asked: getattr(asked, "route", "") == route and bool(asked.files)


@pytest.mark.parametrize("route", [FILL, POST])
@pytest.mark.parametrize("code", [40005, None], ids=["40005", "413"])
async def test_too_large_is_tried_smaller(bot: Bot, route: str, code: int | None) -> None:
    """What a place does not take is sent again at a smaller size, with its pictures."""
    prompt = f"too large {route} {code}"
    made = bot.discord.world.attach(bot.channel.id, "made.jpg", jpeg("rocket"))
    output = {"result": [bot.discord.links.attachment(made)]}
    bot.provider.script(Script(output=output), prompt=prompt)
    fault = bot.discord.faults.fail(_with_files(route), status=413, code=code)
    card, result = await bot.done(await bot.order(prompt))

    assert fault.met == 1
    assert (len(card.attachments), len(result.attachments)) == (1, 1)
    assert (len(result.attachments[0].data) < len(made.data)) == (route == POST)


async def test_too_large_at_any_size_ends_in_words(bot: Bot) -> None:
    """Where no size is taken, the result says so instead of nothing."""
    bot.discord.faults.fail(_with_files(POST), code=40005, times=100)
    _, result = await bot.done(await bot.order("never small enough"))

    assert result.attachments == []
    assert "could not be handed over" in result.text


@pytest.mark.parametrize("moment", ["before the card", "while it runs"])
async def test_job_outlives_its_interaction(bot: Bot, moment: str) -> None:
    """Once the token is dead the bot's own does the rest: card, result and last edit."""
    prompt = f"token dead {moment}"
    channel = bot.discord.world.channel(bot.guild)
    if moment == "before the card":
        fault = bot.discord.faults.fail(FILL, hold=True)
        shown = await bot.order(prompt, channel=channel)
        await asyncio.wait_for(fault.reached.wait(), PATIENCE_S)
        shown.interaction.pushed_at -= timedelta(minutes=20)
        fault.release()
    else:
        shown, _ = await bot.running(prompt, channel=channel)
        shown.interaction.pushed_at -= timedelta(minutes=20)
        bot.provider.release(prompt)
    ours = await bot.discord.until(
        lambda: next((m for m in bot.discord.messages(channel) if job_of(m)), None),
        "a card",
        within_s=PATIENCE_S,
    )
    await bot.titled(ours, "Redrawn")
    await bot.said(job_of(ours), "result")

    assert (ours is shown.original) == (moment == "while it runs")
    assert bot.provider.count(prompt=prompt) == 1
    assert job_of(ours) in jobs(bot.discord)
