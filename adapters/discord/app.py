"""Conductor: Redraw on Discord, put together: the connection, what it takes in and what it says."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from pydantic import SecretStr

from adapters.desk import Desk
from adapters.discord.callbacks import Callbacks
from adapters.discord.connection import Connection, Endpoints
from adapters.discord.delivery import DiscordDeliverer
from adapters.discord.files import Files
from adapters.discord.intake import Intake
from adapters.discord.listening import Listener
from adapters.discord.routing import Routing
from adapters.discord.wire import Wire
from adapters.lead import Alone, Lead, Presence
from adapters.precedence import Precedence
from adapters.stopping import until
from core.catalogue.catalogue import Catalogue
from core.clock import Clock
from core.media.decoding import Decoder
from core.media.download import Downloader
from core.media.spool import Spool

_NAME_LENGTH = 16


@dataclass(frozen=True, kw_only=True, slots=True)
class _Parts:
    """What is made in the running loop."""

    connection: Connection
    wire: Wire
    downloader: Downloader
    files: Files
    deliverer: DiscordDeliverer
    precedence: Precedence
    listener: Listener


class DiscordApp:
    """
    Redraw on Discord: `deliverer` first, then `serve`, and `close` once nothing is delivered.

    One a process, since discord.py knows but one set of addresses.
    """

    def __init__(self, *, token: SecretStr, endpoints: Endpoints, clock: Clock) -> None:
        self._token = token
        self._endpoints = endpoints
        self._clock = clock
        self._opened = AsyncExitStack()
        self._parts: _Parts | None = None
        self._listens = True

    @property
    def name(self) -> str:
        """
        What the lead of this application is called, whoever asks; tells nothing of the token.

        A token begins with its application's id, so that a renewed one leads to the same name.
        Source: discord.com/developers/docs/reference#authentication, by example.
        """
        application = self._token.get_secret_value().partition(".")[0]
        return f"discord {hashlib.sha256(application.encode()).hexdigest()[:_NAME_LENGTH]}"

    @property
    def presence(self) -> Presence:
        """Whether acts of users reach us: a socket is open for every server."""
        if not self._listens:
            return Presence.NOT_LISTENING
        return Presence.AWAY if self._parts is None else self._parts.listener.presence

    def deliverer(
        self,
        *,
        catalogue: Catalogue,
        spool: Spool,
        decoder: Decoder,
        expected_s: Callable[[str], float | None],
        hosts_pictures: bool = False,  # noqa: ARG002 - every chat is told; the card has them anyway
    ) -> DiscordDeliverer:
        """Return what the worker delivers through; it waits until `serve` has logged in."""
        connection = self._connection()
        wire = Wire(connection.client, self._clock, connection.logged_in)
        own_origin = self._endpoints.cdn_url
        downloader = Downloader(
            clock=self._clock, trusted_origins=frozenset({own_origin} if own_origin else ())
        )
        files = Files(
            wire=wire, downloader=downloader, spool=spool, decoder=decoder, own_origin=own_origin
        )
        precedence = Precedence(self._clock)
        deliverer = DiscordDeliverer(
            wire=wire,
            files=files,
            catalogue=catalogue,
            spool=spool,
            decoder=decoder,
            clock=self._clock,
            expected_s=expected_s,
            precedence=precedence,
        )
        self._parts = _Parts(
            connection=connection,
            wire=wire,
            downloader=downloader,
            files=files,
            deliverer=deliverer,
            precedence=precedence,
            listener=Listener(connection, self._connection, self._clock),
        )
        return deliverer

    async def serve(self, desk: Desk, stop: asyncio.Event, lead: Lead | None = None) -> None:
        """
        Take orders until `stop` is set, whenever the lead is ours; none is needed without others.

        What is under way at the end is still answered. The REST side stays open for what the
        worker still has to say, until `close`.

        Raises:
            SettingsError: the token is refused, or Discord will not have this bot.
        """
        parts = self._made()
        await self._opened.enter_async_context(parts.downloader)
        user_agent = parts.connection.client.http.user_agent
        callbacks = Callbacks(self._clock, user_agent=user_agent)
        await self._opened.enter_async_context(callbacks)
        async with asyncio.TaskGroup() as handlers:
            intake = Intake(
                tasks=handlers,
                callbacks=callbacks,
                wire=parts.wire,
                precedence=parts.precedence,
                clock=self._clock,
            )
            intake.open(Routing(desk, parts.files, parts.deliverer.remove).answer)
            refused = await parts.listener.listen(intake, lead or Alone(), stop)
        if refused is not None:
            raise refused

    async def attend(self, stop: asyncio.Event) -> None:
        """
        Be there for deliveries alone until `stop` is set; others listen.

        Raises:
            SettingsError: the token is refused.
        """
        self._listens = False
        parts = self._made()
        await self._opened.enter_async_context(parts.downloader)
        await until(stop, parts.connection.login())
        await stop.wait()

    async def close(self) -> None:
        """End everything; nothing can be delivered afterwards."""
        if self._parts is not None:
            await self._parts.connection.close()
        await self._opened.aclose()

    def _connection(self) -> Connection:
        return Connection(token=self._token, endpoints=self._endpoints, clock=self._clock)

    def _made(self) -> _Parts:
        if self._parts is None:
            raise RuntimeError("make the deliverer first")
        return self._parts
