"""Makes interactions of what people do, and pushes them to the bot through the gateway."""

from __future__ import annotations

import secrets

from tests.fakes.discord_application import Application
from tests.fakes.discord_gateway import Gateway
from tests.fakes.discord_interactions import Doing, Interaction
from tests.fakes.discord_options import context_of
from tests.fakes.discord_values import Channel, Json, Message, User
from tests.fakes.discord_webhooks import limit_of
from tests.fakes.discord_wire import Wire
from tests.fakes.discord_world import World


class Desk:
    """Where people's doings become INTERACTION_CREATE."""

    def __init__(
        self, *, world: World, wire: Wire, gateway: Gateway, application: Application
    ) -> None:
        self.world = world
        self.wire = wire
        self._gateway = gateway
        self._application = application

    def command(self, name: str) -> Json | None:
        """Return the registered command; fail if others are and this is not; None if none is."""
        found = self._application.command(name)
        names = [command["name"] for command in self._application.commands]
        assert found or not names, f"no command {name} is registered, but {names}"
        return found

    async def push(
        self,
        doing: Doing,
        data: Json,
        *,
        user: User,
        channel: Channel,
        source: Message | None = None,
    ) -> Interaction:
        """Keep a new interaction and send it to the bot."""
        assert not channel.deleted, "nobody does anything in a deleted channel"
        interaction = Interaction(
            id=self.world.snowflake(),
            token=secrets.token_urlsafe(64),
            doing=doing,
            data=data,
            user=user,
            channel=channel,
            source=source,
            pushed_at=self.world.clock.now(),
            pushed_s=self.world.clock.monotonic_s(),
        )
        self.world.interactions[interaction.id] = interaction
        await self.send(interaction)
        return interaction

    async def send(self, interaction: Interaction) -> None:
        """Send an interaction to the bot, for the first time or again."""
        guild = interaction.channel.guild
        event, data = "INTERACTION_CREATE", self.payload(interaction)
        await self._gateway.dispatch(event, data, guild_id=guild.id if guild else 0)

    def payload(self, interaction: Interaction) -> Json:
        """Return what INTERACTION_CREATE carries."""
        user, channel = interaction.user, interaction.channel
        shown = self.wire.channel(channel) | {"permissions": str(int(user.permissions))}
        payload: Json = {
            "id": str(interaction.id),
            "application_id": str(self.world.bot.id),
            "type": int(interaction.doing),
            "token": interaction.token,
            "version": 1,
            "data": interaction.data,
            "channel_id": str(channel.id),
            "channel": shown,
            "app_permissions": str(int(self.world.bot_permissions(channel))),
            "locale": "en-US",
            "entitlements": [],
            "authorizing_integration_owners": _owners(interaction),
            "context": context_of(channel),
            "attachment_size_limit": limit_of(interaction),
        }
        if interaction.source is not None:
            payload["message"] = self.wire.message(interaction.source)
        return payload | self._who(interaction)

    def _who(self, interaction: Interaction) -> Json:
        user, guild = interaction.user, interaction.channel.guild
        if guild is None:
            return {"user": self.wire.user(user)}
        return {
            "member": self.wire.member(user, guild, user.permissions),
            "guild_id": str(guild.id),
            "guild_locale": guild.locale,
            "guild": {"id": str(guild.id), "locale": guild.locale, "features": []},
        }


def _owners(interaction: Interaction) -> Json:
    """Return who brought the bot here: the guild (0 in its DMs) or the user alone."""
    if interaction.of_user_install:
        return {"1": str(interaction.user.id)}
    guild = interaction.channel.guild
    return {"0": str(guild.id) if guild else "0"}
