"""Conductor: which jobs this process holds, wherever they wait, and how it comes to let go."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import structlog

from core.clock import Clock
from core.errors import AppError
from core.jobs.boundary import Boundary, Step
from core.jobs.dispatch import Dispatcher
from core.jobs.holds import Entry, Holds
from core.jobs.poller import Poller
from core.jobs.standing import compare
from core.jobs.store.ledger import Ledger

SWEEP_S = 60.0
"""Between two looks for jobs that nobody holds, in seconds."""
SWEEP_AGAIN_S = 5.0
"""The same after a look for which the ledger could not be read."""

log = structlog.get_logger()


class Custody:
    """
    The jobs that are ours, among the holds or watched by the poller.

    Only during a step may nobody else of this process touch a job; what comes up meanwhile is
    looked at afterwards, by claiming the job anew.
    """

    def __init__(
        self,
        ledger: Ledger,
        dispatch: Dispatcher,
        poller: Poller,
        clock: Clock,
        *,
        holds: Holds,
        boundary: Boundary,
        owner: str,
        claim: Callable[[str], None],
    ) -> None:
        """Take the parts; `owner` names this process in the ledger, `claim` has a job claimed."""
        self._ledger = ledger
        self._dispatch = dispatch
        self._poller = poller
        self._holds = holds
        self._boundary = boundary
        self._clock = clock
        self._owner = owner
        self._claim = claim
        self._is_retired = False
        """Whether nothing new is begun: what a step leaves behind is for others."""

    def take(self, job_id: str) -> None:
        """Claim the job as soon as possible, wherever it waits; after its step if it is in one."""
        held = self._holds.of(job_id)
        if held is not None and held.is_busy:
            held.again = True
            return
        self._poller.forget(job_id)
        self._claim(job_id)

    def leave(self, job_id: str) -> None:
        """Drop a job that is somebody else's, unless a step is under way: its record finds out."""
        held = self._holds.of(job_id)
        if held is not None and held.is_busy:
            return
        self._poller.forget(job_id)
        self._boundary.clear(job_id)
        self._holds.let_go(job_id)
        self._dispatch.give_back(job_id)

    def forget(self, job_id: str) -> None:
        """Let go of a job with which there is nothing left to do."""
        self._boundary.clear(job_id)
        self._holds.let_go(job_id)
        self._dispatch.done(job_id)

    def retire(self) -> None:
        """Leave to others what is in no step; the rest follows as the steps end."""
        self._is_retired = True
        self._dispatch.retire()
        for job_id, _ in tuple(self._held()):
            self.leave(job_id)

    def guarded(self, step: Step) -> Step:
        """Return `step` with the boundary around it; once retired, its job is left to others."""
        guarded = self._boundary.around(step, take=self.take, leave=self.leave)

        async def carried_out(entry: Entry) -> None:
            try:
                await guarded(entry)
            finally:
                if self._is_retired:
                    self.leave(entry.job_id)

        return carried_out

    async def watch(self) -> None:
        """Look for what fell through: a lost offer, an act or a claim of another process."""
        wait_s = SWEEP_S
        while True:
            await self._clock.wait(self._dispatch.unsure, wait_s)
            self._dispatch.unsure.clear()
            try:
                await self._look_around()
            except AppError as exc:
                log.warning("sweep_put_off", error=str(exc))
                wait_s = SWEEP_AGAIN_S
            else:
                wait_s = SWEEP_S

    async def _look_around(self) -> None:
        held = dict(self._held())
        found = compare(await self._ledger.standing(), held, self._owner)
        for job_id in found.changed:
            self.take(job_id)
        for job_id in found.lost:
            self.leave(job_id)
        await self._dispatch.adopt(
            job_id
            for job_id in found.unheld
            if job_id not in self._holds and job_id not in self._poller
        )

    def _held(self) -> Iterator[tuple[str, int | None]]:
        """Yield each job that is held, and its fence where that is known and no step changes it."""
        for entry in self._holds:
            yield entry.job_id, entry.job.fence if entry.job and not entry.is_busy else None
        yield from self._poller.fences().items()
