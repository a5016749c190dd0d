"""Who is who and what is where: auth.test, users.*, conversations.*; channels for the others."""

from __future__ import annotations

from tests.fakes.slack_asked import Answer, Asked, Handler
from tests.fakes.slack_refusals import Refused, missing_scope
from tests.fakes.slack_values import Channel, Kind
from tests.fakes.slack_wire import Wire
from tests.fakes.slack_world import World

READING = {Kind.PUBLIC: "channels", Kind.PRIVATE: "groups", Kind.DM: "im"}
"""How the scopes for reading conversations begin. Source: Slack's method reference."""


class Directory:
    """Handlers of the methods that look things up, and the look-ups themselves."""

    def __init__(self, world: World, wire: Wire) -> None:
        self._world = world
        self._wire = wire

    def handlers(self) -> dict[str, Handler]:
        """Return who answers which method."""
        return {
            "auth.test": self._itself,
            "users.info": self._user,
            "conversations.info": self._info,
            "conversations.open": self._open,
            "conversations.replies": self._replies,
        }

    def known(self, channel_id: str) -> Channel:
        """Return a conversation that the bot may know of; a person's id means the DM with them."""
        if channel_id in self._world.users:
            return self._world.dm(self._world.users[channel_id])
        channel = self._world.channels.get(channel_id)
        if channel is None or (channel.is_private and not self.is_member(channel)):
            raise Refused("channel_not_found")
        return channel

    def writable(self, channel_id: str) -> Channel:
        """Return a conversation that the bot may post to."""
        channel = self.known(channel_id)
        if channel.archived:
            raise Refused("is_archived")
        if not self.is_member(channel) and "chat:write.public" not in self._world.scopes:
            raise Refused("not_in_channel")
        return channel

    def is_member(self, channel: Channel) -> bool:
        """Tell whether the bot is in a conversation."""
        return self._world.bot.id in channel.members

    def _itself(self, asked: Asked) -> Answer:
        bot = self._world.bot
        return Answer(
            body={
                "url": "https://a-workspace.slack.com/",
                "team": self._world.team_name,
                "user": bot.name,
                "team_id": self._world.team_id,
                "user_id": bot.id,
                "bot_id": "B" + bot.id[1:],
                "is_enterprise_install": False,
            }
        )

    def _user(self, asked: Asked) -> Answer:
        user = self._world.users.get(asked.text("user"))
        if user is None:
            raise Refused("user_not_found")
        return Answer(body={"user": self._wire.user(user)})

    def _info(self, asked: Asked) -> Answer:
        channel = self.known(asked.text("channel"))
        self._check_scope(channel, "read")
        return Answer(body={"channel": self._wire.channel(channel)})

    def _open(self, asked: Asked) -> Answer:
        user_id = asked.text("users")
        if not user_id:
            raise Refused("users_list_not_supplied")
        user = self._world.users.get(user_id)
        if user is None:
            raise Refused("user_not_found")
        if user.deleted:
            raise Refused("user_disabled")
        return Answer(body={"channel": {"id": self._world.dm(user).id}})

    def _replies(self, asked: Asked) -> Answer:
        channel = self.known(asked.text("channel"))
        self._check_scope(channel, "history")
        if not self.is_member(channel):
            raise Refused("channel_not_found")
        root = self._world.find(channel, asked.text("ts"))
        if root is None:
            raise Refused("thread_not_found")
        metadata = asked.flag("include_all_metadata")
        found = [root, *self._world.replies(root)]
        shown = [self._wire.message(each, metadata=metadata) for each in found]
        return Answer(body={"messages": shown, "has_more": False})

    def _check_scope(self, channel: Channel, what: str) -> None:
        needed = f"{READING[channel.kind]}:{what}"
        if needed not in self._world.scopes:
            raise missing_scope(needed, ",".join(sorted(self._world.scopes)))
