"""Conductor: Redraw on Slack, put together: the connection, what it takes in and what it says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from aiohttp import web
from pydantic import SecretStr

from adapters.backoff import Backoff
from adapters.desk import Desk
from adapters.lead import Presence
from adapters.precedence import Precedence
from adapters.slack.callbacks import Callbacks
from adapters.slack.connection import Connection
from adapters.slack.delivery import SlackDeliverer
from adapters.slack.files import Files
from adapters.slack.intake import Intake
from adapters.slack.routing import Routing
from adapters.slack.sockets import Socket
from adapters.slack.supervision import Supervisor
from adapters.stopping import until
from core.catalogue.catalogue import Catalogue
from core.clock import Clock
from core.errors import SettingsError
from core.media.decoding import Decoder
from core.media.download import Downloader
from core.media.spool import Spool


@dataclass(frozen=True, slots=True)
class _Parts:
    """What is made in the running loop."""

    connection: Connection
    downloader: Downloader
    files: Files
    deliverer: SlackDeliverer
    precedence: Precedence


class SlackApp:
    """
    Redraw on Slack: `deliverer` first, then `serve`, and `close` once nothing is delivered.

    With an app token it listens over Socket Mode; without one, `handle` has to be reachable for
    Slack at `registration.EVENTS_PATH`, and there has to be a signing secret.
    """

    def __init__(
        self,
        *,
        bot_token: SecretStr,
        app_token: SecretStr | None,
        signing_secret: SecretStr | None,
        api_url: str | None,
        clock: Clock,
    ) -> None:
        self._bot_token = bot_token
        self._app_token = app_token
        self._signing_secret = signing_secret
        self._api_url = api_url
        self._clock = clock
        self._opened = AsyncExitStack()
        self._parts: _Parts | None = None
        self._supervisor: Supervisor | None = None
        self._listens = True

    @property
    def presence(self) -> Presence:
        """Whether acts of users reach us: over a socket, or, over HTTP, once Slack knows us."""
        if not self._listens:
            return Presence.NOT_LISTENING
        if self._app_token is None:
            is_heard = self._parts is not None and self._parts.connection.logged_in.is_set()
        else:
            is_heard = self._supervisor is not None and self._supervisor.is_open
        return Presence.CONNECTED if is_heard else Presence.AWAY

    def deliverer(
        self,
        *,
        catalogue: Catalogue,
        spool: Spool,
        decoder: Decoder,
        expected_s: Callable[[str], float | None],
        hosts_pictures: bool = False,  # noqa: ARG002 - every chat is told; the desk knows it too
    ) -> SlackDeliverer:
        """Return what the worker delivers through."""
        connection = Connection(
            bot_token=self._bot_token,
            signing_secret=self._signing_secret,
            api_url=self._api_url,
            clock=self._clock,
        )
        downloader = Downloader(clock=self._clock)
        files = Files(
            wire=connection.wire,
            downloader=downloader,
            spool=spool,
            decoder=decoder,
            token=self._bot_token,
            api_url=self._api_url,
        )
        precedence = Precedence(self._clock)
        deliverer = SlackDeliverer(
            wire=connection.wire,
            files=files,
            catalogue=catalogue,
            spool=spool,
            decoder=decoder,
            clock=self._clock,
            expected_s=expected_s,
            precedence=precedence,
        )
        self._parts = _Parts(connection, downloader, files, deliverer, precedence)
        return deliverer

    async def serve(self, desk: Desk, stop: asyncio.Event) -> None:
        """
        Take orders until `stop` is set; what is under way then is still answered.

        What the worker still has to say can be said until `close`.

        Raises:
            SettingsError: a token is refused or lacks a scope.
        """
        parts = self._made()
        await self._opened.enter_async_context(parts.downloader)
        async with asyncio.TaskGroup() as handlers:
            intake = Intake(
                tasks=handlers,
                callbacks=Callbacks(parts.connection.client, self._clock),
                precedence=parts.precedence,
                clock=self._clock,
            )
            refused = await self._listening(parts, desk, intake, stop)
        if refused is not None:
            raise refused

    async def attend(self, stop: asyncio.Event) -> None:
        """
        Be there for deliveries alone until `stop` is set; others listen.

        Raises:
            SettingsError: the token is refused or lacks a scope.
        """
        self._listens = False
        parts = self._made()
        await self._opened.enter_async_context(parts.downloader)
        await until(stop, parts.connection.login())
        await stop.wait()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer what Slack sends over HTTP, if it is signed by Slack."""
        return await self._made().connection.handle(request)

    async def close(self) -> None:
        """End everything; nothing can be delivered afterwards."""
        if self._parts is not None:
            await self._parts.connection.close()
        await self._opened.aclose()

    def _made(self) -> _Parts:
        if self._parts is None:
            raise RuntimeError("make the deliverer first")
        return self._parts

    async def _listening(
        self, parts: _Parts, desk: Desk, intake: Intake, stop: asyncio.Event
    ) -> SettingsError | None:
        """Listen until `stop` is set, or for ever not; return why not."""
        async with asyncio.TaskGroup() as tasks:
            session = tasks.create_task(self._session(parts, desk, intake))
            stopping = tasks.create_task(stop.wait())
            await asyncio.wait({session, stopping}, return_when=asyncio.FIRST_COMPLETED)
            await intake.close()
            session.cancel()
            stopping.cancel()
        parts.connection.deliver_acts(None)
        return None if session.cancelled() else session.result()

    async def _session(self, parts: _Parts, desk: Desk, intake: Intake) -> SettingsError | None:
        """Log in and listen; return why Slack will not have us."""
        connection = parts.connection
        refused: SettingsError | None = None
        try:
            identity = await connection.login()
            routing = Routing(
                desk,
                files=parts.files,
                wire=connection.wire,
                identity=identity,
                remove=parts.deliverer.remove,
            )
            intake.open(routing.answer)
            connection.deliver_acts(intake.receive)
            await self._heard(connection)
        except* SettingsError as found:
            refused = _first(found)
        return refused

    async def _heard(self, connection: Connection) -> None:
        """Hear what Slack sends until cancelled: over sockets, or over HTTP by itself."""
        token = self._app_token
        if token is None:
            await asyncio.Event().wait()
            return

        def socket() -> Socket:
            return Socket(
                app_token=token,
                api_url=self._api_url,
                session=connection.session,
                dispatch=connection.dispatch,
                clock=self._clock,
            )

        self._supervisor = Supervisor(
            socket, self._clock, backoff=lambda: Backoff(first_s=0.5, longest_s=60.0)
        )
        await self._supervisor.run()


def _first(found: BaseExceptionGroup[SettingsError]) -> SettingsError:
    """Return one of several; both sockets may be refused at once."""
    one = found.exceptions[0]
    return _first(one) if isinstance(one, BaseExceptionGroup) else one
