"""Slack when what comes from it is odd: files that are none, acts that come twice, late posts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from adapters.slack.registration import COMMAND, MESSAGE_SHORTCUT
from tests.acceptance.slack_marks import (
    job_of,
    jobs,
    lost,
    nothing_twice,
    public,
    results_of,
)
from tests.acceptance.slack_process import PATIENCE_S, PICTURE, Bot, Mode, bot_of
from tests.acceptance.slack_stuck import COMPLETE, INFO, ended

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


async def test_login_page_is_no_picture(bot: Bot) -> None:
    """HTML with status 200: the requester reads where Redraw has to be let in."""
    hosting = bot.slack.hosting
    may, hosting._may = hosting._may, lambda request, file: False  # type: ignore[method-assign]
    try:
        card, notice = await bot.done(await bot.order("login page"), "Not redrawn")
    finally:
        hosting._may = may  # type: ignore[method-assign]

    assert "/invite @Redraw" in card.words
    assert "Nothing was charged" in notice.words
    assert bot.provider.count(prompt="login page") == 0


async def test_stub_is_looked_up(bot: Bot) -> None:
    """Of a file of a shared channel the shortcut tells the id alone."""
    file = bot.slack.world.file(bot.ann.user, *PICTURE, stub=True)
    message = bot.ann.upload([file])
    view = await bot.form(await bot.ann.message_shortcut(MESSAGE_SHORTCUT, message))
    await bot.done(await bot.ann.submit(view, {"Prompt": "from a stub"}))


async def test_file_of_somebody_else_never_sees_the_token(bot: Bot) -> None:
    """What Slack only links is refused in the form, and nobody is asked for it."""
    bot.slack.hosting.foreign["/a.jpg"] = (PICTURE[1], "image/jpeg")
    url = f"{bot.slack.foreign_url}/a.jpg"
    file = bot.slack.world.file(bot.ann.user, *PICTURE, external_url=url)
    message = bot.ann.upload([file])
    shown = await bot.ann.message_shortcut(MESSAGE_SHORTCUT, message)
    told = await shown.told("kept somewhere else", within_s=PATIENCE_S)

    assert "Nothing" in told.words
    assert [each for each in bot.slack.hosting.fetches if each.foreign] == []


async def test_pictures_that_are_posted_late(bot: Bot) -> None:
    """Slack's answer to the upload proves nothing: the result counts once it is there."""
    bot.slack.world.shares_held = True
    completed = len(bot.slack.called(COMPLETE))
    sent, card = await bot.running("posted late")
    bot.provider.release("posted late")
    looks = len(bot.slack.called(INFO))
    await bot.slack.until(
        lambda: len(bot.slack.called(INFO)) > looks + 2, "some looks", within_s=PATIENCE_S
    )
    bot.slack.release_shares()
    await bot.done(sent)

    assert len(bot.slack.called(COMPLETE)) == completed + 1
    assert len(results_of(bot.slack, card)) == 1


async def test_what_comes_twice_makes_one_job(bot: Bot) -> None:
    """Redelivered events and forms sent twice: before, while and after the job runs."""
    bot.hold("comes twice")
    mention = await bot.ann.mention("comes twice", files=dict([PICTURE]), waits=False)
    again = [
        await bot.slack.redeliver(mention.event_id, number, waits=False) for number in (1, 2, 3)
    ]
    for each in (mention, *again):
        await each.acknowledged(within_s=PATIENCE_S)
    view = await bot.form(await bot.ann.command(COMMAND))
    sent = await bot.ann.submit(view, {"Picture": PICTURE, "Prompt": "sent twice"}, waits=False)
    replayed = await bot.slack.replay(sent, waits=False)
    for each in (sent, replayed):
        await each.acknowledged(within_s=PATIENCE_S)
    await bot.submitted("comes twice")
    bot.provider.release("comes twice")
    await ended(bot, "comes twice")
    await bot.done(sent)
    before = jobs(bot.slack)
    await bot.slack.redeliver(mention.event_id)
    await bot.slack.replay(sent)
    new, _ = await bot.done(await bot.order("after both"))

    assert jobs(bot.slack) - before == {job_of(new)}
    assert bot.provider.count(prompt="comes twice") == 1
    assert bot.provider.count(prompt="sent twice") == 1


@pytest.mark.parametrize(
    "event",
    [
        {"type": "message", "text": "hello"},
        {"type": "app_mention"},
        {"type": "app_mention", "user": None, "text": 5, "channel": [], "ts": {}},
        {"type": "app_uninstalled"},
        {"type": "something_new", "a": {"b": ["c"]}},
    ],
    ids=lambda event: f"{event.get('type')} with {len(event)}",
)
async def test_unexpected_event_is_acknowledged(bot: Bot, event: dict[str, Any]) -> None:
    """Whatever comes, it is acknowledged, and the next order is answered."""
    said = len(list(public(bot.slack)))
    await bot.slack.event(event)
    assert len(list(public(bot.slack))) == said
    await bot.form(await bot.ann.command(COMMAND))
