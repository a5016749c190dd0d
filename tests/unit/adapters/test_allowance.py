"""What is left of the limits, in words."""

from __future__ import annotations

from datetime import timedelta

from adapters.allowance import left
from core.jobs.quota import Limits, Spent, Usage
from tests.fakes.clock import START


def test_every_limit_is_told_in_one_sentence() -> None:
    """Jobs, pictures and the month's budget, with what comes back next and when."""
    spent = (
        Spent(at=START - timedelta(hours=21), pictures=2),
        Spent(at=START - timedelta(hours=1), pictures=10),
    )
    usage = Usage(active_jobs=1, spent=spent, credits_month=300)

    assert left(usage, Limits(credits_month=1000), now=START) == (
        "1 of 3 jobs at a time are under way.",
        "38 of 50 pictures for these 24 hours are left; 2 more in 3 hours.",
        "700 of everybody's 1000 credits for this month are left.",
    )


def test_nothing_used_yet() -> None:
    """Whoever has used nothing waits for nothing."""
    assert left(Usage(), Limits(), now=START) == (
        "0 of 3 jobs at a time are under way.",
        "50 of 50 pictures for these 24 hours are left.",
    )


def test_limit_that_was_lowered_leaves_none() -> None:
    """Less than nothing is never left, and what is due is due in the future."""
    usage = Usage(spent=(Spent(at=START - timedelta(hours=25), pictures=60),), credits_month=9)
    limits = Limits(jobs_per_user=0, pictures_per_user_day=50, credits_month=5)

    assert left(usage, limits, now=START) == (
        "0 of 50 pictures for these 24 hours are left; 60 more in 1 second.",
        "0 of everybody's 5 credits for this month are left.",
    )


def test_no_limit_is_said() -> None:
    """An operator who sets none has that said."""
    none = Limits(jobs_per_user=0, pictures_per_user_day=0, credits_month=0)

    assert left(Usage(), none, now=START) == ("There is no limit here.",)
