"""Redraw and Slack away from each other: bad lines, an outage, twenty minutes, an hour."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from adapters.slack.registration import COMMAND
from core.clock import SystemClock
from tests.acceptance.slack_marks import job_of, jobs, labels_of, lost, nothing_twice, results_of
from tests.acceptance.slack_process import PATIENCE_S, Bot, Mode, bot_of
from tests.acceptance.slack_stuck import STATES, cards_of, ended, killed_when_stuck, under_way
from tests.fakes.clock import FastClock
from tests.fakes.slack_http import FORM

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

NEVER_POSTED_S = 200.0
"""After so many seconds Slack posts no files any more whose upload was completed."""
LONG_S = 20 * 60.0
RESPONSE_DEAD_S = 60 * 60.0
PATIENT = {"REDRAW_JOB_DEADLINE_S": "14400"}


@dataclass
class Away:
    """The process, and the clock by which Slack and it are away from each other."""

    bot: Bot
    clock: FastClock

    def for_(self, seconds: float) -> None:
        """Let so much time go by at once, for Slack and for the next process."""
        self.clock.leap(seconds)
        self.bot.behind_s -= seconds


async def _away(folder: Path, mode: Mode) -> AsyncIterator[Away]:
    clock = FastClock(1.0, start=SystemClock().now())
    async with bot_of(folder, mode, "fake", clock=clock, environ=PATIENT) as bot:
        yield Away(bot, clock)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def socket(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Away]:
    async for process in _away(tmp_path_factory.mktemp("slack") / "bot", Mode.SOCKET):
        yield process


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def http(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Away]:
    async for process in _away(tmp_path_factory.mktemp("slack") / "bot", Mode.HTTP):
        yield process


@pytest.fixture(params=["socket", "http"])
def away(request: pytest.FixtureRequest) -> Away:
    """The process in each way of listening, or in the one that a test names."""
    found: Away = request.getfixturevalue(request.param)
    return found


OVER_SOCKET = pytest.mark.parametrize("away", ["socket"], indirect=True)
OVER_HTTP = pytest.mark.parametrize("away", ["http"], indirect=True)


@pytest.fixture
def bot(away: Away) -> Bot:
    """The process alone."""
    return away.bot


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def _said_once(bot: Bot) -> AsyncIterator[None]:
    yield
    bot.slack.faults.end()
    bot.slack.world.shares_held = False
    bot.provider.release()
    nothing_twice(bot.slack, bot.provider, cards_again=bot.kills)
    assert lost(bot.slack) == 0


@pytest.mark.parametrize(
    ("state", "seconds"),
    [
        ("received, picture looked up", LONG_S),
        ("running", LONG_S),
        ("ready, upload announced", RESPONSE_DEAD_S),
        ("ready, bytes taken", LONG_S),
        ("ready, completion lost", LONG_S),
        ("ready, completion taken", NEVER_POSTED_S),
        ("ready, posted late", LONG_S),
    ],
)
async def test_away_for_long(away: Away, state: str, seconds: float) -> None:
    """What may have been posted is looked for before it is posted again."""
    bot, prompt = away.bot, f"{state} for {seconds:g} seconds"
    await killed_when_stuck(bot, prompt, STATES[state], meanwhile=lambda: away.for_(seconds))
    card = await ended(bot, prompt)

    assert len(results_of(bot.slack, card)) == 1
    assert cards_of(bot, prompt) == [card]
    assert bot.provider.count(prompt=prompt) == 1


async def test_place_that_is_lost_while_away(away: Away) -> None:
    """When nothing can be answered beside the order any more, it is written to the requester."""
    bot, prompt = away.bot, "lost while away"
    channel = bot.slack.world.channel()
    bot.slack.user(bot.ann.user, channel=channel)
    await under_way(bot, prompt, channel=channel)
    await bot.kill()
    bot.slack.world.leave(channel)
    away.for_(RESPONSE_DEAD_S)
    bot.provider.release(prompt)
    await bot.start()
    direct = bot.slack.world.dm(bot.ann.user)
    (told,) = await bot.slack.until(
        lambda: [m for m in bot.slack.messages(direct) if "pictures are ready" in m.words],
        "a private word",
        within_s=PATIENCE_S,
    )
    bot.slack.world.join(channel)
    await _show_again(bot)
    card = await ended(bot, prompt)
    await bot.slack.until(lambda: results_of(bot.slack, card), "result", within_s=PATIENCE_S)

    assert "/invite @Redraw" in told.words


async def _show_again(bot: Bot) -> None:
    """Press the button of the list of jobs, once it is there."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            shown = await bot.ann.command(COMMAND, "jobs")
            listed = await shown.told("Your jobs", within_s=PATIENCE_S)
            if "Show again" in labels_of(listed):
                break
            await asyncio.sleep(0.2)
    await bot.ann.click(listed, "Show again")


async def test_outage_of_everything(bot: Bot) -> None:
    """Slack is away when the result is ready: it is delivered once Slack is there again."""
    sent, _ = await bot.running("outage")
    await bot.slack.stop()
    bot.provider.release("outage")
    async with asyncio.timeout(PATIENCE_S):
        while not bot.provider.downloads:
            await asyncio.sleep(0.02)
    await bot.slack.start()
    await bot.done(sent)
    if bot.mode is Mode.SOCKET:
        await bot.slack.socket.until_connected(2, within_s=2 * PATIENCE_S)
    await bot.done(await bot.order("after the outage"))


async def _spoil(bot: Bot, how: str) -> None:
    socket = bot.slack.socket
    if how == "one cut":
        socket.abort(socket.connections[0])
    elif how == "all cut":
        socket.abort()
    elif how == "refresh":
        await socket.refresh()
    elif how == "warning and goodbye":
        await socket.warn()
        await socket.close()
    else:
        socket.echoes = False


@OVER_SOCKET
@pytest.mark.parametrize("how", ["one cut", "all cut", "refresh", "warning and goodbye", "deaf"])
async def test_sockets_that_break_are_replaced(bot: Bot, how: str) -> None:
    """A job goes on, what comes twice makes no second one, and what comes next is answered."""
    socket, prompt = bot.slack.socket, f"while {how}"
    sent, _ = await bot.running(prompt)
    opened = socket.opened
    await _spoil(bot, how)
    wanted = opened + (1 if how == "one cut" else 2)
    await socket.until_opened(wanted, within_s=2 * PATIENCE_S)
    socket.echoes = True
    await socket.until_connected(2, within_s=2 * PATIENCE_S)
    before = jobs(bot.slack)
    await bot.slack.replay(sent)
    bot.provider.release(prompt)
    await bot.done(sent)
    cards = [(await bot.done(await bot.order(f"after {how}, {number}")))[0] for number in (1, 2)]

    assert jobs(bot.slack) - before == {job_of(card) for card in cards}
    assert bot.provider.count(prompt=prompt) == 1


@OVER_HTTP
async def test_calls_that_slack_did_not_sign(bot: Bot) -> None:
    """Wrongly signed, or five minutes old: nothing is done, and nothing is told but no."""
    http, secret = bot.slack.http, bot.slack.http.secret
    before = len(bot.slack.calls)
    http.secret = "another"
    forged = await bot.ann.command(COMMAND, waits=False)
    await forged.over(within_s=PATIENCE_S)
    http.secret, http.age_s = secret, 301.0
    old = await bot.ann.mention("old", files={"a.png": b""}, waits=False)
    await old.over(within_s=PATIENCE_S)
    http.age_s = 0.0

    assert (forged.act.failure, old.act.failure) == ("HTTP 401", "HTTP 401")
    assert len(bot.slack.calls) == before
    await bot.done(await bot.order("rightly signed"))


@OVER_HTTP
@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("", FORM),
        ("payload=%7B", FORM),
        ("payload=" + "[" * 5000, FORM),
        ("{", "application/json"),
        (json.dumps([1, 2]), "application/json"),
        (json.dumps({"type": "event_callback"}), "application/json"),
        (json.dumps({"type": "view_submission", "view": 5}), "application/json"),
        ("command=%2Fredraw", FORM),
    ],
    ids=lambda each: str(each)[:24],
)
async def test_odd_bodies_do_no_harm(bot: Bot, body: str, content_type: str) -> None:
    """Signed, and nothing that Slack would send: answered with a status, then business as usual."""
    received = await bot.slack.http.post(body, content_type)

    assert received.status < 600
    assert "Traceback" not in received.text
    await bot.form(await bot.ann.command(COMMAND))
