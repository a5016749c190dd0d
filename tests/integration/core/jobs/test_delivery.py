"""Deliveries: each once, tried again, refused or skipped, and never at the price of the job."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import DeliveryGone, DeliveryRefused, DeliveryRetryable
from core.jobs.job import DeliveryState
from core.jobs.lifecycle import DeliveryKind, Reason, State
from tests.fakes.rig import Rig, open_rig

SLOWER = 10.0
"""For a test in which a job must not run out of time, however long the machine stands still."""


async def _states(rig: Rig, job_id: str) -> dict[DeliveryKind, DeliveryState]:
    return {row.kind: row.state for row in await rig.queue.deliveries(job_id)}


async def test_result_is_tried_again_after_the_wait_asked_for(tmp_path: Path) -> None:
    """Retry-After counts; the pictures are not made again."""
    async with open_rig(tmp_path) as rig:
        rig.deliverer.fail("result", DeliveryRetryable(retry_after_s=30.0))
        await rig.start()
        job = await rig.ended((await rig.order()).job_id)
        tries = [
            change.at
            for change in await rig.ledger.history(job.job_id)
            if change.delivery is DeliveryKind.RESULT and change.event == "begun"
        ]

        assert len(tries) == 2
        assert (tries[1] - tries[0]).total_seconds() >= 30.0
        assert rig.deliverer.posts(job.job_id) == ["card", "result", "card_final"]
        assert rig.provider.count() == 1


async def test_refused_result_does_not_keep_the_card_from_being_finished(tmp_path: Path) -> None:
    """The pictures stay in the job; the card still says how it ended."""
    async with open_rig(tmp_path) as rig:
        rig.deliverer.fail("result", DeliveryRefused("no permission"))
        await rig.start()
        job = await rig.ended((await rig.order()).job_id)

        assert (job.state, len(job.outputs)) == (State.READY, 1)
        assert await _states(rig, job.job_id) == {
            DeliveryKind.CARD: DeliveryState.SENT,
            DeliveryKind.RESULT: DeliveryState.REFUSED,
            DeliveryKind.CARD_FINAL: DeliveryState.SENT,
        }


async def test_refused_result_can_be_shown_again(tmp_path: Path) -> None:
    """When the permission is back, the same pictures are posted, once."""
    async with open_rig(tmp_path) as rig:
        rig.deliverer.fail("result", DeliveryRefused("no permission"))
        await rig.start()
        job = await rig.ended((await rig.order()).job_id)
        shown = await rig.queue.show_again(job.job_id)
        await rig.ended(job.job_id)

        assert shown is not None
        assert rig.deliverer.posts(job.job_id) == ["card", "card_final", "result"]
        assert rig.provider.count() == 1


async def test_nothing_refused_is_nothing_to_show_again(tmp_path: Path) -> None:
    """What was delivered is not delivered twice on request."""
    async with open_rig(tmp_path) as rig:
        await rig.start()
        job = await rig.ended((await rig.order()).job_id)

        assert await rig.queue.show_again(job.job_id) is None


async def test_refused_result_is_shown_again_while_the_card_is_put_off(tmp_path: Path) -> None:
    """A new round for the pictures does not take the card's last edit away."""
    async with open_rig(tmp_path) as rig:
        rig.deliverer.fail("result", DeliveryRefused("no permission"))
        rig.deliverer.fail("card_final", DeliveryRetryable(retry_after_s=60.0))
        await rig.start()
        job = await rig.order()
        await rig.eventually(lambda: rig.deliverer.calls[DeliveryKind.CARD_FINAL])
        await rig.queue.show_again(job.job_id)
        await rig.ended(job.job_id)

        assert sorted(rig.deliverer.posts(job.job_id)) == ["card", "card_final", "result"]


async def test_card_that_is_gone_at_once_gets_no_submit(tmp_path: Path) -> None:
    """No card, no submit, in whatever words the place refuses it."""
    async with open_rig(tmp_path) as rig:
        rig.deliverer.fail("card", DeliveryGone())
        await rig.start()
        job = await rig.ended((await rig.order()).job_id)

        assert (job.state, job.reason) == (State.FAILED, Reason.NO_PLACE)
        assert rig.provider.count() == 0


async def test_card_that_is_gone_is_skipped(tmp_path: Path) -> None:
    """Somebody deleted the card: the result is the truth."""
    async with open_rig(tmp_path) as rig:
        rig.deliverer.fail("card_final", DeliveryGone())
        await rig.start()
        job = await rig.ended((await rig.order()).job_id)

        assert (await _states(rig, job.job_id))[DeliveryKind.CARD_FINAL] is DeliveryState.SKIPPED


async def test_delivery_is_given_up_after_a_day(tmp_path: Path) -> None:
    """A place that is down for a day keeps nobody busy for ever; the job stays ready."""
    async with open_rig(tmp_path) as rig:
        rig.deliverer.fail("result", DeliveryRetryable(), times=10_000)
        await rig.start()
        job = await rig.until((await rig.order()).job_id, State.READY)
        await rig.eventually(lambda: rig.deliverer.calls[DeliveryKind.RESULT] >= 3)
        rig.clock.leap(23 * 3600.0)
        await rig.eventually(lambda: rig.deliverer.calls[DeliveryKind.RESULT] >= 4)
        assert job.job_id in await rig.ledger.unfinished()
        rig.clock.leap(3600.0)
        job = await rig.ended(job.job_id)

        assert job.state is State.READY
        assert (await _states(rig, job.job_id))[DeliveryKind.RESULT] is DeliveryState.REFUSED


@pytest.mark.parametrize("kind", ["card", "result", "card_final"])
async def test_bug_in_a_deliverer_is_tried_again(tmp_path: Path, kind: str) -> None:
    """One unforeseen error delays one delivery, and appears once."""
    async with open_rig(tmp_path, rate=SLOWER) as rig:
        rig.deliverer.fail(kind, ZeroDivisionError("a bug"))
        await rig.start()
        job = await rig.ended((await rig.order()).job_id)

        assert job.state is State.READY
        assert rig.deliverer.posts(job.job_id) == ["card", "result", "card_final"]


async def test_many_jobs_are_each_delivered_once(tmp_path: Path) -> None:
    """Forty at once: forty submits, forty cards, results and last edits."""
    async with open_rig(tmp_path) as rig:
        await rig.start()
        job_ids = [(await rig.order(prompt=f"picture {n}")).job_id for n in range(40)]
        for job_id in job_ids:
            await rig.ended(job_id)

        assert {rig.provider.count(prompt=f"picture {n}") for n in range(40)} == {1}
        assert all(
            rig.deliverer.posts(job_id) == ["card", "result", "card_final"] for job_id in job_ids
        )
