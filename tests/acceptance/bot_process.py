"""Redraw as a process in a chat: started, killed, stopped, started again; the fakes outlive it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from abc import ABC, abstractmethod
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

from adapters.wording import IN_DOUBT, wording
from core.errors import StoreUnavailable
from core.jobs.store.intake import ADMIT_WITHIN_S
from tests.fakes.provider_script import FAULTS, Fault, Script
from tests.fakes.provider_server import API_KEY, ProviderServer
from tests.integration.bot.processes import measured

ROOT = Path(__file__).parents[2]
STARTS_WITHIN_S = 60.0
PATIENCE_S = 30.0
"""How long anything may take that the process does, in seconds."""

ASKS_MAX = 5
"""How often somebody orders who is told each time to try again."""

TURNED_AWAY: Fault = replace(FAULTS["429"], headers={"Retry-After": "5"})
"""A refusal after which a job waits for longer than anything stands still."""

NO_LIMITS = {"REDRAW_JOBS_PER_USER": "0", "REDRAW_PICTURES_PER_USER_DAY": "0"}


def was_held_up(said: str, took_s: float) -> bool:
    """
    Whether an order was turned down because the second that it may take was over.

    Where the machine stands still for so long that is right, and whoever ordered tries again.
    """
    held_up = (wording(StoreUnavailable()).what_happened, IN_DOUBT)
    return took_s >= ADMIT_WITHIN_S and any(words in said for words in held_up)


@dataclass(kw_only=True)
class BotProcess(ABC):
    """The process between a chat and the provider, if it runs; see the chat's own class."""

    FAKE: ClassVar[str]
    """The module of a process of the fakes, wired like `redraw run`, with a clock of its own."""

    folder: Path
    provider: ProviderServer
    way: str
    """`command` is `redraw run` itself, any other is the fake process."""
    environ: Mapping[str, str] = field(default_factory=dict)
    behind_s: float = 0.0
    """How far its clock is behind, in seconds; only of the fake process, like the next."""
    rate: float = 1.0
    """How fast its clock runs."""
    arguments: Sequence[str] = ()
    """Of `redraw run`, besides its settings."""
    kills: int = 0
    _process: Process | None = None

    async def start(self) -> None:
        """Start the process and return once it takes orders."""
        connected = self._watch()
        clock = ["--behind-s", str(self.behind_s), "--rate", str(self.rate)]
        ours = ["bot", "run", *self.arguments]
        command = ours if self.way == "command" else [self.FAKE, *clock]
        with (self.folder / "process.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", *command),
                cwd=self.folder, env=self._environ(), stdin=DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(self._watched(self._process))
            await connected()
            watching.cancel()

    async def kill(self) -> None:
        """Kill the process where it stands, and return once the chat sees that it is gone."""
        await self._end(signal.SIGKILL)
        self.kills += 1
        await self._gone()

    async def stop(self) -> int:
        """Ask the process to stop, and return its exit code."""
        return await self._end(signal.SIGTERM)

    async def restart(self) -> None:
        """Kill the process and start it again."""
        await self.kill()
        await self.start()

    async def close(self) -> None:
        """Kill the process if it runs."""
        if self._process is not None:
            await self._end(signal.SIGKILL)

    @property
    def log(self) -> str:
        """What the process has said."""
        return (self.folder / "process.log").read_text(errors="replace")

    def hold(self, prompt: str) -> None:
        """Have jobs with this prompt run until it is released."""
        self.provider.script(Script(held=True), prompt=prompt)

    async def submitted(self, prompt: str) -> None:
        """Return once a job with this prompt has reached the provider."""
        async with asyncio.timeout(PATIENCE_S):
            while not self.provider.count(prompt=prompt):
                await asyncio.sleep(0.02)

    @abstractmethod
    def _watch(self) -> Callable[[], Awaitable[None]]:
        """Return what waits until a process that is started from now on takes orders."""

    @abstractmethod
    async def _gone(self) -> None:
        """Return once the chat sees that the process is gone."""

    @abstractmethod
    def _settings(self) -> Mapping[str, str]:
        """Return what leads the process to its chat."""

    def _environ(self) -> dict[str, str]:
        return {
            "PATH": os.defpath,
            "HOME": str(self.folder),
            "PYTHONPATH": str(ROOT),
            "QOLABA_API_KEY": API_KEY,
            "QOLABA_API_URL": self.provider.api_url,
            "REDRAW_DATA_DIR": str(self.folder / "data"),
            "REDRAW_LOG_FORMAT": "json",
            **self._settings(),
            **measured(),
            **NO_LIMITS,
            **self.environ,
        }

    async def _watched(self, process: Process) -> None:
        code = await process.wait()
        raise AssertionError(f"the bot ended with {code}: {self.log[-3000:]}")

    async def _end(self, number: signal.Signals) -> int:
        process, self._process = self._process, None
        assert process is not None
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(number)
        async with asyncio.timeout(PATIENCE_S):
            return await process.wait()
