"""
Decider: reads what Slack sends of an act into plain values, whichever way it came.

Straight from the payload, and no more of it than is used: what Slack adds or leaves out elsewhere
cannot keep a user from being answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from adapters.slack import payloads
from adapters.slack.access import Announced, Asked
from adapters.slack.origin import PLATFORM, RESPONSE_URL_LIVES_S, Entry
from adapters.slack.payloads import EVENT_CALLBACK, Doing, Payload

__all__ = ["ENTRIES", "Doing", "Interaction", "Payload", "read"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Interaction:
    """One act of a user, to be answered within three seconds of its arrival."""

    act_id: str
    """Ours, of this arrival alone."""
    doing: Doing
    name: str
    """What was called or pressed: a command, a callback id, an action id, an event's type."""
    value: str
    """What comes with it: the words of a command, a mention or a button."""
    payload: Payload = field(repr=False)
    team_id: str
    enterprise_id: str | None
    channel_id: str | None
    """None where there is no place: a form, and a shortcut that belongs to none."""
    thread_ts: str | None
    """The thread that an answer belongs in, by its first message."""
    user_id: str
    trigger_id: str | None = field(repr=False)
    """Opens a form, once and within three seconds."""
    response_url: str | None = field(repr=False)
    """Lets anybody answer for us as long as it lives: never logged, never shown."""
    acted_at: datetime
    """When it was done, by Slack's clock where Slack tells, else when it came."""
    received_at: datetime
    received_s: float
    """The same moment by the monotonic clock."""

    @property
    def requester(self) -> str:
        """Who did it, as the ledger names people."""
        return f"{PLATFORM}:{self.user_id}"

    @property
    def response_url_expires_at(self) -> datetime | None:
        """Until when the response_url can be used; None when there is none."""
        if self.response_url is None:
            return None
        return self.received_at + timedelta(seconds=RESPONSE_URL_LIVES_S)

    @property
    def view(self) -> Payload:
        """The form that it was done in; empty outside of forms."""
        found: Payload = self.payload.get("view") or {}
        return found

    @property
    def message(self) -> Payload:
        """The message that a shortcut was used on, or that mentions us; else empty."""
        name = "event" if self.doing is Doing.MENTION else "message"
        found: Payload = self.payload.get(name) or {}
        return found

    @property
    def is_private(self) -> bool:
        """Whether it was done on a message that only this user sees."""
        return bool((self.payload.get("container") or {}).get("is_ephemeral"))

    def asked(self, channel_id: str | None, files: tuple[Announced, ...] = ()) -> Asked:
        """Return who asks, for which channel, and with which files."""
        return Asked(
            team_id=self.team_id,
            enterprise_id=self.enterprise_id,
            channel_id=channel_id,
            files=files,
        )


ENTRIES: Final[Mapping[Doing, Entry]] = {
    Doing.COMMAND: Entry.COMMAND,
    Doing.MESSAGE_SHORTCUT: Entry.MESSAGE,
    Doing.GLOBAL_SHORTCUT: Entry.SHORTCUT,
    Doing.PRESS: Entry.BUTTON,
    Doing.MENTION: Entry.MENTION,
}
"""How an order came to be, by the act that began it."""


def read(payload: Payload, *, act_id: str, received_at: datetime, received_s: float) -> Interaction:
    """
    Return the act that `payload` describes.

    Raises:
        KeyError, TypeError, ValueError, AttributeError, IndexError: it is none that can be read.
    """
    doing = payloads.doing(payload)
    source = payload["event"] if payload.get("type") == EVENT_CALLBACK else payload
    name, value = payloads.said(doing, source)
    acted = payloads.moment(payloads.acted(doing, source))
    return Interaction(
        act_id=act_id,
        doing=doing,
        name=name,
        value=value,
        payload=payload,
        team_id=payloads.team(payload),
        enterprise_id=payloads.enterprise(payload),
        channel_id=payloads.channel(doing, source),
        thread_ts=payloads.thread(doing, source),
        user_id=payloads.user(doing, source),
        trigger_id=payloads.text(payload.get("trigger_id")),
        response_url=payloads.text(payload.get("response_url")),
        acted_at=acted or received_at,
        received_at=received_at,
        received_s=received_s,
    )
