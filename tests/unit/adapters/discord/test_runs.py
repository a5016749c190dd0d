"""Two clicks in a row are one act, also when they fall into two windows of time."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import cast

import pytest

from adapters.desk import Desk
from adapters.discord import places
from adapters.discord.callbacks import Callbacks, Outcome
from adapters.discord.drafting import Drafting
from adapters.discord.interactions import Doing, Interaction
from adapters.discord.ordering import Ordering
from adapters.discord.reply import Reply
from adapters.discord.runs import ONE_ACT, Runs
from adapters.discord.wire import Wire
from adapters.precedence import Precedence
from core.catalogue.catalogue import Catalogue
from core.clock import Clock
from core.jobs.job import Delivery, Job
from core.media.item import Kind, MediaItem
from core.request import GenerationRequest
from tests.fakes.clock import START, VirtualClock
from tests.fakes.jobs import SHADE, job

EDGE = START - (START - places.EPOCH) % ONE_ACT
"""When one window ends and the next begins."""


@dataclass
class Acts:
    """A queue that knows the jobs of some acts."""

    jobs: dict[str, Job] = field(default_factory=dict)

    async def find_act(self, dedupe_key: str) -> Job | None:
        return self.jobs.get(dedupe_key)

    async def deliveries(self, job_id: str) -> tuple[Delivery, ...]:
        return ()


@dataclass
class Orders:
    """An ordering that keeps the keys it was given, and makes a job of each."""

    acts: Acts
    clock: VirtualClock
    keys: list[str] = field(default_factory=list)

    def read(self, *_: object) -> GenerationRequest:
        """Allow everything."""
        return READY.request

    async def order(self, reply: Reply, *_: object, dedupe_key: str) -> None:
        self.keys.append(dedupe_key)
        self.acts.jobs.setdefault(dedupe_key, replace(READY, created_at=self.clock.now()))


@dataclass(frozen=True)
class TinyDesk:
    """What `Runs` asks a desk for."""

    queue: Acts
    clock: Clock
    catalogue: Catalogue = field(default_factory=lambda: Catalogue([SHADE]))


@dataclass
class Told:
    """Callbacks that count what was said."""

    answers: int = 0

    async def answer(self, *_: object) -> Outcome:
        self.answers += 1
        return Outcome.TAKEN


ITEM = MediaItem(sha256="0" * 64, kind=Kind.JPEG, size_bytes=9, width_px=4, height_px=3)
READY = job(prepared=(ITEM,))


@pytest.mark.parametrize(("gap_s", "orders"), [(0.2, 1), (4.9, 1), (5.1, 2), (9.0, 2), (60.0, 2)])
async def test_second_click_counts_after_five_seconds(gap_s: float, orders: int) -> None:
    """The first falls just before the end of a window, the second after it."""
    clock = VirtualClock(EDGE - timedelta(seconds=0.1))
    acts, told = Acts(), Told()
    ordering = Orders(acts, clock)
    desk = cast("Desk", TinyDesk(queue=acts, clock=clock))
    runs = Runs(desk, cast("Ordering", ordering), cast("Drafting", None))
    await runs.again(_click(clock, told), READY)
    await clock.advance(gap_s)
    await runs.again(_click(clock, told), READY)
    assert len(set(ordering.keys)) == orders
    assert told.answers == 2 - orders


async def test_clicks_in_one_window_have_one_key() -> None:
    """So that the store keeps one of two that come at the same time."""
    clock = VirtualClock(EDGE)
    acts, told = Acts(), Told()
    ordering = Orders(acts, clock)
    desk = cast("Desk", TinyDesk(queue=acts, clock=clock))
    runs = Runs(desk, cast("Ordering", ordering), cast("Drafting", None))
    for _ in range(2):
        await runs.again(_click(clock, told), READY)
    assert len(ordering.keys) == 2
    assert len(set(ordering.keys)) == 1


def _click(clock: VirtualClock, told: Told) -> Reply:
    interaction = Interaction(
        interaction_id=places.snowflake(clock.now()),
        token="t",
        application_id=1,
        doing=Doing.COMPONENT,
        data={},
        guild_id=1,
        channel_id=2,
        channel_kind=0,
        parent_id=None,
        context=0,
        is_guild_install=True,
        user_id=44,
        permissions=0,
        app_permissions=0,
        upload_limit_bytes=1,
        message=None,
        received_at=clock.now(),
        received_s=clock.monotonic_s(),
    )
    callbacks = cast("Callbacks", told)
    return Reply(
        interaction,
        callbacks=callbacks,
        wire=cast("Wire", None),
        precedence=Precedence(clock),
    )
