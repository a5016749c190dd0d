"""Discord when the line to it is bad: sessions resumed, refused and begun anew; bans; outages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.acceptance.discord_marks import job_of, jobs, messages_of, nothing_twice
from tests.acceptance.discord_process import PATIENCE_S, Bot, bot_of

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

CALLBACK = "POST /interactions/{interaction}/{token}/callback"
POST = "POST /channels/{channel}/messages"


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


async def _spoil(bot: Bot, how: str) -> None:
    gateway = bot.discord.gateway
    if how == "dropped":
        await gateway.drop(code=4000)
    elif how == "told to reconnect":
        await gateway.reconnect()
    elif how == "invalid, resumable":
        await gateway.invalidate(resumable=True)
    else:
        await gateway.invalidate(resumable=False)


@pytest.mark.parametrize(
    "how", ["dropped", "told to reconnect", "invalid, resumable", "invalid for good"]
)
async def test_session_that_breaks_is_taken_up_again(bot: Bot, how: str) -> None:
    """A job goes on, what comes twice makes no second one, and what comes next is answered."""
    prompt = f"while {how}"
    gateway = bot.discord.gateway
    shown, card = await bot.running(prompt)
    identifies, resumes = len(gateway.identifies), len(gateway.resumes)
    await _spoil(bot, how)
    await bot.discord.until(
        lambda: len(gateway.identifies) > identifies or len(gateway.resumes) > resumes,
        "another try", within_s=PATIENCE_S,
    )  # fmt: skip
    await gateway.until_connected(within_s=PATIENCE_S)
    before = jobs(bot.discord)
    calls = len(bot.discord.called(CALLBACK))
    await bot.discord.replay(shown.interaction_id)
    await bot.discord.until(lambda: len(bot.discord.called(CALLBACK)) > calls, "an answer")
    bot.provider.release(prompt)
    await bot.done(shown)
    next_card, _ = await bot.done(await bot.order(f"after {how}"))

    assert (len(gateway.identifies) > identifies) == (how == "invalid for good")
    assert jobs(bot.discord) - before == {job_of(next_card)}
    assert bot.provider.count(prompt=prompt) == 1
    assert messages_of(bot.discord, job_of(card), "card") == [card]


@pytest.mark.parametrize(
    "payload",
    [
        {"t": "INTERACTION_CREATE", "d": {"id": "1"}},
        {"t": "INTERACTION_CREATE", "d": None},
        {"t": "GUILD_CREATE", "d": {"id": "no number"}},
        {"t": "MESSAGE_CREATE", "d": []},
        {"t": "SOMETHING_NEW", "d": {"a": {"b": "c"}}},
        {"op": 99, "d": None, "s": None, "t": None},
    ],
    ids=lambda payload: str(payload.get("t") or payload.get("op")),
)
async def test_unexpected_payload_is_passed_over(bot: Bot, payload: dict[str, Any]) -> None:
    """Whatever comes, the next order is answered, in the same session."""
    identifies = len(bot.discord.gateway.identifies)
    await bot.discord.gateway.push(payload)
    await bot.done(await bot.order(f"after {payload}"))

    assert len(bot.discord.gateway.identifies) == identifies


async def test_outage_of_everything(bot: Bot) -> None:
    """Discord is away when the result is ready: it is delivered once Discord is there again."""
    shown, _ = await bot.running("outage")
    await bot.discord.stop()
    bot.provider.release("outage")
    async with asyncio.timeout(PATIENCE_S):
        while not bot.provider.downloads:
            await asyncio.sleep(0.02)
    await bot.discord.start()
    await bot.done(shown)
    await bot.discord.gateway.until_connected(within_s=PATIENCE_S)
    await bot.done(await bot.order("after the outage"))


async def test_dead_resume_host_is_given_up(bot: Bot) -> None:
    """A session whose address is dead is taken up at the gateway's own, after a minute or so."""
    await bot.kill()
    bot.rate = 20.0
    await bot.start()
    gateway = bot.discord.gateway
    resumes = len(gateway.resumes)
    gateway.dead_resume_host()
    await gateway.drop()
    await bot.discord.until(
        lambda: len(gateway.resumes) > resumes and gateway.connections > 0,
        "the session to be taken up elsewhere",
        within_s=2 * PATIENCE_S,
    )
    gateway.living_resume_host()
    await bot.kill()
    bot.rate = 1.0
    await bot.start()


async def test_ban_is_waited_out(bot: Bot) -> None:
    """A 429 that is not Discord's own is a ban: nothing more is sent until it is over."""
    prompt = "banned"
    shown, card = await bot.running(prompt)
    fault = bot.discord.faults.fail(POST, status=429, retry_after_s=600.0, via=False)
    bot.provider.release(prompt)
    await asyncio.wait_for(fault.reached.wait(), PATIENCE_S)
    posts = len(bot.discord.called(POST))
    await bot.kill()
    bot.rate = 200.0
    await bot.start()
    await bot.done(shown)

    assert (fault.met, len(bot.discord.called(POST))) == (1, posts + 1)
    assert len(messages_of(bot.discord, job_of(card), "result")) == 1
