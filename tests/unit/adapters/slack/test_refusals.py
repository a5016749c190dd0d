"""What each no of Slack's means: once more, never, or smaller."""

from __future__ import annotations

import pytest

from adapters.slack import refusals
from adapters.slack.refusals import (
    FILES_REFUSED,
    PLACE_LOST,
    RATE_LIMITED_FOR_S,
    TOKEN_REFUSED_FOR_S,
    Refusal,
    translated,
)
from core.errors import DeliveryRefused, DeliveryRetryable, TooLarge


@pytest.mark.parametrize(
    ("code", "refusal"),
    [
        ("message_not_found", Refusal.MESSAGE_GONE),
        ("channel_not_found", Refusal.CHANNEL_GONE),
        ("not_in_channel", Refusal.NOT_IN_CHANNEL),
        ("is_archived", Refusal.ARCHIVED),
        ("posting_to_channel_denied", Refusal.NO_PERMISSION),
        ("restricted_action", Refusal.NO_PERMISSION),
        ("missing_scope", Refusal.NO_SCOPE),
        ("restricted_action_thread_locked", Refusal.NO_THREAD),
        ("cant_update_message", Refusal.NOT_OURS),
        ("edit_window_closed", Refusal.EDITS_CLOSED),
        ("is_inactive", Refusal.INACTIVE),
        ("file_uploads_disabled", Refusal.UPLOADS_OFF),
        ("file_uploads_except_images_disabled", Refusal.IMAGES_ONLY),
        ("file_type_not_allowed", Refusal.TYPE_NOT_ALLOWED),
        ("slack_connect_blocked_file_type", Refusal.TYPE_NOT_ALLOWED),
        ("slack_connect_file_upload_sharing_blocked", Refusal.UPLOADS_OFF),
        ("storage_limit_reached", Refusal.STORAGE_FULL),
        ("file_not_found", Refusal.FILE_GONE),
        ("used_url", Refusal.NO_ANSWER),
        ("invalid_blocks", Refusal.OTHER),
    ],
)
def test_what_is_refused(code: str, refusal: Refusal) -> None:
    error = translated(200, code)
    assert isinstance(error, DeliveryRefused)
    assert refusals.of(error) is refusal


@pytest.mark.parametrize(
    ("status", "code"), [(200, "internal_error"), (500, ""), (503, ""), (200, ""), (0, "")]
)
def test_what_may_work_later_may_have_been_done(status: int, code: str) -> None:
    error = translated(status, code)
    assert isinstance(error, DeliveryRetryable)
    assert error.retry_after_s is None
    assert not refusals.is_undone(error)


@pytest.mark.parametrize(
    ("status", "code", "asked_s", "wait_s"),
    [
        (429, "ratelimited", 7.0, 7.0),
        (429, "", None, RATE_LIMITED_FOR_S),
        (200, "rate_limited", None, RATE_LIMITED_FOR_S),
        (200, "token_revoked", None, TOKEN_REFUSED_FOR_S),
        (401, "", None, TOKEN_REFUSED_FOR_S),
    ],
)
def test_what_works_later_was_not_done(
    status: int, code: str, asked_s: float | None, wait_s: float
) -> None:
    error = translated(status, code, retry_after_s=asked_s)
    assert isinstance(error, DeliveryRetryable)
    assert error.retry_after_s == wait_s
    assert refusals.is_undone(error)


@pytest.mark.parametrize(("status", "code"), [(200, "file_upload_size_restricted"), (413, "")])
def test_what_is_too_large(status: int, code: str) -> None:
    error = translated(status, code, sent_bytes=12)
    assert isinstance(error, TooLarge)
    assert (error.limit, error.unit) == (12, "bytes")


def test_what_the_wire_did_not_say_is_something_else() -> None:
    assert refusals.of(DeliveryRefused("whatever")) is Refusal.OTHER


def test_a_place_that_is_lost_is_no_matter_of_its_files() -> None:
    assert {Refusal.NO_SCOPE} == PLACE_LOST & FILES_REFUSED
