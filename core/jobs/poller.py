"""Conductor: asks after every running task, from one heap and over few connections."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Protocol

import structlog

from core.clock import Clock
from core.errors import AppError, Misconfiguration, ProviderMisconfigured, ProviderUnavailable
from core.jobs import learning, schedule
from core.jobs.agenda import Agenda
from core.jobs.foreign import Abandoned, is_asked_to_end
from core.jobs.job import Job
from core.jobs.schedule import Pace, Slowdown
from core.jobs.watch import Finding, Overdue, Watch
from core.provider.dialect import Pending, Produced, RemoteFailed

log = structlog.get_logger()

CONNECTIONS = 32
"""
How many questions are open at once.

Source: connections >= questions a second x round trip; 32 carry 320 a second at 0.1 s.
"""
REST_SHARE = 0.25
"""At least this share of an interval lies between an answer and the next question."""
HOLD_MAX_S = 60.0
"""The longest that a Retry-After keeps all questions back, in seconds."""
SHOW_EVERY_S = 5.0
"""A job that is still running is reported as such at most this often, in seconds."""


class Asks(Protocol):
    """What the poller needs of the provider's client."""

    async def poll(self, remote_task_id: str) -> Pending | Produced | RemoteFailed:
        """Ask once; raises ProviderError."""
        ...


class Listener(Protocol):
    """Who is told what the poller sees; called in the event loop, so it returns at once."""

    def found(self, finding: Finding) -> None:
        """The watch over a job ended."""
        ...

    def still_running(self, job_id: str) -> None:
        """A job is still unfinished; said at most every SHOW_EVERY_S for each job."""
        ...

    def alarmed(self, cause: Misconfiguration) -> None:
        """The provider says that the operator has to mend something."""
        ...


class Poller:
    """
    Watches jobs until they end, and says how.

    Errors never end a job; its deadline does, after one last question.
    """

    def __init__(
        self,
        client: Asks,
        clock: Clock,
        *,
        durations: Callable[[str], Awaitable[Sequence[float]]],
        pace: Pace | None = None,
        connections: int = CONNECTIONS,
        rng: random.Random | None = None,
    ) -> None:
        """Take the client, and `durations`: a model's past job durations, newest first."""
        self._client = client
        self._clock = clock
        self._durations = durations
        self._pace = pace or Pace()
        self._connections = connections
        self._rng = rng or random.Random()  # noqa: S311  # spreads load, guards nothing
        self._learned = learning.Learned()
        self._slowdown = Slowdown()
        self._watches: dict[str, Watch] = {}
        self._agenda: Agenda[Watch] = Agenda()
        self._unplanned: list[Watch] = []
        self._due: asyncio.Queue[Watch] = asyncio.Queue()
        self._changed = asyncio.Event()
        self._wakes_s = 0.0
        """Until when the heap is left alone, unless something comes first; 0 while it is awake."""
        self._alarmed: Misconfiguration | None = None
        """What the listener was told since the last answer."""
        self._listener: Listener

    def __len__(self) -> int:
        return len(self._watches)

    def __contains__(self, job_id: object) -> bool:
        return job_id in self._watches

    def fences(self) -> Mapping[str, int]:
        """Return the fence of each job that is watched, by its id."""
        return {job_id: watch.fence for job_id, watch in self._watches.items()}

    def watch(self, job: Job) -> None:
        """Follow a running job; watching it again takes over its new fence and deadline."""
        self.forget(job.job_id)
        watch = Watch(job, now=self._clock.now(), now_s=self._clock.monotonic_s())
        self._watches[job.job_id] = watch
        if self._learned.knows(watch.model_id):
            self._plan_first(watch)
        else:
            self._unplanned.append(watch)
        self._changed.set()

    def forget(self, job_id: str) -> None:
        """Follow this job no longer; an answer that is under way is dropped."""
        watch = self._watches.pop(job_id, None)
        if watch is not None:
            self._agenda.drop(watch)

    def expected_s(self, model_id: str) -> float | None:
        """Return by what age a job of the model is nearly always done, if that is known."""
        window = self._learned.window(model_id)
        return None if window is None else window.last_s

    async def learn(self, model_ids: Iterable[str]) -> None:
        """Read how long past jobs of these models took, before any of them is watched."""
        for model_id in model_ids:
            past = await self._past(model_id)
            if past and not self._learned.knows(model_id):
                self._learned.load(model_id, reversed(past))

    async def run(self, listener: Listener) -> None:
        """Ask until cancelled, and tell `listener`."""
        self._listener = listener
        async with asyncio.TaskGroup() as tasks:
            for _ in range(self._connections):
                tasks.create_task(self._ask_in_turn())
            await self._call_up()

    async def _call_up(self) -> None:
        while True:
            self._changed.clear()
            await self._plan_new()
            now_s = self._clock.monotonic_s()
            if now_s >= self._slowdown.until_s:
                for watch in self._agenda.pop_due(now_s):
                    self._due.put_nowait(watch)
            due_s = self._agenda.next_due_s()
            self._wakes_s = math.inf if due_s is None else max(due_s, self._slowdown.until_s)
            await self._clock.wait(self._changed, None if due_s is None else self._wakes_s - now_s)
            self._wakes_s = 0.0

    async def _plan_new(self) -> None:
        while self._unplanned:
            model_id = self._unplanned[-1].model_id
            if not self._learned.knows(model_id):
                self._learned.load(model_id, reversed(await self._past(model_id)))
            watch = self._unplanned.pop()
            if self._watches.get(watch.job_id) is watch:
                self._plan_first(watch)

    async def _past(self, model_id: str) -> Sequence[float]:
        try:
            return await self._durations(model_id)
        except AppError as exc:
            log.warning("durations_unknown", model_id=model_id, error=str(exc))
            return ()

    def _plan_first(self, watch: Watch) -> None:
        now_s = self._clock.monotonic_s()
        window = self._learned.window(watch.model_id)
        wait_s = schedule.first_poll_s(now_s - watch.submitted_s, window, self._pace)
        watch.pending_s = 0.0 if wait_s > 0.0 else None
        self._agenda.put(watch, min(now_s + wait_s, watch.deadline_s))

    def _plan_next(self, watch: Watch, wait_s: float) -> None:
        if self._watches.get(watch.job_id) is not watch:
            return
        now_s = self._clock.monotonic_s()
        if now_s >= watch.deadline_s:
            self._end(watch, Overdue())
            return
        due_s = min(now_s + wait_s, watch.deadline_s)
        self._agenda.put(watch, due_s)
        if due_s < self._wakes_s:
            self._changed.set()

    async def _ask_in_turn(self) -> None:
        while True:
            watch = await self._due.get()
            if self._watches.get(watch.job_id) is watch:
                await self._ask(watch)

    async def _ask(self, watch: Watch) -> None:
        asked_s = self._clock.monotonic_s()
        try:
            answer = await self._client.poll(watch.remote_task_id)
        except ProviderUnavailable as exc:
            self._put_off(watch, exc, exc.retry_after_s)
            if exc.is_throttled or exc.retry_after_s is not None:
                self._slow_down(exc.retry_after_s)
        except ProviderMisconfigured as exc:
            self._alarm(exc.cause)
            self._put_off(watch, exc, None)
        except asyncio.CancelledError as exc:
            if is_asked_to_end():
                raise
            log.warning("poll_abandoned", job_id=watch.job_id)
            self._put_off(watch, Abandoned(str(exc)), None)
        except Exception as exc:  # one job's bug must not stop the others
            log.exception("poll_broke", job_id=watch.job_id)
            self._put_off(watch, exc, None)
        else:
            watch.failures = 0
            self._alarmed = None
            self._take(watch, answer, asked_s)

    def _take(
        self, watch: Watch, answer: Pending | Produced | RemoteFailed, asked_s: float
    ) -> None:
        if isinstance(answer, Pending):
            self._wait_on(watch, asked_s)
        elif self._watches.get(watch.job_id) is watch:
            self._end(watch, answer)

    def _wait_on(self, watch: Watch, asked_s: float) -> None:
        """Plan the next question; the interval counts from the last one, not from its answer."""
        now_s = self._clock.monotonic_s()
        age_s = asked_s - watch.submitted_s
        watch.pending_s = age_s
        wait_s = schedule.next_poll_s(age_s, self._learned.window(watch.model_id), self._pace)
        wait_s *= self._slowdown.factor(now_s)
        self._plan_next(watch, max(asked_s + wait_s - now_s, wait_s * REST_SHARE))
        if now_s - watch.shown_s >= SHOW_EVERY_S and watch.job_id in self._watches:
            watch.shown_s = now_s
            self._listener.still_running(watch.job_id)

    def _put_off(self, watch: Watch, exc: Exception, retry_after_s: float | None) -> None:
        wait_s = schedule.POLL_BACKOFF.delay_s(
            watch.failures, self._rng, retry_after_s=retry_after_s
        )
        watch.failures += 1
        log.info("poll_put_off", job_id=watch.job_id, wait_s=round(wait_s, 1), error=str(exc))
        self._plan_next(watch, wait_s)

    def _alarm(self, cause: Misconfiguration) -> None:
        if cause is not self._alarmed:
            self._alarmed = cause
            self._listener.alarmed(cause)

    def _slow_down(self, retry_after_s: float | None) -> None:
        wait_s = min(retry_after_s or self._pace.interval_s, HOLD_MAX_S)
        self._slowdown.slow_down(self._clock.monotonic_s(), wait_s)

    def _end(self, watch: Watch, outcome: Produced | RemoteFailed | Overdue) -> None:
        del self._watches[watch.job_id]
        took_s = None
        if isinstance(outcome, Produced):
            seen_s = self._clock.monotonic_s() - watch.submitted_s
            took_s = learning.duration_s(pending_s=watch.pending_s, seen_s=seen_s)
            if took_s is not None:
                self._learned.add(watch.model_id, took_s)
        self._listener.found(
            Finding(job_id=watch.job_id, fence=watch.fence, outcome=outcome, took_s=took_s)
        )
