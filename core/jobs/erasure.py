"""
Conductor: forgets a person: all they ordered until then, in the ledger and in the spool.

The wish is a row of its own, and goes with the last of what it is about: whoever is killed in
between, the next one goes on. Jobs under way are cancelled; one that is being submitted or whose
pictures are being downloaded is waited for, since it is paid for and its end is told.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import structlog

from core.clock import Clock
from core.jobs.forgetting import Forgetting, pictures_of
from core.jobs.store.erasing import Erasing
from core.jobs.store.ledger import Ledger

log = structlog.get_logger()

PAGE = 100
"""Jobs of a person that are looked up at once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Erased:
    """What one round of forgetting came to."""

    jobs: int = 0
    """Jobs that bear the name no more."""
    drafts: int = 0
    left: int = 0
    """Jobs under way that have to end first."""


class Erasure:
    """Carries out wishes to be forgotten; any process may, several at a time do no harm."""

    def __init__(self, ledger: Ledger, forgetting: Forgetting, clock: Clock) -> None:
        self._ledger = ledger
        self._store = ledger.erasing
        self._forgetting = forgetting
        self._clock = clock

    async def begin(self, requester: str) -> Erasing:
        """
        Keep the wish, about all that was ordered until now.

        Raises:
            StoreUnavailable: it was not kept.
        """
        return await self._store.note(requester, self._clock.now())

    async def advance(self, erasing: Erasing) -> Erased:
        """
        Do all that can be done now; with nothing left, the wish is done.

        Raises:
            StoreUnavailable: some of it was not done; it can be done again.
        """
        drafts = await self._store.drop_drafts(erasing)
        done = left = 0
        async for job_id in self._jobs(erasing):
            if await self._erase(job_id):
                done += 1
            else:
                left += 1
        if not left:
            await self._store.end(erasing)
        log.info("person_forgotten", jobs=done, drafts=drafts, left=left)
        return Erased(jobs=done, drafts=drafts, left=left)

    async def finish(self) -> None:
        """Go on with every wish that is not done; raises StoreUnavailable."""
        for erasing in await self._store.noted():
            await self.advance(erasing)

    async def _jobs(self, erasing: Erasing) -> AsyncIterator[str]:
        after = ""
        while found := await self._store.jobs_of(erasing, after=after, limit=PAGE):
            for job_id in found:
                yield job_id
            after = found[-1]

    async def _erase(self, job_id: str) -> bool:
        settled = await self._store.settle(job_id, self._clock.now())
        if settled is None:
            return False
        # The pictures first: as long as the row has them, whoever goes on knows of them.
        await self._forgetting.remove(pictures_of(settled.job, settled.deliveries), of_job=job_id)
        return await self._store.erase(job_id, self._clock.now())
