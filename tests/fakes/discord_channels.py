"""Channels, threads, DMs and guilds by the bot's own token, with Discord's refusals."""

from __future__ import annotations

from collections.abc import Mapping

from tests.fakes.discord_access import Access
from tests.fakes.discord_asked import Answer, Asked, Handler
from tests.fakes.discord_refusals import Form, refusal
from tests.fakes.discord_values import Channel, Json, Kind, Permission
from tests.fakes.discord_wire import Wire
from tests.fakes.discord_world import World

ARCHIVES_AFTER_MINUTES = (60, 1440, 4320, 10080)
"""Source: Discord, resources/channel."""


class Channels:
    """Answers `/channels/{channel}`, threads, `/users/@me/channels` and `/guilds/{guild}…`."""

    def __init__(self, world: World, wire: Wire, access: Access) -> None:
        self._world = world
        self._wire = wire
        self._access = access

    def handlers(self) -> Mapping[str, Handler]:
        """Return what is answered here."""
        return {
            "GET /channels/{channel}": self._get,
            "PATCH /channels/{channel}": self._edit,
            "DELETE /channels/{channel}": self._delete,
            "POST /channels/{channel}/typing": self._typing,
            "POST /channels/{channel}/messages/{message}/threads": self._start_thread,
            "PUT /channels/{channel}/thread-members/@me": self._join,
            "POST /users/@me/channels": self._open_dm,
            "GET /users/{user}": self._user,
            "GET /guilds/{guild}": self._guild,
            "GET /guilds/{guild}/channels": self._channels,
            "GET /guilds/{guild}/roles": self._roles,
            "GET /guilds/{guild}/members/{user}": self._member,
        }

    def _get(self, asked: Asked) -> Answer:
        return Answer(body=self._wire.channel(self._access.channel(asked.id("channel"))))

    def _edit(self, asked: Asked) -> Answer:
        channel = self._access.channel(asked.id("channel"))
        self._may_edit(channel, asked.body)
        channel.name = asked.body.get("name", channel.name)
        channel.archived = asked.body.get("archived", channel.archived)
        channel.locked = asked.body.get("locked", channel.locked)
        self._world.news.spread()
        return Answer(body=self._wire.channel(channel))

    def _may_edit(self, channel: Channel, body: Json) -> None:
        form = Form()
        form.length("name", body.get("name"), 1, 100)
        form.check()
        if not channel.is_thread:
            self._access.needs(channel, Permission.MANAGE_CHANNELS)
        elif channel.owner is not self._world.bot or channel.locked or "locked" in body:
            self._access.needs(channel, Permission.MANAGE_THREADS)
        elif channel.archived and body.get("archived") is not False:
            raise refusal(50083)

    def _delete(self, asked: Asked) -> Answer:
        channel = self._access.channel(asked.id("channel"))
        manage = Permission.MANAGE_THREADS if channel.is_thread else Permission.MANAGE_CHANNELS
        self._access.needs(channel, manage)
        self._world.delete_channel(channel)
        return Answer(body=self._wire.channel(channel))

    def _typing(self, asked: Asked) -> Answer:
        self._access.needs(self._access.channel(asked.id("channel")), Permission.SEND_MESSAGES)
        return Answer(status=204)

    def _start_thread(self, asked: Asked) -> Answer:
        channel = self._access.channel(asked.id("channel"))
        if channel.kind not in (Kind.TEXT, Kind.ANNOUNCEMENT):
            raise refusal(50024)
        message = self._access.message(channel, asked.id("message"))
        _check_thread(asked.body)
        self._access.may_start_thread(channel, message)
        thread = self._world.thread(channel, name=asked.body["name"], message=message)
        thread.auto_archive_minutes = asked.body.get("auto_archive_duration") or 1440
        return Answer(status=201, body=self._wire.channel(thread))

    def _join(self, asked: Asked) -> Answer:
        thread = self._access.channel(asked.id("channel"))
        if thread.archived:
            raise refusal(50083)
        return Answer(status=204)

    def _open_dm(self, asked: Asked) -> Answer:
        user = self._world.users.get(int(asked.body.get("recipient_id") or 0))
        if user is None:
            raise refusal(50033)
        if user.bot:
            raise refusal(50007)
        return Answer(body=self._wire.channel(self._world.dm(user)))

    def _user(self, asked: Asked) -> Answer:
        user = self._world.users.get(asked.id("user"))
        if user is None:
            raise refusal(10013)
        return Answer(body=self._wire.user(user))

    def _guild(self, asked: Asked) -> Answer:
        return Answer(body=self._wire.guild(self._access.guild(asked.id("guild"))))

    def _channels(self, asked: Asked) -> Answer:
        guild = self._access.guild(asked.id("guild"))
        here = [c for c in self._world.channels.values() if c.guild is guild and not c.deleted]
        return Answer(body=[self._wire.channel(one) for one in here if not one.is_thread])

    def _roles(self, asked: Asked) -> Answer:
        return Answer(body=self._wire.guild(self._access.guild(asked.id("guild")))["roles"])

    def _member(self, asked: Asked) -> Answer:
        guild = self._access.guild(asked.id("guild"))
        user = self._world.users.get(asked.id("user"))
        if user is None:
            raise refusal(10013)
        return Answer(body=self._wire.member(user, guild))


def _check_thread(body: Json) -> None:
    form = Form()
    form.required("", body, "name")
    form.length("name", body.get("name"), 1, 100)
    if (body.get("auto_archive_duration") or 60) not in ARCHIVES_AFTER_MINUTES:
        text = f"Value must be one of {ARCHIVES_AFTER_MINUTES}."
        form.wrong("auto_archive_duration", "BASE_TYPE_CHOICES", text)
    form.check()
