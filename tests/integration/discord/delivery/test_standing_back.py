"""What is done for jobs under way waits while many wait for an answer, but is done."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from adapters.discord.origin import Kept
from adapters.precedence import CROWD
from core.jobs.lifecycle import DeliveryKind, State
from tests.fakes.discord_errands import Bench

FILL = "PATCH /webhooks/{application}/{token}/messages/@original"
EDIT = "PATCH /channels/{channel}/messages/{message}"
LONG_S = 0.3
"""Much longer than any of these takes on loopback, and less than anything stands back."""


async def _done_after(bench: Bench, act: Coroutine[Any, Any, object]) -> None:
    """Let a crowd wait; fail unless `act` waits for it, and is done then."""
    for number in range(CROWD):
        bench.precedence.came(number)
    async with asyncio.TaskGroup() as tasks:
        acting = tasks.create_task(act)
        done, _ = await asyncio.wait({acting}, timeout=LONG_S)
        assert not done
        bench.precedence.answered(0)


async def test_card_stands_back(bench: Bench) -> None:
    rows = await bench.rows()
    await _done_after(bench, rows.deliver(DeliveryKind.CARD))
    assert len(bench.server.called(FILL)) == 1


async def test_progress_stands_back(bench: Bench) -> None:
    rows = await bench.rows()
    await rows.deliver(DeliveryKind.CARD)
    rows.becomes(State.RUNNING)
    await _done_after(bench, bench.deliverer.progress(rows.job, rows.sent))
    assert len(bench.server.called(EDIT)) == 1


async def test_fetching_stands_back(bench: Bench) -> None:
    item = await bench.picture()
    rows = await bench.rows(sources=(Kept(item=item),))
    await _done_after(bench, bench.deliverer.fetch(rows.job))
