"""The processes under test: `redraw run` and others, each started again however it ends."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.acceptance.bot_process import ROOT
from tests.integration.bot.processes import measured

STARTED = b'"event": "started"'
LOOK_S = 0.1
PAUSE_S = 0.5
"""How long whoever looks after a process waits before starting it again, in seconds."""


@dataclass(kw_only=True)
class Replica:
    """One process, and whoever starts it again."""

    name: str
    folder: Path
    environ: Mapping[str, str]
    arguments: Sequence[str] = ("run",)
    """The command of `redraw`, with its options."""
    kills: int = 0
    falls: list[int] = field(default_factory=list)
    """With what codes it ended by itself."""
    _process: Process | None = None
    _killed: Process | None = None
    _stays_down_s: float = 0.0
    _is_over: bool = False
    _paused: int = 0
    _from: int = 0
    """Where in the log what the present process says begins."""

    @property
    def _log(self) -> Path:
        return self.folder / f"{self.name}.log"

    async def look_after(self) -> None:
        """Start it, and again whenever it ends, until `end`."""
        try:
            while not self._is_over:
                await self._live()
        finally:
            self._send(signal.SIGKILL)

    async def until_up(self, *, within_s: float) -> None:
        """Return once `redraw run` says that it has started; fails when it does not."""
        async with asyncio.timeout(within_s):
            while not self._is_up():
                await asyncio.sleep(LOOK_S)

    def _is_up(self) -> bool:
        if self._process is None or self._process.returncode is not None:
            return False
        with self._log.open("rb") as log:
            log.seek(self._from)
            return STARTED in log.read()

    async def _live(self) -> None:
        """Start it, and return when it has ended and may be started again."""
        with self._log.open("ab") as log:
            self._from = log.tell()
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot", *self.arguments),
                cwd=self.folder, env=self._environ(), stdin=DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        code = await self._process.wait()
        if code != -signal.SIGKILL and not self._is_over:
            self.falls.append(code)
        await asyncio.sleep(PAUSE_S + self._stays_down_s)
        self._stays_down_s = 0.0

    @property
    def is_running(self) -> bool:
        """Whether there is a process, and not one that is just being killed."""
        process = self._process
        return process is not None and process.returncode is None and process is not self._killed

    def kill(self, *, down_s: float) -> None:
        """Kill it where it stands; it is started again after so long."""
        if self.is_running:
            self.kills += 1
            self._killed = self._process
            self._stays_down_s = down_s
            self._send(signal.SIGKILL)

    async def pause(self, for_s: float) -> None:
        """Stop it, and let it go on after so long unless it was killed meanwhile."""
        process, self._paused = self._process, self._paused + 1
        self._send(signal.SIGSTOP)
        try:
            await asyncio.sleep(for_s)
        finally:
            self._paused -= 1
            if process is self._process and not self._paused:
                self._send(signal.SIGCONT)

    async def end(self) -> int | None:
        """Ask it to stop, and return its code; None when it was not there or had to be killed."""
        self._is_over = True
        process = self._process
        if process is None or process.returncode is not None:
            return None
        self._send(signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(60.0):
                return await process.wait()
        self._send(signal.SIGKILL)
        await process.wait()
        return None

    def _send(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)

    def _environ(self) -> dict[str, str]:
        return {
            "PATH": os.defpath,
            "HOME": str(self.folder),
            "PYTHONPATH": str(ROOT),
            "REDRAW_LOG_FORMAT": "json",
            "REDRAW_JOBS_PER_USER": "0",
            "REDRAW_PICTURES_PER_USER_DAY": "0",
            "REDRAW_QUEUE_MAX": "10000",
            **measured(),
            **self.environ,
        }


@contextlib.asynccontextmanager
async def running(replicas: list[Replica]) -> AsyncIterator[None]:
    """Look after the processes for the length of the block; at its end all are gone."""
    async with asyncio.TaskGroup() as tasks:
        looking = [tasks.create_task(replica.look_after()) for replica in replicas]
        try:
            yield
        finally:
            await asyncio.gather(*(replica.end() for replica in replicas))
            for task in looking:
                task.cancel()
