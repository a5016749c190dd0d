"""A guild on the wire: its roles and what they may, and what a channel overrides."""

from __future__ import annotations

from tests.fakes.discord_values import Channel, Guild, Json, Permission, User


def guild_object(guild: Guild, bot: User) -> Json:
    """Return a guild object, with the bot's own role and everybody's."""
    everybody = _role(guild.id, "@everyone", Permission.NONE)
    own = _role(own_role_id(guild), bot.name, guild.permissions)
    own |= {"managed": True, "position": 1, "tags": {"bot_id": str(bot.id)}}
    return {
        "id": str(guild.id),
        "name": guild.name,
        "icon": None,
        "owner_id": "1",
        "roles": [everybody, own],
        "emojis": [],
        "stickers": [],
        "features": [],
        "premium_tier": 0,
        "preferred_locale": guild.locale,
        "verification_level": 0,
        "default_message_notifications": 0,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "nsfw_level": 0,
        "afk_timeout": 300,
        "system_channel_flags": 0,
        "premium_progress_bar_enabled": False,
    }


def overwrites_of(channel: Channel, bot: User) -> list[Json]:
    if channel.permissions is None:
        return []
    denied = ((1 << 53) - 1) & ~int(channel.permissions)
    allow, deny = str(int(channel.permissions)), str(denied)
    return [{"id": str(bot.id), "type": 1, "allow": allow, "deny": deny}]


def own_role_id(guild: Guild) -> int:
    return guild.id + 1


def _role(role_id: int, name: str, permissions: Permission) -> Json:
    return {
        "id": str(role_id),
        "name": name,
        "permissions": str(int(permissions)),
        "position": 0,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "icon": None,
        "unicode_emoji": None,
        "hoist": False,
        "managed": False,
        "mentionable": False,
        "flags": 0,
    }
