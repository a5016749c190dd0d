"""What Slack sends to the bot when people do something, word for word."""

from __future__ import annotations

from tests.fakes.slack_values import Channel, Json, Kind, Message, User, View
from tests.fakes.slack_wire import Wire
from tests.fakes.slack_world import World

VERIFICATION = "fake-verification-token"
"""The old token that payloads still carry and nobody should read."""


class Payloads:
    """Writes payloads; trigger ids and response URLs are the desk's."""

    def __init__(self, world: World, wire: Wire) -> None:
        self._world = world
        self._wire = wire

    def command(self, user: User, channel: Channel, command: str, text: str) -> Json:
        """Return the payload of a slash command."""
        return {
            "token": VERIFICATION,
            "team_id": self._world.team_id,
            "team_domain": "a-workspace",
            "channel_id": channel.id,
            "channel_name": name_of(channel),
            "user_id": user.id,
            "user_name": user.name,
            "command": command,
            "text": text,
            "api_app_id": self._world.app_id,
            "is_enterprise_install": "false",
        }

    def message_shortcut(self, user: User, callback_id: str, message: Message) -> Json:
        """Return the payload of a shortcut in the menu of a message."""
        return {
            "type": "message_action",
            **self._about(user),
            "action_ts": self._world.new_ts(),
            "channel": self._channel(message.channel),
            "callback_id": callback_id,
            "message_ts": message.ts,
            "message": self._wire.message(message),
        }

    def global_shortcut(self, user: User, callback_id: str) -> Json:
        """Return the payload of a shortcut that belongs to no place."""
        return {
            "type": "shortcut",
            **self._about(user),
            "action_ts": self._world.new_ts(),
            "callback_id": callback_id,
        }

    def pressed(self, user: User, message: Message, action: Json) -> Json:
        """Return the payload of a control of a message; a private message is not shown in it."""
        container: Json = {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": message.channel.id,
            "is_ephemeral": message.ephemeral,
        }
        if message.thread_ts:
            container["thread_ts"] = message.thread_ts
        shown = {} if message.ephemeral else {"message": self._wire.message(message)}
        return {
            "type": "block_actions",
            **self._about(user),
            "container": container,
            "channel": self._channel(message.channel),
            **shown,
            "state": {"values": {}},
            "actions": [self._stamped(action)],
        }

    def chosen(self, user: User, view: View, action: Json) -> Json:
        """Return the payload of a control of a modal."""
        return {
            "type": "block_actions",
            **self._about(user),
            "container": {"type": "view", "view_id": view.id},
            "view": self._wire.view(view),
            "actions": [self._stamped(action)],
        }

    def submitted(self, user: User, view: View) -> Json:
        """Return the payload of a modal that was sent."""
        shown = self._wire.view(view)
        return {
            "type": "view_submission",
            **self._about(user),
            "view": shown,
            "response_urls": [],
        }

    def closed(self, user: User, view: View, *, cleared: bool) -> Json:
        """Return the payload of a modal that was closed."""
        shown = self._wire.view(view)
        return {
            "type": "view_closed",
            **self._about(user),
            "view": shown,
            "is_cleared": cleared,
        }

    def event(self, event: Json) -> Json:
        """Return an event with everything around it."""
        bot = {"user_id": self._world.bot.id, "is_bot": True, "is_enterprise_install": False}
        now = self._world.clock.now()
        return {
            "token": VERIFICATION,
            "team_id": self._world.team_id,
            "api_app_id": self._world.app_id,
            "event": event,
            "type": "event_callback",
            "event_id": self._world.new_id("Ev"),
            "event_time": int(now.timestamp()),
            "authorizations": [{"enterprise_id": None, "team_id": self._world.team_id, **bot}],
            "is_ext_shared_channel": False,
        }

    def posted(self, message: Message, kind: str) -> Json:
        """Return the event that tells of a message: `app_mention` or `message`."""
        shown = self._wire.message(message)
        place: Json = {"channel": message.channel.id, "event_ts": message.ts}
        if kind == "app_mention":
            return {**shown, "type": "app_mention", **place}
        types = {Kind.PUBLIC: "channel", Kind.PRIVATE: "group", Kind.DM: "im"}
        place["channel_type"] = types[message.channel.kind]
        return {**shown, **place, **({"subtype": "file_share"} if message.files else {})}

    def _about(self, user: User) -> Json:
        return {
            "token": VERIFICATION,
            "team": {"id": self._world.team_id, "domain": "a-workspace"},
            "user": {
                "id": user.id,
                "username": user.name,
                "name": user.name,
                "team_id": self._world.team_id,
            },
            "api_app_id": self._world.app_id,
            "enterprise": None,
            "is_enterprise_install": False,
        }

    def _channel(self, channel: Channel) -> Json:
        return {"id": channel.id, "name": name_of(channel)}

    def _stamped(self, action: Json) -> Json:
        return {**action, "action_ts": self._world.new_ts()}


def name_of(channel: Channel) -> str:
    """Return what payloads call a channel: private ones are not named."""
    return "privategroup" if channel.kind is Kind.PRIVATE else channel.name
