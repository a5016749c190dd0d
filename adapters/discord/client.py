"""Doer: discord.py's client as we want it: nothing kept, no session begun by itself."""

from __future__ import annotations

import asyncio
from typing import Final, cast

import aiohttp
import discord
from discord.gateway import DiscordWebSocket

CONNECTIONS: Final = 64
"""
Connections to Discord open at once.

Measured with 500 interactions at once (research, "Measurements"): 64 answers sooner and holds less
memory than no limit, which is discord.py's default.
"""
RATE_LIMIT_WAIT_S: Final = 30.0
"""A rate limit that asks for more patience is an error; the least that discord.py takes."""


class IdentifyRefused(discord.DiscordException):
    """discord.py wanted to begin a new session by itself; whoever supervises it does that."""


class Client(discord.Client):
    """discord.py's client, which begins a session only when it was told to."""

    may_identify = False
    session_over: asyncio.Event

    async def before_identify_hook(
        self,
        shard_id: int | None,  # noqa: ARG002 - discord.py's signature
        *,
        initial: bool = False,  # noqa: ARG002 - discord.py's signature
    ) -> None:
        """Let one session begin for each permission; raises IdentifyRefused."""
        if not self.may_identify:
            raise IdentifyRefused
        self.may_identify = False

    async def on_disconnect(self) -> None:
        """Note when Discord has ended the session: only a new one can follow."""
        socket = cast("DiscordWebSocket | None", self.ws)
        if socket is not None and socket.session_id is None:
            self.session_over.set()


def make_client(through: aiohttp.BaseConnector) -> Client:
    """Return a client, not yet logged in; to be made in the running loop."""
    return Client(
        intents=discord.Intents.none(),
        max_messages=None,
        member_cache_flags=discord.MemberCacheFlags.none(),
        chunk_guilds_at_startup=False,
        guild_ready_timeout=0.0,
        allowed_mentions=discord.AllowedMentions.none(),
        max_ratelimit_timeout=RATE_LIMIT_WAIT_S,
        connector=through,
    )


def connector() -> aiohttp.TCPConnector:
    """Return the connections of one login; to be made in the running loop."""
    return aiohttp.TCPConnector(limit=CONNECTIONS)
