"""What is used of the limits is kept up without asking the database again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from core.jobs.lifecycle import Reason, State
from core.jobs.quota import Limits, Spent, month_start
from core.jobs.store.tally import Tally, by_requester, counts_by_requester
from tests.fakes import jobs
from tests.fakes.clock import START

HOUR = timedelta(hours=1)


def _row(state: State, reason: Reason | None = None, *, hours: int = 0) -> dict[str, object]:
    return {
        "requester": "terminal:me",
        "created_at": START - hours * HOUR,
        "pictures": 2,
        "state": state.value,
        "reason": reason and reason.value,
    }


def test_what_was_read_counts_as_the_limits_say() -> None:
    """Jobs under way count whenever they began; pictures for a day, oldest first."""
    rows = [
        _row(State.READY, hours=1),
        _row(State.RUNNING, hours=30),
        _row(State.FAILED, Reason.PICTURE, hours=2),
        _row(State.QUEUED, hours=3),
    ]

    usage = Tally(jobs=by_requester(rows)).usage("terminal:me", START)

    assert usage.active_jobs == 2
    assert usage.spent == (
        Spent(at=START - 3 * HOUR, pictures=2),
        Spent(at=START - HOUR, pictures=2),
    )


def test_a_job_that_is_added_counts_from_then_on() -> None:
    """Against its requester, the queue and, but for previews, the credits of the month."""
    tally = Tally(queue=5, open_credits=7, credits_since={month_start(START): 11})

    tally.add(jobs.job(credits=3))
    tally.add(jobs.job(credits=90, preview=True))
    mine = tally.usage(jobs.job().origin.requester, START)
    other = tally.usage("terminal:other", START)

    assert (mine.active_jobs, mine.pictures_day) == (2, 2)
    assert (other.active_jobs, other.pictures_day) == (0, 0)
    assert (mine.queue, mine.credits_month) == (other.queue, other.credits_month) == (7, 21)


def test_requesters_are_counted_only_where_a_limit_needs_it() -> None:
    """Without limits for one requester nobody's jobs have to be read."""
    off = Limits(jobs_per_user=0, pictures_per_user_day=0)

    assert not counts_by_requester(off)
    assert counts_by_requester(replace(off, jobs_per_user=1))
    assert counts_by_requester(replace(off, pictures_per_user_day=1))
