"""
Several `redraw run` on one Postgres, between the same fakes; each can be killed, paused, stopped.

    async with replicas_of(tmp_path / "set") as several:
        one = await several.start("one")
        other = await several.start("other", role="worker")
        shown = await several.discord_bot.order("a woodcut")
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp

from bot import sharing
from tests.acceptance import discord_marks, discord_process, slack_process
from tests.acceptance.bot_process import STARTS_WITHIN_S
from tests.fakes.discord_server import DiscordServer
from tests.fakes.postgres import new_database
from tests.fakes.provider_server import ProviderServer
from tests.fakes.slack_rig import Mode
from tests.fakes.slack_server import SlackServer

TAKEN_OVER_WITHIN_S = 90.0
"""How long a test waits for others to do what a dead replica left; what it took is judged apart."""

Line = Mapping[str, Any]


@dataclass(kw_only=True)
class Replica(discord_process.Bot):
    """One process; its orders are given through the set's own bots."""

    def _watch(self) -> Callable[[], Awaitable[None]]:
        return self._started

    async def _gone(self) -> None:
        """The chats may still be heard by others."""

    async def _started(self) -> None:
        await self.logged("started", since=len(self._lines), within_s=STARTS_WITHIN_S)

    @property
    def lines(self) -> list[Line]:
        """What the process has logged, oldest first."""
        return list(self._read())

    def _read(self) -> Iterator[Line]:
        for line in self.log.splitlines():
            with contextlib.suppress(json.JSONDecodeError):
                yield json.loads(line)

    @property
    def _lines(self) -> list[Line]:
        return self.lines if (self.folder / "process.log").exists() else []

    async def logged(
        self, event: str, *, since: int = 0, within_s: float = TAKEN_OVER_WITHIN_S
    ) -> Line:
        """Return the first line of an event, once it is there."""
        async with asyncio.timeout(within_s):
            while True:
                for line in self._lines[since:]:
                    if line.get("event") == event:
                        return line
                await asyncio.sleep(0.05)

    def times(self, event: str) -> list[datetime]:
        """Return when an event was logged."""
        return [
            datetime.fromisoformat(each["timestamp"])
            for each in self.lines
            if each.get("event") == event
        ]

    def pause(self) -> None:
        """Stop the process where it stands."""
        self._signal(signal.SIGSTOP)

    def wake(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        os.kill(self._process.pid, number)

    async def ready(self) -> tuple[int, Line]:
        """Return what `/readyz` answers."""
        origin = await self.origin()
        async with aiohttp.ClientSession() as http, http.get(f"{origin}/readyz") as answer:
            return answer.status, await answer.json()

    async def metrics(self) -> str:
        """Return what `/metrics` answers."""
        origin = await self.origin()
        async with aiohttp.ClientSession() as http, http.get(f"{origin}/metrics") as answer:
            return await answer.text()

    async def origin(self) -> str:
        """Return where its web server is."""
        return str((await self.logged("started"))["web"])

    async def stands(self, **chats: str) -> None:
        """Return once `/readyz` shows so of the chats."""
        async with asyncio.timeout(TAKEN_OVER_WITHIN_S):
            while True:
                with contextlib.suppress(aiohttp.ClientError):
                    if (await self.ready())[1]["chats"] == chats:
                        return
                await asyncio.sleep(0.1)


@dataclass(kw_only=True)
class ReplicaSet:
    """What all replicas share."""

    folder: Path
    database: str
    discord: DiscordServer
    provider: ProviderServer
    slack: SlackServer | None
    mode: Mode = Mode.SOCKET
    """How Slack reaches the replicas; over HTTP whoever opens the set puts a front before them."""
    replicas: list[Replica] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.on_discord = discord_process.Bot(
            folder=self.folder, discord=self.discord, provider=self.provider, way="command"
        )
        self.on_slack: slack_process.Bot | None = None
        if self.slack is not None:
            self.on_slack = slack_process.Bot(
                folder=self.folder,
                slack=self.slack,
                mode=self.mode,
                provider=self.provider,
                way="command",
            )

    @property
    def environ(self) -> dict[str, str]:
        """What leads a replica to what it shares."""
        slack = self.on_slack._settings() if self.on_slack else {}
        return {
            "REDRAW_DATABASE_URL": self.database,
            "REDRAW_MEDIA_URL": f"file://{self.folder / 'media'}",
            **slack,
            "REDRAW_HTTP_PORT": "0",
        }

    async def start(self, name: str, role: str = "all") -> Replica:
        """Start a replica, and return it once it has opened everything."""
        folder = self.folder / name
        folder.mkdir()
        replica = Replica(
            folder=folder,
            discord=self.discord,
            provider=self.provider,
            way="command",
            environ=self.environ,
            arguments=("--role", role),
        )
        self.replicas.append(replica)
        await replica.start()
        return replica

    async def leading(self, name: str, role: str = "all") -> Replica:
        """Start a replica, and return it once Discord is connected to it and knows its commands."""
        replica = await self.start(name, role)
        await replica.stands(**self._chats("connected"))
        await self.discord.until(
            lambda: self.discord.application.commands, "the commands", within_s=STARTS_WITHIN_S
        )
        return replica

    async def standing_by(self, name: str) -> Replica:
        """Start a replica, and return it once it waits for another to end."""
        replica = await self.start(name)
        await replica.stands(**self._chats("standing by"))
        return replica

    def _chats(self, discord: str) -> dict[str, str]:
        return {"discord": discord, **({"slack": "connected"} if self.slack else {})}

    async def close(self) -> None:
        """Kill what still runs, paused or not."""
        for replica in self.replicas:
            await replica.close()


@contextlib.asynccontextmanager
async def replicas_of(
    folder: Path, *, with_slack: bool = False, mode: Mode = Mode.SOCKET
) -> AsyncIterator[ReplicaSet]:
    """Open the fakes over a database of its own; at the end nothing may be there twice."""
    folder.mkdir()
    with new_database() as database:
        await sharing.migrate(database)
        async with contextlib.AsyncExitStack() as opened:
            several = ReplicaSet(
                folder=folder,
                database=database,
                discord=await opened.enter_async_context(DiscordServer()),
                provider=await opened.enter_async_context(ProviderServer(fetches_references=True)),
                slack=await opened.enter_async_context(SlackServer()) if with_slack else None,
                mode=mode,
            )
            try:
                yield several
            finally:
                await several.close()
            discord_marks.nothing_twice(several.discord)
