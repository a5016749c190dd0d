"""Conductor: takes a claimed job through one stage: the step, and the record of what came of it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from core.clock import Clock
from core.errors import (
    AppError,
    DeliveryError,
    Gone,
    MediaError,
    MediaUnavailable,
    Misconfiguration,
    ProviderMisconfigured,
    ProviderUnavailable,
    Rejection,
    RequestRejected,
    StaleJob,
)
from core.jobs import schedule, verdicts
from core.jobs.courier import Courier
from core.jobs.gate import Gate
from core.jobs.herald import Herald
from core.jobs.job import NO_FACTS, Facts, Job
from core.jobs.lasting import lasting
from core.jobs.lifecycle import Event
from core.jobs.queue import DEADLINE_S
from core.jobs.steps import Steps
from core.jobs.store.ledger import Ledger
from core.jobs.verdicts import Verdict
from core.jobs.watch import Finding, Overdue
from core.media.item import MediaItem
from core.provider.dialect import Call, Produced

log = structlog.get_logger()

COLLECT_TRIES_MIN = 3
"""How often results are asked for at the least, however late it is."""


class Stages:
    """
    Each method takes a job that the worker holds and returns it as recorded.

    Raises what the ledger raises (StaleJob: the job is somebody else's now), and the errors named
    for a method, after which the same stage is to be tried again later.
    """

    def __init__(
        self,
        ledger: Ledger,
        steps: Steps,
        courier: Courier,
        herald: Herald,
        clock: Clock,
        *,
        rng: random.Random,
        on_alarm: Callable[[Misconfiguration], None],
        deadline_s: float = DEADLINE_S,
    ) -> None:
        """Take the parts; an accepted job gets `deadline_s` from then on, since it is paid for."""
        self._ledger = ledger
        self._steps = steps
        self._courier = courier
        self._herald = herald
        self._clock = clock
        self._rng = rng
        self._on_alarm = on_alarm
        self._deadline_s = deadline_s
        self.gate = Gate()
        self.gate_moved = asyncio.Event()
        """Set whenever it is worth looking at the gate again."""

    async def record(self, job: Job, event: Event, facts: Facts = NO_FACTS) -> Job:
        """Record an event and show what the job is now, as long as it is on its way."""
        job = await self._ledger.record(job, event, self._clock.now(), facts=facts)
        if job.is_terminal:
            _note_end(job)
        else:
            self._herald.say(job)
        return job

    async def confirm(self, job: Job) -> Job:
        """Note that the user of a job was told of it; one that is found too late ends with that."""
        noted = await self._ledger.acknowledge(job.job_id, self._clock.now())
        if noted.fence != job.fence:
            raise StaleJob(job.job_id)
        return await self.unless_late(noted)

    async def withdraw(self, job: Job) -> Job:
        """Withdraw a job, unless its acknowledgement was noted meanwhile: then it is as it was."""
        withdrawn = await self.record(job, Event.ACK_REFUSED)
        if withdrawn.is_terminal:
            log.warning("job_not_acknowledged", job_id=job.job_id)
        return withdrawn

    async def unless_late(self, job: Job) -> Job:
        """End a job that nothing was paid for by its deadline; others are returned as they are."""
        if job.state in verdicts.UNSENT and self._clock.now() >= job.deadline_at:
            return await self.record(job, verdicts.GIVES_UP[job.state])
        return job

    async def prepare(self, job: Job) -> Job:
        """Prepare the pictures, unless an earlier try did, and post the card that shows them."""
        made = Facts(prepared=job.prepared)
        try:
            if not await self._steps.has_prepared(job):
                made = await self._make(job)
            await self._courier.post_card(
                replace(job, prepared=made.prepared or (), notices=job.notices + made.notices)
            )
        except (MediaError, DeliveryError) as exc:
            log.info("not_prepared", job_id=job.job_id, error=str(exc))
            event, facts = verdicts.after_preparing(exc, job, self._clock.now(), self._rng)
            facts = replace(facts, prepared=made.prepared, notices=made.notices)
            return await self.record(job, event, facts)
        return await self.record(job, Event.PREPARED, made)

    async def _make(self, job: Job) -> Facts:
        fetched = await self._fetch(job)
        try:
            made = await self._steps.prepare(fetched)
        except Gone:  # another job of the same picture may have been deleted in between
            fetched = await self._fetch(job)
            made = await self._steps.prepare(fetched)
        # So that Delete knows of them, whatever becomes of the job before it is recorded.
        self._courier.remember(job.job_id, (*fetched, *(made.prepared or ())))
        return made

    async def _fetch(self, job: Job) -> tuple[MediaItem, ...]:
        fetched = await self._steps.fetch(job)
        self._courier.remember(job.job_id, fetched)
        return fetched

    async def pass_gate(self, is_wanted: Callable[[], bool]) -> bool:
        """Return True once one submit may be made, False once it is not wanted any more."""
        while is_wanted():
            now_s = self._clock.monotonic_s()
            if self.gate.enter(now_s):
                return True
            self.gate_moved.clear()
            await self._clock.wait(self.gate_moved, self.gate.wait_s(now_s))
        return False

    async def submit(self, job: Job) -> Job:
        """
        Commit the fence, make the paid call, and record what is known of its outcome.

        Raises:
            MediaUnavailable: there is no address for the picture yet; nothing was committed.
        """
        try:
            return await self._submit(job)
        finally:
            self.gate.undecided(self._clock.monotonic_s())
            self.gate_moved.set()

    async def _submit(self, job: Job) -> Job:
        try:
            call = await self._steps.compose(job)
        except MediaUnavailable:
            raise
        except (MediaError, RequestRejected) as exc:
            return await self._reject(job, exc)
        job = await self.record(job, Event.SUBMIT_CLAIMED)
        event, facts = await self._send(job, call)
        return await lasting(lambda: self.record(job, event, facts), self._clock)

    async def _reject(self, job: Job, exc: AppError) -> Job:
        """End a job that cannot even be asked for; no call is made."""
        rejection = exc.rejection if isinstance(exc, RequestRejected) else Rejection.PICTURE
        job = await self.record(job, Event.SUBMIT_CLAIMED)
        facts = Facts(reason_detail=rejection)
        return await lasting(lambda: self.record(job, Event.REJECTED, facts), self._clock)

    async def _send(self, job: Job, call: Call) -> Verdict:
        try:
            event, facts = await self._steps.submit(job, call)
        except Exception as exc:  # noqa: BLE001 -- whatever became of a paid call is recorded
            log.warning("submit_failed", job_id=job.job_id, error=str(exc), kind=type(exc).__name__)
            self._learn_from(exc)
            return verdicts.after_submitting(exc, job, self._clock.now(), self._rng)
        self.gate.answered()
        deadline_at = self._clock.now() + timedelta(seconds=self._deadline_s)
        return event, replace(facts, deadline_at=deadline_at)

    def _learn_from(self, exc: Exception) -> None:
        now_s = self._clock.monotonic_s()
        if isinstance(exc, ProviderMisconfigured):
            if self.gate.refused(now_s, exc.cause):
                log.error("submitting_paused", cause=exc.cause)
                self._on_alarm(exc.cause)
        elif isinstance(exc, RequestRejected):
            self.gate.answered()
        elif isinstance(exc, ProviderUnavailable) and exc.is_throttled:
            wait_s = min(exc.retry_after_s or 2.0, schedule.RETRY_AFTER_MAX_S)
            self.gate.hold(now_s + wait_s)

    async def settle(self, job: Job, finding: Finding) -> Job:
        """Record how the watch over a running job ended."""
        outcome = finding.outcome
        if isinstance(outcome, Overdue):
            return await self.record(job, Event.DEADLINE)
        if not isinstance(outcome, Produced):
            return await self.record(
                job, Event.REMOTE_FAILED, Facts(reason_detail=outcome.rejection)
            )
        if not outcome.urls:
            return await self.record(job, Event.FILTERED)
        produced_at = self._clock.now()
        if finding.took_s is not None and job.submitted_at is not None:
            produced_at = job.submitted_at + timedelta(seconds=finding.took_s)
        facts = Facts(result_urls=outcome.urls, produced_at=produced_at)
        return await self.record(job, Event.PRODUCED, facts)

    async def collect(self, job: Job, *, tries: int) -> Job:
        """
        Download the results.

        Args:
            job: in COLLECTING.
            tries: how often it was tried before, by this process.

        Raises:
            MediaUnavailable: some did not come yet.
        """
        since_s = (self._clock.now() - (job.produced_at or job.updated_at)).total_seconds()
        is_last = tries + 1 >= COLLECT_TRIES_MIN and since_s >= schedule.COLLECT_BUDGET_S
        event, facts = await self._steps.collect(job, is_last=is_last)
        return await self.record(job, event, facts)

    async def deliver(self, job: Job) -> datetime | None:
        """Deliver what is open of an ended job; return when to go on, or None when done."""
        await self._herald.silence(job.job_id)
        return await self._courier.deliver_open(job)


def _note_end(job: Job) -> None:
    took_s = (job.updated_at - job.created_at).total_seconds()
    log.info(
        "job_ended",
        job_id=job.job_id,
        state=job.state.value,
        reason=job.reason.value if job.reason else None,
        model=job.request.model_id,
        platform=job.origin.platform,
        seconds=round(took_s, 1),
    )
