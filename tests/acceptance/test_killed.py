"""The real process, killed in each state and started again: nothing lost, nothing done twice."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.acceptance.bot_process import TURNED_AWAY
from tests.acceptance.process import Redraw, redraw
from tests.fakes.pictures import encoded, photo
from tests.fakes.provider_script import Fault, Script

pytestmark = pytest.mark.slow

LONG_S = 60.0
KEY = "a lighthouse"


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Redraw]:
    async with redraw(tmp_path / "data", encoded(photo("astronaut", (320, 240)))) as process:
        yield process


Arrange = Callable[[Redraw], Callable[[], Awaitable[object]]]
"""Sets the fakes so that a job gets stuck; what it returns waits until it is."""


def _stuck_at_card(bot: Redraw) -> Callable[[], Awaitable[object]]:
    return bot.chat.gate("card").reached.wait


def _stuck_at_taken_card(bot: Redraw) -> Callable[[], Awaitable[object]]:
    return bot.chat.gate("card", takes_first=True).reached.wait


def _put_back(bot: Redraw) -> Callable[[], Awaitable[object]]:
    bot.provider.fail_submits(TURNED_AWAY)
    return bot.put_off


def _stuck_at_submit(bot: Redraw) -> Callable[[], Awaitable[object]]:
    bot.provider.fail_submits(Fault(ending="pass", delay_s=LONG_S))
    return lambda: bot.provider.arrived(1, timeout_s=LONG_S)


def _running(bot: Redraw) -> Callable[[], Awaitable[object]]:
    bot.provider.default = Script(held=True)

    async def polled() -> None:
        while not bot.provider.polls:
            await asyncio.sleep(0.02)

    return polled


def _stuck_at_download(bot: Redraw) -> Callable[[], Awaitable[object]]:
    bot.provider.fail_pictures(Fault(ending="pass", delay_s=LONG_S))

    async def asked() -> None:
        while not bot.provider.downloads:
            await asyncio.sleep(0.02)

    return asked


def _stuck_at_result(bot: Redraw) -> Callable[[], Awaitable[object]]:
    return bot.chat.gate("result").reached.wait


def _stuck_at_taken_result(bot: Redraw) -> Callable[[], Awaitable[object]]:
    return bot.chat.gate("result", takes_first=True).reached.wait


@dataclass(frozen=True, kw_only=True)
class Ending:
    """What is expected of a job that was killed in one state."""

    kind: str
    gate: str = ""
    """The gate of the chat to lift after the kill."""


CASES: list[tuple[str, Arrange, Ending]] = [
    ("received, card not taken", _stuck_at_card, Ending(kind="result", gate="card")),
    ("received, card taken", _stuck_at_taken_card, Ending(kind="result", gate="card")),
    ("queued", _put_back, Ending(kind="result")),
    ("submitting", _stuck_at_submit, Ending(kind="notice")),
    ("running", _running, Ending(kind="result")),
    ("collecting", _stuck_at_download, Ending(kind="result")),
    ("ready, result not taken", _stuck_at_result, Ending(kind="result", gate="result")),
    ("ready, result taken", _stuck_at_taken_result, Ending(kind="result", gate="result")),
]


@pytest.mark.parametrize(("arrange", "ending"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
async def test_killed_in_each_state(bot: Redraw, arrange: Arrange, ending: Ending) -> None:
    """A job whose process dies in any state ends in one result or one sentence, and one submit."""
    stuck = arrange(bot)
    job_id = await bot.order(KEY)
    async with asyncio.timeout(LONG_S):
        await stuck()
    await bot.kill()
    if ending.gate:
        bot.chat.lift(ending.gate)
    bot.provider.release()
    await bot.start()
    await bot.told(within_s=LONG_S)
    exit_code = await bot.terminate()

    assert exit_code == 0
    assert bot.chat.said(ending.kind) == Counter({job_id: 1})
    assert bot.chat.said("card") == Counter({job_id: 1})
    assert bot.provider.count(prompt=KEY, accepted=True) == 1
    assert bot.provider.count(prompt=KEY) == (2 if arrange is _put_back else 1)


async def test_uncertain_submit_is_told_once_and_never_sent_again(bot: Redraw) -> None:
    """Killed between the paid call and its answer, a job is not sent again after two more kills."""
    stuck = _stuck_at_submit(bot)
    job_id = await bot.order(KEY)
    await stuck()
    for _ in range(2):
        await bot.kill()
        await bot.start()
    await bot.told(within_s=LONG_S)

    assert (bot.provider.count(prompt=KEY), bot.chat.said("notice")) == (1, Counter({job_id: 1}))
    assert "uncertain" in next(m.text for m in bot.chat.messages.values() if m.kind == "notice")


async def test_stop_leaves_running_jobs_to_the_next_process(bot: Redraw) -> None:
    """SIGTERM ends the process at once although a job runs; the next process delivers it."""
    polled = _running(bot)
    job_id = await bot.order(KEY)
    await polled()
    exit_code = await bot.terminate()
    bot.provider.release()
    await bot.start()
    await bot.told(within_s=LONG_S)

    assert (exit_code, bot.chat.said("result")) == (0, Counter({job_id: 1}))
    assert bot.provider.count(prompt=KEY) == 1


@pytest.mark.parametrize("seed", [11])
async def test_two_hundred_jobs_under_random_kills(bot: Redraw, seed: int) -> None:
    """Of 200 jobs under 20 random kills none is lost, submitted twice or delivered twice."""
    rng = random.Random(seed)
    bot.provider.default = Script(pending_s=0.5)
    keys = [f"picture {number}" for number in range(200)]

    async def arrive() -> None:
        async with asyncio.TaskGroup() as orders:
            for key in keys:
                orders.create_task(bot.order(key))
                await asyncio.sleep(0.08)

    async with asyncio.TaskGroup() as tasks:
        arriving = tasks.create_task(arrive())
        for _ in range(20):
            await asyncio.sleep(rng.uniform(0.05, 1.2))
            await bot.kill()
            await bot.start()
        await arriving
    await bot.told(within_s=LONG_S)

    jobs = {bot.job_ids[key] for key in keys}
    told = bot.chat.said("result") + bot.chat.said("notice")
    submits = Counter(submit.prompt for submit in bot.provider.submits)
    uncertain = sum("uncertain" in m.text for m in bot.chat.messages.values() if m.kind == "notice")
    print(f"kills {bot.kills}, uncertain {uncertain} of {len(keys)}")  # noqa: T201  # stated
    assert (len(jobs), bot.kills) == (200, 20)
    assert told == Counter(dict.fromkeys(jobs, 1))
    assert max(submits.values()) == 1
    assert len(bot.chat.said("notice")) == uncertain
