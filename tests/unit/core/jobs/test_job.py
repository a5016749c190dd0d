"""What an event leaves of a job: the value, before anything is written."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from core.jobs import lifecycle
from core.jobs.job import CHECK_AGAIN_DEADLINE_S, NOTICES_MAX, Facts, Job, moved
from core.jobs.lifecycle import Event, Reason, State
from tests.fakes import jobs
from tests.fakes.clock import START

AT = START + timedelta(minutes=1)
LATER = START + timedelta(minutes=2)


def _after(job: Job, event: Event, facts: Facts | None = None) -> Job:
    transition = lifecycle.advance(job.state, event, cancel_wanted=job.cancel_wanted)
    assert transition is not None
    return moved(job, event, transition, AT, facts or Facts())


def _submitted(**changes: object) -> Job:
    return jobs.job(state=State.SUBMITTING, submitted_at=START, **changes)


def test_the_submit_is_dated_when_it_is_claimed() -> None:
    """The instant of the fence before the paid call is kept."""
    assert _after(jobs.job(state=State.QUEUED), Event.SUBMIT_CLAIMED).submitted_at == AT


@pytest.mark.parametrize("event", [Event.NOT_SENT, Event.PROVIDER_MISCONFIGURED])
def test_a_submit_that_did_not_happen_has_no_date(event: Event) -> None:
    """A job that goes back to the queue was not submitted."""
    assert _after(_submitted(), event).submitted_at is None


def test_a_wish_to_cancel_changes_nothing_else() -> None:
    """While it is being submitted the wish is noted and the job goes on."""
    job = _submitted(attempt=2, not_before_at=LATER)

    assert _after(job, Event.CANCEL) == replace(job, cancel_wanted=True, updated_at=AT)


def test_a_wish_to_cancel_is_used_up() -> None:
    """A wish that was honoured, or came too late, is not kept."""
    job = _submitted(cancel_wanted=True)

    assert not _after(job, Event.REJECTED).cancel_wanted
    assert not _after(job, Event.ACCEPTED, Facts(remote_task_id="t")).cancel_wanted


def test_a_task_id_that_came_after_the_wish_is_kept() -> None:
    """A job that was cancelled in mid-submit can be checked again."""
    job = _submitted(cancel_wanted=True)

    assert _after(job, Event.ACCEPTED, Facts(remote_task_id="t")).can_check_again(AT)


def test_no_job_runs_without_a_task_id() -> None:
    """Running means that there is something to ask for."""
    with pytest.raises(ValueError, match="without a task id"):
        _after(_submitted(), Event.ACCEPTED)


def test_an_end_is_dated_and_explained() -> None:
    """The end carries its instant, its reason and the word that refines it."""
    ended = _after(_submitted(), Event.REJECTED, Facts(reason_detail="moderation"))

    assert (ended.finished_at, ended.reason, ended.detail) == (AT, Reason.REJECTED, "moderation")


def test_check_again_gives_five_minutes() -> None:
    """The job runs again, without its end, and with a deadline of its own."""
    ended = _after(
        jobs.job(state=State.RUNNING, remote_task_id="t", submitted_at=START), Event.DEADLINE
    )

    again = _after(ended, Event.CHECK_AGAIN)

    assert again.deadline_at == AT + timedelta(seconds=CHECK_AGAIN_DEADLINE_S)
    assert (again.state, again.reason, again.finished_at, again.seq) == (
        State.RUNNING,
        None,
        None,
        1,
    )


def test_the_first_sight_of_a_result_stays() -> None:
    """A result that is found again was there before."""
    job = jobs.job(state=State.RUNNING, remote_task_id="t", submitted_at=START, produced_at=START)

    assert _after(job, Event.PRODUCED).produced_at == START


def test_what_is_left_out_stays() -> None:
    """Pictures and the deadline stay unless an event brings others; waiting does not."""
    job = jobs.job(prepared=(jobs.item(),), not_before_at=LATER)

    after = _after(job, Event.PREPARED)

    assert (after.prepared, after.deadline_at) == (job.prepared, job.deadline_at)
    assert after.not_before_at is None


def test_notices_add_up_once() -> None:
    """Lines for the user are added, none twice, and never without end."""
    many = tuple(str(number) for number in range(99))
    job = jobs.job(notices=("a", "b"))

    assert _after(job, Event.PREPARED, Facts(notices=("b", "c"))).notices == ("a", "b", "c")
    assert len(_after(job, Event.PREPARED, Facts(notices=many)).notices) == NOTICES_MAX


@pytest.mark.parametrize(("hours", "expected"), [(0.0, True), (4.0, True), (4.001, False)], ids=str)
def test_a_job_can_be_checked_again_for_four_hours(hours: float, expected: bool) -> None:
    """The provider keeps a result for four hours from the submit."""
    job = jobs.job(
        state=State.EXPIRED, reason=Reason.DEADLINE, remote_task_id="t", submitted_at=START
    )

    assert job.can_check_again(START + timedelta(hours=hours)) is expected


@pytest.mark.parametrize(
    "changes",
    [
        {"state": State.UNCERTAIN},
        {"state": State.READY},
        {"state": State.EXPIRED, "remote_task_id": None},
        {"state": State.CANCELLED, "submitted_at": None},
    ],
    ids=str,
)
def test_a_job_without_a_result_to_ask_for_is_not_checked_again(changes: dict[str, object]) -> None:
    """Only a job that ended with a task id and without its pictures is."""
    job = replace(jobs.job(remote_task_id="t", submitted_at=START), **changes)  # type: ignore[arg-type] # the cases above

    assert not job.can_check_again(AT)


def test_only_a_refused_acknowledgement_can_be_made_good() -> None:
    """A job that its requester withdrew stays withdrawn."""
    unacked = jobs.job(state=State.CANCELLED, reason=Reason.UNACKED)

    assert unacked.can_be_revived
    assert not replace(unacked, reason=Reason.WITHDRAWN).can_be_revived
