"""Decider: what is left of the limits, in words."""

from __future__ import annotations

from datetime import datetime

from adapters.wording import span
from core.jobs.quota import Limits, Usage, day_start


def left(usage: Usage, limits: Limits, *, now: datetime) -> tuple[str, ...]:
    """Return one plain sentence for every limit there is; without any, one that says so."""
    found = (_jobs(usage, limits), _pictures(usage, limits, now), _credits(usage, limits))
    return tuple(sentence for sentence in found if sentence) or ("There is no limit here.",)


def _jobs(usage: Usage, limits: Limits) -> str:
    if not limits.jobs_per_user:
        return ""
    return f"{usage.active_jobs} of {limits.jobs_per_user} jobs at a time are under way."


def _pictures(usage: Usage, limits: Limits, now: datetime) -> str:
    allowed = limits.pictures_per_user_day
    if not allowed:
        return ""
    free = max(0, allowed - usage.pictures_day)
    text = f"{free} of {allowed} pictures for these 24 hours are left"
    if not usage.spent:
        return f"{text}."
    oldest = usage.spent[0]
    back_in_s = max(0.0, (oldest.at - day_start(now)).total_seconds())
    return f"{text}; {oldest.pictures} more in {span(back_in_s)}."


def _credits(usage: Usage, limits: Limits) -> str:
    if not limits.credits_month:
        return ""
    free = max(0, limits.credits_month - usage.credits_month)
    return f"{free} of everybody's {limits.credits_month} credits for this month are left."
