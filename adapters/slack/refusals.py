"""
Decider: what Slack's noes mean here, by their error.

Source of the errors: docs.slack.dev/reference/methods, each method's own page.
"""

from __future__ import annotations

from enum import StrEnum
from http import HTTPStatus

from core.errors import DeliveryError, DeliveryRefused, DeliveryRetryable, TooLarge

TOKEN_REFUSED_FOR_S = 60.0
"""How long nothing is asked after the bot's token was refused, in seconds."""
RATE_LIMITED_FOR_S = 30.0
"""How long a method is left alone after a 429 that does not say how long, in seconds."""


class Refusal(StrEnum):
    """Why Slack will not do a thing; trying the same again will not help."""

    MESSAGE_GONE = "the message is gone"
    CHANNEL_GONE = "the channel is gone, or private and Redraw is not in it"
    NOT_IN_CHANNEL = "Redraw is not in the channel"
    ARCHIVED = "the channel is archived"
    NO_PERMISSION = "the workspace does not let Redraw post there"
    NO_SCOPE = "Redraw lacks a permission that an admin of the workspace has to grant"
    NO_THREAD = "the thread takes no replies"
    NOT_OURS = "the message is somebody else's"
    EDITS_CLOSED = "the message is too old to be edited in this workspace"
    INACTIVE = "the message is in a place that takes no edits any more"
    UPLOADS_OFF = "an admin of the workspace has switched uploads off"
    IMAGES_ONLY = "an admin of the workspace allows no such files"
    TYPE_NOT_ALLOWED = "an admin of the workspace does not allow this type of file"
    STORAGE_FULL = "the workspace's storage is full"
    FILE_GONE = "the file is gone, or not open to Redraw"
    NO_ANSWER = "the act can no longer be answered"
    OTHER = "Slack does not take it"


class Hindrance(StrEnum):
    """Why Slack did not do a thing just now, where it is certain that it did not."""

    NOT_SENT = "Slack could not be reached"
    TOO_MANY = "too many calls"
    TOKEN = "the bot's token is refused"  # noqa: S105  # words


_BY_CODE = {
    "message_not_found": Refusal.MESSAGE_GONE,
    "channel_not_found": Refusal.CHANNEL_GONE,
    "invalid_channel": Refusal.CHANNEL_GONE,
    "user_not_found": Refusal.CHANNEL_GONE,
    "not_in_channel": Refusal.NOT_IN_CHANNEL,
    "is_archived": Refusal.ARCHIVED,
    "access_denied": Refusal.NO_PERMISSION,
    "app_access_restricted": Refusal.NO_PERMISSION,
    "ekm_access_denied": Refusal.NO_PERMISSION,
    "messages_tab_disabled": Refusal.NO_PERMISSION,
    "posting_to_channel_denied": Refusal.NO_PERMISSION,
    "restricted_action": Refusal.NO_PERMISSION,
    "restricted_action_read_only_channel": Refusal.NO_PERMISSION,
    "restricted_action_thread_only_channel": Refusal.NO_PERMISSION,
    "team_access_not_granted": Refusal.NO_PERMISSION,
    "missing_scope": Refusal.NO_SCOPE,
    "no_permission": Refusal.NO_SCOPE,
    "not_allowed_token_type": Refusal.NO_SCOPE,
    "cannot_reply_to_message": Refusal.NO_THREAD,
    "invalid_thread_ts": Refusal.NO_THREAD,
    "restricted_action_non_threadable_channel": Refusal.NO_THREAD,
    "restricted_action_thread_locked": Refusal.NO_THREAD,
    "thread_not_found": Refusal.NO_THREAD,
    "cant_update_message": Refusal.NOT_OURS,
    "cant_delete_message": Refusal.NOT_OURS,
    "cant_delete_file": Refusal.NOT_OURS,
    "delete_not_allowed": Refusal.NOT_OURS,
    "file_deleting_disabled": Refusal.NOT_OURS,
    "edit_window_closed": Refusal.EDITS_CLOSED,
    "is_inactive": Refusal.INACTIVE,
    "file_uploads_disabled": Refusal.UPLOADS_OFF,
    "file_uploads_except_images_disabled": Refusal.IMAGES_ONLY,
    "file_type_not_allowed": Refusal.TYPE_NOT_ALLOWED,
    "blocked_file_type": Refusal.TYPE_NOT_ALLOWED,
    "slack_connect_blocked_file_type": Refusal.TYPE_NOT_ALLOWED,
    "slack_connect_file_upload_sharing_blocked": Refusal.UPLOADS_OFF,
    "storage_limit_reached": Refusal.STORAGE_FULL,
    "file_not_found": Refusal.FILE_GONE,
    "file_deleted": Refusal.FILE_GONE,
    "not_visible": Refusal.FILE_GONE,
    "expired_url": Refusal.NO_ANSWER,
    "used_url": Refusal.NO_ANSWER,
    "exchanged_trigger_id": Refusal.NO_ANSWER,
    "expired_trigger_id": Refusal.NO_ANSWER,
    "hash_conflict": Refusal.NO_ANSWER,
}
_TOO_LARGE = frozenset({"file_upload_size_restricted"})
_TOKEN = frozenset(
    {"account_inactive", "invalid_auth", "not_authed", "token_expired", "token_revoked"}
)
_RATE_LIMITED = frozenset({"message_limit_exceeded", "rate_limited", "ratelimited"})
_PASSING = frozenset(
    {
        "external_channel_migrating",
        "fatal_error",
        "file_update_failed",
        "internal_error",
        "request_timeout",
        "service_unavailable",
        "streaming_state_conflict",
        "team_added_to_org",
        "update_failed",
    }
)
"""Over there something broke or is being moved; part of the call may have been carried out."""

PLACE_LOST = frozenset(
    {
        Refusal.CHANNEL_GONE,
        Refusal.NOT_IN_CHANNEL,
        Refusal.ARCHIVED,
        Refusal.NO_PERMISSION,
        Refusal.NO_SCOPE,
    }
)
"""What says that a place takes no message of ours, whatever the message."""
FILES_REFUSED = frozenset(
    {
        Refusal.UPLOADS_OFF,
        Refusal.IMAGES_ONLY,
        Refusal.TYPE_NOT_ALLOWED,
        Refusal.STORAGE_FULL,
        Refusal.NO_SCOPE,
    }
)
"""What says that words may be taken where files are not."""


def translated(
    status: int, code: str, *, retry_after_s: float | None = None, sent_bytes: int = 0
) -> DeliveryError | TooLarge:
    """
    Return what an answer that is no success means.

    Args:
        status: of HTTP; Slack says most of its noes with 200.
        code: Slack's own word for it, empty when the body had none.
        retry_after_s: how long Slack wants to be left alone.
        sent_bytes: how much was too much, where it was.
    """
    if code in _TOO_LARGE or status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return TooLarge(sent_bytes, "bytes")
    if code in _BY_CODE:
        return DeliveryRefused(_BY_CODE[code])
    if status == HTTPStatus.TOO_MANY_REQUESTS or code in _RATE_LIMITED:
        wait_s = RATE_LIMITED_FOR_S if retry_after_s is None else retry_after_s
        return DeliveryRetryable(Hindrance.TOO_MANY, retry_after_s=wait_s)
    if code in _TOKEN or status == HTTPStatus.UNAUTHORIZED:
        return DeliveryRetryable(Hindrance.TOKEN, retry_after_s=TOKEN_REFUSED_FOR_S)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or code in _PASSING or not code:
        return DeliveryRetryable(f"Slack answered {status} {code}".rstrip())
    return DeliveryRefused(Refusal.OTHER)


def of(error: DeliveryRefused) -> Refusal:
    """Return why the wire says that Slack refused."""
    try:
        return Refusal(error.reason)
    except ValueError:
        return Refusal.OTHER


def is_undone(error: DeliveryRetryable) -> bool:
    """Whether it is certain that what failed was not carried out."""
    return str(error) in set(Hindrance)
