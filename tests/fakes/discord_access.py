"""Who may do what where: every refusal that follows from places, permissions and membership."""

from __future__ import annotations

from tests.fakes.discord_refusals import refusal
from tests.fakes.discord_values import Channel, Guild, Kind, Message, Permission
from tests.fakes.discord_world import World

WITHOUT_MESSAGES = (Kind.CATEGORY, Kind.FORUM, Kind.MEDIA)


class Access:
    """Finds things for the bot, or refuses in the order and with the codes of Discord."""

    def __init__(self, world: World) -> None:
        self._world = world

    def guild(self, guild_id: int) -> Guild:
        """Return a guild that the bot is in."""
        guild = self._world.guilds.get(guild_id)
        if guild is None or not guild.has_bot:
            raise refusal(10004)
        return guild

    def channel(self, channel_id: int) -> Channel:
        """Return a channel that exists and that the bot sees."""
        channel = self._world.channels.get(channel_id)
        if channel is None or channel.deleted:
            raise refusal(10003)
        held = self._world.bot_permissions(channel)
        is_in = channel.has_bot or Permission.MANAGE_THREADS in held
        seen = is_in and Permission.VIEW_CHANNEL in held
        if channel.kind is Kind.GROUP or not seen:
            raise refusal(50001)
        return channel

    def needs(self, channel: Channel, *permissions: Permission) -> None:
        """Refuse when one of `permissions` is missing."""
        held = self._world.bot_permissions(channel)
        if any(permission not in held for permission in permissions):
            raise refusal(50013)

    def may_post(self, channel: Channel, *, with_files: bool, replies: bool) -> None:
        """Refuse what the bot may not post; a post opens an archived thread that is not locked."""
        if channel.kind in WITHOUT_MESSAGES:
            raise refusal(50008)
        if channel.kind is Kind.DM and not channel.recipients[0].takes_dms:
            raise refusal(50007)
        sends = Permission.SEND_MESSAGES
        self.needs(channel, Permission.SEND_MESSAGES_IN_THREADS if channel.is_thread else sends)
        self.needs(channel, *([Permission.ATTACH_FILES] if with_files else []))
        held = self._world.bot_permissions(channel)
        if replies and Permission.READ_MESSAGE_HISTORY not in held:
            raise refusal(160002)
        if channel.locked and Permission.MANAGE_THREADS not in held:
            raise refusal(160005)

    def message(self, channel: Channel, message_id: int) -> Message:
        """Return a message of `channel` as the bot's own token sees it: never an ephemeral one."""
        message = self._world.messages.get(message_id)
        if message is None or message.deleted or message.channel is not channel:
            raise refusal(10008)
        if message.ephemeral:
            raise refusal(10008)
        return message

    def may_edit(self, message: Message) -> None:
        """Refuse to edit what others wrote, and anything in an archived thread."""
        if message.author is not self._world.bot:
            raise refusal(50005)
        if message.channel.archived:
            raise refusal(50083)

    def may_start_thread(self, channel: Channel, message: Message) -> None:
        """Refuse a thread on `message` where there can be none."""
        self.needs(channel, Permission.CREATE_PUBLIC_THREADS)
        there = self._world.channels.get(message.id)
        if there is not None and not there.deleted:
            raise refusal(160004)
        guild = channel.guild
        open_threads = [
            c
            for c in self._world.channels.values()
            if c.is_thread and c.guild is guild and not c.deleted and not c.archived
        ]
        if guild is not None and len(open_threads) >= guild.max_active_threads:
            raise refusal(160006)
