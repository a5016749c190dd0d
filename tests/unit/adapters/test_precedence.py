"""Who waits for an answer goes first where there are many, but not for ever."""

from __future__ import annotations

import asyncio

from adapters.precedence import CROWD, LONGEST_S, Precedence
from tests.fakes.clock import VirtualClock, settle


def _crowd(clock: VirtualClock, size: int = CROWD) -> Precedence:
    precedence = Precedence(clock)
    for number in range(size):
        precedence.came(number)
    return precedence


async def test_few_hold_up_nobody() -> None:
    """Jobs go on while orders come one by one; one that came twice is one."""
    precedence = _crowd(VirtualClock(), CROWD - 1)
    precedence.came(0)
    await asyncio.wait_for(precedence.calm(), 1.0)


async def test_calm_comes_when_the_crowd_is_gone() -> None:
    """One is answered, or given up, and only counts once."""
    precedence = _crowd(VirtualClock(), CROWD + 1)
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(precedence.calm())
        precedence.answered(1)
        precedence.answered(1)
        await settle()
        assert not waiting.done()
        precedence.answered(2)
        await settle()
        assert waiting.done()
    await asyncio.wait_for(precedence.calm(), 1.0)


async def test_a_crowd_may_gather_anew() -> None:
    """The next burst is stood back for like the first."""
    precedence = _crowd(VirtualClock())
    precedence.answered(0)
    precedence.came(CROWD)
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(precedence.calm())
        await settle()
        assert not waiting.done()
        precedence.answered(CROWD)


async def test_nobody_stands_back_for_ever() -> None:
    """Interactions that are never answered hold up the others for a second."""
    clock = VirtualClock()
    precedence = _crowd(clock)
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(precedence.calm())
        await clock.advance(LONGEST_S / 2)
        assert not waiting.done()
        await clock.advance(LONGEST_S)
        assert waiting.done()


async def test_all_who_stand_back_go_on_together() -> None:
    """However many they are, and whoever of them came first."""
    precedence = _crowd(VirtualClock())
    async with asyncio.TaskGroup() as tasks:
        waiting = [tasks.create_task(precedence.calm()) for _ in range(3)]
        await settle()
        assert not any(each.done() for each in waiting)
        precedence.answered(0)
        await settle()
        assert all(each.done() for each in waiting)


async def test_who_is_called_off_leaves_nobody_standing() -> None:
    """The others had waited for that one; who comes now stands back anew."""
    precedence = _crowd(VirtualClock())
    async with asyncio.TaskGroup() as tasks:
        first, second = (tasks.create_task(precedence.calm()) for _ in range(2))
        await settle()
        first.cancel()
        await settle()
        assert second.done()
        third = tasks.create_task(precedence.calm())
        await settle()
        assert not third.done()
        precedence.answered(0)
