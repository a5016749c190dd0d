"""What is counted on the way to the chats and to the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from bot.metered import MeteredDeliverer, MeteredProvider
from bot.metrics import Metrics
from core.errors import (
    DeliveryGone,
    DeliveryRefused,
    DeliveryRetryable,
    Misconfiguration,
    OutcomeUnknown,
    ProviderMisconfigured,
    ProviderUnavailable,
    Rejection,
    RequestRejected,
    StaleJob,
    StoreUnavailable,
)
from core.jobs.job import Delivery, DeliveryState
from core.jobs.lifecycle import DeliveryKind, State
from core.provider.dialect import Call, Pending, Poll, Produced, RemoteFailed
from tests.fakes.clock import START, VirtualClock
from tests.fakes.deliverer import RecordingDeliverer
from tests.fakes.jobs import delivery
from tests.fakes.jobs import job as a_job
from tests.unit.bot.test_metrics import samples

CALL = Call(path="/getImagetoImage", body={})


@dataclass(frozen=True)
class Scripted:
    """An API that answers, or fails, as it is told to."""

    answer: Poll | Exception

    async def submit(self, call: Call) -> str:
        if isinstance(self.answer, Exception):
            raise self.answer
        return "task"

    async def poll(self, remote_task_id: str) -> Poll:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


ERRORS = [
    (ProviderUnavailable("cut"), "unavailable"),
    (ProviderUnavailable("slow down", is_throttled=True), "throttled"),
    *((RequestRejected(each), f"rejected_{each}") for each in Rejection),
    *((ProviderMisconfigured(each), f"misconfigured_{each}") for each in Misconfiguration),
    (OutcomeUnknown("cut"), "outcome_unknown"),
    (RuntimeError("a bug"), "broke"),
]


@pytest.mark.parametrize(("error", "outcome"), ERRORS, ids=[word for _, word in ERRORS])
async def test_failed_call_is_counted_and_passed_on(error: Exception, outcome: str) -> None:
    """Whoever called sees the same error as without the counting."""
    metrics = Metrics()
    provider = MeteredProvider(Scripted(error), metrics)
    before = samples(metrics)
    for call in (provider.submit(CALL), provider.poll("task")):
        with pytest.raises(type(error)) as caught:
            await call
        assert caught.value is error

    found = samples(metrics)
    assert found["redraw_submits_total", (outcome,)] == 1
    assert found["redraw_polls_total", (outcome,)] == 1
    assert before["redraw_submits_total", (outcome,)] == 0  # Prometheus would see no increase
    assert before["redraw_polls_total", (outcome,)] == 0


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Pending(), "pending"),
        (Produced(urls=()), "produced"),
        (RemoteFailed(rejection=Rejection.PROVIDER), "failed"),
    ],
)
async def test_answer_is_counted_and_passed_on(answer: Poll, outcome: str) -> None:
    """Each kind of answer has a count of its own."""
    metrics = Metrics()
    provider = MeteredProvider(Scripted(answer), metrics)
    before = samples(metrics)

    assert await provider.submit(CALL) == "task"
    assert await provider.poll("task") is answer
    found = samples(metrics)
    assert found["redraw_submits_total", ("accepted",)] == 1
    assert found["redraw_polls_total", (outcome,)] == 1
    assert before["redraw_submits_total", ("accepted",)] == 0
    assert before["redraw_polls_total", (outcome,)] == 0


def _delivery(kind: DeliveryKind, seq: int = 0) -> Delivery:
    return replace(delivery(kind, DeliveryState.SENDING), seq=seq, nonce=f"{kind} {seq}")


async def _note(data: Mapping[str, object]) -> None:
    """Commit nothing: there is no ledger here."""


async def test_result_is_counted_and_timed() -> None:
    """Its seconds are those of the remote task, and those from the order on."""
    metrics, clock = Metrics(), VirtualClock()
    job = replace(
        a_job(state=State.READY),
        created_at=START - timedelta(seconds=20),
        submitted_at=START - timedelta(seconds=18),
        produced_at=START - timedelta(seconds=3),
    )
    chat = MeteredDeliverer(RecordingDeliverer(), metrics, clock, platform="discord")
    await chat.deliver(job, _delivery(DeliveryKind.RESULT), (), _note)
    await chat.deliver(job, _delivery(DeliveryKind.RESULT, 1), (), _note)
    await chat.deliver(job, _delivery(DeliveryKind.CARD_FINAL), (), _note)

    found = samples(metrics)
    assert found["redraw_deliveries_total", ("result", "sent", "discord")] == 2
    assert found["redraw_deliveries_total", ("card_final", "sent", "discord")] == 1
    assert found["redraw_job_seconds_count", ("discord",)] == 1
    assert found["redraw_job_seconds_sum", ("discord",)] == pytest.approx(20)
    assert found["redraw_remote_task_seconds_sum", (job.request.model_id,)] == pytest.approx(15)


TROUBLES = [
    (DeliveryRetryable("busy"), "put_off"),
    (DeliveryRefused("no access"), "refused"),
    (DeliveryGone("deleted"), "gone"),
    (StaleJob("x"), "taken_over"),
    (StoreUnavailable("away"), "failed"),
    (RuntimeError("a bug"), "broke"),
]


@pytest.mark.parametrize(("error", "outcome"), TROUBLES, ids=[word for _, word in TROUBLES])
async def test_failed_delivery_is_counted_and_passed_on(error: Exception, outcome: str) -> None:
    """An edit and a delivery fail alike; neither is timed."""
    metrics, inner, job = Metrics(), RecordingDeliverer(), a_job(state=State.READY)
    inner.fail("result", error)
    inner.fail("progress", error)
    chat = MeteredDeliverer(inner, metrics, VirtualClock(), platform="slack")
    before = samples(metrics)
    for call in (
        chat.deliver(job, _delivery(DeliveryKind.RESULT), (), _note),
        chat.progress(job, ()),
    ):
        with pytest.raises(type(error)) as caught:
            await call
        assert caught.value is error

    found = samples(metrics)
    assert found["redraw_deliveries_total", ("result", outcome, "slack")] == 1
    assert found["redraw_edits_total", (outcome, "slack")] == 1
    assert before["redraw_deliveries_total", ("result", outcome, "slack")] == 0
    assert before["redraw_edits_total", (outcome, "slack")] == 0
    assert ("redraw_job_seconds_count", ("slack",)) not in found


async def test_everything_else_is_passed_through() -> None:
    """What is asked of a chat, and what it brings, is not counted."""
    inner = RecordingDeliverer(acknowledged=True, urls=("https://pictures.example/1",))
    chat = MeteredDeliverer(inner, Metrics(), VirtualClock(), platform="slack")
    job = a_job(state=State.RECEIVED)

    assert await chat.was_acknowledged(job)
    assert await chat.fetch(job) == inner.pictures
    assert await chat.reference_urls(job, ()) == inner.urls
    await chat.progress(job, ())
    assert inner.shown == [job]
