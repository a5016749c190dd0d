"""Doer: looks at what Discord knows of our bot, for those who set it up; changes nothing there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
import discord
from discord.abc import GuildChannel
from pydantic import SecretStr

from adapters.discord import closed, registration
from adapters.discord.client import RATE_LIMIT_WAIT_S
from adapters.discord.connection import Endpoints
from adapters.discord.refusals import Refusal
from core.errors import DeliveryRefused, DeliveryRetryable

PATIENCE_S = 20.0
"""How long all the looking may take, in seconds: somebody waits for the answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bot:
    """The application behind a token, and how it is set up."""

    application_id: int
    application: str
    name: str
    """What users see."""
    requires_code_grant: bool
    """Whether Discord refuses plain invitation links."""
    has_endpoint: bool
    """Whether Discord sends commands to an address instead of through the gateway."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Budget:
    """How often the bot may still identify itself at the gateway."""

    remaining: int
    total: int
    resets_in_s: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Room:
    """A channel, and what the bot may do in it."""

    name: str
    guild: str
    kind: int
    """Discord's number for the kind of channel."""
    permissions: int
    """
    Discord's bits by owner, roles, overwrites and time-out; for a thread those of its channel.

    What is lost only because another one is missing (nothing without View Channel) is not taken
    off, so that what is absent here is what has to be given.
    """


class Inspection:
    """A session that only reads; made by `inspect`."""

    def __init__(self, client: discord.Client, application: discord.AppInfo) -> None:
        self._client = client
        self._application = application

    @property
    def bot(self) -> Bot:
        """Whose token it is."""
        found = self._application
        return Bot(
            application_id=found.id,
            application=found.name,
            name=str(self._client.user),
            requires_code_grant=found.bot_require_code_grant,
            has_endpoint=found.interactions_endpoint_url is not None,
        )

    async def budget(self) -> Budget:
        """Return what is left of today's connections; raises DeliveryError."""
        async with _asking():
            _, _, limit = await self._client.http.get_bot_gateway()
        return Budget(
            remaining=limit["remaining"],
            total=limit["total"],
            resets_in_s=limit["reset_after"] / 1000,
        )

    async def differing_commands(self) -> tuple[str, ...]:
        """Return the names of commands that Discord has otherwise, or not; raises DeliveryError."""
        async with _asking():
            return await registration.difference(self._client)

    async def room(self, channel_id: int) -> Room | None:
        """
        Return what the bot may do in a channel; None for a direct message, where it may all.

        Raises:
            DeliveryRefused: it cannot see the channel.
            DeliveryRetryable: Discord does not answer.
        """
        async with _asking():
            return await self._look(channel_id)

    async def _look(self, channel_id: int) -> Room | None:
        found = await self._client.fetch_channel(channel_id)
        if not isinstance(found, GuildChannel | discord.Thread):
            return None
        guild = await self._client.fetch_guild(found.guild.id, with_counts=False)
        owner_id = found.parent_id if isinstance(found, discord.Thread) else found.id
        owner = await guild.fetch_channel(owner_id)
        assert isinstance(owner, GuildChannel)
        assert self._client.user is not None
        member = await guild.fetch_member(self._client.user.id)
        return Room(
            name=found.name,
            guild=guild.name,
            kind=found.type.value,
            permissions=GuildChannel.permissions_for(owner, member).value,
        )


@asynccontextmanager
async def inspect(token: SecretStr, endpoints: Endpoints) -> AsyncIterator[Inspection]:
    """
    Log in for the length of the block, without a connection to the gateway.

    Raises:
        SettingsError: the token is refused.
        DeliveryRetryable: Discord does not answer.
    """
    endpoints.apply()
    client = discord.Client(intents=discord.Intents.none(), max_ratelimit_timeout=RATE_LIMIT_WAIT_S)
    async with client:
        async with _asking():
            await client.login(token.get_secret_value())
        assert client.application is not None
        yield Inspection(client, client.application)


@asynccontextmanager
async def _asking() -> AsyncIterator[None]:
    """Bound how long an answer may take, and turn what the library raises into our errors."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            yield
    except discord.LoginFailure as exc:
        raise closed.refused_token() from exc
    except (discord.Forbidden, discord.NotFound) as exc:
        raise DeliveryRefused(Refusal.NO_ACCESS) from exc
    except (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError) as exc:
        raise DeliveryRetryable(f"Discord does not answer: {type(exc).__name__}") from exc
    except (AttributeError, KeyError, TypeError, ValueError) as exc:
        raise DeliveryRetryable("what answers there is not Discord") from exc
