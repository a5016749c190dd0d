"""
The world behind the fake Slack: what exists, and what a test changes behind the bot's back.

It outlives the bot. Every change spreads news, so that a test waits for it instead of looking
again and again. What an admin decides, and what Slack keeps to itself, are attributes.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from datetime import datetime

from core.clock import Clock
from tests.fakes.discord_news import News
from tests.fakes.discord_pictures import content_type_of, size_px_of
from tests.fakes.slack_block_ids import numbered
from tests.fakes.slack_values import Channel, File, Json, Kind, Message, User, View

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

SCOPES = ("commands", "chat:write", "files:read", "files:write", "app_mentions:read")
"""What the app is granted unless a test says otherwise."""

SUBSCRIBED = ("app_mention", "app_uninstalled", "tokens_revoked")
"""The events that the app is told of unless a test says otherwise."""


class World:
    """One workspace: people, conversations, messages, files, views, and its admin's switches."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.news = News()
        self._numbers = itertools.count(1)
        self._last_micro = 0
        self.team_id = self.new_id("T")
        self.team_name = "a workspace"
        self.app_id = self.new_id("A")
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.messages: list[Message] = []
        self.files: dict[str, File] = {}
        self.views: dict[str, View] = {}
        self.scopes: set[str] = set(SCOPES)
        self.subscribed: set[str] = set(SUBSCRIBED)
        self.token_error: str | None = None
        self.app_token_error: str | None = None
        self.uploads_disabled = False
        self.images_only = False
        self.forbidden_types: set[str] = set()
        self.storage_full = False
        self.largest_upload_bytes: int | None = None
        self.edit_window_s: float | None = None
        self.share_after_s = 0.02
        self.shares_held = False
        self.bot = self.user("redraw", is_bot=True)

    def new_id(self, letter: str) -> str:
        """Return an id that nothing has: the letter and ten digits of 36."""
        number = 36**9 + next(self._numbers) * 7919
        digits = ""
        while number:
            number, digit = divmod(number, 36)
            digits = DIGITS[digit] + digits
        return letter + digits

    def new_ts(self, at: datetime | None = None) -> str:
        """Return a timestamp that no message has: of now and later than all before, or of `at`."""
        micro = int((at or self.clock.now()).timestamp() * 1_000_000)
        if at is None:
            micro = self._last_micro = max(self._last_micro + 1, micro)
        return f"{micro // 1_000_000}.{micro % 1_000_000:06d}"

    def user(self, name: str, *, is_bot: bool = False, is_admin: bool = False) -> User:
        """Return a new member of the workspace."""
        new = User(id=self.new_id("U"), name=name, is_bot=is_bot, is_admin=is_admin)
        self.users[new.id] = new
        return new

    def channel(
        self,
        name: str = "general",
        *,
        private: bool = False,
        has_bot: bool = True,
        archived: bool = False,
        members: Iterable[User] = (),
    ) -> Channel:
        """Return a new channel with the bot in it unless `has_bot` is False."""
        kind = Kind.PRIVATE if private else Kind.PUBLIC
        ids = {member.id for member in members} | ({self.bot.id} if has_bot else set())
        new = Channel(id=self.new_id("C"), name=name, kind=kind, members=ids, archived=archived)
        self.channels[new.id] = new
        return new

    def dm(self, user: User) -> Channel:
        """Return the DM of the bot with `user`, the same each time."""
        for channel in self.channels.values():
            if channel.kind is Kind.DM and user.id in channel.members:
                return channel
        new = Channel(
            id=self.new_id("D"),
            name="directmessage",
            kind=Kind.DM,
            members={user.id, self.bot.id},
        )
        self.channels[new.id] = new
        return new

    def file(
        self,
        owner: User,
        name: str,
        data: bytes,
        *,
        mimetype: str | None = None,
        stub: bool = False,
        external_url: str | None = None,
        redirects_to: str | None = None,
    ) -> File:
        """Return a new file of `owner`, which is in no message yet."""
        new = File(
            id=self.new_id("F"),
            name=name,
            owner=owner,
            data=data,
            mimetype=mimetype or content_type_of(name),
            created_at=self.clock.now(),
            size_px=size_px_of(data),
            stub=stub,
            external_url=external_url,
            redirects_to=redirects_to,
        )
        self.files[new.id] = new
        return new

    def message(
        self,
        channel: Channel,
        author: User,
        text: str = "",
        *,
        files: Mapping[str, bytes] | Iterable[File] = (),
        blocks: list[Json] | None = None,
        thread: Message | None = None,
        at: datetime | None = None,
    ) -> Message:
        """Return a new message, posted by `author` now or `at` an instant past."""
        if isinstance(files, Mapping):
            files = [self.file(author, *each) for each in files.items()]
        new = Message(
            ts=self.new_ts(at),
            channel=channel,
            author=author,
            posted_at=at or self.clock.now(),
            text=text,
            blocks=numbered(blocks or [], self.new_id),
            thread_ts=(thread.thread_ts or thread.ts) if thread else None,
        )
        return self.add(new, files)

    def add(self, message: Message, files: Iterable[File] = ()) -> Message:
        """Keep a message that was made elsewhere with its files, and tell."""
        for file in files:
            message.files.append(file)
            if not message.ephemeral:
                file.shares.append(message)
        self.messages.append(message)
        self.news.spread()
        return message

    def find(self, channel: Channel, ts: str) -> Message | None:
        """Return the message that everybody there sees, if there is one."""
        found = [m for m in self.messages if m.ts == ts and m.channel is channel]
        return next((m for m in found if not m.ephemeral and not m.deleted), None)

    def said(self, channel: Channel) -> list[Message]:
        """Return the messages of a conversation outside its threads, oldest first."""
        there = (m for m in self.messages if m.channel is channel and not m.deleted)
        return [m for m in there if not m.ephemeral and (m.thread_ts in (None, m.ts))]

    def replies(self, root: Message) -> list[Message]:
        """Return the replies in the thread of `root`, oldest first."""
        there = (m for m in self.messages if m.channel is root.channel and not m.deleted)
        return [m for m in there if not m.ephemeral and m.thread_ts == root.ts and m is not root]

    def sees(self, file: File) -> bool:
        """Tell whether the bot may see a file."""
        if file.owner is self.bot or file.given_to_bot:
            return True
        return any(
            share.channel.kind is Kind.PUBLIC or self.bot.id in share.channel.members
            for share in file.shares
            if not share.deleted
        )

    def join(self, channel: Channel, user: User | None = None) -> None:
        """Let the bot, or somebody, into a channel."""
        channel.members.add((user or self.bot).id)
        self.news.spread()

    def leave(self, channel: Channel, user: User | None = None) -> None:
        """Take the bot, or somebody, out of a channel."""
        channel.members.discard((user or self.bot).id)
        self.news.spread()

    def archive(self, channel: Channel) -> None:
        """Archive a channel."""
        channel.archived = True
        self.news.spread()

    def unarchive(self, channel: Channel) -> None:
        """Open a channel again."""
        channel.archived = False
        self.news.spread()

    def delete_message(self, message: Message) -> None:
        """Delete a message; a thread on it stays."""
        message.deleted = True
        self.news.spread()

    def delete_file(self, file: File) -> None:
        """Delete a file; the messages that it is in say so."""
        file.deleted = True
        self.news.spread()
