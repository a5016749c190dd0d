"""Conductor: listens to Discord whenever that is ours to do, and has it know our commands."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from adapters.backoff import Backoff
from adapters.discord import registration
from adapters.discord.connection import Connection
from adapters.discord.intake import Intake
from adapters.discord.interactions import Payload
from adapters.discord.shards import Shards
from adapters.lead import Lead, Presence
from core.clock import Clock
from core.errors import DeliveryRefused, DeliveryRetryable, SettingsError

_log = structlog.get_logger()


class Listener:
    """All that a process hears of Discord."""

    def __init__(
        self, connection: Connection, make: Callable[[], Connection], clock: Clock
    ) -> None:
        """Take the connection that REST goes through too, and what makes others like it."""
        self._connection = connection
        self._make = make
        self._clock = clock
        self._shards = Shards(connection, self._another, clock)
        self._receive: Callable[[Payload], None] = _nobody
        self._stands_by = False

    @property
    def presence(self) -> Presence:
        """Whether a socket is open for every server, or another process is to have them."""
        if self._stands_by:
            return Presence.STANDING_BY
        return Presence.CONNECTED if self._shards.is_open else Presence.AWAY

    async def listen(self, intake: Intake, lead: Lead, stop: asyncio.Event) -> SettingsError | None:
        """Hand acts to `intake` until `stop` is set, or for ever not; return why not."""
        self._receive = _while_ours(lead, intake.receive)
        self._connection.deliver_interactions(self._receive)
        async with asyncio.TaskGroup() as tasks:
            session = tasks.create_task(self._session(lead))
            stopping = tasks.create_task(stop.wait())
            await asyncio.wait({session, stopping}, return_when=asyncio.FIRST_COMPLETED)
            await intake.close()
            session.cancel()
            stopping.cancel()
        await self._shards.close()
        lead.release()
        return None if session.cancelled() else session.result()

    async def _session(self, lead: Lead) -> SettingsError | None:
        """Log in, and stay connected whenever we lead; return why Discord will not have us."""
        refused: SettingsError | None = None
        try:
            await self._connection.login()
            while True:
                self._stands_by = not lead.is_ours
                await lead.won()
                self._stands_by = False
                await self._led(lead)
                _log.warning("discord_lead_lost")
        except* SettingsError as found:
            refused = _first(found)
        return refused

    async def _led(self, lead: Lead) -> None:
        """Register and stay connected until the lead is lost; raises SettingsErrors in a group."""
        async with asyncio.TaskGroup() as tasks:
            connected = [
                tasks.create_task(self._register()),
                tasks.create_task(self._shards.run()),
            ]
            await lead.lost()
            for task in connected:
                task.cancel()
        await self._shards.close()

    async def _register(self) -> None:
        """Have Discord know our commands; without that, those it knows still work."""
        backoff = Backoff(first_s=5.0)
        while True:
            try:
                await registration.synchronise(self._connection.client)
            except DeliveryRetryable as exc:
                wait_s = backoff.next_s()
                _log.warning("discord_registration_put_off", error=str(exc), wait_s=wait_s)
            except DeliveryRefused as exc:
                _log.error("discord_registration_refused", error=exc.reason)
                return
            else:
                return
            await self._clock.sleep(wait_s)

    def _another(self) -> Connection:
        """Return a connection whose acts are taken too."""
        connection = self._make()
        connection.deliver_interactions(self._receive)
        return connection


def _while_ours(lead: Lead, receive: Callable[[Payload], None]) -> Callable[[Payload], None]:
    """
    Return what takes an act only while nobody else listens.

    A process that was stopped reads on waking what came meanwhile, before it hears that another
    has taken over; that one heard it too.
    """

    def take(payload: Payload) -> None:
        if lead.is_ours:
            receive(payload)
        else:
            _log.warning("discord_interaction_left_to_others", interaction=str(payload.get("id")))

    return take


def _nobody(payload: Payload) -> None:
    """Take nothing: it is not served yet."""


def _first(found: BaseExceptionGroup[SettingsError]) -> SettingsError:
    """Return one of several; all shards may be refused at once."""
    one = found.exceptions[0]
    return _first(one) if isinstance(one, BaseExceptionGroup) else one
