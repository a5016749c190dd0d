"""
Decider: what Discord's noes mean here, by status and code.

Source of the codes: discord.com/developers/docs/topics/opcodes-and-status-codes#json.
"""

from __future__ import annotations

from enum import StrEnum
from http import HTTPStatus

from core.errors import DeliveryError, DeliveryRefused, DeliveryRetryable, TooLarge

BANNED_FOR_S = 600.0
"""
How long nothing is sent after a 429 that does not come from Discord itself, in seconds.

Cloudflare does not say how long it bans an address; asking on would prolong it.
Source: discord.com/developers/docs/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans.
"""
TOKEN_REFUSED_FOR_S = 60.0
"""How long nothing is sent after the bot's own token was refused, in seconds; each no counts."""


class Refusal(StrEnum):
    """Why Discord will not do a thing; trying the same again will not help."""

    TOKEN_DEAD = "the interaction can no longer be answered"  # noqa: S105  # words
    NO_ANSWER = "the interaction has no answer"
    MESSAGE_GONE = "the message is gone"
    CHANNEL_GONE = "the channel is gone"
    NO_ACCESS = "the channel is not open to the bot"
    NO_PERMISSION = "a permission is missing in the channel"
    NO_HISTORY = "the channel's history is not open to the bot"
    WRONG_CHANNEL = "the channel does not take this"
    NOT_OURS = "the message is somebody else's"
    DMS_CLOSED = "the person takes no direct messages from the bot"
    THREAD_EXISTS = "the message has its thread already"
    THREAD_LOCKED = "the thread is locked"
    THREADS_FULL = "the server has as many active threads as it may have"
    ARCHIVED = "the thread is archived"
    TOO_MANY_EDITS = "the message is old and was edited too often"
    BLOCKED = "the server's filter does not let it through"
    OTHER = "Discord does not take it"


_BY_CODE = {
    10003: Refusal.CHANNEL_GONE,
    10004: Refusal.CHANNEL_GONE,
    10008: Refusal.MESSAGE_GONE,
    10015: Refusal.NO_ANSWER,
    10062: Refusal.NO_ANSWER,
    30046: Refusal.TOO_MANY_EDITS,
    50001: Refusal.NO_ACCESS,
    50003: Refusal.WRONG_CHANNEL,
    50005: Refusal.NOT_OURS,
    50007: Refusal.DMS_CLOSED,
    50008: Refusal.WRONG_CHANNEL,
    50013: Refusal.NO_PERMISSION,
    50021: Refusal.NOT_OURS,
    50024: Refusal.WRONG_CHANNEL,
    50027: Refusal.TOKEN_DEAD,
    50068: Refusal.WRONG_CHANNEL,
    50083: Refusal.ARCHIVED,
    50278: Refusal.DMS_CLOSED,
    160002: Refusal.NO_HISTORY,
    160004: Refusal.THREAD_EXISTS,
    160005: Refusal.THREAD_LOCKED,
    160006: Refusal.THREADS_FULL,
    160007: Refusal.THREADS_FULL,
    200000: Refusal.BLOCKED,
    200001: Refusal.BLOCKED,
    240000: Refusal.BLOCKED,
}
_TOO_LARGE = 40005
_INVALID_FORM = 50035
_LARGER = "larger than"
"""In the words of a form error about a file: "File cannot be larger than …"."""
_OVERLOADED = frozenset({40004, 40006, 110001, 130000})
"""Switched off or overloaded over there for a while."""

PLACE_LOST = frozenset(
    {
        Refusal.CHANNEL_GONE,
        Refusal.NO_ACCESS,
        Refusal.NO_PERMISSION,
        Refusal.WRONG_CHANNEL,
        Refusal.THREAD_LOCKED,
        Refusal.ARCHIVED,
        Refusal.DMS_CLOSED,
    }
)
"""What says that a place takes no message of ours, whatever the message."""


def translated(
    status: int,
    code: int,
    *,
    under_token: bool,
    sent_bytes: int,
    words: str = "",
    is_ban: bool = False,
) -> DeliveryError | TooLarge:
    """
    Return what an answer that is no success means.

    Args:
        status: of HTTP; 401 on the bot's own token is the operator's to mend, so it is retried.
        code: Discord's own, 0 when the body had none.
        under_token: whether an interaction's token authorised the call.
        sent_bytes: how much was too much, where it was; without files nothing can be made less.
        words: Discord's own, for the one case that its code does not tell.
        is_ban: whether a 429 came from in front of Discord.
    """
    is_size = code == _TOO_LARGE or (code == _INVALID_FORM and _LARGER in words.lower())
    if sent_bytes and (is_size or status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE):
        return TooLarge(sent_bytes, "bytes")
    if code in _BY_CODE:
        return DeliveryRefused(_BY_CODE[code])
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return DeliveryRetryable("too many calls", retry_after_s=BANNED_FOR_S if is_ban else None)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or code in _OVERLOADED:
        return DeliveryRetryable(f"Discord answered {status}")
    return _refused(status, under_token=under_token)


def _refused(status: int, *, under_token: bool) -> DeliveryError:
    match status:
        case HTTPStatus.UNAUTHORIZED if under_token:
            return DeliveryRefused(Refusal.TOKEN_DEAD)
        case HTTPStatus.UNAUTHORIZED:
            return DeliveryRetryable(
                "the bot's token is refused", retry_after_s=TOKEN_REFUSED_FOR_S
            )
        case HTTPStatus.REQUEST_TIMEOUT:
            return DeliveryRetryable("Discord took too long to read it")
        case HTTPStatus.FORBIDDEN:
            return DeliveryRefused(Refusal.NO_ACCESS)
        case HTTPStatus.NOT_FOUND:
            return DeliveryRefused(Refusal.NO_ANSWER if under_token else Refusal.MESSAGE_GONE)
        case _:
            return DeliveryRefused(Refusal.OTHER)


def of(error: DeliveryRefused) -> Refusal:
    """Return why the wire says that Discord refused."""
    try:
        return Refusal(error.reason)
    except ValueError:
        return Refusal.OTHER
