"""A store that is away, bugs, lost offers: no job is lost, and none stops another."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import pytest

from core.errors import StoreUnavailable
from core.jobs.acknowledgement import ACK_GRACE_S
from core.jobs.boundary import STUMBLES_MAX
from core.jobs.job import Facts, Job
from core.jobs.lifecycle import Event, Reason, State
from core.jobs.store.ledger import Ledger
from tests.fakes.provider_script import Script
from tests.fakes.rig import Rig, open_rig

FASTER = 200.0


class StumblingLedger:
    """The ledger, which raises instead of recording certain events, so and so often."""

    def __init__(self, ledger: Ledger, troubles: Mapping[Event, tuple[Exception, int]]) -> None:
        self._ledger = ledger
        self._left = {event: times for event, (_, times) in troubles.items()}
        self._errors = {event: error for event, (error, _) in troubles.items()}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    async def record(
        self, job: Job, event: Event, at: datetime, *, facts: Facts | None = None
    ) -> Job:
        if self._left.get(event, 0) > 0:
            self._left[event] -= 1
            raise self._errors[event]
        return await self._ledger.record(job, event, at, facts=facts or Facts())


def stumble(rig: Rig, event: Event, error: Exception, *, times: int) -> None:
    """Have the next worker's ledger stumble over an event."""
    stumbling = StumblingLedger(rig.ledger, {event: (error, times)})
    rig.worker_ledger = cast("Ledger", stumbling)


@pytest.mark.parametrize(
    "event",
    [Event.PREPARED, Event.SUBMIT_CLAIMED, Event.ACCEPTED, Event.PRODUCED, Event.COLLECTED],
)
async def test_store_that_comes_back_gets_every_job(tmp_path: Path, event: Event) -> None:
    """Whatever write it misses is made up for, without a second submit."""
    async with open_rig(tmp_path) as rig:
        stumble(rig, event, StoreUnavailable(), times=3)
        await rig.start()
        job = await rig.ended((await rig.order()).job_id)

        assert (job.state, rig.provider.count()) == (State.READY, 1)
        assert rig.deliverer.posts(job.job_id) == ["card", "result", "card_final"]


@pytest.mark.parametrize(
    ("event", "state", "reason"),
    [
        pytest.param(Event.PREPARED, State.FAILED, Reason.NOT_PREPARED, id="received"),
        pytest.param(Event.SUBMIT_CLAIMED, State.EXPIRED, Reason.NOT_SUBMITTED, id="queued"),
        pytest.param(Event.ACCEPTED, State.UNCERTAIN, Reason.OUTCOME_UNKNOWN, id="submitting"),
        pytest.param(Event.PRODUCED, State.EXPIRED, Reason.DEADLINE, id="running"),
        pytest.param(Event.COLLECTED, State.FAILED, Reason.OUTPUTS_LOST, id="collecting"),
    ],
)
async def test_bug_that_stays_ends_its_job_alone(
    tmp_path: Path, event: Event, state: State, reason: Reason
) -> None:
    """The job ends as its state provides; what was paid for is never sent again."""
    async with open_rig(tmp_path, rate=FASTER) as rig:
        times = 1 if event is Event.ACCEPTED else STUMBLES_MAX
        stumble(rig, event, ZeroDivisionError("a bug"), times=times)
        await rig.start()
        poisoned = await rig.ended((await rig.order(prompt="poisoned")).job_id)
        healthy = await rig.ended((await rig.order(prompt="healthy")).job_id)

        assert (poisoned.state, poisoned.reason) == (state, reason)
        assert rig.provider.count(prompt="poisoned") <= 1
        assert healthy.state is State.READY


async def test_lost_offer_is_found(tmp_path: Path) -> None:
    """A job that nobody offered is driven within a minute or so."""
    async with open_rig(tmp_path, rate=FASTER) as rig:
        await rig.start()
        job = (await rig.queue.submit(rig.an_order())).job
        await rig.ledger.acknowledge(job.job_id, rig.clock.now())

        assert (await rig.ended(job.job_id)).state is State.READY


async def test_acknowledgement_that_never_comes_withdraws_the_job(tmp_path: Path) -> None:
    """An adapter that broke between order and answer leaves nothing behind."""
    async with open_rig(tmp_path, rate=FASTER) as rig:
        await rig.start()
        job = (await rig.queue.submit(rig.an_order())).job
        job = await rig.until(job.job_id, State.CANCELLED)

        assert job.reason is Reason.UNACKED
        assert (rig.clock.now() - job.created_at).total_seconds() >= ACK_GRACE_S
        assert rig.provider.count() == 0


async def test_late_acknowledgement_is_early_enough(tmp_path: Path) -> None:
    """A job that waits for its acknowledgement goes on as soon as that comes."""
    async with open_rig(tmp_path) as rig:
        let_go_on = rig.deliverer.hold("was_acknowledged")
        await rig.start()
        job = (await rig.queue.submit(rig.an_order())).job
        await rig.dispatch.offer(job.job_id)
        await rig.clock.sleep(4.0)
        assert (await rig.queue.get(job.job_id)).state is State.RECEIVED
        await rig.queue.acknowledged(job.job_id)
        let_go_on()

        assert (await rig.ended(job.job_id)).state is State.READY


async def test_offer_during_a_step_does_not_disturb_it(tmp_path: Path) -> None:
    """A job that is offered again and again is submitted and told once."""
    async with open_rig(tmp_path) as rig:
        rig.provider.default = Script(pending_polls=2)
        await rig.start()
        job = await rig.order()
        for _ in range(30):
            await rig.dispatch.offer(job.job_id)
            await rig.clock.sleep(0.3)
        job = await rig.ended(job.job_id)

        assert (job.state, rig.provider.count()) == (State.READY, 1)
        assert rig.deliverer.posts(job.job_id) == ["card", "result", "card_final"]
