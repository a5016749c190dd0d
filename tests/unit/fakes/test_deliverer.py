"""The recording deliverer."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from core.errors import DeliveryRetryable
from core.jobs.job import DeliveryState
from core.jobs.lifecycle import DeliveryKind
from tests.fakes import jobs
from tests.fakes.deliverer import RecordingDeliverer

CARD = jobs.delivery(DeliveryKind.CARD, DeliveryState.SENDING)


async def _note(_: Mapping[str, object]) -> None:
    """Commit nothing."""


async def test_same_nonce_appears_once() -> None:
    """A delivery that is repeated finds what it said before."""
    deliverer, job = RecordingDeliverer(), jobs.job()
    receipts = [await deliverer.deliver(job, CARD, (), _note) for _ in range(2)]

    assert receipts[0] == receipts[1]
    assert (deliverer.posts(job.job_id), deliverer.calls[DeliveryKind.CARD]) == (["card"], 2)


async def test_troubles_come_as_told_and_then_end() -> None:
    """It fails as often as it was told to, before anything appears."""
    deliverer, job = RecordingDeliverer(), jobs.job()
    deliverer.fail("card", DeliveryRetryable())
    with pytest.raises(DeliveryRetryable):
        await deliverer.deliver(job, CARD, (), _note)
    assert deliverer.said == []
    await deliverer.deliver(job, CARD, (), _note)

    assert deliverer.posts(job.job_id) == ["card"]
