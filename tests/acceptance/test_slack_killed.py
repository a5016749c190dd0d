"""Redraw on Slack, killed in each state and started again: nothing lost, nothing said twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from core.jobs.lifecycle import DeliveryKind
from core.jobs.worker import GRACE_S
from tests.acceptance.slack_marks import (
    job_of,
    jobs,
    lost,
    messages_of,
    nothing_twice,
    results_of,
)
from tests.acceptance.slack_process import PATIENCE_S, PICTURE, Bot, Mode, bot_of
from tests.acceptance.slack_stuck import (
    EDIT,
    POST,
    STATES,
    cards_of,
    ended,
    killed_when_stuck,
    lost_call,
    rows,
    submitting,
    unanswered,
    under_way,
)
from tests.fakes.provider_script import Script
from tests.fakes.slack_shown import Shown

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

CARD_TWICE = {"received, card taken"}
"""Where a second card may be posted: nobody can tell whether there is a first."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def socket(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bot]:
    async with bot_of(tmp_path_factory.mktemp("slack") / "bot", Mode.SOCKET, "fake") as process:
        yield process


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def http(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bot]:
    async with bot_of(tmp_path_factory.mktemp("slack") / "bot", Mode.HTTP, "fake") as process:
        yield process


@pytest.fixture
def bot(request: pytest.FixtureRequest) -> Bot:
    """The process that listens in the way that the test names."""
    found: Bot = request.getfixturevalue(request.param)
    return found


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def _nothing_goes_on_wrong(request: pytest.FixtureRequest) -> AsyncIterator[None]:
    yield
    for bot in (request.getfixturevalue(name) for name in MODES if name in request.fixturenames):
        bot.slack.faults.end()
        bot.slack.world.shares_held = False
        bot.provider.release()


MODES = tuple(map(str, Mode))
IN_TURN = [(MODES[number % 2], state) for number, state in enumerate(STATES)]


@pytest.mark.parametrize(("bot", "state"), IN_TURN, indirect=["bot"])
async def test_killed_in_each_state_ends_in_one_result(bot: Bot, state: str) -> None:
    """Whatever the process was about to do, the next one does the rest, and nothing again."""
    await killed_when_stuck(bot, state, STATES[state])
    card = await ended(bot, state)

    assert bot.provider.count(prompt=state, accepted=True) == 1
    assert bot.provider.count(prompt=state) == (2 if state == "queued" else 1)
    assert len(results_of(bot.slack, card)) == 1
    assert bot.result(card).thread_ts == card.ts
    assert len(cards_of(bot, state)) == (2 if state in CARD_TWICE else 1)
    nothing_twice(bot.slack, bot.provider, cards_again=1)
    assert lost(bot.slack) == 0


@pytest.mark.parametrize("bot", MODES, indirect=True)
async def test_killed_as_soon_as_acknowledged_goes_on(bot: Bot) -> None:
    """The form is closed, so its order counts, whether or not the process noted that."""
    await bot.order("just acknowledged")
    await bot.restart()
    await ended(bot, "just acknowledged")

    assert bot.provider.count(prompt="just acknowledged") == 1
    nothing_twice(bot.slack, bot.provider, cards_again=1)


@pytest.mark.parametrize("bot", MODES, indirect=True)
async def test_killed_while_submitting_is_told_once_and_never_sent_again(bot: Bot) -> None:
    """Nobody can tell whether it was taken: it is said once, whatever else happens."""
    prompt = "perhaps sent"
    await killed_when_stuck(bot, prompt, submitting)
    card = await ended(bot, prompt, "Nobody knows")
    notice = await bot.notice(card)
    await bot.restart()
    await bot.done(await bot.order("after it"))

    assert bot.provider.count(prompt=prompt) == 1
    assert messages_of(bot.slack, job_of(card), DeliveryKind.NOTICE) == [notice]
    assert (notice.thread_ts, results_of(bot.slack, card)) == (card.ts, [])
    assert bot.ann.mention_text in notice.words
    assert "twice" in notice.words


@pytest.mark.parametrize(
    ("bot", "how", "notices"), [("socket", lost_call, 0), ("http", unanswered, 1)], indirect=["bot"]
)
async def test_killed_while_telling_of_a_failure(bot: Bot, how: Any, notices: int) -> None:
    """A notice that may be there is not posted again: the card says the same."""
    prompt = f"fails, {how.__name__}"
    bot.provider.script(Script(fails=True), prompt=prompt)
    await killed_when_stuck(bot, prompt, how(_is_notice))
    card = await ended(bot, prompt, "Not redrawn")
    await bot.done(await bot.order(f"after {prompt}"))

    assert len(messages_of(bot.slack, job_of(card), DeliveryKind.NOTICE)) == notices
    nothing_twice(bot.slack, bot.provider, cards_again=1)


def _is_notice(asked: Any) -> bool:
    told = (asked.arguments.get("metadata") or {}).get("event_payload", {})
    return asked.method == POST and str(told.get("delivery")).startswith("notice:")


@pytest.mark.parametrize(
    ("bot", "how"), [("socket", unanswered), ("http", lost_call)], indirect=["bot"]
)
async def test_killed_while_cancelling(bot: Bot, how: Any) -> None:
    """The wish is kept before anything is said of it."""
    prompt = f"cancelled, {how.__name__}"
    _, card = await under_way(bot, prompt)
    stuck = how(lambda asked: asked.method == EDIT and "Cancelled" in str(asked.arguments))(bot, "")
    await bot.ann.click(card, "Cancel", waits=False)
    await _killed_once(bot, stuck.reached)
    stuck.release()
    await bot.start()
    await ended(bot, prompt, "Cancelled")
    bot.provider.release(prompt)
    await bot.done(await bot.order(f"after {prompt}"))

    assert results_of(bot.slack, card) == []
    nothing_twice(bot.slack, bot.provider, cards_again=1)


@pytest.mark.parametrize(
    ("bot", "method"),
    [("socket", "files.delete"), ("http", "chat.delete"), ("socket", EDIT)],
    indirect=["bot"],
)
@pytest.mark.parametrize("how", [lost_call, unanswered])
async def test_killed_while_deleting(bot: Bot, method: str, how: Any) -> None:
    """Nothing says that it was deleted before it was; whoever asks again has it done."""
    prompt = f"deleted, {method} {how.__name__}"
    card, result = await bot.done(await bot.order(prompt))
    stuck = how(method)(bot, "")
    await _delete(bot, card, waits=False)
    await _killed_once(bot, stuck.reached)
    stuck.release()
    await bot.start()
    shown = await _delete(bot, card)
    await shown.told("Deleted", within_s=PATIENCE_S)

    assert result.deleted or not result.files
    assert all(file.deleted for file in result.files)
    assert prompt not in card.words
    assert prompt not in str(rows(bot, "SELECT * FROM job"))


async def _delete(bot: Bot, card: Any, *, waits: bool = True) -> Shown:
    asked = await bot.ann.click(card, "Delete")
    question = await asked.told("Delete the messages", within_s=PATIENCE_S)
    return await bot.ann.click(question, "Delete", waits=waits)


async def _killed_once(bot: Bot, reached: Any) -> None:
    async with asyncio.timeout(PATIENCE_S):
        await reached()
    await bot.kill()


@pytest.mark.parametrize("bot", MODES, indirect=True)
async def test_killed_as_soon_as_run_again_is_acknowledged(bot: Bot) -> None:
    """One click is one more job."""
    card, _ = await bot.done(await bot.order("run twice"))
    before = jobs(bot.slack)
    await bot.ann.click(card, "Run again")
    await bot.restart()
    await bot.slack.until(lambda: jobs(bot.slack) - before, "a card", within_s=PATIENCE_S)
    await ended(bot, "run twice")

    assert len(jobs(bot.slack) - before) == 1
    assert bot.provider.count(prompt="run twice") == 2


@pytest.mark.parametrize("bot", MODES, indirect=True)
async def test_form_and_replay_outlive_the_process(bot: Bot) -> None:
    """A form that was open is taken by the next process; what comes again makes no second job."""
    message = bot.ann.upload({PICTURE[0]: PICTURE[1]})
    view = await (await bot.ann.message_shortcut("redraw_message", message)).viewed(
        within_s=PATIENCE_S
    )
    await bot.restart()
    sent = await bot.ann.submit(view, {"Prompt": "an open form"})
    await bot.done(sent)
    mention = await bot.ann.mention("mentioned", files=dict([PICTURE]))
    await ended(bot, "mentioned")
    await bot.restart()
    before = jobs(bot.slack)
    await bot.slack.replay(sent)
    await bot.slack.redeliver(mention.event_id)
    new, _ = await bot.done(await bot.order("after the replay"))

    assert bot.provider.count(prompt="an open form") == 1
    assert bot.provider.count(prompt="mentioned") == 1
    assert jobs(bot.slack) - before == {job_of(new)}


@pytest.mark.parametrize("mode", list(Mode))
async def test_stopped_while_a_job_runs(
    tmp_path_factory: pytest.TempPathFactory, mode: Mode
) -> None:
    """SIGTERM ends `redraw run` at once with 0; the next delivers what ran meanwhile."""
    async with bot_of(tmp_path_factory.mktemp("slack") / "bot", mode) as bot:
        sent, card = await bot.running("left running")
        began_s = asyncio.get_running_loop().time()
        code = await bot.stop()
        took_s = asyncio.get_running_loop().time() - began_s
        bot.provider.release("left running")
        await bot.start()
        await bot.done(sent)

        assert code == 0
        assert took_s < GRACE_S
        assert bot.provider.count(prompt="left running") == 1
        assert len(results_of(bot.slack, card)) == 1
