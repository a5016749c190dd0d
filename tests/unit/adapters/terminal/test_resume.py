"""What `redraw try --resume` goes on with."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapters.terminal import resume
from adapters.terminal.resume import Seen, Way
from core.jobs.job import CHECK_AGAIN_FOR_S, DeliveryState, Job
from core.jobs.lifecycle import ACTIVE, DeliveryKind, Reason, State
from tests.fakes.clock import START
from tests.fakes.jobs import delivery, job, run

SOON = START + timedelta(seconds=60)


def way_on(of: Job, result: DeliveryState | None = None, age_s: float = 60.0) -> Way:
    rows = () if result is None else (delivery(DeliveryKind.RESULT, result),)
    return resume.way_on(Seen(job=of, deliveries=rows), START + timedelta(seconds=age_s))


@pytest.mark.parametrize("state", sorted(ACTIVE))
def test_job_under_way_is_watched(state: State) -> None:
    """A job that a killed process left under way goes on by itself and is watched."""
    assert way_on(job(state=state, acked_at=START)) == Way.WATCH


@pytest.mark.parametrize(
    ("state", "reason"), [(State.RECEIVED, None), (State.CANCELLED, Reason.UNACKED)]
)
def test_job_that_was_kept_but_not_let_go_is_let_go(state: State, reason: Reason | None) -> None:
    """Killed between keeping an order and beginning it, that very job is begun."""
    assert way_on(job(state=state, reason=reason)) == Way.CONFIRM
    assert way_on(job(state=state, reason=reason, request_prompt="")) != Way.CONFIRM


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (State.CANCELLED, Reason.WITHDRAWN),
        (State.EXPIRED, Reason.NOT_SUBMITTED),
        (State.FAILED, Reason.NOT_PREPARED),
    ],
)
def test_job_that_was_never_sent_is_ordered_anew(state: State, reason: Reason) -> None:
    """What cost nothing and was not refused is simply asked for again."""
    assert way_on(job(state=state, reason=reason)) == Way.SUBMIT_ANEW


def test_forgotten_prompt_cannot_be_ordered_anew() -> None:
    """After its time the prompt is gone, and with it what could be asked for."""
    ended = job(state=State.CANCELLED, reason=Reason.WITHDRAWN, request_prompt="")

    assert way_on(ended) == Way.NOTHING


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (State.CANCELLED, Reason.MAY_BE_BILLED),
        (State.EXPIRED, Reason.DEADLINE),
        (State.FAILED, Reason.OUTPUTS_LOST),
    ],
)
@pytest.mark.parametrize(
    ("age_s", "expected"),
    [(60.0, Way.CHECK_AGAIN), (CHECK_AGAIN_FOR_S + 1.0, Way.NOTHING)],
    ids=["young", "old"],
)
def test_job_with_a_remote_task_is_checked_again(
    *, state: State, reason: Reason, age_s: float, expected: Way
) -> None:
    """What was sent is asked for again, free of charge, for as long as results are kept."""
    ended = job(state=state, reason=reason, remote_task_id="t", submitted_at=START)

    assert way_on(ended, age_s=age_s) == expected


@pytest.mark.parametrize(
    ("state", "reason"),
    [(State.CANCELLED, Reason.MAY_BE_BILLED), (State.EXPIRED, Reason.DEADLINE)],
)
def test_preview_is_drawn_anew(state: State, reason: Reason) -> None:
    """A preview costs nothing, and the first drawing may have lost the picture's address."""
    ended = job(state=state, reason=reason, remote_task_id="t", submitted_at=START, preview=True)

    assert way_on(ended) == Way.SUBMIT_ANEW


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (State.UNCERTAIN, Reason.OUTCOME_UNKNOWN),
        (State.FAILED, Reason.REJECTED),
        (State.FAILED, Reason.REMOTE_FAILED),
        (State.FAILED, Reason.FILTERED),
        (State.FAILED, Reason.PICTURE),
    ],
)
def test_what_would_cost_again_is_left_alone(state: State, reason: Reason) -> None:
    """Nothing that may pay twice or would be refused again happens by --resume."""
    ended = job(state=state, reason=reason, remote_task_id="t", submitted_at=START)

    assert way_on(ended) == Way.NOTHING


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (DeliveryState.SENT, Way.NOTHING),
        (DeliveryState.PENDING, Way.WATCH),
        (DeliveryState.SENDING, Way.WATCH),
        (DeliveryState.REFUSED, Way.WRITE_AGAIN),
    ],
)
def test_ready_job_is_handed_over(result: DeliveryState, expected: Way) -> None:
    """A result that could not be written is written; one that is written is done."""
    assert way_on(job(state=State.READY), result) == expected


def seen(job_id: str, run_id: str, state: State, model_id: str = "shade") -> Seen:
    reason = Reason.WITHDRAWN if state is State.CANCELLED else None
    of = job(
        job_id=job_id,
        run=run(run_id=run_id),
        state=state,
        reason=reason,
        request_model_id=model_id,
    )
    return Seen(job=of, deliveries=(delivery(DeliveryKind.RESULT, DeliveryState.SENT),))


def test_newest_run_with_something_left_is_taken() -> None:
    """Of several runs the newest unfinished one is gone on with, all its jobs in order."""
    newest_first = [
        seen("5", "C", State.READY),
        seen("4", "B", State.CANCELLED, "tint"),
        seen("3", "B", State.READY),
        seen("2", "A", State.CANCELLED),
    ]

    found = resume.last_run(newest_first, SOON)

    assert [each.job.job_id for each in found] == ["3", "4"]


def test_order_made_anew_replaces_the_withdrawn_one() -> None:
    """What has been resumed and is done is not resumed a second time."""
    newest_first = [seen("2", "A", State.READY), seen("1", "A", State.CANCELLED)]

    assert resume.last_run(newest_first, SOON) == ()
