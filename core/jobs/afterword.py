"""Conductor: gives a card its last word once more, where a late report may have hidden it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import structlog

from core.clock import Clock
from core.errors import AppError, DeliveryGone, DeliveryRefused
from core.jobs.delivery import Deliverer
from core.jobs.foreign import within
from core.jobs.job import Delivery, Job
from core.jobs.lifecycle import DeliveryKind

_FINAL = DeliveryKind.CARD_FINAL

log = structlog.get_logger()

LIMIT_S = 10.0
"""How long one look may take, with the last word if that is due, in seconds."""
LOOK_S, LOOKS = 3.0, 10
"""How often, and how many times, the last word of another process is looked for."""
MOST = 512
"""How many cards are looked after at once; a process that slept may have lost all its jobs."""


class Afterword:
    """
    Looks after the cards of jobs that another process took while a report of ours was shown.

    A process that was stopped shows on waking what was true before, and learns only afterwards that
    others went on without it. A card that had its last word by then would never be right again.
    """

    def __init__(
        self,
        deliverers: Mapping[str, Deliverer],
        clock: Clock,
        *,
        load: Callable[[str], Awaitable[Job]],
        said: Callable[[str], Awaitable[tuple[Delivery, ...]]],
        owner: str,
    ) -> None:
        """Take how to read a job and what was said of it by anybody, and who we are."""
        self._deliverers = deliverers
        self._clock = clock
        self._load = load
        self._said = said
        self._owner = owner
        self._looking: set[str] = set()

    async def look_after(self, job_id: str) -> None:
        """Return once the card is right, as far as it is ours to see to, or nobody ends the job."""
        if job_id in self._looking or len(self._looking) >= MOST:
            return
        self._looking.add(job_id)
        try:
            for _ in range(LOOKS):
                await self._clock.sleep(LOOK_S)
                if await self.is_settled(job_id):
                    return
        finally:
            self._looking.discard(job_id)

    async def is_settled(self, job_id: str) -> bool:
        """Whether nothing is to be put right; says the last word again if another has said it."""
        try:
            return await within(LIMIT_S, self._is_settled(job_id))
        except (DeliveryGone, DeliveryRefused):
            return True  # there is no such card any more, or none that we may change
        except (AppError, TimeoutError) as exc:
            log.debug("last_word_put_off", job_id=job_id, error=str(exc))
        except Exception as exc:  # a look must not end, whatever goes wrong in it
            log.warning("last_word_broke", job_id=job_id, exc_info=exc)
        return False

    async def _is_settled(self, job_id: str) -> bool:
        job = await self._load(job_id)
        if job.owner == self._owner:
            return True  # ours: what we say next comes after what we have said
        if not job.is_terminal:
            return False
        said = await self._said(job_id)
        final = [row for row in said if (row.kind, row.seq) == (_FINAL, job.seq)]
        if final:
            await self._deliverers[job.origin.platform].deliver(job, final[-1], said, _noted)
            log.info("last_word_repeated", job_id=job_id)
        return bool(final)


async def _noted(facts: Mapping[str, object]) -> None:
    """Keep nothing: the delivery is recorded."""
