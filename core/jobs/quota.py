"""Decider: what may be asked for: limits, what is used of them, and whether an order fits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.errors import Limit, QuotaExceeded
from core.jobs.job import Order
from core.jobs.lifecycle import ACTIVE, Reason, State

DAY_S = 24 * 3600.0
"""How long a picture counts against its requester, in seconds from when it was asked for."""

COUNTED: frozenset[tuple[State, Reason | None]] = frozenset(
    {
        (State.READY, None),
        (State.READY, Reason.PARTIAL),
        (State.CANCELLED, Reason.MAY_BE_BILLED),
        (State.EXPIRED, Reason.DEADLINE),
        (State.UNCERTAIN, Reason.OUTCOME_UNKNOWN),
    }
)
"""How a job may end and still count: it was carried out, or may have been and been charged."""

CHARGED = COUNTED | {(State.FAILED, Reason.OUTPUTS_LOST), (State.FAILED, Reason.FILTERED)}
"""
How a job may end and have cost something.

Beyond what counts against the requester: the provider did its work, and the requester got nothing.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What the operator allows; 0 and an empty set mean that there is no such limit."""

    jobs_per_user: int = 3
    """Jobs of one requester under way at the same time."""
    pictures_per_user_day: int = 50
    """Pictures that one requester may ask for within 24 hours."""
    credits_month: int = 0
    """Estimated credits that everybody together may spend in a calendar month (UTC)."""
    max_batch: int = 4
    """Pictures in one order."""
    queue_max: int = 200
    """Jobs of everybody under way at the same time."""
    allowed_places: frozenset[str] = frozenset()
    """The only places where orders are taken, as `platform:id`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Spent:
    """Pictures that count against a requester."""

    at: datetime
    """When they were asked for."""
    pictures: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """What is used of the limits, by one requester and by everybody."""

    active_jobs: int = 0
    """The requester's jobs under way."""
    spent: tuple[Spent, ...] = ()
    """The requester's counted pictures of the last 24 hours, oldest first."""
    credits_month: int = 0
    """Everybody's estimated credits of this calendar month, jobs under way included."""
    queue: int = 0
    """Everybody's jobs under way."""

    @property
    def pictures_day(self) -> int:
        """The requester's counted pictures of the last 24 hours."""
        return sum(spent.pictures for spent in self.spent)


def is_counted(state: State, reason: Reason | None) -> bool:
    """Whether a job counts against its requester's pictures: it may yet, or did, cost something."""
    return state in ACTIVE or (state, reason) in COUNTED


def is_charged(state: State, reason: Reason | None) -> bool:
    """Whether a job that ended like this was, or may have been, charged."""
    return (state, reason) in CHARGED


def day_start(now: datetime) -> datetime:
    """Return since when pictures count against their requester."""
    return now - timedelta(seconds=DAY_S)


def month_start(now: datetime) -> datetime:
    """Return when the calendar month of `now` began."""
    return now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def check_order(order: Order, limits: Limits) -> None:
    """
    Check what the order alone decides, with no look at any store.

    Raises:
        QuotaExceeded: the place is not one of the allowed, or the batch is too large.
    """
    places = limits.allowed_places
    if places and order.origin.place not in places:
        raise QuotaExceeded(Limit.PLACE, allowed=len(places), used=0)
    if order.request.batch > limits.max_batch > 0:
        raise QuotaExceeded(Limit.BATCH, allowed=limits.max_batch, used=order.request.batch)


def check(order: Order, limits: Limits, usage: Usage, now: datetime) -> None:
    """
    Check an order against every limit; called where no other order can come between.

    Raises:
        QuotaExceeded: naming the first limit that it does not fit into.
    """
    check_order(order, limits)
    if usage.queue >= limits.queue_max > 0:
        raise QuotaExceeded(Limit.QUEUE, allowed=limits.queue_max, used=usage.queue)
    if usage.active_jobs >= limits.jobs_per_user > 0:
        raise QuotaExceeded(Limit.ACTIVE_JOBS, allowed=limits.jobs_per_user, used=usage.active_jobs)
    _check_pictures(order, limits.pictures_per_user_day, usage, now)
    _check_credits(order, limits.credits_month, usage, now)


def _check_pictures(order: Order, allowed: int, usage: Usage, now: datetime) -> None:
    over = usage.pictures_day + order.request.batch - allowed
    if over <= 0 or allowed == 0:
        return
    raise QuotaExceeded(
        Limit.PICTURES_PER_DAY,
        allowed=allowed,
        used=usage.pictures_day,
        resets_in_s=_frees_in_s(over, usage.spent, now),
    )


def _frees_in_s(pictures: int, spent: tuple[Spent, ...], now: datetime) -> float | None:
    for each in spent:
        pictures -= each.pictures
        if pictures <= 0:
            return max((each.at - day_start(now)).total_seconds(), 0.0)
    return None


def _check_credits(order: Order, allowed: int, usage: Usage, now: datetime) -> None:
    if order.preview or allowed == 0 or usage.credits_month + order.credits <= allowed:
        return
    next_month = month_start(month_start(now) + timedelta(days=32))
    raise QuotaExceeded(
        Limit.CREDITS_PER_MONTH,
        allowed=allowed,
        used=usage.credits_month,
        resets_in_s=(next_month - now).total_seconds(),
    )
