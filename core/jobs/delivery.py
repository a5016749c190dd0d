"""Port: what a platform does for a job, whichever platform it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from core.jobs.job import Delivery, Job, Receipt
from core.media.item import MediaItem

Note = Callable[[Mapping[str, object]], Awaitable[None]]
"""Commits facts to the delivery's row between two calls, under the job's fence (StaleJob)."""


class Deliverer(Protocol):
    """Fetches what a user gave and says what there is to say, on one platform."""

    async def was_acknowledged(self, job: Job) -> bool:
        """
        Whether the platform took the acknowledgement of this job.

        Asked only of a job whose row does not say so, because a process died or the store failed
        in between; may be asked again. An adapter whose platform cannot be asked says what does
        its users less harm.

        Raises:
            DeliveryRetryable: it cannot tell just now.
        """
        ...

    async def fetch(self, job: Job) -> tuple[MediaItem, ...]:
        """
        Bring the user's pictures into the spool, unprepared, in order.

        Raises:
            MediaError: the picture cannot be had or used; MediaUnavailable may be tried again.
        """
        ...

    async def deliver(
        self, job: Job, delivery: Delivery, sent: tuple[Delivery, ...], note: Note
    ) -> Receipt:
        """
        Say one thing once; `sent` are the job's earlier deliveries with what they recorded.

        Called again with the same delivery after a crash: it must find out by itself whether
        the earlier try arrived.

        Raises:
            DeliveryRetryable: the same call later.
            DeliveryRefused: never here.
            DeliveryGone: there is nothing left to edit.
        """
        ...

    async def progress(self, job: Job, sent: tuple[Delivery, ...]) -> None:
        """
        Show the job's present state, at once or not at all; best effort, newest wins.

        Raises:
            DeliveryRetryable: there is no room for it just now; with `retry_after_s` it is called
                again, with what is newest then.
        """
        ...

    async def reference_urls(self, job: Job, sent: tuple[Delivery, ...]) -> tuple[str, ...] | None:
        """Return public addresses of the prepared pictures, or None to use our own links."""
        ...
