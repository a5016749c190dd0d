"""Messages by the bot's own token: post, edit, delete, read, with Discord's refusals."""

from __future__ import annotations

import collections
from collections.abc import Mapping
from datetime import datetime, timedelta

from tests.fakes.discord_access import Access
from tests.fakes.discord_asked import Answer, Asked, Handler
from tests.fakes.discord_composing import Composer
from tests.fakes.discord_refusals import Form, refusal
from tests.fakes.discord_values import PRIVATE, Channel, Json, Message, Permission
from tests.fakes.discord_wire import Wire
from tests.fakes.discord_world import World

DM_LIMIT_BYTES = 10 * 2**20
"""Source: Discord, reference (Uploading Files)."""

OLD = timedelta(hours=1)
"""From when on edits are counted. Source: error 30046's own words."""

OLD_EDITS_WINDOW = timedelta(seconds=20)
"""A guess of a bot's author: Discord does not publish it."""


class Messages:
    """Answers `/channels/{channel}/messages…`."""

    def __init__(self, world: World, wire: Wire, access: Access, composer: Composer) -> None:
        self._world = world
        self._wire = wire
        self._access = access
        self._composer = composer
        self._nonces: dict[str, Message] = {}
        self._old_edits: dict[int, list[datetime]] = collections.defaultdict(list)

    def handlers(self) -> Mapping[str, Handler]:
        """Return what is answered here."""
        messages, message = "/channels/{channel}/messages", "/channels/{channel}/messages/{message}"
        return {
            f"POST {messages}": self._post,
            f"GET {messages}": self._history,
            f"GET {message}": self._get,
            f"PATCH {message}": self._edit,
            f"DELETE {message}": self._delete,
        }

    def _post(self, asked: Asked) -> Answer:
        channel = self._access.channel(asked.id("channel"))
        replies = bool(asked.body.get("message_reference"))
        self._access.may_post(channel, with_files=bool(asked.files), replies=replies)
        message = self._earlier(asked.body) or self._write(channel, asked)
        told = self._wire.message(message)
        # only this answer has the nonce: Discord does not store it with the message
        return Answer(body=told if message.nonce is None else told | {"nonce": message.nonce})

    def _write(self, channel: Channel, asked: Asked) -> Message:
        message = Message(
            id=self._world.snowflake(),
            channel=channel,
            author=self._world.bot,
            created_at=self._world.clock.now(),
            reference=self._referenced(channel, asked.body),
        )
        message.type = 19 if message.reference else 0
        self._composer.write(message, asked.body, asked.files, limit_bytes=_limit_of(channel))
        if asked.body.get("nonce") is not None:
            message.nonce = str(asked.body["nonce"])
            self._nonces[message.nonce] = message
        channel.archived = False
        return self._world.add(message)

    def _earlier(self, body: Json) -> Message | None:
        earlier = self._nonces.get(str(body.get("nonce"))) if body.get("enforce_nonce") else None
        if earlier is None:
            return None
        age = self._world.clock.now() - earlier.created_at
        if age > timedelta(seconds=self._world.nonce_window_s):
            return None
        if earlier.deleted:
            raise refusal(10008)
        return earlier

    def _referenced(self, channel: Channel, body: Json) -> Message | None:
        reference = body.get("message_reference")
        if not reference:
            return None
        found = self._world.messages.get(int(reference["message_id"]))
        if found and found.channel is channel and not (found.deleted or found.ephemeral):
            return found
        if reference.get("fail_if_not_exists", True):
            form = Form()
            form.wrong("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
            form.check()
        return None

    def _get(self, asked: Asked) -> Answer:
        channel = self._access.channel(asked.id("channel"))
        self._access.needs(channel, Permission.READ_MESSAGE_HISTORY)
        return Answer(body=self._shown(self._access.message(channel, asked.id("message"))))

    def _history(self, asked: Asked) -> Answer:
        channel = self._access.channel(asked.id("channel"))
        limit = int(asked.query.get("limit", "50"))
        if not 1 <= limit <= 100:
            form = Form()
            form.wrong("limit", "NUMBER_TYPE_MAX", "int value should be between 1 and 100.")
            form.check()
        if Permission.READ_MESSAGE_HISTORY not in self._world.bot_permissions(channel):
            return Answer(body=[])
        first = self._world.starters.get(channel.id)
        found = [*([first] if first else []), *self._world.said(channel)]
        found = [one for one in found if not one.ephemeral]
        return Answer(body=[self._shown(one) for one in _page(found, asked.query, limit)])

    def _edit(self, asked: Asked) -> Answer:
        channel = self._access.channel(asked.id("channel"))
        message = self._access.message(channel, asked.id("message"))
        self._access.may_edit(message)
        self._count_old_edit(message)
        limit_bytes = _limit_of(channel)
        self._composer.write(message, asked.body, asked.files, limit_bytes=limit_bytes)
        message.edits += 1
        message.edited_at = self._world.clock.now()
        self._world.news.spread()
        return Answer(body=self._wire.message(message))

    def _count_old_edit(self, message: Message) -> None:
        now = self._world.clock.now()
        if now - message.created_at < OLD:
            return
        edits = self._old_edits[message.channel.id]
        recent = [at for at in edits if now - at < OLD_EDITS_WINDOW]
        if len(recent) >= self._world.old_edits_limit:
            raise refusal(30046)
        self._old_edits[message.channel.id] = [*recent, now]

    def _delete(self, asked: Asked) -> Answer:
        channel = self._access.channel(asked.id("channel"))
        message = self._access.message(channel, asked.id("message"))
        if message.author is not self._world.bot:
            self._access.needs(channel, Permission.MANAGE_MESSAGES)
        self._world.delete_message(message)
        return Answer(status=204)

    def _shown(self, message: Message) -> Json:
        own = message.author is self._world.bot or self._world.bot.id in message.pings
        private = message.channel.kind in PRIVATE
        return self._wire.message(message, whole=own or private or self._world.reads_content)


def _limit_of(channel: Channel) -> int:
    return channel.guild.upload_limit_bytes if channel.guild else DM_LIMIT_BYTES


def _page(messages: list[Message], query: Mapping[str, str], limit: int) -> list[Message]:
    """Return a page, newest first, as `before`, `after` or neither say."""
    if "after" in query:
        later = [one for one in messages if one.id > int(query["after"])]
        return later[:limit][::-1]
    if "before" in query:
        messages = [one for one in messages if one.id < int(query["before"])]
    return messages[-limit:][::-1]
