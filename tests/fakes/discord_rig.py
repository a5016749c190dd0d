"""
Redraw on the fake Discord, in this process, wired by `bot.running`; the provider is a fake too.

    async with open_redraw(tmp_path) as redraw:
        ann = redraw.discord.user("ann", channel=redraw.channel)
        shown = await ann.slash("redraw", {"prompt": "ink"}, attachments={"image": PICTURE})
        job = await redraw.until(shown, State.READY)
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import SecretStr

from adapters.desk import Desk
from adapters.discord.app import DiscordApp
from adapters.discord.connection import Connection, Endpoints
from bot import chats, plans, running
from bot.chats import DiscordChat
from bot.plans import Plan
from bot.wiring import Works
from core.catalogue import loader
from core.catalogue.catalogue import Catalogue
from core.clock import SystemClock
from core.errors import UnknownJob
from core.jobs.job import OPEN_DELIVERIES, Job
from core.jobs.lifecycle import State
from core.jobs.quota import Limits
from tests.fakes import chat_bot
from tests.fakes.discord_server import DiscordServer
from tests.fakes.discord_shown import Shown
from tests.fakes.discord_values import Channel
from tests.fakes.jobs import picture_bytes
from tests.fakes.provider_server import ProviderServer

PATIENCE_S = 20.0
"""How many seconds a test waits for what has to happen."""
PICTURE = ("harbour.png", picture_bytes("teal", (320, 200)))


class WatchedChat(DiscordChat):
    """The chat as `bot.running` sees it, and its works as a test does."""

    works: Works

    async def serve(self, works: Works, stop: asyncio.Event) -> None:
        self.works = works
        await super().serve(works, stop)


@dataclass(kw_only=True)
class Redraw:
    """What a test drives; `start` and `stop` are a process's."""

    folder: Path
    discord: DiscordServer
    provider: ProviderServer
    limits: Limits
    tasks: asyncio.TaskGroup
    admins: tuple[str, ...] = ()
    token: str | None = None
    without: frozenset[str] = frozenset()
    """Models that are not in the catalogue at the next start."""
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    _running: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        self.channel: Channel = self.discord.world.channel(self.discord.world.guild())

    @property
    def works(self) -> Works:
        return self.chat.works

    @property
    def connection(self) -> Connection:
        parts = self.app._parts
        assert parts is not None
        return parts.connection

    @property
    def desk(self) -> Desk:
        return chats.desk(self.works, frozenset(self.admins), "discord")

    async def start(self) -> None:
        """Start, and return once the gateway is connected and the commands are known."""
        self.launch()
        await self.discord.gateway.until_connected(within_s=PATIENCE_S)
        await self.discord.until(
            lambda: self.discord.application.commands, "the commands", within_s=PATIENCE_S
        )

    def launch(self) -> None:
        """Start, without waiting for anything."""
        self.stopped = asyncio.Event()
        app = DiscordApp(
            token=SecretStr(self.token or self.discord.token),
            endpoints=Endpoints(
                api_url=self.discord.api_url,
                gateway_url=self.discord.gateway_url,
                cdn_url=self.discord.cdn_url,
            ),
            clock=SystemClock(),
        )
        self.app = app
        self.chat = WatchedChat(app, self.admins)
        self._running = self.tasks.create_task(self._run())

    async def stop(self) -> None:
        """Stop as SIGTERM does."""
        self.stopped.set()
        if self._running is not None:
            await self._running

    async def restart(self) -> None:
        """Stop, and start over the same store."""
        await self.stop()
        await self.start()

    async def job(self, shown: Shown) -> Job | None:
        """Return the job that an interaction made, if it made one."""
        return await self.works.queue.find_act(f"discord:{shown.interaction_id}")

    async def until(self, shown: Shown, state: State) -> Job:
        """Return the job of an interaction once it is in `state`."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                job = await self.job(shown)
                if job is not None and job.state is state:
                    return job
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

    async def _run(self) -> None:
        every = loader.load().models
        catalogue = Catalogue(model for model in every if model.model_id not in self.without)
        await running.serve(self._plan(), catalogue, SystemClock(), [self.chat], self.stopped)

    def _plan(self) -> Plan:
        plan = chat_bot.plan(self.folder, self.provider.api_url)
        return replace(plan, limits=self.limits)


@asynccontextmanager
async def open_redraw(
    folder: Path,
    *,
    limits: Limits | None = None,
    admins: tuple[str, ...] = (),
    starts: bool = True,
    allow_illegal: bool = False,
) -> AsyncIterator[Redraw]:
    """Open the fakes and start Redraw over them; stopped at the end."""
    async with (
        DiscordServer(allow_illegal=allow_illegal) as discord,
        ProviderServer() as provider,
        asyncio.TaskGroup() as tasks,
    ):
        redraw = Redraw(
            folder=folder,
            discord=discord,
            provider=provider,
            limits=limits or plans.NO_LIMITS,
            tasks=tasks,
            admins=admins,
        )
        if starts:
            await redraw.start()
        yield redraw
        await redraw.stop()
