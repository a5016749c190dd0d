"""Conductor: shows the progress of jobs, newest first to be told, and never in anybody's way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

import structlog

from core.clock import Clock
from core.errors import AppError, DeliveryRetryable
from core.jobs.afterword import Afterword
from core.jobs.agenda import Agenda, Due
from core.jobs.delivery import Deliverer
from core.jobs.foreign import within
from core.jobs.job import Delivery, Job
from core.jobs.lifecycle import State

log = structlog.get_logger()

GAP_S = 2.0
"""Between two reports on the same job, in seconds; what changes meanwhile becomes one report."""
REST_MAX_S = 60.0
"""How long a platform may put off a report on a job, in seconds; the newest state is shown then."""
LIMIT_S = 10.0
"""How long one report may take before it is dropped, in seconds."""
WIDTH = 4
"""How many reports are made at once."""
FRESH_S = 5.0
"""How long what the ledger said of a job is shown without asking it again, in seconds."""
TICK_GAP_S = 0.2
"""Between two reports, over all jobs, that only say that a job still runs, in seconds."""


class Report(Due):
    """The newest state of one job that has not been shown yet, if any."""

    __slots__ = ("ended", "is_tick", "job", "job_id", "was_shown")

    def __init__(self, job_id: str) -> None:
        super().__init__()
        self.job_id = job_id
        self.job: Job | None = None
        self.is_tick = False
        """Whether the job is to be read first, because nobody had it at hand."""
        self.was_shown = False
        """Whether the place was told, or may have been."""
        self.ended: asyncio.Event | None = None


class Herald:
    """
    Calls `Deliverer.progress` for the newest state of each job, coalesced.

    What goes wrong is dropped: progress is no delivery. What may be out of date is looked up
    first. `silence` makes sure that no report is left or under way, so that a late one cannot
    overwrite the final word; where another process may have given that, the card is looked after.
    What a platform has no room for comes round again, so that no report waits
    inside `progress` and keeps the final word waiting.
    """

    def __init__(
        self,
        deliverers: Mapping[str, Deliverer],
        clock: Clock,
        *,
        load: Callable[[str], Awaitable[Job]],
        sent: Callable[[str], Awaitable[tuple[Delivery, ...]]],
        afterword: Afterword | None = None,
        gap_s: float = GAP_S,
    ) -> None:
        """
        Take the deliverers, how to read a job and what was said of it, and, where other processes
        may take jobs from us, who looks after the cards of those.
        """
        self._deliverers = deliverers
        self._load = load
        self._sent = sent
        self._afterword = afterword
        self._clock = clock
        self._gap_s = gap_s
        self._next_tick_s = 0.0
        self._reports: dict[str, Report] = {}
        self._agenda: Agenda[Report] = Agenda()
        self._due: asyncio.Queue[Report] = asyncio.Queue()
        self._changed = asyncio.Event()

    def say(self, job: Job) -> None:
        """Show this state of the job as soon as its turn comes, unless a newer one comes first."""
        report = self._reports.get(job.job_id)
        if report is None:
            report = self._reports[job.job_id] = Report(job.job_id)
            report.job = job
            self._due.put_nowait(report)
        else:
            report.job = job

    def tick(self, job_id: str) -> None:
        """Show that a job is still running; dropped when there are too many to show."""
        now_s = self._clock.monotonic_s()
        if now_s < self._next_tick_s or job_id in self._reports:
            return
        self._next_tick_s = now_s + TICK_GAP_S
        report = self._reports[job_id] = Report(job_id)
        report.is_tick = True
        self._due.put_nowait(report)

    async def silence(self, job_id: str) -> None:
        """Drop what is left to show of the job, and wait for what is being shown."""
        report = self._reports.pop(job_id, None)
        if report is not None:
            report.job = None
            self._agenda.drop(report)
            if report.ended is not None:
                await report.ended.wait()

    async def run(self) -> None:
        """Report until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for _ in range(WIDTH):
                tasks.create_task(self._show_in_turn(tasks))
            await self._call_up()

    async def _call_up(self) -> None:
        while True:
            self._changed.clear()
            now_s = self._clock.monotonic_s()
            for report in self._agenda.pop_due(now_s):
                self._come_round(report)
            due_s = self._agenda.next_due_s()
            await self._clock.wait(self._changed, None if due_s is None else due_s - now_s)

    def _come_round(self, report: Report) -> None:
        if report.job is None:
            self._reports.pop(report.job_id, None)
        else:
            self._due.put_nowait(report)

    async def _show_in_turn(self, tasks: asyncio.TaskGroup) -> None:
        while True:
            report = await self._due.get()
            if self._reports.get(report.job_id) is not report:
                continue
            report.ended = asyncio.Event()
            try:
                asked_s = await self._show(report)
            finally:
                report.ended.set()
                report.ended = None
            self._rest(report, max(self._gap_s, asked_s))
            await self._look_back(report, tasks)

    async def _look_back(self, report: Report, tasks: asyncio.TaskGroup) -> None:
        was_shown, report.was_shown = report.was_shown, False
        if self._afterword is None or not was_shown:
            return
        if not await self._afterword.is_settled(report.job_id):
            tasks.create_task(self._afterword.look_after(report.job_id))

    def _rest(self, report: Report, rest_s: float) -> None:
        if self._reports.get(report.job_id) is report:
            self._agenda.put(report, self._clock.monotonic_s() + rest_s)
            self._changed.set()

    async def _show(self, report: Report) -> float:
        """Show a report, and return how many seconds the platform asks to be left alone for."""
        job = report.job
        try:
            await within(LIMIT_S, self._report(report))
        except DeliveryRetryable as exc:
            log.debug("progress_put_off", job_id=report.job_id, error=str(exc))
            if exc.retry_after_s is not None and report.job is None:
                report.job = job  # comes round again, unless something newer is said by then
            return min(exc.retry_after_s or 0.0, REST_MAX_S)
        except (AppError, TimeoutError) as exc:
            log.debug("progress_dropped", job_id=report.job_id, error=str(exc))
        except Exception as exc:  # a report must not end, whatever goes wrong in it
            log.warning("progress_broke", job_id=report.job_id, exc_info=exc)
        return 0.0

    async def _report(self, report: Report) -> None:
        job, report.job = report.job, None
        is_tick, report.is_tick = report.is_tick, False
        known_at = job.updated_at if job else self._clock.now()
        if job is None and is_tick:
            job = await self._load(report.job_id)
            job = job if job.state is State.RUNNING else None
        if job is not None:
            sent = await self._sent(job.job_id)
            if await self._still_stands(job, known_at):
                report.was_shown = True
                await self._deliverers[job.origin.platform].progress(job, sent)

    async def _still_stands(self, job: Job, known_at: datetime) -> bool:
        """
        Whether the job is as it was known at that instant; the ledger is asked when it is long ago.

        A process that was stopped for a while and wakes would show what was true before, on a card
        to which another process has given the last word.
        """
        if (self._clock.now() - known_at).total_seconds() <= FRESH_S:
            return True
        now = await self._load(job.job_id)
        return (now.fence, now.state) == (job.fence, job.state)
