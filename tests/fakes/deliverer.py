"""
A place to deliver to that remembers what was said, and fails as it is told to.

Like a chat it knows a message by its nonce: what is said twice under one nonce appears once, as
long as the deliverer looks (`reconciles`), and `posts` counts what appeared.
"""

from __future__ import annotations

import asyncio
import collections
from collections.abc import Callable
from dataclasses import dataclass, field

from core.jobs.delivery import Note
from core.jobs.job import Delivery, Job, Receipt
from core.jobs.lifecycle import DeliveryKind, State
from core.media.item import MediaItem

PLATFORM = "fake"


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """One thing that appeared in the place."""

    job_id: str
    kind: DeliveryKind
    seq: int
    state: State
    """The job's state when it was said."""
    outputs: int
    """How many pictures came with it."""


@dataclass(kw_only=True)
class RecordingDeliverer:
    """A deliverer whose place is a list."""

    pictures: tuple[MediaItem, ...] = ()
    """What `fetch` gives for every job."""
    notes: bool = True
    """Whether it commits something between two calls, as for uploads."""
    urls: tuple[str, ...] | None = None
    """What `reference_urls` gives."""
    acknowledged: bool = False
    """What `was_acknowledged` says."""
    questions: int = 0
    """How often it was asked."""
    said: list[Said] = field(default_factory=list)
    shown: list[Job] = field(default_factory=list)
    """What `progress` was called with."""
    calls: collections.Counter[DeliveryKind] = field(default_factory=collections.Counter)
    fetches: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    _posted: dict[str, dict[str, object]] = field(default_factory=dict)
    _troubles: dict[str, collections.deque[Exception]] = field(
        default_factory=lambda: collections.defaultdict(collections.deque)
    )
    _gates: dict[str, asyncio.Event] = field(default_factory=dict)

    def fail(self, what: str, error: Exception, *, times: int = 1) -> None:
        """Raise `error` from the next calls of a method, or of a delivery's kind."""
        self._troubles[what].extend([error] * times)

    def hold(self, what: str) -> Callable[[], None]:
        """Keep calls of this sort waiting, after they took effect; return what lets them go on."""
        gate = self._gates[what] = asyncio.Event()
        return gate.set

    def posts(self, job_id: str) -> list[str]:
        """Return the kinds of what appeared about a job, in order."""
        return [said.kind.value for said in self.said if said.job_id == job_id]

    def last(self, job_id: str, kind: DeliveryKind) -> Said:
        """Return what was last said of this kind."""
        return [said for said in self.said if (said.job_id, said.kind) == (job_id, kind)][-1]

    async def was_acknowledged(self, job: Job) -> bool:
        self.questions += 1
        answer = self.acknowledged
        await self._act("was_acknowledged")
        return answer

    async def fetch(self, job: Job) -> tuple[MediaItem, ...]:
        self.fetches += 1
        await self._act("fetch")
        return self.pictures

    async def deliver(
        self, job: Job, delivery: Delivery, sent: tuple[Delivery, ...], note: Note
    ) -> Receipt:
        self.calls[delivery.kind] += 1
        trouble = self._troubles[delivery.kind]
        if trouble:
            raise trouble.popleft()
        if self.notes:
            await note({"looked": True})
        if delivery.nonce not in self._posted:
            self._posted[delivery.nonce] = {"message": str(len(self.said))}
            self.said.append(
                Said(
                    job_id=job.job_id,
                    kind=delivery.kind,
                    seq=delivery.seq,
                    state=job.state,
                    outputs=len(job.outputs),
                )
            )
            self.changed.set()
        await self._act(delivery.kind)
        return Receipt(data=self._posted[delivery.nonce])

    async def progress(self, job: Job, sent: tuple[Delivery, ...]) -> None:
        self.shown.append(job)
        await self._act("progress")

    async def reference_urls(self, job: Job, sent: tuple[Delivery, ...]) -> tuple[str, ...] | None:
        return self.urls

    async def _act(self, what: str) -> None:
        trouble = self._troubles[what]
        if trouble:
            raise trouble.popleft()
        if what in self._gates:
            await self._gates[what].wait()
