"""Asking a platform whether it took an acknowledgement."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.errors import DeliveryRetryable
from core.jobs.acknowledgement import ACK_GRACE_S, ASKED_FOR_S, Acknowledgements
from core.jobs.job import Job
from tests.fakes import jobs
from tests.fakes.clock import START, VirtualClock
from tests.fakes.deliverer import RecordingDeliverer

JOB = jobs.job()
UNKNOWN = DeliveryRetryable("busy", retry_after_s=7.0)


def _asking(
    clock: VirtualClock, deliverer: RecordingDeliverer, *, ask_max_s: float = 5.0
) -> Acknowledgements:
    return Acknowledgements({JOB.origin.platform: deliverer}, clock, ask_max_s=ask_max_s)


def _made_at(seconds: float) -> Job:
    return jobs.job(created_at=START + timedelta(seconds=seconds))


@pytest.mark.parametrize("answer", [True, False])
async def test_platform_that_knows_is_believed(*, answer: bool) -> None:
    """Yes and no alike."""
    deliverer = RecordingDeliverer(acknowledged=answer)

    assert await _asking(VirtualClock(), deliverer).was_taken(JOB) is answer


def test_job_of_an_earlier_process_is_asked_about_at_once() -> None:
    """Nobody is left who could still tell; this process's own adapters get their time."""
    asking = _asking(VirtualClock(), RecordingDeliverer())

    assert asking.asked_at(_made_at(-1.0)) < START
    assert asking.asked_at(_made_at(1.0)) == START + timedelta(seconds=1.0 + ACK_GRACE_S)


async def test_platform_that_cannot_tell_is_asked_again_later() -> None:
    """For how long it wants to be left alone is handed on."""
    deliverer = RecordingDeliverer()
    deliverer.fail("was_acknowledged", UNKNOWN)

    with pytest.raises(DeliveryRetryable, match="busy") as caught:
        await _asking(VirtualClock(), deliverer).was_taken(JOB)
    assert caught.value.retry_after_s == 7.0


async def test_platform_that_hangs_cannot_tell() -> None:
    """A question ends after its time."""
    deliverer = RecordingDeliverer(acknowledged=True)
    deliverer.hold("was_acknowledged")

    with pytest.raises(DeliveryRetryable):
        await _asking(VirtualClock(), deliverer, ask_max_s=0.02).was_taken(JOB)


async def test_bug_answers_nothing() -> None:
    """An adapter that breaks has not said no."""
    deliverer = RecordingDeliverer()
    deliverer.fail("was_acknowledged", ZeroDivisionError("a bug"))

    with pytest.raises(DeliveryRetryable):
        await _asking(VirtualClock(), deliverer).was_taken(JOB)


async def test_platform_that_is_not_set_up_cannot_tell() -> None:
    """An operator who forgot a token has a while to mend it."""
    asking = Acknowledgements({}, VirtualClock())

    with pytest.raises(DeliveryRetryable, match="terminal is not set up"):
        await asking.was_taken(JOB)


async def test_question_is_not_asked_for_ever() -> None:
    """From the bound on, a platform that cannot tell has said no; one that can is believed."""
    clock, deliverer = VirtualClock(), RecordingDeliverer(acknowledged=True)
    deliverer.fail("was_acknowledged", UNKNOWN, times=2)
    asking = _asking(clock, deliverer)
    await clock.advance(ASKED_FOR_S - 1.0)
    with pytest.raises(DeliveryRetryable):
        await asking.was_taken(JOB)
    await clock.advance(1.0)

    assert await asking.was_taken(JOB) is False
    assert await asking.was_taken(JOB) is True
