"""One act: what a person did or what happened, on its way to the bot, and what the bot answered."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import datetime

from tests.fakes.slack_values import Channel, Json, Message, User, View

ACKNOWLEDGE_S = 3.0
"""Seconds for an acknowledgement. Source: Slack, interactivity/handling-user-interaction."""

TRIGGER_LIVES_S = 3.0
"""Source: Slack, methods/views.open (`expired_trigger_id`)."""

RESPONSE_LIVES_S = 30 * 60.0
RESPONSE_POSTS = 5
"""Both: Source: Slack, interactivity/handling-user-interaction (message responses)."""


class Carries(enum.StrEnum):
    """What an act is to the bot: the type of the envelope in Socket Mode."""

    COMMAND = "slash_commands"
    INTERACTIVE = "interactive"
    EVENT = "events_api"


@dataclass(kw_only=True, eq=False)
class Act:
    """
    What was done (`carries`, `payload`, by `user` in `channel`, on `source` or in `view`).

    `acked_s` is how long the acknowledgement took by the fake's clock, `ack` what it said (empty
    for nothing). `failure` says why there will be none. `opened` are the views that came of it.
    """

    id: str
    carries: Carries
    payload: Json
    at: datetime
    began_s: float
    first_message: int
    user: User | None = None
    channel: Channel | None = None
    source: Message | None = None
    view: View | None = None
    retry: tuple[int, str] | None = None
    acked_s: float | None = None
    ack: Json = field(default_factory=dict)
    failure: str | None = None
    trigger_id: str | None = None
    response_key: str | None = None
    opened: list[View] = field(default_factory=list)
    responses: list[Message] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """What it is called: slash_commands, the type of an interaction, or of the event."""
        if self.carries is Carries.COMMAND:
            return str(self.carries)
        if self.carries is Carries.EVENT:
            return str(self.payload["event"]["type"])
        return str(self.payload["type"])

    @property
    def is_over(self) -> bool:
        """Whether the bot has answered, or will not any more."""
        return self.acked_s is not None or self.failure is not None


@dataclass(kw_only=True)
class Trigger:
    """A trigger id: good once, for 3 seconds."""

    act: Act
    used: bool = False


@dataclass(kw_only=True)
class Response:
    """A response URL: good for five posts in half an hour."""

    act: Act
    posts: int = 0


class Ledger:
    """All acts, and what they allow the bot for a while."""

    def __init__(self) -> None:
        self.acts: list[Act] = []
        self.triggers: dict[str, Trigger] = {}
        self.responses: dict[str, Response] = {}

    def event(self, event_id: str) -> Act:
        """Return the first delivery of an event."""
        return next(act for act in self.acts if act.payload.get("event_id") == event_id)
