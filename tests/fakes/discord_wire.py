"""How the world looks on the wire: the JSON of users, channels, messages and attachments."""

from __future__ import annotations

from datetime import datetime

from tests.fakes.discord_guild_objects import guild_object, overwrites_of, own_role_id
from tests.fakes.discord_interactions import Doing
from tests.fakes.discord_links import Links
from tests.fakes.discord_media import Media
from tests.fakes.discord_values import (
    PRIVATE,
    THREADS,
    Attachment,
    Channel,
    Flag,
    Guild,
    Json,
    Message,
    Permission,
    User,
)
from tests.fakes.discord_world import World

HIDDEN: Json = {"content": "", "embeds": [], "attachments": [], "components": []}
"""What others wrote, for a bot without the message content intent."""


class Wire:
    """Writes values as Discord does; links are signed anew each time."""

    def __init__(self, world: World, links: Links) -> None:
        self._world = world
        self._media = Media(links)

    def guild(self, guild: Guild) -> Json:
        """Return a guild object, with everybody's role and the bot's own."""
        return guild_object(guild, self._world.bot)

    def attachment(self, attachment: Attachment) -> Json:
        """Return an attachment object with fresh links."""
        return self._media.attachment(attachment)

    def user(self, user: User) -> Json:
        """Return a user object."""
        return {
            "id": str(user.id),
            "username": user.name,
            "global_name": None if user.bot else user.name.title(),
            "discriminator": "0000" if user.bot else "0",
            "avatar": None,
            "bot": user.bot,
            "public_flags": 0,
            "flags": 0,
            "primary_guild": None,
        }

    def itself(self) -> Json:
        """Return the bot's user as only the bot sees it."""
        own = {"mfa_enabled": True, "verified": True, "locale": "en-US", "email": None}
        return self.user(self._world.bot) | own

    def member(self, user: User, guild: Guild, permissions: Permission | None = None) -> Json:
        """Return a guild member object; with `permissions` as interactions have them."""
        extra = {} if permissions is None else {"permissions": str(int(permissions))}
        return {
            "user": self.user(user),
            "nick": None,
            "avatar": None,
            "banner": None,
            "roles": [str(own_role_id(guild))] if user.bot else [],
            "joined_at": when(self._world.clock.now()),
            "premium_since": None,
            "communication_disabled_until": None,
            "deaf": False,
            "mute": False,
            "pending": False,
            "flags": 0,
            **extra,
        }

    def channel(self, channel: Channel) -> Json:
        """Return a channel object of whatever kind."""
        base: Json = {
            "id": str(channel.id),
            "type": int(channel.kind),
            "flags": 0,
            "last_message_id": str(channel.last_message_id) if channel.last_message_id else None,
        }
        if channel.kind in PRIVATE:
            return base | {"recipients": [self.user(user) for user in channel.recipients]}
        base |= {"name": channel.name, "rate_limit_per_user": 0, "nsfw": channel.nsfw}
        base |= {"guild_id": str(channel.guild.id) if channel.guild else None}
        if channel.kind in THREADS:
            return base | self._thread(channel)
        return base | {
            "position": 0,
            "parent_id": None,
            "topic": None,
            "permission_overwrites": overwrites_of(channel, self._world.bot),
        }

    def message(self, message: Message, *, whole: bool = True) -> Json:
        """Return a message object; not `whole`: without what the message content intent gives."""
        body: Json = {
            "id": str(message.id),
            "type": message.type,
            "channel_id": str(message.channel.id),
            "author": self.user(message.author),
            "timestamp": when(message.created_at),
            "edited_timestamp": when(message.edited_at) if message.edited_at else None,
            "flags": int(message.flags),
            "pinned": False,
            "tts": False,
            "mention_everyone": message.pinged_everyone,
            "mention_roles": [str(role) for role in sorted(message.pinged_roles)],
            "mentions": [self.user(self._world.users[one]) for one in sorted(message.pings)],
        }
        body |= self._contents(message) if whole else HIDDEN
        return body | self._links_of(message)

    def _contents(self, message: Message) -> Json:
        return {
            "content": message.content,
            "embeds": message.embeds,
            "attachments": [self.attachment(one) for one in message.attachments],
            "components": [self._media.component(one, message) for one in message.components],
        }

    def _links_of(self, message: Message) -> Json:
        more: Json = {}
        if message.interaction_id is not None:
            more |= {"webhook_id": str(self._world.bot.id)}
            more |= {"application_id": str(self._world.bot.id)}
            more |= {"interaction_metadata": self._metadata(message.interaction_id)}
        if message.reference is not None:
            more["message_reference"] = _reference(message.reference)
            gone = message.reference.deleted
            more["referenced_message"] = None if gone else self.message(message.reference)
        thread = self._world.channels.get(message.id)
        if Flag.HAS_THREAD in message.flags and thread and not thread.deleted:
            more["thread"] = self.channel(thread)
        return more

    def _metadata(self, interaction_id: int) -> Json:
        """Return what a message says of its interaction; what opened a form is not known here."""
        interaction = self._world.interactions[interaction_id]
        told: Json = {
            "id": str(interaction.id),
            "type": int(interaction.doing),
            "user": self.user(interaction.user),
            "authorizing_integration_owners": {},
        }
        if interaction.doing is Doing.COMPONENT and interaction.source is not None:
            told["interacted_message_id"] = str(interaction.source.id)
        if interaction.doing is Doing.MODAL:
            told["triggering_interaction_metadata"] = {**told, "type": int(Doing.COMMAND)}
        return told

    def _thread(self, thread: Channel) -> Json:
        count = len(self._world.said(thread))
        return {
            "parent_id": str(thread.parent.id) if thread.parent else None,
            "owner_id": str((thread.owner or self._world.bot).id),
            "message_count": count,
            "total_message_sent": count,
            "member_count": 1,
            "thread_metadata": {
                "archived": thread.archived,
                "locked": thread.locked,
                "auto_archive_duration": thread.auto_archive_minutes,
                "archive_timestamp": when(self._world.clock.now()),
                "create_timestamp": when(self._world.clock.now()),
            },
        }


def when(instant: datetime) -> str:
    """Return a timestamp as Discord writes it."""
    return instant.isoformat(timespec="microseconds")


def _reference(message: Message) -> Json:
    guild = message.channel.guild
    where = {"guild_id": str(guild.id)} if guild else {}
    ids = {"message_id": str(message.id), "channel_id": str(message.channel.id)}
    return {"type": 0, **ids, **where}
