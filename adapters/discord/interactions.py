"""
Decider: reads an interaction as the gateway delivers it into plain values.

Straight from the payload, and no more of it than is used: what Discord adds or leaves out
elsewhere cannot keep a user from being answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any

from adapters.discord.access import THREADS, Announced, Asked
from adapters.discord.origin import PLATFORM, TOKEN_LIVES_S, ChannelKind

UPLOAD_LIMIT_BYTES = 10 * 1024 * 1024
"""
What a place takes when the interaction does not say.

Source: discord.com/developers/docs/reference#uploading-files.
"""
_GUILD_INSTALL = "0"
"""Source: discord.com/developers/docs/resources/application, Application Integration Types."""
Payload = Mapping[str, Any]
"""JSON of Discord's."""


class Doing(IntEnum):
    """
    What a user did.

    Source: discord.com/developers/docs/interactions/receiving-and-responding, Interaction Type.
    """

    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    FORM = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Interaction:
    """One act of a user, to be answered within three seconds of its arrival."""

    interaction_id: int
    token: str = field(repr=False)
    """Lets anybody answer for us as long as it lives: never logged, never shown."""
    application_id: int
    doing: Doing
    data: Payload = field(repr=False)
    """What was done; how it reads depends on `doing`."""
    guild_id: int | None
    """None in a direct message."""
    channel_id: int
    channel_kind: int
    parent_id: int | None
    """The channel that a thread is in."""
    context: int | None
    """Discord's word for the kind of place; None when it was not told."""
    is_guild_install: bool
    """Whether the bot is in this place itself, rather than with one of its users."""
    user_id: int
    permissions: int
    """What the user may do there; 0 in a direct message."""
    app_permissions: int
    """What we may do there."""
    upload_limit_bytes: int
    message: Payload | None = field(repr=False)
    """The message whose button was pressed."""
    received_at: datetime
    received_s: float
    """The same moment by the monotonic clock."""

    @property
    def requester(self) -> str:
        """Who did it, as the ledger names people."""
        return f"{PLATFORM}:{self.user_id}"

    @property
    def token_expires_at(self) -> datetime:
        """When it can no longer be answered."""
        return self.received_at + timedelta(seconds=TOKEN_LIVES_S)

    def asked(self, files: tuple[Announced, ...] = ()) -> Asked:
        """Return who asks, where, and with which files."""
        return Asked(
            guild_id=self.guild_id,
            channel_id=self.channel_id,
            channel_kind=self.channel_kind,
            parent_id=self.parent_id,
            is_guild_install=self.is_guild_install,
            app_permissions=self.app_permissions,
            user_permissions=self.permissions,
            files=files,
        )

    @property
    def name(self) -> str:
        """The name of the command, or the custom id of what was pressed or sent."""
        word = "name" if self.doing in {Doing.COMMAND, Doing.AUTOCOMPLETE} else "custom_id"
        return str(self.data[word])


def read(payload: Payload, *, received_at: datetime, received_s: float) -> Interaction:
    """
    Return the interaction that `payload` describes.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: it is none that can be answered.
    """
    channel = payload.get("channel") or {}
    kind = int(channel.get("type", ChannelKind.TEXT))
    member = payload.get("member") or {}
    user = member.get("user") or payload["user"]
    return Interaction(
        interaction_id=int(payload["id"]),
        token=str(payload["token"]),
        application_id=int(payload["application_id"]),
        doing=Doing(payload["type"]),
        data=payload["data"],
        guild_id=_id(payload.get("guild_id")),
        channel_id=int(channel.get("id") or payload["channel_id"]),
        channel_kind=kind,
        parent_id=_id(channel.get("parent_id")) if kind in THREADS else None,
        context=payload.get("context"),
        is_guild_install=_is_guild_install(payload),
        user_id=int(user["id"]),
        permissions=int(member.get("permissions") or 0),
        app_permissions=int(payload.get("app_permissions") or 0),
        upload_limit_bytes=int(payload.get("attachment_size_limit") or UPLOAD_LIMIT_BYTES),
        message=payload.get("message"),
        received_at=received_at,
        received_s=received_s,
    )


def bare(payload: Payload, *, received_at: datetime, received_s: float) -> Interaction:
    """
    Return of an interaction that cannot be read no more than it takes to answer it.

    Raises:
        KeyError, TypeError, ValueError: not even that is there.
    """
    least = {name: payload[name] for name in ("id", "token", "type")}
    nobody = {"application_id": 0, "channel_id": 0, "user": {"id": 0}, "data": {}}
    return read({**least, **nobody}, received_at=received_at, received_s=received_s)


def _id(given: object) -> int | None:
    return None if given is None else int(str(given))


def _is_guild_install(payload: Payload) -> bool:
    """Where Discord does not say who installed us, a server or our own direct message did."""
    owners = payload.get("authorizing_integration_owners")
    return not owners or _GUILD_INSTALL in owners
