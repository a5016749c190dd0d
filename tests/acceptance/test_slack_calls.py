"""Slack when calls fail around a job: too many, broken, cut off, answered and not heard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
import pytest_asyncio

from adapters.slack.registration import COMMAND
from core.jobs.lifecycle import DeliveryKind
from tests.acceptance.slack_marks import job_of, labels_of, lost, messages_of, nothing_twice
from tests.acceptance.slack_process import PATIENCE_S, Bot, Mode, bot_of
from tests.acceptance.slack_stuck import (
    BEGIN,
    COMPLETE,
    EDIT,
    FETCH,
    INFO,
    POST,
    UPLOAD,
    cards_of,
)
from tests.fakes.provider_script import Script
from tests.fakes.slack_shown import Shown
from tests.fakes.slack_values import Message

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

OPEN = "views.open"
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


def _in_turn(calls: Sequence[str], endings: Sequence[str]) -> list[tuple[str, str, str]]:
    """Return each call with each ending, over one way of listening or the other in turn."""
    pairs = [(call, ending) for call in calls for ending in endings]
    return [(MODES[(number // 2 + number) % 2], *pair) for number, pair in enumerate(pairs)]


JOB_CALLS = [INFO, FETCH, POST, EDIT, BEGIN, UPLOAD, COMPLETE]
"""All that is called for one job that goes well."""


@pytest.mark.parametrize("call", JOB_CALLS)
async def test_rate_limits_are_waited_for(bot: Bot, call: str) -> None:
    """After a 429 the same is asked once more, and once only."""
    fault = bot.slack.faults.fail(call, status=429, retry_after_s=1)
    prompt = f"429 {call}"
    card, _ = await bot.done(await bot.order(prompt))

    assert fault.met == 1
    assert cards_of(bot, prompt) == [card]
    assert bot.provider.count(prompt=prompt) == 1


@pytest.mark.parametrize(
    ("bot", "call", "ending"), _in_turn(JOB_CALLS, ("503", "cut")), indirect=["bot"]
)
async def test_calls_that_are_not_carried_out_are_made_again(
    bot: Bot, call: str, ending: str
) -> None:
    """Whatever fails on the way to Slack, there is one card and one result in the end."""
    how: dict[str, Any] = {"drop": True} if ending == "cut" else {"status": 503}
    fault = bot.slack.faults.fail(call, **how)
    prompt = f"{ending} {call}"
    card, _ = await bot.done(await bot.order(prompt))

    assert fault.met == 1
    assert cards_of(bot, prompt) == [card]
    assert bot.provider.count(prompt=prompt) == 1


@pytest.mark.parametrize(
    ("bot", "call", "ending"),
    _in_turn([EDIT, BEGIN, UPLOAD, COMPLETE], ("500", "cut")),
    indirect=["bot"],
)
async def test_lost_answers_do_nothing_twice(bot: Bot, call: str, ending: str) -> None:
    """A call that was carried out, but not said to be: its repetition changes nothing."""
    how: dict[str, Any] = {"drop": True} if ending == "cut" else {"status": 500}
    fault = bot.slack.faults.fail(call, after_taking=True, **how)
    prompt = f"lost {call} {ending}"
    card, result = await bot.done(await bot.order(prompt))

    assert fault.met == 1
    assert cards_of(bot, prompt) == [card]
    assert bot.slack.thread(card) == [result]
    assert bot.provider.count(prompt=prompt) == 1


async def test_notice_whose_answer_is_lost(bot: Bot) -> None:
    """Nobody can tell whether it is there, so it is not said again; the card says the same."""
    prompt = "notice lost"
    bot.provider.script(Script(fails=True, held=True), prompt=prompt)
    card = await bot.card(await bot.order(prompt))
    await bot.submitted(prompt)
    bot.slack.faults.fail(POST, after_taking=True, drop=True)
    bot.provider.release(prompt)
    await bot.titled(card, "Not redrawn")
    await bot.done(await bot.order(f"after {prompt}"))

    assert len(messages_of(bot.slack, job_of(card), DeliveryKind.NOTICE)) == 1


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"status": 429, "retry_after_s": 1}, "could not be opened"),
        ({"error": "not_allowed"}, "could not be opened"),
        ({"error": "fatal_error"}, "did not say whether the form has opened"),
        ({"status": 503}, "did not say whether the form has opened"),
        ({"drop": True}, "did not say whether the form has opened"),
    ],
    ids=["429", "refused", "error", "503", "cut"],
)
async def test_form_that_cannot_be_opened(bot: Bot, how: dict[str, Any], said: str) -> None:
    """Nobody is left without a word, none that may be untrue, and the next command opens one."""
    bot.slack.faults.fail(OPEN, **how)
    opened = await bot.ann.command(COMMAND)
    told = await opened.told(said, within_s=PATIENCE_S)
    assert "Nothing was charged" in told.words
    await asyncio.sleep(1.1 if "retry_after_s" in how else 0.0)  # as Slack has asked for
    await bot.form(await bot.ann.command(COMMAND))


async def test_trigger_that_has_expired(bot: Bot) -> None:
    """Whoever waits for a form that comes too late is told to ask again."""
    fault = bot.slack.faults.fail(OPEN, hold=True)
    opened = await bot.ann.command(COMMAND)
    await asyncio.wait_for(fault.reached.wait(), PATIENCE_S)
    opened.act.began_s -= 10.0
    fault.release()
    told = await opened.told("three seconds", within_s=PATIENCE_S)

    assert bot.slack.called(OPEN)[-1].error == "expired_trigger_id"
    assert "Try again" in told.words


@pytest.mark.parametrize(
    ("bot", "call", "ending"),
    _in_turn(["files.delete", "chat.delete", EDIT], ("429", "cut")),
    indirect=["bot"],
)
async def test_delete_that_is_held_up(bot: Bot, call: str, ending: str) -> None:
    """Whoever asked reads that it is not done, and has it done by asking again."""
    prompt = f"deleted, {call} {ending}"
    how: dict[str, Any] = {"drop": True} if ending == "cut" else {"status": 429, "retry_after_s": 1}
    card, result = await bot.done(await bot.order(prompt))
    bot.slack.faults.fail(call, **how)
    held_up = await _delete(bot, card)
    await held_up.told("Choose Delete once more", within_s=PATIENCE_S)
    await asyncio.sleep(1.1 if "retry_after_s" in how else 0.0)  # as Slack has asked for
    deleted = await _delete(bot, card)
    await deleted.told("Deleted", within_s=PATIENCE_S)

    assert all(file.deleted for file in result.files)
    assert prompt not in card.words
    assert labels_of(card) == []


async def _delete(bot: Bot, card: Message) -> Shown:
    asked = await bot.ann.click(card, "Delete")
    question = await asked.told("Delete the messages", within_s=PATIENCE_S)
    return await bot.ann.click(question, "Delete")
