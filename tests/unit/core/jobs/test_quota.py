"""What fits into the limits, what counts, and when a limit frees itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.errors import Limit, QuotaExceeded
from core.jobs import quota
from core.jobs.lifecycle import ACTIVE, Reason, State
from core.jobs.quota import Limits, Spent, Usage
from tests.fakes.ledger_jobs import WAYS, order
from tests.samples.transitions import JOB_ROWS

NOW = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


def _refusal(limits: Limits, usage: Usage, **changes: object) -> QuotaExceeded:
    with pytest.raises(QuotaExceeded) as caught:
        quota.check(order(**changes), limits, usage, NOW)
    return caught.value


def test_an_order_within_every_limit_is_taken() -> None:
    """Nothing is raised when the last of everything is asked for."""
    limits = Limits(credits_month=100, allowed_places=frozenset({"terminal:here"}))
    usage = Usage(
        active_jobs=2, spent=(Spent(at=NOW - HOUR, pictures=46),), credits_month=95, queue=199
    )

    quota.check(order(batch=4, credits=5), limits, usage, NOW)


@pytest.mark.parametrize(
    ("usage", "changes", "expected"),
    [
        (Usage(), {"place": "terminal:elsewhere"}, (Limit.PLACE, 1, 0)),
        (Usage(), {"batch": 5}, (Limit.BATCH, 4, 5)),
        (Usage(queue=200), {}, (Limit.QUEUE, 200, 200)),
        (Usage(active_jobs=3), {}, (Limit.ACTIVE_JOBS, 3, 3)),
        (
            Usage(spent=(Spent(at=NOW, pictures=48),)),
            {"batch": 3},
            (Limit.PICTURES_PER_DAY, 50, 48),
        ),
        (Usage(credits_month=96), {"credits": 5}, (Limit.CREDITS_PER_MONTH, 100, 96)),
    ],
    ids=lambda value: str(value[0]) if isinstance(value, tuple) else "",
)
def test_a_limit_is_named_with_its_numbers(
    usage: Usage, changes: dict[str, object], expected: tuple[Limit, int, int]
) -> None:
    """An order that does not fit is refused by the limit that it does not fit into."""
    limits = Limits(credits_month=100, allowed_places=frozenset({"terminal:here"}))

    refusal = _refusal(limits, usage, **changes)

    assert (refusal.limit, refusal.allowed, refusal.used) == expected


def test_nothing_is_limited_where_every_limit_is_off() -> None:
    """Zero and an empty set stand for no limit."""
    off = Limits(jobs_per_user=0, pictures_per_user_day=0, max_batch=0, queue_max=0)
    usage = Usage(active_jobs=999, spent=(Spent(at=NOW, pictures=999),), credits_month=999, queue=9)

    quota.check(order(batch=8), off, usage, NOW)


def test_a_preview_costs_no_credits() -> None:
    """The local studio works on when the month's credits are used up."""
    quota.check(order(preview=True), Limits(credits_month=1), Usage(credits_month=1), NOW)


def test_pictures_free_themselves_a_day_after_they_were_asked_for() -> None:
    """The wait is until enough pictures are a day old, not until all are."""
    spent = tuple(Spent(at=NOW - age * HOUR, pictures=4) for age in (23, 20, 1))

    refusal = _refusal(Limits(pictures_per_user_day=12), Usage(spent=spent), batch=4)

    assert refusal.resets_in_s == 3600.0


def test_no_wait_helps_an_order_over_the_whole_limit() -> None:
    """An order larger than the day's limit is refused without a promise."""
    refusal = _refusal(Limits(pictures_per_user_day=2), Usage(), batch=3)

    assert refusal.resets_in_s is None


@pytest.mark.parametrize(
    ("now", "expected_s"),
    [
        (datetime(2026, 11, 30, 23, 0, tzinfo=UTC), 3600.0),
        (datetime(2026, 12, 31, 23, 59, tzinfo=UTC), 60.0),
        (datetime(2026, 2, 1, tzinfo=UTC), 28 * 86400.0),
    ],
)
def test_credits_free_themselves_with_the_month(now: datetime, expected_s: float) -> None:
    """The wait for credits ends with the calendar month."""
    with pytest.raises(QuotaExceeded) as caught:
        quota.check(order(), Limits(credits_month=1), Usage(credits_month=1), now)

    assert caught.value.resets_in_s == expected_s


def test_what_counts_is_as_specified() -> None:
    """A job counts while it may yet cost something, and when it may have."""
    found = {(each.to, each.reason): each.counted for each in JOB_ROWS}

    assert {ends: quota.is_counted(*ends) for ends in found} == found


def test_what_counts_was_charged() -> None:
    """Whatever counts at its end has a cost, and nothing that was never submitted has."""
    ends = [(state, reason) for state, reason in WAYS if state not in ACTIVE]
    unsent = {Reason.UNACKED, Reason.WITHDRAWN, Reason.PICTURE, Reason.NOT_SUBMITTED}

    assert all(quota.is_charged(*end) for end in ends if quota.is_counted(*end))
    assert not any(quota.is_charged(state, reason) for state, reason in ends if reason in unsent)
    assert not quota.is_charged(State.RUNNING, None)
