"""How long a `Retry-After` header asks to wait."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.retry_after import RETRY_AFTER_MAX_S, retry_after_s

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", None),
        ("7", 7.0),
        (" 007 ", 7.0),
        ("000000000000007", 7.0),
        ("0", 0.0),
        ("9" * 400, RETRY_AFTER_MAX_S),
        ("٣", None),
        ("Sun, 22 Nov 2026 12:00:30 GMT", 30.0),
        ("Sun, 22 Nov 2026 12:00:30 -0000", 30.0),
        ("Fri, 99999999999999999999 Nov 2026 12:00:00 GMT", None),
        ("Sun, 22 Nov 2026 12:00:00 +99999999999999999999", None),
    ],
)
def test_wait_is_read(value: str, expected: float | None) -> None:
    """Seconds or a date, at most an hour; whatever cannot be read asks for nothing."""
    assert expected == retry_after_s(value, now=NOON)


def test_date_without_a_clock_says_nothing() -> None:
    """A date cannot be counted from nowhere."""
    assert retry_after_s("Sun, 22 Nov 2026 12:00:30 GMT", now=None) is None


@given(st.text(max_size=60) | st.from_regex(r"\w{3}, \d+ Nov \d{4} \d\d:\d\d:\d\d [+-]\d+"))
def test_any_text_is_a_wait_within_an_hour_or_none(value: str) -> None:
    """A header is somebody else's text: it never raises and never asks for more than an hour."""
    wait_s = retry_after_s(value, now=NOON)

    assert wait_s is None or 0 <= wait_s <= RETRY_AFTER_MAX_S
