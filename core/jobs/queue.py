"""Conductor: all that an adapter may ask of the jobs."""

from __future__ import annotations

from core.clock import Clock
from core.jobs.dispatch import Dispatcher
from core.jobs.forgetting import Forgetting
from core.jobs.job import Admission, Delivery, Job, Order
from core.jobs.lasting import lasting
from core.jobs.lifecycle import Event
from core.jobs.quota import Limits, Usage
from core.jobs.store.ledger import Ledger
from core.media.spool import Spool

DEADLINE_S = 900.0
"""How long a job may take from its order to its result, in seconds."""


class JobQueue:
    """
    Takes orders and wishes; everything that returns has been committed.

    An order is only driven once its acknowledgement is known: `submit`, tell the platform, then
    `acknowledged` or `ack_refused`.
    """

    def __init__(
        self,
        ledger: Ledger,
        dispatch: Dispatcher,
        limits: Limits,
        clock: Clock,
        *,
        spool: Spool,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._ledger = ledger
        self._dispatch = dispatch
        self._limits = limits
        self._clock = clock
        self.forgetting = Forgetting(ledger, spool)
        """What Delete could not remove yet, for whoever tidies up."""
        self._deadline_s = deadline_s

    async def submit(self, order: Order) -> Admission:
        """
        Keep an order; the same act of the user (its dedupe key) finds the job it made before.

        Raises:
            QuotaExceeded: a limit is used up; nothing was kept.
            StoreUnavailable: nothing was kept, but for OrderInDoubt: then it may have been.
        """
        return await self._ledger.admit(
            order, limits=self._limits, deadline_s=self._deadline_s, now=self._clock.now()
        )

    async def acknowledged(self, job_id: str) -> None:
        """
        Have the job driven: the platform took the acknowledgement.

        However long the store takes: the user has been told, and nothing else knows of it.
        """
        now = self._clock.now()
        await lasting(lambda: self._ledger.acknowledge(job_id, now), self._clock)
        await self._dispatch.offer(job_id)

    async def ack_refused(self, job_id: str) -> None:
        """Withdraw the job: the platform did not take the acknowledgement, so nobody waits."""
        await self._wish(job_id, Event.ACK_REFUSED)

    async def cancel(self, job_id: str) -> Job | None:
        """
        Cancel the job, or note the wish while it is being submitted; None when it is too late.

        Raises:
            UnknownJob: there is no such job.
        """
        return await self._wish(job_id, Event.CANCEL)

    async def check_again(self, job_id: str) -> Job | None:
        """
        Ask the provider once more for the result of an ended job; None when it is too late.

        Raises:
            UnknownJob: there is no such job.
        """
        return await self._wish(job_id, Event.CHECK_AGAIN)

    async def show_again(self, job_id: str) -> Job | None:
        """
        Say again what a place had refused; None when nothing had been refused.

        Raises:
            UnknownJob: there is no such job.
        """
        job = await self._ledger.show_again(job_id, self._clock.now())
        if job is not None:
            await self._dispatch.offer(job_id)
        return job

    async def forget(self, job_id: str) -> Job | None:
        """
        Delete: remove words and pictures from the ledger and the spool; return what is left.

        The adapter deletes the job's messages first; they count as deleted from then on. None when
        the job has not ended, has something left to say, or is empty already. A picture stays
        where it is for as long as another job has it; one that cannot be removed at once is
        tried again until it is gone.

        Raises:
            UnknownJob: there is no such job.
        """
        return await self.forgetting.forget(job_id, self._clock.now())

    async def find_act(self, dedupe_key: str) -> Job | None:
        """Return the job that one act of a user made before, or None."""
        return await self._ledger.find_act(dedupe_key)

    async def get(self, job_id: str) -> Job:
        """Return the job; raises UnknownJob."""
        return await self._ledger.load(job_id)

    async def deliveries(self, job_id: str) -> tuple[Delivery, ...]:
        """Return what was and is to be said about the job."""
        return await self._ledger.deliveries(job_id)

    async def list_for(self, requester: str, limit: int) -> tuple[Job, ...]:
        """Return the requester's jobs, newest first."""
        return await self._ledger.list_for(requester, limit)

    async def list_with_deliveries(
        self, requester: str, limit: int
    ) -> tuple[tuple[Job, tuple[Delivery, ...]], ...]:
        """
        Return the requester's jobs, newest first, each with what was and is to be said about it.

        A result or a notice whose latest row is REFUSED can be shown again.
        """
        return await self._ledger.list_with_deliveries(requester, limit)

    async def usage(self, requester: str) -> Usage:
        """Return how much of the limits is taken."""
        return await self._ledger.usage(requester, self._clock.now())

    async def _wish(self, job_id: str, event: Event) -> Job | None:
        """Record what a user wants and have the worker see to what follows from it."""
        job = await self._ledger.record_as_user(job_id, event, self._clock.now())
        if job is not None:
            await self._dispatch.offer(job_id)
        return job
