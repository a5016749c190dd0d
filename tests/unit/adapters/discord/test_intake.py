"""What a stop does to those who are being answered."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, cast

from adapters.discord.callbacks import Callbacks, Outcome
from adapters.discord.intake import Intake
from adapters.discord.interactions import Interaction
from adapters.discord.reply import Reply
from adapters.discord.wire import Wire
from adapters.precedence import Precedence
from tests.fakes.clock import VirtualClock


@dataclass
class Slow:
    """Callbacks that take an answer once the test lets them."""

    let: dict[int, asyncio.Event] = field(default_factory=dict)
    begun: list[int] = field(default_factory=list)
    taken: list[int] = field(default_factory=list)

    async def answer(self, interaction: Interaction, _: bytes) -> Outcome:
        self.begun.append(interaction.interaction_id)
        await self.let[interaction.interaction_id].wait()
        self.taken.append(interaction.interaction_id)
        return Outcome.TAKEN


def payload(number: int) -> dict[str, Any]:
    here = {"channel": {"id": "3", "type": 1}, "user": {"id": "4"}}
    return {
        "id": str(number), "type": 2, "token": "t", "application_id": "7",
        "data": {"name": "redraw"}, **here,
    }  # fmt: skip


async def test_end_of_a_stop_cuts_nobody_off() -> None:
    """It waits for those who were there; who came meanwhile hears that it is restarted."""
    callbacks = Slow(let={1: asyncio.Event(), 2: asyncio.Event()})
    clock = VirtualClock()

    async def handle(reply: Reply) -> None:
        await reply.acknowledge()

    async with asyncio.TaskGroup() as tasks:
        intake = Intake(
            tasks=tasks,
            callbacks=cast("Callbacks", callbacks),
            wire=cast("Wire", None),
            precedence=Precedence(clock),
            clock=clock,
        )
        intake.open(handle)
        intake.receive(payload(1))
        await asyncio.sleep(0)
        closing = tasks.create_task(intake.close())
        await asyncio.sleep(0)
        intake.receive(payload(2))
        await asyncio.sleep(0)
        callbacks.let[1].set()
        await closing
        callbacks.let[2].set()
    assert callbacks.begun == callbacks.taken == [1, 2]
