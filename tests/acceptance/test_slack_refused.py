"""Slack: what is refused in private or at its field, and what a hostile prompt does not do."""

from __future__ import annotations

import copy
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from adapters.slack.registration import COMMAND, GLOBAL_SHORTCUT, MESSAGE_SHORTCUT
from core.jobs.lifecycle import DeliveryKind
from tests.acceptance.slack_marks import job_of, jobs, markup_of, messages_of, pings_of
from tests.acceptance.slack_process import PATIENCE_S, PICTURE, Bot, Mode, bot_of
from tests.acceptance.slack_ways import pictures
from tests.fakes.provider_script import Script
from tests.fakes.slack_shown import Shown
from tests.fakes.slack_values import Message

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=list(Mode))
async def bot(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Bot]:
    async with bot_of(tmp_path_factory.mktemp("slack") / "bot", request.param, "fake") as process:
        yield process
        assert [act.kind for act in process.slack.unacknowledged] == []


async def _refused(shown: Shown, words: str = "") -> Message:
    """Return what was answered, once it is sure that only the one who asked can read it."""
    told = await shown.told(words, within_s=PATIENCE_S)
    assert told.seen_by is shown.act.user
    return told


async def test_everything_that_is_wrong_is_named_at_its_field(bot: Bot) -> None:
    """The form stays open with what was filled in, makes no job, and is taken once mended."""
    before = jobs(bot.slack)
    view = await bot.form(await bot.ann.command(COMMAND))
    wrong = {"Picture": ("notes.txt", b"words"), "Prompt": "  ", "Strength": "7"}
    refused = await bot.ann.submit(view, wrong)
    several = await bot.ann.submit(
        view, {"Picture": [*pictures(2).items()], "Prompt": "mended", "Strength": "0.5"}
    )

    assert (refused.response_action, several.response_action) == ("errors", "errors")
    assert refused.errors.keys() == {"pictures", "prompt", "strength"}
    assert "no picture" in refused.errors["pictures"]
    assert several.errors.keys() == {"pictures"}
    assert jobs(bot.slack) == before
    await bot.done(await bot.ann.submit(view, {"Picture": PICTURE}))
    assert bot.provider.count(prompt="mended") == 1


async def test_mistakes_of_a_mention_are_mended_in_a_form(bot: Bot) -> None:
    """All at once, in the thread, to one person alone; the offered form outlives the process."""
    mara = bot.slack.user("mara", channel=bot.channel)
    said = "a mended mention strength:9 modell:flux model:flux-dve batch:20"
    shown = await mara.mention(said, files=pictures(1))
    told = await _refused(shown, "Strength")
    await bot.restart()
    view = await bot.form(await mara.click(told, "Edit in a form"))
    await bot.done(await mara.submit(view, {"Strength": "0.5", "Model": "flux-dev"}))

    for name in ("Modell", "Model", "Strength", "Batch", "flux-dev"):
        assert name in told.words
    assert shown.source is not None
    assert told.thread_ts == shown.source.ts
    (submit,) = [each for each in bot.provider.submits if each.prompt == "a mended mention"]
    assert submit.body["strength"] == 0.5


async def test_settings_that_cannot_be_read_open_no_form(bot: Bot) -> None:
    """What is typed after the command is told of at once."""
    shown = await bot.ann.command(COMMAND, "ink modell:flux")
    told = await _refused(shown, "there is no such setting")

    assert "Modell" in told.words
    assert shown.modal is None


async def test_file_that_is_kept_elsewhere_is_refused(bot: Bot) -> None:
    """Nothing is fetched from a host that is none of Slack's, with a token or without."""
    linked = bot.slack.world.file(
        bot.ann.user, "linked.jpg", PICTURE[1], external_url=f"{bot.slack.foreign_url}/linked.jpg"
    )
    message = bot.ann.upload([linked])
    shortcut = await bot.ann.message_shortcut(MESSAGE_SHORTCUT, message)
    mention = await bot.ann.mention("from elsewhere", files=[linked])

    assert "kept somewhere else" in (await _refused(shortcut)).words
    assert "kept somewhere else" in (await _refused(mention)).words
    assert [each for each in bot.slack.hosting.fetches if each.foreign] == []


async def test_channel_that_redraw_is_not_in_is_told_in_private(bot: Bot) -> None:
    """Nothing is said there and nothing is paid; the words say how to mend it."""
    elsewhere = bot.slack.world.channel("elsewhere", private=True, has_bot=False)
    nils = bot.slack.user("nils", channel=elsewhere)
    opened = await nils.command(COMMAND)
    await nils.submit(await bot.form(opened), {"Picture": PICTURE, "Prompt": "not here"})

    await _refused(opened, "/invite @Redraw")
    view = await bot.form(await bot.boss.global_shortcut(GLOBAL_SHORTCUT))
    there = {"Picture": PICTURE, "Prompt": "not here", "Where to post": elsewhere.id}
    told = await _refused(await bot.boss.submit(view, there), "/invite @Redraw")
    assert told.channel is elsewhere
    assert bot.slack.messages(elsewhere) == []
    assert bot.provider.count(prompt="not here") == 0


async def test_button_of_a_job_of_another_channel_is_unknown(bot: Bot) -> None:
    """Whoever knows a job's id does not get what another channel had."""
    card, _ = await bot.done(await bot.order("a secret"))
    forged = copy.copy(card)
    forged.channel = bot.slack.world.channel("beside")
    olga = bot.slack.user("olga", channel=forged.channel)
    before = jobs(bot.slack)

    for button in ("Run again", "Edit and run", "Before/after", "Delete"):
        await _refused(await olga.click(forged, button), "no such job")
    assert jobs(bot.slack) == before


async def test_hostile_words_do_nothing(bot: Bot) -> None:
    """Markup shows itself, and nobody is named but the one who asked."""
    eve = bot.slack.user("eve", channel=bot.channel)
    prompt = f"<!channel> {eve.mention_text} <https://evil.example|free> *loud* `x`"
    card, result = await bot.done(await bot.order(prompt))

    for message in (card, result):
        for words in ("<!channel", eve.mention_text, "<https://evil", " *loud*", " `x`"):
            assert words not in markup_of(message)
        assert pings_of(message) == {bot.ann.id}
    assert bot.provider.count(prompt=prompt) == 1


async def test_broken_picture_is_told_on_the_card(bot: Bot) -> None:
    """What only the bytes tell is said where everybody sees it, and nothing is paid."""
    broken = {"Picture": ("broken.jpg", PICTURE[1][:100])}
    sent = await bot.order("a broken one", filled=broken)
    card, notice = await bot.done(sent, "Not redrawn")

    assert pings_of(notice) <= {bot.ann.id}
    assert "Nothing was charged" in card.words
    assert messages_of(bot.slack, job_of(card), DeliveryKind.NOTICE) == [notice]
    assert bot.provider.count(prompt="a broken one") == 0


@pytest.mark.parametrize("mode", list(Mode))
async def test_limits_of_the_operator(tmp_path: Path, mode: Mode) -> None:
    """Only the listed places take orders, and nobody gets more than is allowed."""
    limits = {"REDRAW_JOBS_PER_USER": "1", "REDRAW_MAX_BATCH": "2"}
    nowhere = {**limits, "REDRAW_ALLOWED_PLACES": "slack:C1"}
    async with bot_of(tmp_path / "bot", mode, "fake", environ=nowhere) as bot:
        message = bot.ann.upload(pictures(1))
        for shown in (
            await bot.ann.command(COMMAND, "not here"),
            await bot.ann.message_shortcut(MESSAGE_SHORTCUT, message),
            await bot.ann.mention("not here", files=pictures(1)),
        ):
            await _refused(shown, "may not be used in this place")
            assert shown.modal is None
        bot.environ = {**limits, "REDRAW_ALLOWED_PLACES": f"slack:{bot.channel.id}"}
        await bot.restart()
        bot.provider.default = Script(held=True)
        first = await bot.order("the first")
        await bot.submitted("the first")
        second = await bot.order("the second")
        form = await bot.form(await bot.boss.global_shortcut(GLOBAL_SHORTCUT))
        beside = bot.slack.world.channel("beside").id
        elsewhere = await bot.boss.submit(
            form, {"Prompt": "not here", "Picture": PICTURE, "Where to post": beside}
        )
        greedy = await bot.boss.mention("too many batch:3", files=pictures(1))
        bot.provider.release()
        await bot.done(first)

        assert "1 at a time" in "".join(second.errors.values())
        assert "may not be used in this place" in elsewhere.errors["channel"]
        assert "2" in (await _refused(greedy, "Nothing was charged")).words
        assert [submit.prompt for submit in bot.provider.submits] == ["the first"]


async def test_calls_that_slack_did_not_sign_are_refused(bot: Bot) -> None:
    """Neither a wrong secret nor an old signature makes anything; over sockets nobody can call."""
    if bot.mode is Mode.SOCKET:
        return
    http, before = bot.slack.http, len(bot.slack.calls)
    event = {"type": "app_mention", "user": bot.ann.id, "text": "ink", "channel": bot.channel.id}
    body = json.dumps({"type": "event_callback", "event": event})
    http.secret, right = "another", http.secret
    forged = await http.post(body, "application/json")
    http.secret, http.age_s = right, 600.0
    old = await http.post(body, "application/json")
    http.age_s = 0.0

    assert (forged.status, old.status) == (401, 401)
    assert len(bot.slack.calls) == before
