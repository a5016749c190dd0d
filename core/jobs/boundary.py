"""Conductor: the line that no error of one job crosses: it is tried again, or ended, or dropped."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from core.clock import Clock
from core.errors import MediaUnavailable, StaleJob, StoreUnavailable
from core.jobs import schedule, verdicts
from core.jobs.foreign import is_asked_to_end
from core.jobs.holds import Entry, Holds
from core.jobs.schedule import Backoff
from core.jobs.store.ledger import Ledger

log = structlog.get_logger()

STUMBLES_MAX = 5
"""How often a step may break in a way nobody foresaw before its job is ended."""

_PASSING = (StoreUnavailable, MediaUnavailable)
"""After these the same step is tried again for as long as the job has time."""

Step = Callable[[Entry], Awaitable[None]]
"""What is done for one held job."""


class Elsewhere(Exception):
    """This process has not got what the job needs, and another one may."""


class Boundary:
    """
    Wraps steps, so that each job bears its own troubles alone.

    A job that was moved by somebody else is dropped without a word. One whose step breaks is held
    back for a growing while; after STUMBLES_MAX times it is ended in the way its state provides.
    """

    def __init__(
        self, ledger: Ledger, holds: Holds, clock: Clock, *, rng: random.Random, owner: str
    ) -> None:
        """Take the parts; `owner` is the name under which this process claims jobs."""
        self._ledger = ledger
        self._holds = holds
        self._clock = clock
        self._rng = rng
        self._owner = owner
        self._tries: dict[str, int] = {}

    def around(
        self, step: Step, *, take: Callable[[str], None], leave: Callable[[str], None]
    ) -> Step:
        """
        Return `step` with the boundary around it.

        `take` has a job claimed anew, `leave` drops one that is somebody else's by now.
        """

        async def guarded(entry: Entry) -> None:
            if not self._holds.begin(entry):
                return
            try:
                is_ours = await self._survive(entry, step)
            finally:
                self._holds.end(entry)
            if entry.again:
                take(entry.job_id)
            elif not is_ours:
                leave(entry.job_id)

        return guarded

    def tries(self, job_id: str) -> int:
        """Return how often the present step of a job was held back."""
        return self._tries.get(job_id, 0)

    def clear(self, job_id: str) -> None:
        """Forget what the job stumbled over: it came on."""
        self._tries.pop(job_id, None)

    def retry(self, job_id: str, backoff: Backoff, *, retry_after_s: float | None = None) -> None:
        """Hold the job back for a while, longer each time; then it is claimed anew."""
        tries = self.tries(job_id)
        self._tries[job_id] = tries + 1
        wait_s = backoff.delay_s(tries, self._rng, retry_after_s=retry_after_s)
        self._holds.park(job_id, self._clock.now() + timedelta(seconds=wait_s))

    async def _survive(self, entry: Entry, step: Step) -> bool:
        """Carry the step out, and return whether the job is still ours as far as we know."""
        try:
            await step(entry)
        except StaleJob:
            return await self._is_still_ours(entry)
        except Elsewhere:
            if self.tries(entry.job_id):  # held back for a while before, so that it does not spin
                return False
            self.retry(entry.job_id, schedule.STUMBLE_BACKOFF)
        except _PASSING as exc:
            log.info("step_put_off", job_id=entry.job_id, error=str(exc))
            self.retry(entry.job_id, schedule.STUMBLE_BACKOFF)
        except asyncio.CancelledError:
            if is_asked_to_end():
                raise
            log.exception("step_abandoned", job_id=entry.job_id)
            await self._stumble(entry)
        except Exception:
            log.exception("step_broke", job_id=entry.job_id)
            await self._stumble(entry)
        return True

    async def _is_still_ours(self, entry: Entry) -> bool:
        """Take the job up again if it is still ours: its user moved it, and no other owner."""
        try:
            job = await self._ledger.load(entry.job_id)
        except Exception as exc:  # a row that cannot be read must not stop the others
            log.warning("job_dropped", job_id=entry.job_id, exc_info=exc)
            return False
        entry.again = entry.again or job.owner == self._owner
        return entry.again

    async def _stumble(self, entry: Entry) -> None:
        job_id = entry.job_id
        try:
            if self.tries(job_id) + 1 >= STUMBLES_MAX and await self._has_ended(job_id):
                entry.again = True
        except Exception as exc:  # a row that cannot be read must not stop the others
            log.warning("ending_put_off", job_id=job_id, exc_info=exc)
        self.retry(job_id, schedule.STUMBLE_BACKOFF)

    async def _has_ended(self, job_id: str) -> bool:
        """End a job in the way its state provides; False when it has ended, or is not ours."""
        job = await self._ledger.load(job_id)
        event = verdicts.GIVES_UP.get(job.state)
        if event is None or job.owner != self._owner:
            return False
        log.error("job_given_up", job_id=job_id, state=job.state)
        await self._ledger.record(job, event, self._clock.now())
        return True
