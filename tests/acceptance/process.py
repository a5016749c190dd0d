"""The process under test: started, given orders, killed, started again."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sqlite3
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from bot.plans import JOBS_FILE
from tests.fakes.chat_server import ChatServer
from tests.fakes.provider_server import ProviderServer

ROOT = Path(__file__).parents[2]
TRIES = 1000
"""How often an order is sent before the test gives up."""


@dataclass
class Redraw:
    """One folder of jobs, and the process that drives it, if one runs."""

    folder: Path
    chat: ChatServer
    provider: ProviderServer
    kills: int = 0
    job_ids: dict[str, str] = field(default_factory=dict)
    """The job of each key that was acknowledged."""
    _process: Process | None = None
    _url: str = ""

    async def start(self) -> None:
        """Start the process and return once it takes orders."""
        command = [sys.executable, "-m", "tests.fakes.chat_bot", "--folder", str(self.folder)]
        addresses = ["--chat", self.chat.url, "--provider", self.provider.api_url]
        log = (self.folder.parent / "process.log").open("ab")
        with log:
            self._process = await asyncio.create_subprocess_exec(
                *command, *addresses, cwd=ROOT, stdin=DEVNULL, stdout=PIPE, stderr=log
            )
        assert self._process.stdout is not None
        self._url = (await self._process.stdout.readline()).decode().strip()
        assert self._url, (self.folder.parent / "process.log").read_text()[-3000:]

    async def kill(self) -> None:
        """Kill the process where it stands."""
        await self._end(signal.SIGKILL)
        self.kills += 1

    async def terminate(self) -> int:
        """Ask the process to stop, and return its exit code."""
        return await self._end(signal.SIGTERM)

    async def _end(self, number: signal.Signals) -> int:
        process, self._process = self._process, None
        assert process is not None
        process.send_signal(number)
        return await process.wait()

    async def order(self, key: str) -> str:
        """Send an order until it is acknowledged, across kills, and return its job."""
        body = {"key": key, "prompt": key, "picture": "a.jpg"}
        for _ in range(TRIES):
            url = self._url
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                timeout = aiohttp.ClientTimeout(total=10)
                async with (
                    aiohttp.ClientSession(timeout=timeout) as http,
                    http.post(f"{url}/orders", json=body) as answer,
                ):
                    if answer.status == 200:
                        self.job_ids[key] = (await answer.json())["job_id"]
                        return self.job_ids[key]
            await asyncio.sleep(0.05)
        raise AssertionError(f"{key!r} was not acknowledged")

    async def put_off(self) -> None:
        """Return once a submit was turned away and its job is queued again."""
        query = "SELECT count(*) FROM job WHERE state = 'queued' AND attempt > 0"
        while True:
            with contextlib.closing(sqlite3.connect(self.folder / JOBS_FILE)) as database:
                if database.execute(query).fetchone() != (0,):
                    return
            await asyncio.sleep(0.02)

    async def told(self, kinds: tuple[str, ...] = ("result", "notice"), *, within_s: float) -> None:
        """Return once every acknowledged job has its result or its notice."""
        async with asyncio.timeout(within_s), self.chat.arrived:
            await self.chat.arrived.wait_for(lambda: not self.untold(kinds))

    def untold(self, kinds: tuple[str, ...] = ("result", "notice")) -> set[str]:
        """Return the keys whose jobs have neither a result nor a notice."""
        said = {m.job_id for m in self.chat.messages.values() if m.kind in kinds}
        return {key for key, job_id in self.job_ids.items() if job_id not in said}


@contextlib.asynccontextmanager
async def redraw(folder: Path, picture: bytes) -> AsyncIterator[Redraw]:
    """Open the two fakes and start the process between them."""
    folder.mkdir()
    async with ChatServer({"a.jpg": picture}) as chat, ProviderServer() as provider:
        process = Redraw(folder, chat, provider)
        await process.start()
        try:
            yield process
        finally:
            if process._process is not None:
                await process.kill()
