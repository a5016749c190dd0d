"""Decider: where things are on Discord, and when: links, snowflakes, how long an address works."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

EPOCH = datetime(2015, 1, 1, tzinfo=UTC)
"""Source: discord.com/developers/docs/reference#snowflakes."""
_INSTANT_BITS = 22
"""The bits of a snowflake below its milliseconds. Source: the same."""


def snowflake(at: datetime) -> int:
    """Return the smallest id of anything made at `at` or later; 0 before there was Discord."""
    return max(0, int((at - EPOCH) / timedelta(milliseconds=1))) << _INSTANT_BITS


def made_at(snowflake_id: int) -> datetime:
    """Return when the thing with this id was made."""
    return EPOCH + timedelta(milliseconds=snowflake_id >> _INSTANT_BITS)


def message_link(guild_id: int | None, channel_id: int, message_id: int) -> str:
    """Return the address that opens a message in Discord."""
    return f"https://discord.com/channels/{guild_id or '@me'}/{channel_id}/{message_id}"


def works_until(url: str) -> datetime | None:
    """
    Return when a signed address of an attachment stops working; None when it does not say.

    Source: discord.com/developers/docs/reference#signed-attachment-cdn-urls (`ex`).
    """
    found = parse_qs(urlsplit(url).query).get("ex", [])
    try:
        return datetime.fromtimestamp(int(found[0], 16), UTC)
    except (IndexError, ValueError, OverflowError, OSError):
        return None
