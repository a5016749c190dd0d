"""Decider: where a job of Discord came from, as the JSON that its row keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import cast

from core.jobs.job import Origin
from core.media import item as items
from core.media.item import MediaItem

PLATFORM = "discord"
TOKEN_LIVES_S = 15 * 60.0
"""
How long an interaction's token can be used, in seconds.

Source: discord.com/developers/docs/interactions/receiving-and-responding#followup-messages.
"""
TOKEN_MARGIN_S = 30.0
"""How long before its end a token is not used any more: a call takes time."""


class ChannelKind(IntEnum):
    """
    The kinds of channel that matter here; any other number is left as it is.

    Source: discord.com/developers/docs/resources/channel#channel-object-channel-types.
    """

    TEXT = 0
    DM = 1
    VOICE = 2
    GROUP_DM = 3
    ANNOUNCEMENT = 5
    ANNOUNCEMENT_THREAD = 10
    PUBLIC_THREAD = 11
    PRIVATE_THREAD = 12
    STAGE = 13
    FORUM = 15
    MEDIA = 16


STARTS_THREADS = frozenset({ChannelKind.TEXT, ChannelKind.ANNOUNCEMENT})
"""Where a thread can be started on a message."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Upload:
    """A picture that Discord holds for its user: an attachment, or an embed's proxied picture."""

    url: str = field(repr=False)
    """Signed and short-lived; anybody who has it can fetch the picture."""
    size_bytes: int | None = None
    """As announced; None for an embed."""
    content_type: str | None = None
    """As announced, which proves nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """A picture of an earlier job: our copy, and the message that shows it in case ours is gone."""

    item: MediaItem
    channel_id: int | None = None
    message_id: int | None = None
    position: int = 0
    """Which of the message's attachments it is, from 0."""


Source = Upload | Kept
"""Where a reference image comes from."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DiscordOrigin:
    """An interaction that asked for a job, and where it can be answered."""

    application_id: int
    interaction_id: int
    token: str = field(repr=False)
    """Lets anybody answer for us as long as it lives: never logged, never shown."""
    token_expires_at: datetime
    guild_id: int | None
    """None in a direct message."""
    channel_id: int
    channel_kind: int
    user_id: int
    upload_limit_bytes: int
    """The largest file that this place takes, as far as the interaction told."""
    sources: tuple[Source, ...]

    @property
    def requester(self) -> str:
        """Who asked, as the ledger names people."""
        return f"{PLATFORM}:{self.user_id}"

    @property
    def starts_threads(self) -> bool:
        """Whether a thread can be started on the card."""
        return self.guild_id is not None and self.channel_kind in STARTS_THREADS

    @property
    def is_by_invitation(self) -> bool:
        """
        Whether the bot may be shut out of the place, though what it is told says otherwise.

        In a private thread that nobody added it to a bot is asked, and may answer under the
        interaction's token, but not post. Source: discord.com/developers/docs/topics/threads.
        """
        return self.channel_kind == ChannelKind.PRIVATE_THREAD

    def token_is_alive(self, now: datetime) -> bool:
        """Whether the interaction can still be answered under its token."""
        return (self.token_expires_at - now).total_seconds() > TOKEN_MARGIN_S


def to_origin(told: DiscordOrigin, *, place: str) -> Origin:
    """Return the origin to keep; `place` is the word that limits know the place by."""
    return Origin(
        platform=PLATFORM,
        place=place,
        requester=told.requester,
        data={
            "application": str(told.application_id),
            "interaction": str(told.interaction_id),
            "token": told.token,
            "token_expires_at": told.token_expires_at.isoformat(),
            "guild": None if told.guild_id is None else str(told.guild_id),
            "channel": str(told.channel_id),
            "channel_kind": int(told.channel_kind),
            "user": str(told.user_id),
            "upload_limit_bytes": told.upload_limit_bytes,
            "sources": [source_to_json(source) for source in told.sources],
        },
    )


def of(origin: Origin) -> DiscordOrigin:
    """Return what `origin` was made from."""
    data = origin.data
    guild = data["guild"]
    sources = cast("list[Mapping[str, object]]", data["sources"])
    return DiscordOrigin(
        application_id=int(str(data["application"])),
        interaction_id=int(str(data["interaction"])),
        token=str(data["token"]),
        token_expires_at=datetime.fromisoformat(str(data["token_expires_at"])),
        guild_id=None if guild is None else int(str(guild)),
        channel_id=int(str(data["channel"])),
        channel_kind=cast("int", data["channel_kind"]),
        user_id=int(str(data["user"])),
        upload_limit_bytes=cast("int", data["upload_limit_bytes"]),
        sources=tuple(source_from_json(source) for source in sources),
    )


def source_to_json(source: Source) -> dict[str, object]:
    """Return a source as JSON values; drafts keep them as well."""
    match source:
        case Upload(url=url, size_bytes=size_bytes, content_type=content_type):
            return {"url": url, "size_bytes": size_bytes, "content_type": content_type}
        case Kept(item=item, channel_id=channel_id, message_id=message_id, position=position):
            return {
                "item": items.to_json(item),
                "channel": None if channel_id is None else str(channel_id),
                "message": None if message_id is None else str(message_id),
                "position": position,
            }


def source_from_json(data: Mapping[str, object]) -> Source:
    """Return the source that `source_to_json` wrote."""
    if "item" not in data:
        return Upload(
            url=str(data["url"]),
            size_bytes=cast("int | None", data["size_bytes"]),
            content_type=cast("str | None", data["content_type"]),
        )
    channel, message = data["channel"], data["message"]
    return Kept(
        item=items.from_json(cast("Mapping[str, object]", data["item"])),
        channel_id=None if channel is None else int(str(channel)),
        message_id=None if message is None else int(str(message)),
        position=cast("int", data["position"]),
    )
