"""
Doer: our connection to Discord: discord.py's client, its login, its addresses and its session.

REST works from the login on, whether the gateway is there or not. Everything that discord.py would
keep in memory is switched off.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, cast

import discord
import structlog
from discord.gateway import DiscordWebSocket
from discord.http import Route
from pydantic import SecretStr
from yarl import URL

from adapters.backoff import Backoff
from adapters.discord.client import connector, make_client
from adapters.discord.closed import INTENTS_NOT_ALLOWED, fatal, refused_token
from adapters.discord.events import Events
from adapters.discord.interactions import Payload
from core.clock import Clock

INTERACTION_CREATE: Final = "INTERACTION_CREATE"

_log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoints:
    """Where Discord is, if not at its own addresses: for proxies and for tests."""

    api_url: str | None = None
    """Up to and with the version: `…/api/v10`."""
    gateway_url: str | None = None
    """`wss://…`; used whenever there is no session to resume."""
    cdn_url: str | None = None
    """The origin of attachments."""

    def apply(self) -> None:
        """
        Have discord.py use them, in the whole process: it knows no other way.

        What is not given stays as it was.
        """
        if self.api_url is not None:
            Route.BASE = self.api_url.rstrip("/")
        if self.gateway_url is not None:
            DiscordWebSocket.DEFAULT_GATEWAY = URL(self.gateway_url)
        if self.cdn_url is not None:
            discord.Asset.BASE = self.cdn_url.rstrip("/")


@dataclass(frozen=True, kw_only=True, slots=True)
class Sharding:
    """How Discord wants a bot to connect."""

    count: int
    """How many sessions there have to be."""
    at_once: int
    """How many of them may begin together."""


class Connection:
    """
    The client, logged in and closed by us; made in the running loop.

    Only `Supervisor` connects it to the gateway.
    """

    def __init__(self, *, token: SecretStr, endpoints: Endpoints, clock: Clock) -> None:
        endpoints.apply()
        self._token = token
        self._clock = clock
        self.logged_in = asyncio.Event()
        """Set as soon as REST can be used."""
        self.client = make_client(connector())
        self.session_over = self.client.session_over = asyncio.Event()
        """Set when a session cannot be resumed any more."""
        self._events = Events(self.client)

    @property
    def payloads_refused(self) -> int:
        """How many events of the gateway could not be read."""
        return self._events.refused

    @property
    def is_open(self) -> bool:
        """Whether a socket to the gateway is open."""
        socket = cast("DiscordWebSocket | None", self.client.ws)
        return socket is not None and socket.open

    def deliver_interactions(self, receive: Callable[[Payload], None]) -> None:
        """Have every interaction of the gateway handed to `receive` as it came."""
        self._events.hand_over(INTERACTION_CREATE, receive)

    async def login(self) -> None:
        """
        Log in, however long it takes.

        Raises:
            SettingsError: the token is refused.
        """
        backoff = Backoff()
        while True:
            try:
                return await self._log_in()
            except discord.LoginFailure as exc:
                raise refused_token() from exc
            except Exception as exc:  # noqa: BLE001 - discord.py fails anyhow of a proxy's own page
                wait_s = backoff.next_s()
                _log.warning("discord_login_failed", error=type(exc).__name__, wait_s=wait_s)
            await self._renew_session()
            await self._clock.sleep(wait_s)

    async def budget(self) -> tuple[int, float]:
        """
        Return how many sessions may still be begun, and in how many seconds there are more.

        Raises:
            SettingsError: the token is not accepted any more.
            Whatever discord.py fails of.
        """
        _, limit = await self._bot_gateway()
        return int(limit["remaining"]), float(limit["reset_after"]) / 1000.0

    async def sharding(self) -> Sharding:
        """
        Return how many sessions Discord wants; raises as `budget` does.

        Source: discord.com/developers/docs/events/gateway#get-gateway-bot.
        """
        count, limit = await self._bot_gateway()
        return Sharding(count=max(count, 1), at_once=int(limit["max_concurrency"]))

    def be_shard(self, number: int, count: int) -> None:
        """Hear from now on, when a session begins, but the servers of one shard of so many."""
        self.client.shard_id = number if count > 1 else None
        self.client.shard_count = count if count > 1 else None
        self.client._connection.shard_count = self.client.shard_count  # noqa: SLF001

    async def _bot_gateway(self) -> tuple[int, Mapping[str, int]]:
        try:
            count, _, limit = await self.client.http.get_bot_gateway()
        except discord.GatewayNotFound as exc:
            told = exc.__cause__
            if isinstance(told, discord.HTTPException) and told.status == HTTPStatus.UNAUTHORIZED:
                raise refused_token() from exc
            raise
        return count, cast("Mapping[str, int]", limit)

    async def connect(self) -> None:
        """
        Hold one session of the gateway, resumed as often as it takes, until it is lost.

        Raises:
            SettingsError: Discord will not have this bot, or not with this token any more; trying
                again cannot help.
            discord.DiscordException, aiohttp.ClientError, OSError and whatever discord.py fails of.
        """
        self.session_over.clear()
        self.client.may_identify = True
        try:
            if self.client.is_closed():
                self.client.clear()
                await self._renew_session()
                await self._log_in()
            await self.client.connect()
        except discord.LoginFailure as exc:
            raise refused_token() from exc
        except discord.ConnectionClosed as exc:
            raise fatal(exc.code) or exc from exc
        except discord.PrivilegedIntentsRequired as exc:
            raise fatal(INTENTS_NOT_ALLOWED) or exc from exc
        finally:
            self.session_over.set()

    def forget_resume_address(self) -> None:
        """
        Have the next try go to the gateway's own address instead of the session's.

        discord.py 2.7 never leaves the address it was told to resume at, even when that is dead.
        """
        socket = cast("DiscordWebSocket | None", self.client.ws)
        if socket is not None:
            socket.gateway = DiscordWebSocket.DEFAULT_GATEWAY

    async def close_socket(self) -> None:
        """End the socket to the gateway, if one is open."""
        if self.is_open:
            await self.client.ws.close()

    async def close(self) -> None:
        """End everything; REST cannot be used afterwards."""
        self.logged_in.clear()
        await self.client.close()
        await self.client.http.connector.close()

    async def _log_in(self) -> None:
        await self.client.login(self._token.get_secret_value())
        self.logged_in.set()
        _log.info("discord_logged_in", application=str(self.client.application_id))

    async def _renew_session(self) -> None:
        """Make room for another login: each opens a session of its own and closes none."""
        await self.client.http.close()
        self.client.http.clear()
        self.client.http.connector = connector()
