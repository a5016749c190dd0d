"""
The world behind the fake Discord: what exists, and what a test changes behind the bot's back.

It outlives the bot. Every change spreads news, so that a test waits for it instead of looking
again and again. Ids are snowflakes by the clock it was given.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from core.clock import Clock
from tests.fakes.discord_components import numbered
from tests.fakes.discord_interactions import Interaction
from tests.fakes.discord_news import News
from tests.fakes.discord_permissions import bot_permissions
from tests.fakes.discord_pictures import content_type_of, size_px_of
from tests.fakes.discord_values import (
    MEMBER,
    Attachment,
    Channel,
    Flag,
    Guild,
    Json,
    Kind,
    Message,
    Permission,
    User,
)

EPOCH = datetime(2015, 1, 1, tzinfo=UTC)
"""When snowflakes begin. Source: Discord, reference (Snowflakes)."""

Value = TypeVar("Value", bound=User | Guild | Channel)


class World:
    """Guilds, channels, people, messages; settings that Discord keeps to itself are attributes."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.news = News()
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.users: dict[int, User] = {}
        self.messages: dict[int, Message] = {}
        self.attachments: dict[int, Attachment] = {}
        self.interactions: dict[int, Interaction] = {}
        self.starters: dict[int, Message] = {}
        self.external: dict[str, bytes] = {}
        self.nonce_window_s = 180.0
        self.old_edits_limit = 3
        self.reads_content = False
        self._last_id = 0
        self._numbers = itertools.count()
        self.bot = self._keep(User(id=self.snowflake(), name="Redraw", bot=True), self.users)

    def snowflake(self, at: datetime | None = None) -> int:
        """Return a new id: of now and greater than all before, or of the instant `at`."""
        since = (at or self.clock.now()) - EPOCH
        first = int(since / timedelta(milliseconds=1)) << 22
        if at is not None:
            return first | next(self._numbers) % 2**22
        self._last_id = max(self._last_id + 1, first)
        return self._last_id

    def user(self, name: str, *, permissions: Permission = MEMBER, **more: object) -> User:
        """Return a new person; `more` are other fields of `User`."""
        new = User(id=self.snowflake(), name=name, permissions=permissions, **more)  # type: ignore[arg-type]  # a test's own words
        return self._keep(new, self.users)

    def guild(self, name: str = "a guild", **more: object) -> Guild:
        """Return a new guild that the bot is in; `more` are other fields of `Guild`."""
        new = Guild(id=self.snowflake(), name=name, **more)  # type: ignore[arg-type]  # a test's own words
        return self._keep(new, self.guilds)

    def channel(
        self,
        guild: Guild,
        *,
        kind: str = "text",
        name: str = "general",
        permissions: Permission | None = None,
    ) -> Channel:
        """Return a new channel (`Kind` in lower case) with the bot's permissions in it."""
        kind_ = Kind[kind.upper()]
        new = Channel(id=self.snowflake(), kind=kind_, name=name, guild=guild)
        new.permissions = permissions
        return self._keep(new, self.channels)

    def thread(
        self, parent: Channel, *, name: str = "a thread", message: Message | None = None
    ) -> Channel:
        """Return a new public thread in `parent`, on `message` (it then has its id) or on none."""
        announced = parent.kind is Kind.ANNOUNCEMENT
        new = Channel(
            id=message.id if message else self.snowflake(),
            kind=Kind.ANNOUNCEMENT_THREAD if announced else Kind.PUBLIC_THREAD,
            name=name,
            guild=parent.guild,
            parent=parent,
            owner=self.bot,
        )
        if message is not None:
            message.flags |= Flag.HAS_THREAD
            self.starters[new.id] = self._starter(new, message)
        return self._keep(new, self.channels)

    def _starter(self, thread: Channel, message: Message) -> Message:
        """Return the automatic first message of a thread, which only its history shows."""
        return Message(
            id=self.snowflake(),
            channel=thread,
            author=self.bot,
            created_at=self.clock.now(),
            type=21,
            reference=message,
        )

    def dm(self, user: User) -> Channel:
        """Return the DM of the bot with `user`, the same each time."""
        for channel in self.channels.values():
            if channel.kind is Kind.DM and channel.recipients == (user,):
                return channel
        return self._keep(
            Channel(id=self.snowflake(), kind=Kind.DM, recipients=(user,)), self.channels
        )

    def group_dm(self, *users: User) -> Channel:
        """Return a group DM of people, where the bot only is by user installs."""
        new = Channel(id=self.snowflake(), kind=Kind.GROUP, name="friends", recipients=users)
        return self._keep(new, self.channels)

    def message(
        self,
        channel: Channel,
        author: User,
        content: str = "",
        *,
        files: Mapping[str, bytes] | None = None,
        embeds: list[Json] | None = None,
        components: list[Json] | None = None,
        at: datetime | None = None,
    ) -> Message:
        """Return a new message, posted by `author` now or `at` an instant past."""
        new = Message(
            id=self.snowflake(at),
            channel=channel,
            author=author,
            created_at=at or self.clock.now(),
            content=content,
            embeds=embeds or [],
            components=numbered(components or []),
            flags=Flag.IS_COMPONENTS_V2 if components and not content else Flag.NONE,
        )
        new.attachments = [self.attach(channel.id, *file) for file in (files or {}).items()]
        return self.add(new)

    def attach(
        self, place_id: int, filename: str, data: bytes, *, ephemeral: bool = False
    ) -> Attachment:
        """Return a new attachment that the CDN serves."""
        new = Attachment(
            id=self.snowflake(),
            place_id=place_id,
            filename=filename,
            content_type=content_type_of(filename),
            data=data,
            size_px=size_px_of(data),
            ephemeral=ephemeral,
        )
        self.attachments[new.id] = new
        return new

    def add(self, message: Message) -> Message:
        """Keep a message that was made elsewhere, and tell."""
        self.messages[message.id] = message
        message.channel.last_message_id = message.id
        self.news.spread()
        return message

    def permit(self, channel: Channel, permissions: Permission) -> None:
        """Let the bot have these permissions in `channel` (and its threads), and no others."""
        channel.permissions = permissions
        self.news.spread()

    def forbid(self, channel: Channel, permissions: Permission) -> None:
        """Take these permissions from the bot in `channel` (and its threads)."""
        self.permit(channel, self.bot_permissions(channel) & ~permissions)

    def delete_channel(self, channel: Channel) -> None:
        """Delete a channel with its threads, or a thread."""
        channel.deleted = True
        for thread in self.channels.values():
            if thread.parent is channel:
                thread.deleted = True
        self.news.spread()

    def delete_message(self, message: Message) -> None:
        """Delete a message; a thread on it stays."""
        message.deleted = True
        self.news.spread()

    def archive(self, thread: Channel, *, locked: bool = False) -> None:
        """Archive a thread, and lock it if `locked`."""
        thread.archived, thread.locked = True, locked
        self.news.spread()

    def unarchive(self, thread: Channel) -> None:
        """Open a thread again, for everybody."""
        thread.archived = thread.locked = False
        self.news.spread()

    def remove_bot(self, guild: Guild) -> None:
        """Throw the bot out of `guild`."""
        guild.has_bot = False
        self.news.spread()

    def bot_permissions(self, channel: Channel) -> Permission:
        """Return what the bot may do in `channel`, with what follows from what it may not."""
        return bot_permissions(channel)

    def threads(self, channel: Channel) -> list[Channel]:
        """Return the threads of `channel` that are not deleted."""
        return [c for c in self.channels.values() if c.parent is channel and not c.deleted]

    def said(self, channel: Channel) -> list[Message]:
        """Return the messages of `channel` that are not deleted, oldest first."""
        here = (m for m in self.messages.values() if m.channel is channel and not m.deleted)
        return sorted(here, key=lambda message: message.id)

    def _keep(self, new: Value, where: dict[int, Value]) -> Value:
        where[new.id] = new
        self.news.spread()
        return new
