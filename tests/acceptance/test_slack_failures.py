"""Slack when it goes wrong: places that are lost, admins who forbid, a dead token."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from adapters.slack.refusals import TOKEN_REFUSED_FOR_S
from adapters.slack.registration import COMMAND
from tests.acceptance.slack_marks import (
    labels_of,
    lost,
    nothing_twice,
    results_of,
)
from tests.acceptance.slack_process import PATIENCE_S, Bot, Mode, bot_of
from tests.acceptance.slack_stuck import (
    BEGIN,
)
from tests.fakes.slack_shown import Shown
from tests.fakes.slack_values import Channel, Message

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

MODES = tuple(map(str, Mode))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def socket(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bot]:
    async with bot_of(tmp_path_factory.mktemp("slack") / "bot", Mode.SOCKET, "fake") as process:
        yield process


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def http(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bot]:
    async with bot_of(tmp_path_factory.mktemp("slack") / "bot", Mode.HTTP, "fake") as process:
        yield process


@pytest.fixture(params=MODES)
def bot(request: pytest.FixtureRequest) -> Bot:
    """The process in each way of listening, or in the one that a test names."""
    found: Bot = request.getfixturevalue(request.param)
    return found


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def _said_once(bot: Bot) -> AsyncIterator[None]:
    yield
    bot.slack.faults.end()
    bot.provider.release()
    nothing_twice(bot.slack, bot.provider, cards_again=bot.kills)
    assert lost(bot.slack) == 0


async def _shown_again(bot: Bot, card: Message) -> Message:
    """Return the result of the newest job, once it was asked to be shown again."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            shown = await bot.ann.command(COMMAND, "jobs")
            listed = await shown.told("Your jobs", within_s=PATIENCE_S)
            if "Show again" in labels_of(listed):
                break
            await asyncio.sleep(0.2)
    await bot.ann.click(listed, "Show again")
    there = await bot.slack.until(
        lambda: [each for each in results_of(bot.slack, card) if each.files],
        "the result at last",
        within_s=PATIENCE_S,
    )
    return there[0]


async def _private_word(bot: Bot, sent: Shown, words: str) -> str:
    """Return what the requester alone was told with these words; once."""
    assert sent.act.user is not None
    dm = bot.slack.world.dm(sent.act.user)

    def found() -> list[Message]:
        return [m for m in (*sent.ephemerals, *bot.slack.messages(dm)) if words in m.words]

    (told,) = await bot.slack.until(found, words, within_s=PATIENCE_S)
    return told.words


# Places.


@pytest.mark.parametrize("private", [False, True], ids=["public", "private"])
async def test_channel_without_the_bot(bot: Bot, *, private: bool) -> None:
    """Whoever asked reads how to let it in; nothing is paid, and after that it works."""
    channel = bot.slack.world.channel("strange", private=private, has_bot=False)
    eve = bot.slack.user("eve", channel=channel)
    prompt = f"not in the channel, private: {private}"
    said = await _private_word(bot, await bot.order(prompt, by=eve), "not in this channel")
    before = bot.provider.count(prompt=prompt)
    bot.slack.world.join(channel)
    await bot.done(await bot.order(prompt, by=eve))

    assert "/invite @Redraw" in said
    assert "Nothing was charged" in said
    assert (before, bot.provider.count(prompt=prompt)) == (0, 1)


async def test_archived_channel(bot: Bot) -> None:
    """It takes no card, so nothing is sent."""
    channel = bot.slack.world.channel("old", archived=True)
    eve = bot.slack.user("eve", channel=channel)
    said = await _private_word(bot, await bot.order("archived", by=eve), "archived")

    assert "Nothing was charged" in said
    assert bot.provider.count(prompt="archived") == 0


def _leave(bot: Bot, channel: Channel) -> None:
    bot.slack.world.leave(channel)


def _archive(bot: Bot, channel: Channel) -> None:
    bot.slack.world.archive(channel)


@pytest.mark.parametrize(("lose", "why"), [(_leave, "not in the channel"), (_archive, "archived")])
async def test_place_that_is_lost_on_the_way(
    bot: Bot, lose: Callable[[Bot, Channel], None], why: str
) -> None:
    """What was paid for is kept, the requester is told in private, and has it shown again."""
    prompt = f"place lost by {lose.__name__}"
    channel = bot.slack.world.channel()
    bot.slack.user(bot.ann.user, channel=channel)
    sent, card = await bot.running(prompt, channel=channel)
    lose(bot, channel)
    bot.provider.release(prompt)
    said = await _private_word(bot, sent, "Your pictures are ready")
    bot.slack.world.join(channel)
    bot.slack.world.unarchive(channel)
    await _shown_again(bot, card)

    assert why in said or "does not let Redraw post" in said
    assert "/redraw jobs" in said
    assert len(results_of(bot.slack, card)) == 1
    assert bot.provider.count(prompt=prompt) == 1


async def test_deleted_card(bot: Bot) -> None:
    """What others said below it is still there, and so is the place for the result."""
    _, card = await bot.running("card deleted")
    bot.slack.world.message(bot.channel, bot.ann.user, "lovely", thread=card)
    bot.slack.world.delete_message(card)
    bot.provider.release("card deleted")
    await bot.slack.until(lambda: results_of(bot.slack, card), "result", within_s=PATIENCE_S)
    await bot.done(await bot.order("after the card was deleted"))
    _let_go(card)

    assert len(results_of(bot.slack, card)) == 1


async def test_card_that_takes_no_edit_any_more(bot: Bot) -> None:
    """The result is the truth then."""
    _, card = await bot.running("edits closed")
    card.frozen = True
    bot.provider.release("edits closed")
    await bot.slack.until(lambda: results_of(bot.slack, card), "result", within_s=PATIENCE_S)
    await bot.done(await bot.order("after edits were closed"))
    _let_go(card)

    assert len(results_of(bot.slack, card)) == 1


def _let_go(card: Message) -> None:
    """Take the buttons off a card that shows for ever that its job is under way."""
    card.blocks = [block for block in card.blocks if block["type"] != "actions"]


# Admins.


@pytest.mark.parametrize(
    ("switch", "value", "words"),
    [
        ("uploads_disabled", True, "switched uploads of files off"),
        ("storage_full", True, "storage is full"),
        ("forbidden_types", {"jpg", "png"}, "do not allow this type"),
        ("largest_upload_bytes", 10, "could not be handed over"),
    ],
)
async def test_files_that_an_admin_forbids(
    bot: Bot, switch: str, value: object, words: str
) -> None:
    """In the thread stand words that say who can mend it; the pictures are shown once it is."""
    before = getattr(bot.slack.world, switch)
    setattr(bot.slack.world, switch, value)
    card = await bot.titled(await bot.card(await bot.order(f"admin: {switch}")), "Redrawn")
    (told,) = await bot.slack.until(
        lambda: bot.slack.thread(card), "words in the thread", within_s=PATIENCE_S
    )
    setattr(bot.slack.world, switch, before)
    assert (words in told.words.lower() or words in told.words, told.files) == (True, [])
    assert bot.ann.mention_text in told.words
    again = await _shown_again(bot, card)
    assert len(again.files) == 1
    assert bot.provider.count(prompt=f"admin: {switch}") == 1


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        ("chat:write", "lacks a permission"),
        ("files:read", "invite it"),
        ("files:write", "files:write"),
    ],
)
async def test_scope_that_is_taken_away(bot: Bot, scope: str, words: str) -> None:
    """Whoever asked reads what is missing, and the operator finds it in the log."""
    prompt = f"without {scope}"
    bot.slack.world.scopes.discard(scope)
    sent = await bot.order(prompt)
    try:
        if scope == "chat:write":
            said = await _private_word(bot, sent, words)
        else:
            card = await bot.titled(await bot.card(sent), "Redrawn", "Not redrawn")
            (reply,) = await bot.slack.until(
                lambda: bot.slack.thread(card), "words in the thread", within_s=PATIENCE_S
            )
            said = reply.words + card.words
    finally:
        bot.slack.world.scopes.add(scope)
    await bot.done(await bot.order(f"with {scope} again"))

    assert words in said
    assert bot.provider.count(prompt=prompt) == (scope == "files:write")
    assert scope == "files:read" or "slack_scope_missing" in bot.log


async def test_token_that_is_revoked(bot: Bot) -> None:
    """Nothing can be said until it is good again; then everything is, once."""
    sent, card = await bot.running("token revoked")
    await bot.slack.revoke()
    bot.provider.release("token revoked")
    await bot.slack.until(
        lambda: bot.slack.called(BEGIN, ok=False), "a refused call", within_s=PATIENCE_S
    )
    opened = await bot.ann.command(COMMAND)
    told = await opened.told(within_s=PATIENCE_S)
    bot.slack.world.token_error = None
    bot.behind_s -= TOKEN_REFUSED_FOR_S
    await bot.restart()
    await bot.done(sent)

    assert "refuses Redraw's token" in told.words
    assert "Nothing was charged" in told.words
    assert len(results_of(bot.slack, card)) == 1
    assert "slack_app_taken_out" in bot.log
    assert "slack_token_refused" in bot.log
    assert bot.slack.bot_token not in bot.log
