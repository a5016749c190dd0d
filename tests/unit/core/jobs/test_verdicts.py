"""What an error means for a job."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from core.errors import (
    AddressRefused,
    AppError,
    DeliveryRefused,
    DeliveryRetryable,
    Gone,
    MediaUnavailable,
    Misconfiguration,
    OutcomeUnknown,
    ProviderMisconfigured,
    ProviderUnavailable,
    Rejection,
    RequestRejected,
    TooLarge,
    Unreadable,
    WrongType,
)
from core.jobs import verdicts
from core.jobs.lifecycle import ACTIVE, TRANSITIONS, Event, State
from tests.fakes import jobs
from tests.fakes.clock import START

RNG = random.Random(1)


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (TooLarge(9, "bytes"), "too_large"),
        (WrongType("a PDF"), "wrong_type"),
        (Unreadable(), "unreadable"),
        (Gone(), "gone"),
        (AddressRefused(), "address_refused"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_unusable_picture_ends_the_job_with_a_word(error: AppError, word: str) -> None:
    """What is wrong with a picture is kept as a closed word."""
    event, facts = verdicts.after_preparing(error, jobs.job(), START, RNG)

    assert (event, facts.reason_detail) == (Event.PICTURE_REFUSED, word)


def test_refused_card_ends_the_job() -> None:
    """A place that does not take the card gets nothing else."""
    event, _ = verdicts.after_preparing(DeliveryRefused("no"), jobs.job(), START, RNG)

    assert event is Event.PLACE_REFUSED


@pytest.mark.parametrize("error", [MediaUnavailable(), DeliveryRetryable()], ids=["media", "place"])
def test_passing_trouble_puts_preparing_off(error: AppError) -> None:
    """2 s, then 4 s, for as long as two minutes have not passed."""
    waits = []
    for attempt in range(3):
        job = replace(jobs.job(), acked_at=START, attempt=attempt)
        event, facts = verdicts.after_preparing(error, job, START + timedelta(seconds=119), RNG)
        assert event is Event.PREPARATION_DELAYED
        assert facts.not_before_at is not None
        waits.append((facts.not_before_at - START).total_seconds() - 119)

    assert waits == pytest.approx([2.0, 4.0, 8.0], rel=0.21)


def test_preparing_is_given_up_after_two_minutes() -> None:
    """The budget counts from the acknowledgement."""
    job = replace(jobs.job(), acked_at=START)
    event, _ = verdicts.after_preparing(
        MediaUnavailable(), job, START + timedelta(seconds=120), RNG
    )

    assert event is Event.PREPARATION_GAVE_UP


def test_retry_after_of_a_place_is_honoured() -> None:
    """A place that asks for half a minute gets it."""
    error = DeliveryRetryable(retry_after_s=30.0)
    _, facts = verdicts.after_preparing(error, jobs.job(), START, RNG)

    assert facts.not_before_at == START + timedelta(seconds=30)


@pytest.mark.parametrize(
    ("error", "event", "detail"),
    [
        pytest.param(ProviderUnavailable(), Event.NOT_SENT, "", id="not-sent"),
        pytest.param(
            ProviderMisconfigured(Misconfiguration.CREDITS),
            Event.PROVIDER_MISCONFIGURED,
            "credits",
            id="misconfigured",
        ),
        pytest.param(
            RequestRejected(Rejection.MODERATION), Event.REJECTED, "moderation", id="rejected"
        ),
        pytest.param(OutcomeUnknown(), Event.OUTCOME_UNKNOWN, "", id="unknown"),
        pytest.param(ZeroDivisionError(), Event.OUTCOME_UNKNOWN, "", id="a-bug"),
        pytest.param(TimeoutError(), Event.OUTCOME_UNKNOWN, "", id="unforeseen"),
    ],
)
def test_failed_submit_is_sorted_by_what_is_known(
    error: Exception, event: Event, detail: str
) -> None:
    """Only what certainly was not carried out is tried again."""
    job = jobs.job(state=State.SUBMITTING)
    found, facts = verdicts.after_submitting(error, job, START, RNG)

    assert (found, facts.reason_detail) == (event, detail)
    assert (facts.not_before_at is not None) == (event is Event.NOT_SENT)


@pytest.mark.parametrize("state", sorted(ACTIVE))
def test_every_state_has_an_end_for_what_keeps_breaking(state: State) -> None:
    """No job is stuck because of a bug: its state provides an event that ends it."""
    assert TRANSITIONS[state, verdicts.GIVES_UP[state]].to not in ACTIVE
