"""Conductor: finds out from a platform whether it took an acknowledgement that no row tells of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog

from core.clock import Clock
from core.errors import DeliveryRetryable
from core.jobs.delivery import Deliverer
from core.jobs.foreign import within
from core.jobs.job import Job

log = structlog.get_logger()

ACK_GRACE_S = 30.0
"""How long this process may take to note an acknowledgement before the platform is asked, in s."""
ASK_MAX_S = 10.0
"""How long one answer may take, in seconds; then the platform cannot tell just now."""
ASKED_FOR_S = 900.0
"""
How old a job may become, in seconds, while its platform cannot tell.

Source: an interaction's token is good for 15 minutes (discord.com/developers/docs/interactions,
"Followup Messages"): whoever asks later gets no answer worth having.
"""


class Acknowledgements:
    """Asks about jobs that stand there without an acknowledgement: was the user told or not?"""

    def __init__(
        self,
        deliverers: Mapping[str, Deliverer],
        clock: Clock,
        *,
        ask_max_s: float = ASK_MAX_S,
        is_alone: bool = True,
    ) -> None:
        """
        Take the platforms, and whether no other process takes orders for the same ledger.

        Then a job that was made before now was made by an earlier process, which is no more.
        """
        self._deliverers = deliverers
        self._clock = clock
        self._ask_max_s = ask_max_s
        self._began_at = clock.now()
        self._is_alone = is_alone

    def asked_at(self, job: Job) -> datetime:
        """Return when the platform is asked: whoever took the order may still be about to tell."""
        if self._is_alone and job.created_at < self._began_at:
            return job.created_at
        return job.created_at + timedelta(seconds=ACK_GRACE_S)

    async def was_taken(self, job: Job) -> bool:
        """
        Whether the platform took it; no, when it could not tell in ASKED_FOR_S.

        Raises:
            DeliveryRetryable: it cannot tell just now.
        """
        try:
            return await within(self._ask_max_s, self._ask(job))
        except Exception as exc:  # whatever the platform's trouble is, the question stays open
            if not isinstance(exc, DeliveryRetryable | TimeoutError):
                log.exception("acknowledgement_question_broke", job_id=job.job_id)
            if (self._clock.now() - job.created_at).total_seconds() >= ASKED_FOR_S:
                return False
            wait_s = exc.retry_after_s if isinstance(exc, DeliveryRetryable) else None
            raise DeliveryRetryable(str(exc), retry_after_s=wait_s) from exc

    async def _ask(self, job: Job) -> bool:
        deliverer = self._deliverers.get(job.origin.platform)
        if deliverer is None:
            raise DeliveryRetryable(f"{job.origin.platform} is not set up")
        return await deliverer.was_acknowledged(job)
