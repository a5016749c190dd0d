"""Conductor: drives every job of the ledger, few at a time, from recovery to graceful stop."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

import structlog
from ulid import ULID

from core.clock import Clock
from core.errors import (
    AppError,
    MediaUnavailable,
    Misconfiguration,
    StaleJob,
)
from core.jobs import schedule
from core.jobs.boundary import Boundary, Step
from core.jobs.courier import Courier
from core.jobs.delivery import Deliverer
from core.jobs.dispatch import Dispatcher
from core.jobs.herald import GAP_S, Herald
from core.jobs.holds import Entry, Holds
from core.jobs.job import Job
from core.jobs.lane import Lane
from core.jobs.lifecycle import Event, State
from core.jobs.poller import Poller
from core.jobs.queue import DEADLINE_S
from core.jobs.recent import Recent
from core.jobs.stages import Stages
from core.jobs.steps import Steps
from core.jobs.store.ledger import Ledger
from core.jobs.watch import Finding

log = structlog.get_logger()

CLAIMS, PREPARATIONS, SUBMITS, FINDINGS, COLLECTIONS, DELIVERIES = 32, 16, 16, 32, 16, 32
"""
How many jobs are in each kind of step at once.

More than the work itself would want, since most of a step is waiting for commits, and those that
wait together share one. Pictures in memory and processes that decode have limits of their own.
"""
GRACE_S = 15.0
"""How long a stop waits for submits, records and deliveries under way, in seconds."""
ACK_GRACE_S = 30.0
"""How long a new job may wait for its acknowledgement before it counts as refused, in seconds."""
SWEEP_S = 60.0
"""Between two looks for jobs that nobody holds, in seconds."""


class Worker:
    """
    Claims jobs and takes them from stage to stage.

    A job is in one place at a time: in a lane before or in a step, parked until its time, or
    watched by the poller. Only during a step may nobody else of this process touch it; what
    comes up meanwhile is looked at afterwards, by claiming the job anew.
    """

    def __init__(  # noqa: PLR0917 -- made in one place, by bot.wiring
        self,
        ledger: Ledger,
        steps: Steps,
        poller: Poller,
        dispatch: Dispatcher,
        deliverers: Mapping[str, Deliverer],
        clock: Clock,
        *,
        on_alarm: Callable[[Misconfiguration], None] = lambda _: None,
        deadline_s: float = DEADLINE_S,
        grace_s: float = GRACE_S,
        progress_gap_s: float = GAP_S,
        rng: random.Random | None = None,
    ) -> None:
        """
        Take the parts.

        `on_alarm` is told what the operator has to mend; `progress_gap_s` lies between two reports
        on a job; an accepted job gets `deadline_s` from then on.
        """
        self.boot_id = str(ULID())
        """Names this worker as the owner of what it claims."""
        self._ledger = ledger
        self._poller = poller
        self._dispatch = dispatch
        self._clock = clock
        self._on_alarm = on_alarm
        self._grace_s = grace_s
        self._rng = rng or random.Random()  # noqa: S311  # spreads load, guards nothing
        courier = Courier(ledger, deliverers, clock, self._rng)
        self._herald = Herald(
            deliverers, clock, load=ledger.load, sent=courier.sent, gap_s=progress_gap_s
        )
        self._stages = Stages(
            ledger,
            steps,
            courier,
            self._herald,
            clock,
            rng=self._rng,
            on_alarm=on_alarm,
            deadline_s=deadline_s,
        )
        self._began_at = clock.now()
        self._holds = Holds(clock)
        self._running: Recent[Job] = Recent()
        self._boundary = Boundary(ledger, self._holds, clock, rng=self._rng, owner=self.boot_id)
        self._claiming = Lane(CLAIMS, self._guarded(self._claim))
        self._preparing = Lane(PREPARATIONS, self._guarded(self._prepare))
        self._submitting = Lane(SUBMITS, self._guarded(self._submit), may_begin=self._may_submit)
        self._settling = Lane(FINDINGS, self._guarded(self._settle))
        self._collecting = Lane(COLLECTIONS, self._guarded(self._collect))
        self._delivering = Lane(DELIVERIES, self._guarded(self._deliver))

    async def run(self, stop: asyncio.Event) -> None:
        """
        Recover, then drive jobs until `stop` is set and what must not be cut short has ended.

        Raises:
            StoreUnavailable: the ledger could not be read at the start.
        """
        for job_id in await self._ledger.unfinished():
            self._take(job_id)
        patient = (self._submitting, self._settling, self._delivering)
        hasty = (self._claiming, self._preparing, self._collecting)
        async with asyncio.TaskGroup() as tasks:
            last = [tasks.create_task(work) for lane in patient for work in lane.workers()]
            first = [tasks.create_task(work) for lane in hasty for work in lane.workers()]
            first += [
                tasks.create_task(work)
                for work in (
                    self._poller.run(self), self._herald.run(), self._take_offers(),
                    self._holds.run(self._take), self._sweep(),
                )
            ]  # fmt: skip
            await stop.wait()
            for lane in (*patient, *hasty):
                lane.close()
            self._stages.gate_moved.set()
            _cancel(first)
            await asyncio.wait(last, timeout=self._grace_s)
            _cancel(last)

    # What comes from elsewhere: offers, the poller, the agenda.

    def found(self, finding: Finding) -> None:
        """Take what the poller found out about a job."""
        self._put(Entry(finding.job_id, finding=finding), self._settling)

    def still_running(self, job_id: str) -> None:
        """Show that a job is still running."""
        self._herald.tick(job_id)

    def alarmed(self, cause: Misconfiguration) -> None:
        """Pass on what the operator has to mend."""
        self._on_alarm(cause)

    async def _take_offers(self) -> None:
        while True:
            self._take(await self._dispatch.next())

    async def _sweep(self) -> None:
        """Look for unfinished jobs that fell through: a lost offer, an act of another process."""
        while True:
            await self._clock.sleep(SWEEP_S)
            try:
                job_ids = await self._ledger.unfinished()
            except AppError as exc:
                log.warning("sweep_put_off", error=str(exc))
                continue
            for job_id in job_ids:
                if job_id not in self._holds and job_id not in self._poller:
                    self._take(job_id)

    def _take(self, job_id: str) -> None:
        """Claim the job as soon as possible, wherever it waits; after its step if it is in one."""
        held = self._holds.of(job_id)
        if held is not None and held.is_busy:
            held.again = True
            return
        self._poller.forget(job_id)
        self._put(Entry(job_id), self._claiming)

    def _put(self, entry: Entry, lane: Lane) -> None:
        lane.put(self._holds.hold(entry))

    def _guarded(self, step: Step) -> Step:
        return self._boundary.around(step, self._take)

    async def _claim(self, entry: Entry) -> None:
        now = self._clock.now()
        job = await self._ledger.claim(entry.job_id, owner=self.boot_id, at=now)
        if job is None:
            self._forget(entry.job_id)
            return
        if job.state is State.SUBMITTING:
            log.warning("submit_outcome_unknown", job_id=job.job_id)
            job = await self._stages.record(job, Event.OUTCOME_UNKNOWN)
        elif job.state is State.QUEUED and now >= job.deadline_at:
            job = await self._stages.record(job, Event.DEADLINE)
        elif job.state is State.RECEIVED and job.acked_at is None:
            await self._await_acknowledgement(job)
            return
        self._place(job)

    async def _await_acknowledgement(self, job: Job) -> None:
        """Withdraw a job that nobody was told of: an earlier process's, or one that waits long."""
        patience_ends_at = job.created_at + timedelta(seconds=ACK_GRACE_S)
        if job.created_at < self._began_at or self._clock.now() >= patience_ends_at:
            log.warning("job_not_acknowledged", job_id=job.job_id)
            await self._stages.record(job, Event.ACK_REFUSED)
        else:
            self._holds.park(job.job_id, patience_ends_at)

    async def _prepare(self, entry: Entry) -> None:
        self._advance(await self._stages.prepare(_job_of(entry)))

    async def _may_submit(self, entry: Entry) -> bool:
        return await self._stages.pass_gate(
            lambda: self._holds.is_held(entry) and not self._submitting.is_closed
        )

    async def _submit(self, entry: Entry) -> None:
        was_shut = self._stages.gate.is_shut
        job = await self._stages.submit(_job_of(entry))
        if self._stages.gate.is_shut and not was_shut:
            self._tell_all_why()
        self._advance(job)

    async def _settle(self, entry: Entry) -> None:
        finding = entry.finding
        assert finding is not None
        job = self._running.take(entry.job_id, finding.fence)
        job = job or await self._ledger.load(entry.job_id)
        if job.fence != finding.fence:
            raise StaleJob(entry.job_id)
        self._advance(await self._stages.settle(job, finding))

    async def _collect(self, entry: Entry) -> None:
        job = _job_of(entry)
        try:
            job = await self._stages.collect(job, tries=self._boundary.tries(job.job_id))
        except MediaUnavailable as exc:
            log.info("results_put_off", job_id=job.job_id, error=str(exc))
            self._boundary.retry(job.job_id, schedule.COLLECT_BACKOFF)
            return
        self._advance(job)

    async def _deliver(self, entry: Entry) -> None:
        again_at = await self._stages.deliver(_job_of(entry))
        if again_at is None:
            self._forget(entry.job_id)
        else:
            self._holds.park(entry.job_id, again_at)

    # Where a job goes next.

    def _advance(self, job: Job) -> None:
        """Place a job whose step brought it on."""
        self._boundary.clear(job.job_id)
        self._place(job)

    def _place(self, job: Job) -> None:
        """Put a job, as it was just recorded, where it belongs."""
        if job.not_before_at is not None and job.not_before_at > self._clock.now():
            is_queued = job.state is State.QUEUED
            self._holds.park(
                job.job_id,
                min(job.not_before_at, job.deadline_at) if is_queued else job.not_before_at,
            )
        elif job.state is State.RUNNING:
            self._holds.let_go(job.job_id)
            self._running.put(job.job_id, job.fence, job)
            self._poller.watch(job)
        else:
            self._put(Entry(job.job_id, job=job), self._lane_of(job.state))
            if job.state is State.QUEUED:
                self._wait_for_turn(job)

    def _wait_for_turn(self, job: Job) -> None:
        entry = self._holds.of(job.job_id)
        if entry is not None:
            self._holds.remind(entry, job.deadline_at)
        self._tell_why(job)

    def _lane_of(self, state: State) -> Lane:
        match state:
            case State.RECEIVED:
                return self._preparing
            case State.QUEUED:
                return self._submitting
            case State.COLLECTING:
                return self._collecting
            case _:
                return self._delivering

    def _forget(self, job_id: str) -> None:
        self._boundary.clear(job_id)
        self._holds.let_go(job_id)

    def _tell_all_why(self) -> None:
        for entry in self._holds:
            if entry.job is not None and entry.job.state is State.QUEUED:
                self._tell_why(entry.job)

    def _tell_why(self, job: Job) -> None:
        """Show on the card of a queued job that, and why, nothing is submitted at present."""
        if self._stages.gate.is_shut:
            self._herald.say(replace(job, detail=self._stages.gate.cause))


def _job_of(entry: Entry) -> Job:
    assert entry.job is not None
    return entry.job


def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
