"""What there is in the fake Discord: users, guilds, channels, messages, attachments, as values."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Json = dict[str, Any]


class Permission(enum.IntFlag):
    """What somebody may do. Source: Discord, topics/permissions."""

    NONE = 0
    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    SEND_MESSAGES_IN_THREADS = 1 << 38


MEMBER = (
    Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.USE_APPLICATION_COMMANDS
    | Permission.CREATE_PUBLIC_THREADS
    | Permission.SEND_MESSAGES_IN_THREADS
)
"""What a member may do that nobody gave or took anything; also what a bot is given here."""

EVERYTHING = Permission((1 << 53) - 1)


class Kind(enum.IntEnum):
    """Kinds of channels. Source: Discord, resources/channel."""

    TEXT = 0
    DM = 1
    VOICE = 2
    GROUP = 3
    CATEGORY = 4
    ANNOUNCEMENT = 5
    ANNOUNCEMENT_THREAD = 10
    PUBLIC_THREAD = 11
    PRIVATE_THREAD = 12
    FORUM = 15
    MEDIA = 16


THREADS = (Kind.ANNOUNCEMENT_THREAD, Kind.PUBLIC_THREAD, Kind.PRIVATE_THREAD)
PRIVATE = (Kind.DM, Kind.GROUP)


class Flag(enum.IntFlag):
    """Flags of a message. Source: Discord, resources/message."""

    NONE = 0
    SUPPRESS_EMBEDS = 1 << 2
    HAS_THREAD = 1 << 5
    EPHEMERAL = 1 << 6
    LOADING = 1 << 7
    SUPPRESS_NOTIFICATIONS = 1 << 12
    IS_COMPONENTS_V2 = 1 << 15


@dataclass(kw_only=True, eq=False)
class User:
    """A person, or the bot; `permissions` hold in every guild and channel."""

    id: int
    name: str
    permissions: Permission = MEMBER
    bot: bool = False
    takes_dms: bool = True
    upload_limit_bytes: int = 0

    @property
    def mention(self) -> str:
        return f"<@{self.id}>"


@dataclass(kw_only=True, eq=False)
class Guild:
    """A server: `permissions` are the bot's where a channel does not say otherwise."""

    id: int
    name: str
    permissions: Permission = MEMBER
    has_bot: bool = True
    upload_limit_bytes: int = 10 * 2**20
    max_active_threads: int = 1000
    locale: str = "en-US"


@dataclass(kw_only=True, eq=False)
class Channel:
    """
    A channel, thread or DM; `permissions` are the bot's here, None as in the guild.

    A private thread is closed to a bot that nobody added to it (`has_bot`), unless it manages
    threads; its interactions tell of the channel's permissions all the same.
    """

    id: int
    kind: Kind
    name: str = ""
    guild: Guild | None = None
    parent: Channel | None = None
    permissions: Permission | None = None
    recipients: tuple[User, ...] = ()
    owner: User | None = None
    archived: bool = False
    locked: bool = False
    has_bot: bool = True
    deleted: bool = False
    nsfw: bool = False
    auto_archive_minutes: int = 1440
    last_message_id: int | None = None

    @property
    def is_thread(self) -> bool:
        return self.kind in THREADS


@dataclass(kw_only=True, eq=False)
class Attachment:
    """A file; `ephemeral` for one that came with an option or a form. `lost`: no longer served."""

    id: int
    place_id: int
    filename: str
    content_type: str
    data: bytes = field(repr=False)
    description: str | None = None
    size_px: tuple[int, int] | None = None
    ephemeral: bool = False
    lost: bool = False


@dataclass(kw_only=True, eq=False)
class Message:
    """
    A message as it is now.

    `components` hold what was sent, with their ids filled in. `pings` are the users whom posting
    it, or any edit of it, was allowed to notify (`pinged_everyone`, `pinged_roles` likewise): an
    edit counts although Discord may keep quiet then, so that a careless one shows.
    """

    id: int
    channel: Channel
    author: User
    created_at: datetime
    type: int = 0
    content: str = ""
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    flags: Flag = Flag.NONE
    nonce: str | None = None
    reference: Message | None = None
    interaction_id: int | None = None
    seen_by: User | None = None
    edited_at: datetime | None = None
    edits: int = 0
    pings: frozenset[int] = frozenset()
    pinged_roles: frozenset[int] = frozenset()
    pinged_everyone: bool = False
    deleted: bool = False

    @property
    def ephemeral(self) -> bool:
        """Whether only `seen_by` sees it."""
        return Flag.EPHEMERAL in self.flags

    @property
    def loading(self) -> bool:
        """Whether it says that the bot is thinking."""
        return Flag.LOADING in self.flags

    @property
    def text(self) -> str:
        """All words: the content, then every text component, a line each."""
        shown = [part["content"] for part in walk(self.components) if part["type"] == 10]
        return "\n".join(part for part in [self.content, *shown] if part)

    @property
    def controls(self) -> list[Json]:
        """The buttons and menus, in order."""
        return [part for part in walk(self.components) if part["type"] in (2, 3, 5, 6, 7, 8)]

    @property
    def labels(self) -> list[str]:
        """What is written on the buttons, in order."""
        return [str(part.get("label", "")) for part in self.controls if part["type"] == 2]


def walk(components: list[Json]) -> Iterator[Json]:
    """Yield every component, outer before inner, in order of appearance."""
    for component in components:
        yield component
        inner = list(component.get("components") or [])
        inner += [component[key] for key in ("component", "accessory") if component.get(key)]
        yield from walk(inner)
