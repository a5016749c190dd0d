"""
Redraw on the fake Slack, in this process, wired by `bot.running`; the provider is a fake too.

    async with open_redraw(tmp_path, Mode.SOCKET) as redraw:
        ann = redraw.slack.user("ann", channel=redraw.channel)
        sent = await order(ann)
        job = await redraw.until(sent, State.READY)
"""

from __future__ import annotations

import asyncio
import enum
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from aiohttp import web
from pydantic import SecretStr

from adapters.desk import Desk
from adapters.lead import Presence
from adapters.slack.app import SlackApp
from adapters.slack.registration import COMMAND, EVENTS_PATH
from bot import chats, plans, running
from bot.plans import Plan
from bot.wiring import Materials, Works
from core.catalogue import loader
from core.catalogue.catalogue import Catalogue
from core.clock import SystemClock
from core.errors import UnknownJob
from core.jobs.delivery import Deliverer
from core.jobs.job import OPEN_DELIVERIES, Job
from core.jobs.lifecycle import State
from core.jobs.quota import Limits
from tests.fakes import chat_bot
from tests.fakes.jobs import picture_bytes
from tests.fakes.provider_server import ProviderServer
from tests.fakes.slack_server import SlackServer
from tests.fakes.slack_shown import Shown
from tests.fakes.slack_user import Person
from tests.fakes.slack_values import Channel, Message

PATIENCE_S = 20.0
"""How many seconds a test waits for what has to happen."""
PICTURE = ("harbour.png", picture_bytes("teal", (320, 200)))
SOCKETS = 2


class Mode(enum.StrEnum):
    """How Slack reaches the bot."""

    SOCKET = "socket"
    HTTP = "http"


class WatchedChat:
    """The chat as `bot.running` sees it, and its works as a test does."""

    platform = "slack"
    mounts = ()
    works: Works

    def __init__(self, app: SlackApp, admins: tuple[str, ...], *, hosts: bool) -> None:
        self._app = app
        self._admins = frozenset(admins)
        self._hosts = hosts

    def deliverer(self, materials: Materials) -> Deliverer:
        return self._app.deliverer(
            catalogue=materials.catalogue,
            spool=materials.spool,
            decoder=materials.decoder,
            expected_s=materials.expected_s,
        )

    async def serve(self, works: Works, stop: asyncio.Event) -> None:
        self.works = works
        desk = chats.desk(works, self._admins, self.platform)
        await self._app.serve(replace(desk, hosts_pictures=self._hosts), stop)

    @property
    def presence(self) -> Presence:
        return self._app.presence

    async def close(self) -> None:
        await self._app.close()


@dataclass(kw_only=True)
class Redraw:
    """What a test drives; `start` and `stop` are a process's."""

    folder: Path
    mode: Mode
    slack: SlackServer
    provider: ProviderServer
    limits: Limits
    tasks: asyncio.TaskGroup
    admins: tuple[str, ...] = ()
    hosts: bool = True
    without: frozenset[str] = frozenset()
    """Models that are not in the catalogue at the next start."""
    bot_token: str | None = None
    app_token: str | None = None
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    app: SlackApp | None = None
    _running: asyncio.Task[None] | None = None
    _door: AsyncExitStack = field(default_factory=AsyncExitStack)

    def __post_init__(self) -> None:
        self.channel: Channel = self.slack.world.channel()

    @property
    def works(self) -> Works:
        return self.chat.works

    @property
    def desk(self) -> Desk:
        return chats.desk(self.works, frozenset(self.admins), "slack")

    async def start(self) -> None:
        """Start, and return once Slack's acts are heard."""
        self.launch()
        if self.mode is Mode.SOCKET:
            await self.slack.socket.until_connected(SOCKETS, within_s=PATIENCE_S)
        else:
            await self._reachable()

    def launch(self) -> None:
        """Start, without waiting for anything."""
        self._running = self.tasks.create_task(self.run())

    async def run(self) -> None:
        """Run as a process does, until stopped; raises what ends it."""
        self.stopped = asyncio.Event()
        is_socket = self.mode is Mode.SOCKET
        app = self.app = SlackApp(
            bot_token=SecretStr(self.bot_token or self.slack.bot_token),
            app_token=SecretStr(self.app_token or self.slack.app_token) if is_socket else None,
            signing_secret=None if is_socket else SecretStr(self.slack.signing_secret),
            api_url=self.slack.api_url,
            clock=SystemClock(),
        )
        self.chat = WatchedChat(app, self.admins, hosts=self.hosts)
        every = loader.load().models
        catalogue = Catalogue(model for model in every if model.model_id not in self.without)
        await running.serve(self._plan(), catalogue, SystemClock(), [self.chat], self.stopped)

    async def stop(self) -> None:
        """Stop as SIGTERM does."""
        self.stopped.set()
        if self._running is not None:
            await self._running
        await self._door.aclose()
        self.app = None

    async def restart(self) -> None:
        """Stop, and start over the same store."""
        await self.stop()
        await self.start()

    async def job(self, sent: Shown) -> Job | None:
        """Return the job that a form or a mention made, if it made one."""
        payload = sent.act.payload
        if "event" in payload:
            event = payload["event"]
            where = (self.slack.world.team_id, event["channel"], event["ts"])
            return await self.works.queue.find_act(f"slack:mention:{':'.join(where)}")
        return await self.works.queue.find_act(f"slack:view:{payload['view']['id']}")

    async def until(self, sent: Shown, state: State) -> Job:
        """Return the job of an act once it is in `state`."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                job = await self.job(sent)
                if job is not None and job.state is state:
                    return job
                await asyncio.sleep(0.02)

    async def ended(self, job: Job) -> Job:
        """Return a job once it has ended."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                now = await self.works.queue.get(job.job_id)
                if now.is_terminal:
                    return now
                await asyncio.sleep(0.02)

    async def said(self, job: Job) -> None:
        """Return once nothing is left to be said of a job."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                rows = await self.works.queue.deliveries(job.job_id)
                if not any(row.state in OPEN_DELIVERIES for row in rows):
                    return
                await asyncio.sleep(0.05)

    async def get(self, job_id: str) -> Job | None:
        """Return a job; None when there is none."""
        try:
            return await self.works.queue.get(job_id)
        except UnknownJob:
            return None

    async def jobs_of(self, who: Person) -> tuple[Job, ...]:
        """Return somebody's jobs, newest first."""
        return await self.works.queue.list_for(f"slack:{who.id}", 20)

    def card_of(self, job: Job) -> Message | None:
        """Return the message with a job's buttons, as it is now."""
        for message in self.slack.world.messages:
            if not message.deleted and any(
                control.get("value") == job.job_id for control in message.controls
            ):
                return message
        return None

    async def _reachable(self) -> None:
        door = web.Application()
        door.router.add_post(EVENTS_PATH, self._handle)
        runner = web.AppRunner(door, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        self._door.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.slack.http.url = f"http://127.0.0.1:{runner.addresses[0][1]}{EVENTS_PATH}"
        async with asyncio.timeout(PATIENCE_S):
            while True:
                if await self._answers():
                    return
                await asyncio.sleep(0.02)

    async def _answers(self) -> bool:
        return await self.slack.http.verifies()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if self.app is None or self.app._parts is None:
            raise web.HTTPServiceUnavailable
        return await self.app.handle(request)

    def _plan(self) -> Plan:
        plan = chat_bot.plan(self.folder, self.provider.api_url)
        return replace(plan, limits=self.limits)


@asynccontextmanager
async def open_redraw(
    folder: Path,
    mode: Mode = Mode.SOCKET,
    *,
    limits: Limits | None = None,
    admins: tuple[str, ...] = (),
    hosts: bool = True,
    starts: bool = True,
    allow_illegal: bool = False,
) -> AsyncIterator[Redraw]:
    """Open the fakes and start Redraw over them; stopped at the end."""
    async with (
        SlackServer(allow_illegal=allow_illegal) as slack,
        ProviderServer() as provider,
        asyncio.TaskGroup() as tasks,
    ):
        redraw = Redraw(
            folder=folder,
            mode=mode,
            slack=slack,
            provider=provider,
            limits=limits or plans.NO_LIMITS,
            tasks=tasks,
            admins=admins,
            hosts=hosts,
        )
        if starts:
            await redraw.start()
        yield redraw
        await redraw.stop()


async def order(who: Person, text: str = "ink", **filled: object) -> Shown:
    """Order with the command and its form: a picture, and what else is filled in."""
    view = await (await who.command(COMMAND, text)).viewed()
    values: Mapping[str, object] = {"Picture": PICTURE, **filled}
    return await who.submit(view, values)
