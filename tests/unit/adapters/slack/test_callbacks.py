"""An acknowledgement between whoever decides on it and whoever sends it."""

from __future__ import annotations

import asyncio

from adapters.slack.callbacks import Answer, Outcome
from tests.fakes.clock import VirtualClock, settle


async def test_what_is_given_is_taken_and_told_of() -> None:
    answer, clock = Answer(), VirtualClock()
    async with asyncio.TaskGroup() as tasks:
        giving = tasks.create_task(answer.give({"text": "a"}))
        assert await answer.taken(clock, within_s=2.8) == {"text": "a"}
        answer.became(Outcome.TAKEN)
    assert giving.result() is Outcome.TAKEN


async def test_too_late_is_refused() -> None:
    """Whoever decides later learns that nobody was told."""
    answer, clock = Answer(), VirtualClock()
    async with asyncio.TaskGroup() as tasks:
        taking = tasks.create_task(answer.taken(clock, within_s=2.8))
        await settle()
        await clock.advance(3.0)
    assert taking.result() is None
    assert await answer.give({}) is Outcome.REFUSED


async def test_first_word_counts() -> None:
    answer, clock = Answer(), VirtualClock()
    answer.became(Outcome.TAKEN)
    answer.became(Outcome.REFUSED)
    assert await answer.give({"text": "a"}) is Outcome.TAKEN
    assert await answer.give({"text": "b"}) is Outcome.TAKEN
    assert await answer.taken(clock, within_s=1.0) == {"text": "a"}
