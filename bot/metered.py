"""Conductor: counts what passes between the worker and the chats, and between it and the API."""

from __future__ import annotations

from typing import Final

from bot.metrics import Metrics
from core.clock import Clock
from core.errors import (
    AppError,
    DeliveryGone,
    DeliveryRefused,
    DeliveryRetryable,
    Misconfiguration,
    OutcomeUnknown,
    ProviderMisconfigured,
    ProviderUnavailable,
    Rejection,
    RequestRejected,
    StaleJob,
)
from core.jobs.delivery import Deliverer, Note
from core.jobs.job import Delivery, Job, Receipt
from core.jobs.lifecycle import DeliveryKind
from core.jobs.steps import Provider
from core.media.item import MediaItem
from core.provider.dialect import Call, Pending, Poll, Produced

TROUBLES_OF_CALLS: Final = (
    "throttled",
    "unavailable",
    "outcome_unknown",
    "broke",
    *(f"rejected_{rejection.value}" for rejection in Rejection),
    *(f"misconfigured_{cause.value}" for cause in Misconfiguration),
)
"""All that `outcome_of_call` says."""
TROUBLES_OF_DELIVERIES: Final = ("put_off", "refused", "gone", "taken_over", "failed", "broke")
"""All that `outcome_of_delivery` says."""


class MeteredProvider:
    """The API, with every call counted by what came of it."""

    def __init__(self, provider: Provider, metrics: Metrics) -> None:
        self._provider = provider
        self._metrics = metrics
        for outcome in ("accepted", *TROUBLES_OF_CALLS):
            metrics.submits.labels(outcome)
        for outcome in ("pending", "produced", "failed", *TROUBLES_OF_CALLS):
            metrics.polls.labels(outcome)

    async def submit(self, call: Call) -> str:
        """Send a paid call; raises ProviderError."""
        try:
            remote_task_id = await self._provider.submit(call)
        except Exception as exc:
            self._metrics.submits.labels(outcome_of_call(exc)).inc()
            raise
        self._metrics.submits.labels("accepted").inc()
        return remote_task_id

    async def poll(self, remote_task_id: str) -> Poll:
        """Ask how a remote task stands; raises ProviderError."""
        try:
            answer = await self._provider.poll(remote_task_id)
        except Exception as exc:
            self._metrics.polls.labels(outcome_of_call(exc)).inc()
            raise
        self._metrics.polls.labels(_outcome_of_poll(answer)).inc()
        return answer


class MeteredDeliverer:
    """A chat, with everything that is said there counted by what came of it."""

    def __init__(
        self, deliverer: Deliverer, metrics: Metrics, clock: Clock, *, platform: str
    ) -> None:
        self._deliverer = deliverer
        self._metrics = metrics
        self._clock = clock
        self._platform = platform
        for outcome in ("sent", *TROUBLES_OF_DELIVERIES):
            for kind in DeliveryKind:
                metrics.deliveries.labels(platform, kind.value, outcome)
        for outcome in ("shown", *TROUBLES_OF_DELIVERIES):
            metrics.edits.labels(platform, outcome)

    async def was_acknowledged(self, job: Job) -> bool:
        """Whether the platform took the acknowledgement; raises DeliveryRetryable."""
        return await self._deliverer.was_acknowledged(job)

    async def fetch(self, job: Job) -> tuple[MediaItem, ...]:
        """Bring the user's pictures into the spool; raises MediaError."""
        return await self._deliverer.fetch(job)

    async def deliver(
        self, job: Job, delivery: Delivery, sent: tuple[Delivery, ...], note: Note
    ) -> Receipt:
        """Say one thing once; raises DeliveryError."""
        tries = self._metrics.deliveries
        try:
            receipt = await self._deliverer.deliver(job, delivery, sent, note)
        except Exception as exc:
            tries.labels(self._platform, delivery.kind.value, outcome_of_delivery(exc)).inc()
            raise
        tries.labels(self._platform, delivery.kind.value, "sent").inc()
        if delivery.kind is DeliveryKind.RESULT and delivery.seq == 0:
            self._time(job)
        return receipt

    async def progress(self, job: Job, sent: tuple[Delivery, ...]) -> None:
        """Show the job's present state, or not; raises DeliveryRetryable."""
        try:
            await self._deliverer.progress(job, sent)
        except Exception as exc:
            self._metrics.edits.labels(self._platform, outcome_of_delivery(exc)).inc()
            raise
        self._metrics.edits.labels(self._platform, "shown").inc()

    async def reference_urls(self, job: Job, sent: tuple[Delivery, ...]) -> tuple[str, ...] | None:
        """Return public addresses of the prepared pictures, or None."""
        return await self._deliverer.reference_urls(job, sent)

    def _time(self, job: Job) -> None:
        total_s = (self._clock.now() - job.created_at).total_seconds()
        self._metrics.job_s.labels(self._platform).observe(max(total_s, 0.0))
        if job.submitted_at is not None and job.produced_at is not None:
            took_s = (job.produced_at - job.submitted_at).total_seconds()
            self._metrics.task_s.labels(job.request.model_id).observe(max(took_s, 0.0))


def outcome_of_call(error: Exception) -> str:
    """Return in one word why a call to the API failed."""
    match error:
        case ProviderUnavailable(is_throttled=True):
            return "throttled"
        case ProviderUnavailable():
            return "unavailable"
        case RequestRejected():
            return f"rejected_{error.rejection.value}"
        case ProviderMisconfigured():
            return f"misconfigured_{error.cause.value}"
        case OutcomeUnknown():
            return "outcome_unknown"
        case _:
            return "broke"


def outcome_of_delivery(error: Exception) -> str:
    """Return in one word why something could not be said in a chat."""
    match error:
        case DeliveryRetryable():
            return "put_off"
        case DeliveryRefused():
            return "refused"
        case DeliveryGone():
            return "gone"
        case StaleJob():
            return "taken_over"
        case AppError():
            return "failed"
        case _:
            return "broke"


def _outcome_of_poll(answer: Poll) -> str:
    match answer:
        case Pending():
            return "pending"
        case Produced():
            return "produced"
        case _:
            return "failed"
