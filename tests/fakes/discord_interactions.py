"""One interaction: what a person did, and what the bot has answered so far."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.fakes.discord_values import Channel, Json, Message, User

ACKNOWLEDGE_WITHIN = timedelta(seconds=3)
"""Source: Discord, interactions/receiving-and-responding."""

TOKEN_LIVES = timedelta(minutes=15)
"""Source: Discord, interactions/receiving-and-responding."""


class Doing(enum.IntEnum):
    """What the person did: the type of the interaction."""

    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    MODAL = 5


class Reply(enum.IntEnum):
    """The type of the callback; the name is `Shown.kind` in lower case."""

    PONG = 1
    MESSAGE = 4
    DEFERRED = 5
    DEFERRED_UPDATE = 6
    UPDATE = 7
    AUTOCOMPLETE = 8
    MODAL = 9


@dataclass(kw_only=True, eq=False)
class Interaction:
    """What was done (`doing`, `data`, by `user` in `channel`, on `source`) and its answers."""

    id: int
    token: str = field(repr=False)
    doing: Doing
    data: Json
    user: User
    channel: Channel
    source: Message | None
    pushed_at: datetime
    pushed_s: float
    reply: Reply | None = None
    acked_s: float | None = None
    original: Message | None = None
    ephemeral: bool = False
    filled: bool = False
    followups: list[Message] = field(default_factory=list)
    modal: Json | None = None
    choices: list[Json] | None = None

    def is_late(self, now: datetime) -> bool:
        """Tell whether it is too late for the first answer."""
        return now - self.pushed_at > ACKNOWLEDGE_WITHIN

    def is_expired(self, now: datetime) -> bool:
        """Tell whether the token is dead."""
        return now - self.pushed_at > TOKEN_LIVES

    @property
    def of_user_install(self) -> bool:
        """Whether the bot is here only because the user installed it."""
        guild = self.channel.guild
        return not guild.has_bot if guild else len(self.channel.recipients) > 1
