"""Decider: how long a `Retry-After` header asks to wait, whoever sent it."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

RETRY_AFTER_MAX_S = 3600.0
"""A longer `Retry-After` is taken as this many seconds."""

_DIGITS_READ = 10
"""So many digits are over the limit whatever follows them."""


def retry_after_s(value: str, *, now: datetime | None) -> float | None:
    """
    Return the seconds, 0 to RETRY_AFTER_MAX_S, or None when `value` says nothing that can be read.

    Source: RFC 9110, 10.2.3: whole seconds, or a date, which counts from `now`.
    """
    value = value.strip()
    if value.isascii() and value.isdigit():
        return min(RETRY_AFTER_MAX_S, float(value.lstrip("0")[:_DIGITS_READ] or "0"))
    until = http_date(value)
    if until is None or now is None:
        return None
    return min(RETRY_AFTER_MAX_S, max(0.0, (until - now).total_seconds()))


def http_date(text: str) -> datetime | None:
    """Return the instant that a header's date names, or None; a date without a zone is in UTC."""
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
