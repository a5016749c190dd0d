"""chat.*: what the bot posts, edits and deletes."""

from __future__ import annotations

from datetime import timedelta

from tests.fakes.slack_asked import Answer, Asked, Handler
from tests.fakes.slack_block_ids import numbered
from tests.fakes.slack_blocks import check_blocks
from tests.fakes.slack_directory import Directory
from tests.fakes.slack_links import Links
from tests.fakes.slack_refusals import Refused
from tests.fakes.slack_values import Channel, Json, Message
from tests.fakes.slack_wire import Wire
from tests.fakes.slack_world import World

LONGEST_TEXT = 40_000
"""Longer texts are cut. Source: Slack, changelog 2018-04 (truncating really long messages)."""

LONGEST_EDIT = 4000
"""Source: Slack, methods/chat.update (`msg_too_long`)."""


class Chat:
    """Handlers of the methods of chat.*."""

    def __init__(self, world: World, wire: Wire, directory: Directory, links: Links) -> None:
        self._world = world
        self._wire = wire
        self._directory = directory
        self._links = links

    def handlers(self) -> dict[str, Handler]:
        """Return who answers which method."""
        return {
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "chat.delete": self._delete,
            "chat.postEphemeral": self._post_ephemeral,
            "chat.getPermalink": self._permalink,
        }

    def _post(self, asked: Asked) -> Answer:
        channel = self._directory.writable(asked.text("channel"))
        message = self._composed(asked, channel)
        message.metadata = asked.arguments.get("metadata")
        message.thread_ts = self.thread(channel, asked.text("thread_ts"))
        message.broadcast = asked.flag("reply_broadcast")
        self._world.add(message)
        shown = self._wire.message(message, metadata=True)
        return Answer(body={"channel": channel.id, "ts": message.ts, "message": shown})

    def _post_ephemeral(self, asked: Asked) -> Answer:
        channel = self._directory.writable(asked.text("channel"))
        message = self._composed(asked, channel)
        message.seen_by = self._world.users.get(asked.text("user"))
        if message.seen_by is None or message.seen_by.id not in channel.members:
            raise Refused("user_not_in_channel")
        message.thread_ts = self.thread(channel, asked.text("thread_ts"))
        self._world.add(message)
        return Answer(body={"message_ts": message.ts})

    def _composed(self, asked: Asked, channel: Channel) -> Message:
        blocks = self._blocks(asked)
        text = asked.text("text")
        if not text and not blocks and not asked.list("attachments"):
            raise Refused("no_text")
        return Message(
            ts=self._world.new_ts(),
            channel=channel,
            author=self._world.bot,
            posted_at=self._world.clock.now(),
            text=text[:LONGEST_TEXT],
            blocks=blocks,
            attachments=asked.list("attachments"),
        )

    def thread(self, channel: Channel, thread_ts: str) -> str | None:
        """
        Return the thread that a post goes to.

        None, for the channel itself, when the root is gone or is a reply: Slack then says nothing
        and posts outside of the thread, and its answer has no `thread_ts`.
        """
        if not thread_ts:
            return None
        if not thread_ts.replace(".", "", 1).isdecimal():
            raise Refused("invalid_thread_ts")
        there = [m for m in self._world.messages if m.channel is channel and m.ts == thread_ts]
        root = there[0] if there else None
        if root is None or root.ephemeral or root.thread_ts not in (None, root.ts):
            return None
        return None if root.deleted and not self._world.replies(root) else root.ts

    def _update(self, asked: Asked) -> Answer:
        channel = self._directory.known(asked.text("channel"))
        message = self._own(channel, asked.text("ts"), "cant_update_message")
        self._check_edit(asked, message)
        if asked.has("blocks"):
            message.blocks = self._blocks(asked)
        if asked.has("text"):
            message.text = asked.text("text")
        if asked.has("metadata"):
            message.metadata = asked.arguments["metadata"]
        if asked.has("attachments"):
            message.attachments = asked.list("attachments")
        message.edits += 1
        self._world.news.spread()
        shown = self._wire.message(message, metadata=True)
        return Answer(
            body={"channel": channel.id, "ts": message.ts, "text": message.text, "message": shown}
        )

    def _check_edit(self, asked: Asked, message: Message) -> None:
        if message.channel.archived:
            raise Refused("is_inactive")
        if not any(asked.has(name) for name in ("text", "blocks", "attachments")):
            raise Refused("no_text")
        if len(asked.text("text")) > LONGEST_EDIT:
            raise Refused("msg_too_long")
        window_s = self._world.edit_window_s
        age = self._world.clock.now() - message.posted_at
        if message.frozen or (window_s is not None and age > timedelta(seconds=window_s)):
            raise Refused("edit_window_closed")

    def _delete(self, asked: Asked) -> Answer:
        channel = self._directory.known(asked.text("channel"))
        message = self._own(channel, asked.text("ts"), "cant_delete_message")
        self._world.delete_message(message)
        return Answer(body={"channel": channel.id, "ts": message.ts})

    def _permalink(self, asked: Asked) -> Answer:
        channel = self._directory.known(asked.text("channel"))
        message = self._world.find(channel, asked.text("message_ts"))
        if message is None:
            raise Refused("message_not_found")
        root = message.thread_ts if message.thread_ts != message.ts else None
        link = self._links.permalink(channel, message.ts, root)
        return Answer(body={"channel": channel.id, "permalink": link})

    def _own(self, channel: Channel, ts: str, error: str) -> Message:
        message = self._world.find(channel, ts)
        if message is None:
            raise Refused("message_not_found")
        if message.author is not self._world.bot:
            raise Refused(error)
        return message

    def _blocks(self, asked: Asked) -> list[Json]:
        blocks = asked.arguments.get("blocks")
        if blocks is None:
            return []
        if not isinstance(blocks, list):
            raise Refused("invalid_blocks_format")
        check_blocks(self._world, blocks)
        return numbered(blocks, self._world.new_id)
