"""Decider: what an error means for the job whose step it ended."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from core.errors import (
    AddressRefused,
    AppError,
    DeliveryRefused,
    Gone,
    MediaError,
    MediaUnavailable,
    ProviderMisconfigured,
    ProviderUnavailable,
    RequestRejected,
    TooLarge,
    Unreadable,
    WrongType,
)
from core.jobs import schedule
from core.jobs.job import Facts, Job
from core.jobs.lifecycle import Event, State

Verdict = tuple[Event, Facts]
"""An event to record, and what became known with it."""

PICTURE_WORDS: dict[type[MediaError], str] = {
    TooLarge: "too_large",
    WrongType: "wrong_type",
    Unreadable: "unreadable",
    Gone: "gone",
    AddressRefused: "address_refused",
}
"""The closed words of `Job.detail` for a picture that cannot be used."""

GIVES_UP: dict[State, Event] = {
    State.RECEIVED: Event.PREPARATION_GAVE_UP,
    State.QUEUED: Event.DEADLINE,
    State.SUBMITTING: Event.OUTCOME_UNKNOWN,
    State.RUNNING: Event.DEADLINE,
    State.COLLECTING: Event.OUTPUTS_LOST,
}
"""How a job ends whose step keeps breaking in a way nobody foresaw."""
UNSENT = frozenset({State.RECEIVED, State.QUEUED})
"""
States in which a job that is found past its deadline ends, instead of being tried once more.

Nothing is paid for yet. One that kills whoever prepares its pictures comes to its end by that.
"""


def picture_word(error: MediaError) -> str:
    """Return the closed word for why a picture cannot be used."""
    return PICTURE_WORDS[type(error)]


def after_preparing(error: AppError, job: Job, now: datetime, rng: random.Random) -> Verdict:
    """Return what follows when the pictures could not be prepared or the card not be posted."""
    if isinstance(error, DeliveryRefused):
        return Event.PLACE_REFUSED, Facts()
    if isinstance(error, MediaError) and not isinstance(error, MediaUnavailable):
        return Event.PICTURE_REFUSED, Facts(reason_detail=picture_word(error))
    begun_at = job.acked_at or job.created_at
    if (now - begun_at).total_seconds() >= schedule.PREPARE_BUDGET_S:
        return Event.PREPARATION_GAVE_UP, Facts()
    wait_s = schedule.PREPARE_BACKOFF.delay_s(
        job.attempt, rng, retry_after_s=getattr(error, "retry_after_s", None)
    )
    return Event.PREPARATION_DELAYED, Facts(not_before_at=now + timedelta(seconds=wait_s))


def after_submitting(error: Exception, job: Job, now: datetime, rng: random.Random) -> Verdict:
    """Return what follows from a submit without a task id; what nobody foresaw is never re-sent."""
    if isinstance(error, ProviderUnavailable):
        wait_s = schedule.SUBMIT_BACKOFF.delay_s(
            job.attempt, rng, retry_after_s=error.retry_after_s
        )
        return Event.NOT_SENT, Facts(not_before_at=now + timedelta(seconds=wait_s))
    if isinstance(error, ProviderMisconfigured):
        return Event.PROVIDER_MISCONFIGURED, Facts(reason_detail=error.cause)
    if isinstance(error, RequestRejected):
        return Event.REJECTED, Facts(reason_detail=error.rejection)
    return Event.OUTCOME_UNKNOWN, Facts()
