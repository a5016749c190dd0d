"""Decider: a message to send, and what Slack's methods want to be told of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from adapters.slack.blocks import Message
from core.jobs.lifecycle import DeliveryKind

EVENT_TYPE: Final = "redraw_delivery"
"""Names our metadata. Source: docs.slack.dev/messaging/message-metadata."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """Which delivery a message belongs to; everybody in the workspace can read it."""

    job_id: str
    kind: DeliveryKind
    seq: int

    @property
    def metadata(self) -> dict[str, Any]:
        """What goes with the message."""
        payload = {"job": self.job_id, "delivery": f"{self.kind}:{self.seq}"}
        return {"event_type": EVENT_TYPE, "event_payload": payload}


@dataclass(frozen=True, kw_only=True, slots=True)
class Attached:
    """A file to send, with what it shows in words where Slack takes those."""

    name: str
    data: bytes
    alt: str | None


def to_post(
    channel_id: str, message: Message, *, mark: Mark | None, thread_ts: str | None
) -> dict[str, Any]:
    """Return a new message, in which no link is unfolded."""
    return {
        "channel": channel_id,
        **message.fields,
        "unfurl_links": False,
        "unfurl_media": False,
        **({"metadata": mark.metadata} if mark else {}),
        **({"thread_ts": thread_ts} if thread_ts else {}),
    }


def to_edit(channel_id: str, message_ts: str, message: Message) -> dict[str, Any]:
    """Return an edit; metadata that is not given stays."""
    return {"channel": channel_id, "ts": message_ts, **message.fields}


def to_respond(message: Message) -> dict[str, Any]:
    """Return a private answer that leaves what is there as it is."""
    return {**message.fields, "response_type": "ephemeral", "replace_original": False}
