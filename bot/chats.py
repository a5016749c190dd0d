"""Root: the chats as `redraw run` serves them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Protocol

import structlog
from aiohttp import web

from adapters.lead import Presence
from bot.web import Mount
from bot.wiring import Materials, Works
from core.jobs.delivery import Deliverer

if TYPE_CHECKING:
    from adapters.desk import Desk
    from adapters.discord.app import DiscordApp
    from adapters.slack.app import SlackApp

_SLACK_BODY_BYTES_MAX = 1024 * 1024
"""
The longest call of Slack's that is read: a form comes back with all that it was opened with.

Source: docs.slack.dev/reference/methods/views.open (250 kB a view), escaped for a form's body.
"""

_log = structlog.get_logger()


class Chat(Protocol):
    """One chat: whom the worker delivers through, and what listens for orders."""

    @property
    def platform(self) -> str:
        """What the origin of its jobs says."""
        ...

    @property
    def mounts(self) -> Sequence[Mount]:
        """Its pages on our web server: where it is called, rather than calling."""
        ...

    @property
    def presence(self) -> Presence:
        """How this process stands to it."""
        ...

    def deliverer(self, materials: Materials) -> Deliverer:
        """Return what the worker delivers through; called once, before `serve`."""
        ...

    async def serve(self, works: Works, stop: asyncio.Event) -> None:
        """Take orders until `stop` is set, or only be there for deliveries if that is our role."""
        ...

    async def close(self) -> None:
        """End everything; called once, when there is nothing left to deliver."""
        ...


class DiscordChat:
    """Discord, as `redraw run` serves it."""

    platform = "discord"
    mounts: Sequence[Mount] = ()

    def __init__(self, app: DiscordApp, admins: tuple[str, ...]) -> None:
        self._app = app
        self._admins = frozenset(admins)

    @property
    def presence(self) -> Presence:
        """Whether the gateway is connected, or another process's is to be."""
        return self._app.presence

    def deliverer(self, materials: Materials) -> Deliverer:
        """Return what the worker delivers through."""
        return self._app.deliverer(
            catalogue=materials.catalogue,
            spool=materials.spool,
            decoder=materials.decoder,
            expected_s=materials.expected_s,
        )

    async def serve(self, works: Works, stop: asyncio.Event) -> None:
        """
        Take orders until `stop` is set, unless our role is to deliver only.

        Raises:
            SettingsError: the token is refused.
        """
        if works.plan.role.listens:
            lead = works.lead(self._app.name)
            await self._app.serve(desk(works, self._admins, self.platform), stop, lead)
        else:
            await self._app.attend(stop)

    async def close(self) -> None:
        """End the connection."""
        await self._app.close()


class SlackChat:
    """Slack, as `redraw run` serves it."""

    platform = "slack"

    def __init__(self, app: SlackApp, admins: tuple[str, ...], *, over_http: bool) -> None:
        """`over_http`: Slack is to call us, instead of being listened to over Socket Mode."""
        self._app = app
        self._admins = frozenset(admins)
        self._over_http = over_http
        self._is_made = False

    @property
    def presence(self) -> Presence:
        """Whether a socket hears what Slack sends, or Slack may call us."""
        return self._app.presence

    @property
    def mounts(self) -> Sequence[Mount]:
        """The page that Slack calls; none over Socket Mode."""
        from adapters.slack.registration import EVENTS_PATH

        if not self._over_http:
            return ()
        return (Mount(path=EVENTS_PATH, handle=self._handle, body_bytes_max=_SLACK_BODY_BYTES_MAX),)

    def deliverer(self, materials: Materials) -> Deliverer:
        """Return what the worker delivers through."""
        self._is_made = True
        return self._app.deliverer(
            catalogue=materials.catalogue,
            spool=materials.spool,
            decoder=materials.decoder,
            expected_s=materials.expected_s,
        )

    async def serve(self, works: Works, stop: asyncio.Event) -> None:
        """
        Take orders until `stop` is set, unless our role is to deliver only.

        Every process of several may listen: Slack gives each act to one of them.

        Raises:
            SettingsError: a token is refused, or may not do what it has to.
        """
        if not works.materials.hosts_pictures:
            _log.warning(
                "slack_pictures_cannot_be_fetched",
                why="files in Slack are private, so the image service cannot fetch them there",
                to_do="set REDRAW_MEDIA_URL to a bucket, or REDRAW_PUBLIC_URL",
            )
        if works.plan.role.listens:
            await self._app.serve(desk(works, self._admins, self.platform), stop)
        else:
            await self._app.attend(stop)

    async def close(self) -> None:
        """End the connection."""
        await self._app.close()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        """Answer a call; the web server is there a moment before the rest."""
        if not self._is_made:
            raise web.HTTPServiceUnavailable
        return await self._app.handle(request)


def desk(works: Works, admins: frozenset[str], platform: str) -> Desk:
    """Return where a chat hands in its orders."""
    from adapters.desk import Desk

    materials = works.materials
    return Desk(
        catalogue=materials.catalogue,
        clock=materials.clock,
        queue=works.queue,
        drafts=works.drafts,
        spool=materials.spool,
        decoder=materials.decoder,
        limits=works.plan.limits,
        default_model=works.plan.default_model,
        preview=works.plan.preview,
        hosts_pictures=materials.hosts_pictures,
        expected_s=materials.expected_s,
        timed=partial(works.timed, platform),
        admins=admins,
    )
