"""What each no of Discord's means: once more, never, or smaller."""

from __future__ import annotations

import pytest

from adapters.discord import refusals
from adapters.discord.refusals import BANNED_FOR_S, PLACE_LOST, TOKEN_REFUSED_FOR_S, Refusal
from core.errors import DeliveryRefused, DeliveryRetryable, TooLarge


def translated(
    status: int, code: int = 0, *, under_token: bool = False, sent_bytes: int = 0, words: str = ""
) -> Exception:
    return refusals.translated(
        status, code, under_token=under_token, sent_bytes=sent_bytes, words=words
    )


@pytest.mark.parametrize(
    ("status", "code", "refusal"),
    [
        (404, 10003, Refusal.CHANNEL_GONE),
        (404, 10008, Refusal.MESSAGE_GONE),
        (404, 10015, Refusal.NO_ANSWER),
        (404, 10062, Refusal.NO_ANSWER),
        (429, 30046, Refusal.TOO_MANY_EDITS),
        (400, 30046, Refusal.TOO_MANY_EDITS),
        (403, 50001, Refusal.NO_ACCESS),
        (403, 50005, Refusal.NOT_OURS),
        (403, 50007, Refusal.DMS_CLOSED),
        (403, 50278, Refusal.DMS_CLOSED),
        (403, 50013, Refusal.NO_PERMISSION),
        (400, 50024, Refusal.WRONG_CHANNEL),
        (401, 50027, Refusal.TOKEN_DEAD),
        (400, 50083, Refusal.ARCHIVED),
        (403, 160002, Refusal.NO_HISTORY),
        (400, 160004, Refusal.THREAD_EXISTS),
        (403, 160005, Refusal.THREAD_LOCKED),
        (400, 160006, Refusal.THREADS_FULL),
        (400, 200000, Refusal.BLOCKED),
        (403, 0, Refusal.NO_ACCESS),
        (404, 0, Refusal.MESSAGE_GONE),
        (400, 50035, Refusal.OTHER),
    ],
)
def test_what_is_refused(status: int, code: int, refusal: Refusal) -> None:
    error = translated(status, code)
    assert isinstance(error, DeliveryRefused)
    assert refusals.of(error) is refusal


@pytest.mark.parametrize(("status", "refusal"), [(401, "TOKEN_DEAD"), (404, "NO_ANSWER")])
def test_without_a_code_the_token_is_what_is_refused(status: int, refusal: str) -> None:
    error = translated(status, under_token=True)
    assert isinstance(error, DeliveryRefused)
    assert refusals.of(error) is Refusal[refusal]


@pytest.mark.parametrize(
    ("status", "code"),
    [(500, 0), (502, 0), (503, 0), (408, 0), (429, 0), (400, 130000), (429, 40062)],
)
def test_what_may_go_well_later(status: int, code: int) -> None:
    error = translated(status, code)
    assert isinstance(error, DeliveryRetryable)
    assert error.retry_after_s is None


def test_a_refused_bot_token_is_asked_about_seldom() -> None:
    error = translated(401, 0)
    assert isinstance(error, DeliveryRetryable)
    assert error.retry_after_s == TOKEN_REFUSED_FOR_S


def test_a_ban_is_waited_out() -> None:
    error = refusals.translated(429, 0, under_token=False, sent_bytes=0, is_ban=True)
    assert isinstance(error, DeliveryRetryable)
    assert error.retry_after_s == BANNED_FOR_S


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [(413, 0, ""), (400, 40005, ""), (413, 40005, ""), (400, 50035, "File cannot be Larger than")],
)
def test_what_is_too_large(status: int, code: int, words: str) -> None:
    error = translated(status, code, sent_bytes=9, words=words)
    assert isinstance(error, TooLarge)
    assert (error.limit, error.unit) == (9, "bytes")


def test_a_form_error_without_files_is_not_about_their_size() -> None:
    error = translated(400, 50035, words="Must be no larger than 100")
    assert isinstance(error, DeliveryRefused)


def test_a_reason_of_somebody_elses_is_no_refusal_of_a_place() -> None:
    assert refusals.of(DeliveryRefused("the pictures are gone")) is Refusal.OTHER
    assert Refusal.OTHER not in PLACE_LOST
