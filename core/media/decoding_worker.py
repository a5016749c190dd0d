"""Doer: one decoder process, seen from outside: started, asked, killed."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Coroutine
from typing import Final, TypeVar

from core.clock import Clock
from core.errors import MediaUnavailable
from core.media.decoding_process import LENGTH_BYTES, READY

T = TypeVar("T")

START_TIMEOUT_S: Final = 30.0
"""How long a process may take to start; usually a quarter of a second."""

_BOOT: Final = (
    "import sys; sys.path[:] = sys.argv[3:];"
    "from core.media.decoding_process import main; main(int(sys.argv[1]), float(sys.argv[2]))"
)


class Worker:
    """One decoder process, seen from outside."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.overran = False
        """Whether it was ended for taking too long."""

    @property
    def process_id(self) -> int:
        """The operating system's number for it."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it is not known to have ended."""
        return self._process.returncode is None

    async def ready(self) -> bool:
        """Wait until it can take calls; False when it ended instead."""
        assert self._process.stdout is not None
        return await self._process.stdout.read(len(READY)) == READY

    async def ask(self, call: bytes) -> bytes | None:
        """Return the body of its answer to `call`, or None when it ended without one."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(call)
            await self._process.stdin.drain()
            length = await self._process.stdout.readexactly(LENGTH_BYTES)
            return await self._process.stdout.readexactly(int.from_bytes(length, "big"))
        except (OSError, asyncio.IncompleteReadError):
            return None

    def kill(self) -> None:
        """End it, whatever it is doing."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def end(self) -> None:
        """Kill it and wait until nothing of it is left."""
        assert self._process.stdin is not None
        self.kill()
        self._process.stdin.close()
        await self._process.wait()


async def start(python: str, memory_bytes: int, timeout_s: float, clock: Clock) -> Worker:
    """
    Start a process with these limits, in a session of its own: Ctrl-C is not meant for it.

    Raises MediaUnavailable when it cannot be started or does not get ready.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            python,
            *("-c", _BOOT, str(memory_bytes), str(timeout_s), *sys.path),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            start_new_session=True,
        )
    except OSError as exc:
        raise MediaUnavailable(f"no decoder process: {exc.strerror}") from exc
    worker = Worker(process)
    is_ready = False
    try:
        is_ready = await in_time(worker, worker.ready(), START_TIMEOUT_S, clock)
    finally:
        if not is_ready:
            await worker.end()
    if not is_ready:
        raise MediaUnavailable("a decoder process did not start")
    return worker


async def in_time(
    worker: Worker, work: Coroutine[None, None, T], limit_s: float, clock: Clock
) -> T:
    """Return what `work` does with `worker`; the worker is killed when that takes too long."""
    async with asyncio.TaskGroup() as group:
        limit = group.create_task(_kill_after(worker, limit_s, clock))
        done = await work
        limit.cancel()
    return done


async def _kill_after(worker: Worker, limit_s: float, clock: Clock) -> None:
    await clock.sleep(limit_s)
    worker.overran = True
    worker.kill()
