"""Decider: what is used of the limits, kept up while one order after the other is admitted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from core.jobs import quota
from core.jobs.job import Job
from core.jobs.lifecycle import ACTIVE, Reason, State
from core.jobs.quota import Limits, Spent, Usage
from core.jobs.store.codec import Row


@dataclass(frozen=True, kw_only=True, slots=True)
class Counted:
    """A job of a requester's, as far as it counts."""

    at: datetime
    """When it was asked for."""
    pictures: int
    is_active: bool
    counts: bool
    """Whether its pictures count."""


@dataclass(kw_only=True, slots=True)
class Tally:
    """What is used; whatever belongs to a limit that is off may be left out."""

    jobs: dict[str, list[Counted]] = field(default_factory=dict)
    """Jobs by requester."""
    queue: int = 0
    open_credits: int = 0
    """What jobs under way have not cost yet."""
    credits_since: Mapping[datetime, int] = field(default_factory=dict)
    """What ended jobs have cost since the beginnings of months."""

    def usage(self, requester: str, now: datetime) -> Usage:
        """Return what is used of the limits for one requester."""
        mine = sorted(self.jobs.get(requester, ()), key=lambda each: each.at)
        since = quota.day_start(now)
        return Usage(
            active_jobs=sum(each.is_active for each in mine),
            spent=tuple(
                Spent(at=each.at, pictures=each.pictures)
                for each in mine
                if each.counts and each.at > since
            ),
            credits_month=self.open_credits + self.credits_since.get(quota.month_start(now), 0),
            queue=self.queue,
        )

    def add(self, job: Job) -> None:
        """Count a job that is under way from now on."""
        counted = Counted(
            at=job.created_at, pictures=job.request.batch, is_active=True, counts=True
        )
        self.jobs.setdefault(job.origin.requester, []).append(counted)
        self.queue += 1
        self.open_credits += 0 if job.preview else job.credits


def counts_by_requester(limits: Limits) -> bool:
    """Whether a requester's own jobs have to be counted."""
    return limits.jobs_per_user > 0 or limits.pictures_per_user_day > 0


def by_requester(rows: Iterable[Row]) -> dict[str, list[Counted]]:
    """Return what JOBS_THAT_COUNT gave."""
    found: dict[str, list[Counted]] = {}
    for row in rows:
        state = State(row["state"])
        reason = Reason(row["reason"]) if row["reason"] else None
        counted = Counted(
            at=row["created_at"],
            pictures=row["pictures"],
            is_active=state in ACTIVE,
            counts=quota.is_counted(state, reason),
        )
        found.setdefault(row["requester"], []).append(counted)
    return found
