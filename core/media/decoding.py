"""
Doer: decoding away from the event loop, in processes that can be killed and replaced.

A thread that decodes a hostile picture cannot be stopped and shares our memory; a process can be
ended and has its own limit. At most `processes` decode at once, so that all of them together
stay under `processes * memory_bytes`, and whatever a picture does to its process, the caller
gets one MediaError and the next picture a working process.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Final, Self, TypeVar, assert_never

import structlog

from core.clock import Clock, SystemClock
from core.errors import MediaUnavailable, TooLarge, Unreadable
from core.media.decoding_process import (
    LENGTH_BYTES,
    READY,
    Answer,
    Outcome,
    pack_call,
    read_answer,
)
from core.media.fit import Prepared, prepare

T = TypeVar("T")

MEMORY_BYTES: Final = 1024 * 1024 * 1024
"""
Address space of one process: twice what the dearest pictures within the bounds take.

Measured, in MiB: AVIF and HEIC of 48 million pixels 481, WebP of 25 million 433, progressive JPEG
of 48 million 203. Two processes, the default, therefore stay below 2 GiB whatever is sent.
"""

TIMEOUT_S: Final = 15.0
"""The slowest pictures within the bounds, a HEIC of 48 million pixels or a large WebP, take 2 s."""

START_TIMEOUT_S: Final = 30.0
"""How long a process may take to start; usually a quarter of a second."""

_BOOT: Final = (
    "import sys; sys.path[:] = sys.argv[3:];"
    "from core.media.decoding_process import main; main(int(sys.argv[1]), float(sys.argv[2]))"
)

_log = structlog.get_logger()


class Decoder:
    """A bounded set of decoder processes, started when they are first needed."""

    def __init__(
        self,
        processes: int = 2,
        memory_bytes: int = MEMORY_BYTES,
        timeout_s: float = TIMEOUT_S,
        clock: Clock | None = None,
        *,
        python: str = sys.executable,
    ) -> None:
        self._memory_bytes = memory_bytes
        self._timeout_s = timeout_s
        self._clock = clock or SystemClock()
        self._python = python
        self._slots = asyncio.Semaphore(processes)
        self._idle: list[_Worker] = []
        self._is_closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_closed = True
        while self._idle:
            await self._idle.pop().end()

    @property
    def process_ids(self) -> tuple[int, ...]:
        """The processes that wait for work."""
        return tuple(worker.process_id for worker in self._idle)

    @property
    def is_ready(self) -> bool:
        """Whether a process waits that can take a call without being started first."""
        return any(worker.is_alive for worker in self._idle)

    async def prepare(self, data: bytes) -> Prepared:
        """Prepare one picture; raises what `core.media.fit.prepare` does, and what `run` does."""
        return await self.run(prepare, data)

    async def run(self, function: Callable[..., T], *args: object) -> T:
        """
        Return `function(*args)`, carried out in a process of its own.

        The function must be importable and its arguments picklable. Raises the MediaError that it
        raises; TooLarge when it takes too long or too much memory; Unreadable when it takes its
        process down or fails in a way it should not; MediaUnavailable when no process can be
        started.
        """
        call = pack_call(function, args)
        async with self._slots:
            worker = await self._take()
            try:
                answer = await self._answer(worker, call)
            except BaseException:
                await worker.end()
                raise
            await self._give_back(worker, answer)
        value: T = _value(answer, self._memory_bytes)
        return value

    async def _take(self) -> _Worker:
        """Return a waiting process that is still alive, or start one."""
        if self._is_closed:
            raise MediaUnavailable("the decoder is closed")
        while self._idle:
            worker = self._idle.pop()
            if worker.is_alive:
                return worker
            await worker.end()
        return await self._start()

    async def _give_back(self, worker: _Worker, answer: Answer) -> None:
        """Keep the process, unless what it has been through makes a new one the safer choice."""
        if self._is_closed or answer.outcome is Outcome.MEMORY:
            await worker.end()
        else:
            self._idle.append(worker)

    async def _answer(self, worker: _Worker, call: bytes) -> Answer:
        body = await _in_time(worker, worker.ask(call), self._timeout_s, self._clock)
        if body is not None:
            return read_answer(body)
        if worker.overran:
            raise TooLarge(round(self._timeout_s), "seconds", "decoding took too long")
        _log.warning("decoder_died", process_id=worker.process_id)
        raise Unreadable("decoding took its process down")

    async def _start(self) -> _Worker:
        """Start a process in a session of its own, so that Ctrl-C is not meant for it."""
        limits = (str(self._memory_bytes), str(self._timeout_s))
        try:
            process = await asyncio.create_subprocess_exec(
                self._python,
                *("-c", _BOOT, *limits, *sys.path),
                stdin=PIPE,
                stdout=PIPE,
                stderr=DEVNULL,
                start_new_session=True,
            )
        except OSError as exc:
            raise MediaUnavailable(f"no decoder process: {exc.strerror}") from exc
        worker = _Worker(process)
        is_ready = False
        try:
            is_ready = await _in_time(worker, worker.ready(), START_TIMEOUT_S, self._clock)
        finally:
            if not is_ready:
                await worker.end()
        if not is_ready:
            raise MediaUnavailable("a decoder process did not start")
        return worker


async def _in_time(
    worker: _Worker, work: Coroutine[None, None, T], limit_s: float, clock: Clock
) -> T:
    """Return what `work` does with `worker`; the worker is killed when that takes too long."""
    async with asyncio.TaskGroup() as group:
        limit = group.create_task(_kill_after(worker, limit_s, clock))
        done = await work
        limit.cancel()
    return done


async def _kill_after(worker: _Worker, limit_s: float, clock: Clock) -> None:
    await clock.sleep(limit_s)
    worker.overran = True
    worker.kill()


class _Worker:
    """One decoder process, seen from outside."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.overran = False
        """Whether it was ended for taking too long."""

    @property
    def process_id(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
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
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def end(self) -> None:
        """Kill it and wait until nothing of it is left."""
        assert self._process.stdin is not None
        self.kill()
        self._process.stdin.close()
        await self._process.wait()


def _value(answer: Answer, memory_bytes: int) -> Any:
    """Return what the call returned, or raise what became of it."""
    match answer.outcome:
        case Outcome.VALUE:
            return answer.value
        case Outcome.ERROR:
            raise answer.value
        case Outcome.MEMORY:
            raise TooLarge(memory_bytes, "bytes of memory")
        case Outcome.BUG:
            _log.error("decoder_call_failed", error=answer.value)
            raise Unreadable(f"decoding failed: {answer.value}")
        case _:
            assert_never(answer.outcome)
