"""What the bot may do in a channel, with what follows from what it may not."""

from __future__ import annotations

from tests.fakes.discord_values import EVERYTHING, MEMBER, Channel, Kind, Permission

LOST_WITHOUT_SENDING = (
    Permission.EMBED_LINKS | Permission.ATTACH_FILES | Permission.MENTION_EVERYONE
)
"""What whoever may not send may not do either. Source: Discord, topics/permissions."""


def bot_permissions(channel: Channel) -> Permission:
    """Return what the bot may do: in a thread what its channel gives, in a DM everything."""
    if channel.guild is None:
        return EVERYTHING if channel.kind is Kind.DM else MEMBER
    if not channel.guild.has_bot:
        return Permission.NONE
    return _implied(_given(channel, channel.guild.permissions), channel)


def _given(channel: Channel, otherwise: Permission) -> Permission:
    for place in (channel, channel.parent):
        if place is not None and place.permissions is not None:
            return place.permissions
    return otherwise


def _implied(given: Permission, channel: Channel) -> Permission:
    if Permission.ADMINISTRATOR in given:
        return EVERYTHING
    if Permission.VIEW_CHANNEL not in given:
        return Permission.NONE
    if not channel.is_thread and Permission.SEND_MESSAGES not in given:
        return given & ~LOST_WITHOUT_SENDING
    return given
