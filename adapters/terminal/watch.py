"""Conductor: watches jobs until everything about them has been said, or the user has enough."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field

from adapters import presentation
from adapters.outcomes import paused_by
from adapters.presentation import JobCard
from adapters.terminal import render
from adapters.terminal.interrupts import Interrupts
from adapters.terminal.parts import Parts
from adapters.terminal.resume import Seen
from adapters.terminal.views import View
from core.errors import Misconfiguration
from core.jobs.job import OPEN_DELIVERIES, Job
from core.jobs.lifecycle import ACTIVE, State

LOOK_EVERY_S = 0.1
"""Longest wait between two looks at the ledger; the deliverer wakes us earlier."""

PATIENCE_S = 10.0
"""How long a cancelled job may take to end before we stop looking, in seconds."""


@dataclass
class Watch:
    """The jobs of one command, as last seen."""

    parts: Parts
    view: View
    interrupts: Interrupts
    expected_s: dict[str, float | None] = field(default_factory=dict)
    """By model."""
    seen: tuple[Seen, ...] = ()
    refused: Misconfiguration | None = None
    """What has to be mended first; whoever sits here is the one to do it, so nobody waits."""

    async def until_said(self, job_ids: Sequence[str]) -> tuple[Seen, ...]:
        """
        Return the jobs when they have ended and all their deliveries are closed.

        After an interrupt they are cancelled, and returned as they are after `PATIENCE_S`; after
        a second interrupt at once. Those that cannot be sent until a setting is mended are
        withdrawn.
        """
        give_up_at_s: float | None = None
        self.view.follow(self.cards)
        while True:
            self.parts.deliverer.changed.clear()
            await self._look(job_ids)
            if all(map(_is_said, self.seen)) or self.interrupts.force:
                return self.seen
            if give_up_at_s is None and self.interrupts.stop:
                give_up_at_s = self.parts.clock.monotonic_s() + PATIENCE_S
                self.view.say(render.line(_CANCELLING, "yellow"))
                await self._cancel(ACTIVE)
            if self.refused is None and self._cannot_be_sent():
                await self._cancel({State.RECEIVED, State.QUEUED})
            if give_up_at_s is not None and self.parts.clock.monotonic_s() >= give_up_at_s:
                return self.seen
            await self.parts.clock.wait(self.parts.deliverer.changed, LOOK_EVERY_S)

    async def first_look(self, job_ids: Sequence[str]) -> tuple[JobCard, ...]:
        """Return the jobs as they stand, before anybody waits for them."""
        self.seen = tuple([await self._at(job_id) for job_id in job_ids])
        for seen in self.seen:
            await self._expect(seen.job)
        return self.cards()

    def cards(self) -> tuple[JobCard, ...]:
        """Return what there is to say about each job now."""
        return tuple(self.card(seen.job) for seen in self.seen)

    def card(self, job: Job) -> JobCard:
        """Return what there is to say about one job now."""
        return presentation.card(
            job,
            self.parts.catalogue[job.request.model_id],
            now=self.parts.clock.now(),
            expected_s=self.expected_s.get(job.request.model_id),
        )

    async def _look(self, job_ids: Sequence[str]) -> None:
        for card in await self.first_look(job_ids):
            self.view.moved(card)

    async def _at(self, job_id: str) -> Seen:
        job = self.parts.deliverer.as_told(await self.parts.queue.get(job_id))
        if not job.is_terminal:
            return Seen(job=job)
        return Seen(job=job, deliveries=await self.parts.queue.deliveries(job_id))

    async def _expect(self, job: Job) -> None:
        model = self.parts.catalogue[job.request.model_id]
        if model.model_id not in self.expected_s:
            self.expected_s[model.model_id] = await self.parts.expect(model)

    def _cannot_be_sent(self) -> bool:
        paused = (paused_by(seen.job) for seen in self.seen)
        self.refused = next((cause for cause in paused if cause), None)
        return self.refused is not None

    async def _cancel(self, states: Container[State]) -> None:
        for seen in self.seen:
            if seen.job.state in states:
                await self.parts.queue.cancel(seen.job.job_id)


_CANCELLING = "Cancelling; Ctrl-C once more stops at once."


def _is_said(seen: Seen) -> bool:
    if not seen.job.is_terminal:
        return False
    return not any(delivery.state in OPEN_DELIVERIES for delivery in seen.deliveries)
