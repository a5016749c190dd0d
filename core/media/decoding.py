"""
Doer: decoding away from the event loop, in processes that can be killed and replaced.

A thread that decodes a hostile picture cannot be stopped and shares our memory; a process can be
ended and has its own limit. At most `processes` decode at once, so that all of them together
stay under `processes * memory_bytes`, and whatever a picture does to its process, the caller
gets one MediaError and the next picture a working process.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, Self, TypeVar, assert_never

import structlog

from core.clock import Clock, SystemClock
from core.errors import MediaUnavailable, TooLarge, Unreadable
from core.media.decoding_process import Answer, Outcome, pack_call, read_answer
from core.media.decoding_worker import Worker, in_time, start
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
        self._idle: list[Worker] = []
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

    async def _take(self) -> Worker:
        """Return a waiting process that is still alive, or start one."""
        if self._is_closed:
            raise MediaUnavailable("the decoder is closed")
        while self._idle:
            worker = self._idle.pop()
            if worker.is_alive:
                return worker
            await worker.end()
        return await start(self._python, self._memory_bytes, self._timeout_s, self._clock)

    async def _give_back(self, worker: Worker, answer: Answer) -> None:
        """Keep the process, unless what it has been through makes a new one the safer choice."""
        if self._is_closed or answer.outcome is Outcome.MEMORY:
            await worker.end()
        else:
            self._idle.append(worker)

    async def _answer(self, worker: Worker, call: bytes) -> Answer:
        body = await in_time(worker, worker.ask(call), self._timeout_s, self._clock)
        if body is not None:
            return read_answer(body)
        if worker.overran:
            raise TooLarge(round(self._timeout_s), "seconds", "decoding took too long")
        _log.warning("decoder_died", process_id=worker.process_id)
        raise Unreadable("decoding took its process down")


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
