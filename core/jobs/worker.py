"""Conductor: drives every job of the ledger, few at a time, from recovery to graceful stop."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import replace

import structlog
from ulid import ULID

from core.clock import Clock
from core.errors import (
    DeliveryRetryable,
    MediaUnavailable,
    Misconfiguration,
    StaleJob,
)
from core.jobs import schedule
from core.jobs.acknowledgement import ASK_MAX_S, Acknowledgements
from core.jobs.afterword import Afterword
from core.jobs.boundary import Boundary, Elsewhere
from core.jobs.courier import Courier
from core.jobs.custody import Custody
from core.jobs.delivery import Deliverer
from core.jobs.dispatch import Dispatcher
from core.jobs.herald import GAP_S, Herald
from core.jobs.holds import Entry, Holds
from core.jobs.job import Job
from core.jobs.lane import Lane
from core.jobs.lifecycle import Event, Reason, State
from core.jobs.mode import Mode
from core.jobs.poller import Poller
from core.jobs.queue import DEADLINE_S
from core.jobs.recent import Recent
from core.jobs.stages import Stages
from core.jobs.steps import Steps
from core.jobs.store.ledger import Ledger
from core.jobs.watch import Finding

log = structlog.get_logger()

CLAIMS, PREPARATIONS, SUBMITS, FINDINGS, COLLECTIONS, DELIVERIES = 32, 16, 16, 32, 16, 32
QUESTIONS = 8
"""
How many jobs are in each kind of step at once.

More than the work itself would want, since most of a step is waiting for commits, and those that
wait together share one. Pictures in memory and processes that decode have limits of their own.
"""
GRACE_S = 15.0
"""How long a stop waits for submits, records and deliveries under way, in seconds."""


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
        ask_max_s: float = ASK_MAX_S,
        rng: random.Random | None = None,
    ) -> None:
        """
        Take the parts.

        `on_alarm` is told what the operator has to mend; `progress_gap_s` lies between two reports
        on a job; an accepted job gets `deadline_s` from then on; a platform may take `ask_max_s`
        to tell whether it took an acknowledgement.
        """
        self.boot_id = str(ULID())
        """Names this worker as the owner of what it claims."""
        self._ledger = ledger
        self._poller = poller
        self._dispatch = dispatch
        self._clock = clock
        self._on_alarm = on_alarm
        self._grace_s = grace_s
        self._platforms = frozenset(deliverers)
        self._rng = rng or random.Random()  # noqa: S311  # spreads load, guards nothing
        courier = Courier(ledger, deliverers, clock, self._rng)
        afterword = Afterword(
            deliverers, clock, load=ledger.load, said=courier.said, owner=self.boot_id
        )
        self._herald = Herald(
            deliverers,
            clock,
            load=ledger.load,
            sent=courier.sent,
            afterword=afterword if dispatch.is_shared else None,
            gap_s=progress_gap_s,
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
        self._acknowledgements = Acknowledgements(
            deliverers, clock, ask_max_s=ask_max_s, is_alone=not dispatch.is_shared
        )
        self._holds = Holds(clock)
        self._running: Recent[Job] = Recent()
        self._boundary = Boundary(ledger, self._holds, clock, rng=self._rng, owner=self.boot_id)
        self._custody = Custody(
            ledger,
            dispatch,
            poller,
            clock,
            holds=self._holds,
            boundary=self._boundary,
            owner=self.boot_id,
            claim=lambda job_id: self._put(Entry(job_id), self._claiming),
        )
        guarded = self._custody.guarded
        self._claiming = Lane(CLAIMS, guarded(self._claim))
        self._asking = Lane(QUESTIONS, guarded(self._ask))
        self._preparing = Lane(PREPARATIONS, guarded(self._prepare))
        self._submitting = Lane(SUBMITS, guarded(self._submit), may_begin=self._may_submit)
        self._settling = Lane(FINDINGS, guarded(self._settle))
        self._collecting = Lane(COLLECTIONS, guarded(self._collect))
        self._delivering = Lane(DELIVERIES, guarded(self._deliver))

    async def run(self, stop: asyncio.Event) -> None:
        """
        Recover, then drive jobs until `stop` is set and what must not be cut short has ended.

        Raises:
            StoreUnavailable: the ledger could not be read at the start.
        """
        await self._dispatch.adopt(await self._ledger.unfinished())
        patient = (self._submitting, self._settling, self._delivering)
        hasty = (self._claiming, self._asking, self._preparing, self._collecting)
        async with asyncio.TaskGroup() as tasks:
            dispatching = tasks.create_task(self._dispatch.run())
            last = [tasks.create_task(work) for lane in patient for work in lane.workers()]
            first = [tasks.create_task(work) for lane in hasty for work in lane.workers()]
            first += [
                tasks.create_task(work)
                for work in (
                    self._poller.run(self), self._herald.run(), self._take_offers(),
                    self._holds.run(self._custody.take), self._custody.watch(),
                )
            ]  # fmt: skip
            await stop.wait()
            for lane in (*patient, *hasty):
                lane.close()
            self._stages.gate_moved.set()
            self._custody.retire()
            _cancel(first)
            await asyncio.wait(last, timeout=self._grace_s)
            _cancel([*last, dispatching])

    # What comes from elsewhere: offers, the poller, the agenda.

    def found(self, finding: Finding) -> None:
        """Take what the poller found out about a job."""
        self._put(Entry(finding.job_id, finding=finding), self._settling)

    def still_running(self, job_id: str) -> None:
        """Show that a job is still running."""
        self._herald.tick(job_id)

    def follow(self, mode: Mode) -> None:
        """Submit nothing while the operator wants it so; the cards of those who wait say it."""
        if self._stages.gate.is_paused is not mode.is_paused:
            self._stages.gate.is_paused = mode.is_paused
            self._stages.gate_moved.set()
            self._tell_all_why()

    def alarmed(self, cause: Misconfiguration) -> None:
        """Pass on what the operator has to mend."""
        self._on_alarm(cause)

    async def _take_offers(self) -> None:
        while True:
            self._custody.take(await self._dispatch.next())

    def _put(self, entry: Entry, lane: Lane) -> None:
        lane.put(self._holds.hold(entry))

    async def _claim(self, entry: Entry) -> None:
        now = self._clock.now()
        job = await self._ledger.claim(entry.job_id, owner=self.boot_id, at=now)
        if job is None:
            self._custody.forget(entry.job_id)
            return
        if job.state is State.SUBMITTING:
            log.warning("submit_outcome_unknown", job_id=job.job_id)
            job = await self._stages.record(job, Event.OUTCOME_UNKNOWN)
        elif job.state is State.RECEIVED and job.acked_at is None:
            self._await_acknowledgement(job)
            return
        else:
            job = await self._stages.unless_late(job)
        if self._is_for_others(job):
            raise Elsewhere
        self._place(job)

    def _is_for_others(self, job: Job) -> bool:
        """Whether the job's platform is not set up here, and may be where another replica runs."""
        is_set_up = not self._dispatch.is_shared or job.origin.platform in self._platforms
        return not is_set_up and (job.is_terminal or self._clock.now() < job.deadline_at)

    def _await_acknowledgement(self, job: Job) -> None:
        asked_at = self._acknowledgements.asked_at(job)
        if self._clock.now() >= asked_at:
            self._put(Entry(job.job_id, job=job), self._asking)
        else:
            self._holds.park(job.job_id, asked_at)

    async def _ask(self, entry: Entry) -> None:
        """Go on with a job whose user was told of it, and withdraw one that nobody knows of."""
        job = _job_of(entry)
        try:
            was_taken = await self._acknowledgements.was_taken(job)
        except DeliveryRetryable as exc:
            log.info("acknowledgement_unknown", job_id=job.job_id, error=str(exc))
            wait_s = exc.retry_after_s
            self._boundary.retry(job.job_id, schedule.ACK_BACKOFF, retry_after_s=wait_s)
            return
        job = await (self._stages.confirm(job) if was_taken else self._stages.withdraw(job))
        if job.reason is Reason.UNACKED:
            self._custody.forget(job.job_id)
        else:
            self._advance(job)

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
            self._custody.forget(entry.job_id)
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

    def _tell_all_why(self) -> None:
        for entry in self._holds:
            if entry.job is not None and entry.job.state is State.QUEUED:
                self._herald.say(replace(entry.job, detail=self._stages.gate.why))

    def _tell_why(self, job: Job) -> None:
        """Show on the card of a queued job that, and why, nothing is submitted at present."""
        if self._stages.gate.is_shut:
            self._herald.say(replace(job, detail=self._stages.gate.why))


def _job_of(entry: Entry) -> Job:
    assert entry.job is not None
    return entry.job


def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
