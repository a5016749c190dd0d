"""Conductor: from one job to the next: run again, edit and run, use as input."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from adapters.desk import Desk
from adapters.discord import places, trail, words
from adapters.discord.drafting import Drafting
from adapters.discord.interactions import Interaction
from adapters.discord.markup import escaped
from adapters.discord.ordering import Ordering, Wanted
from adapters.discord.origin import PLATFORM
from adapters.discord.private import private_view
from adapters.discord.reply import Reply
from core import request as requests
from core.jobs.job import Job
from core.request import GenerationRequest

ONE_ACT: Final = timedelta(seconds=5)
"""Clicks of one person on one job's Run again within this time are one act."""


class Runs:
    """Makes orders and forms of earlier jobs."""

    def __init__(self, desk: Desk, ordering: Ordering, drafting: Drafting) -> None:
        self._desk = desk
        self._ordering = ordering
        self._drafting = drafting

    async def again(self, reply: Reply, job: Job) -> None:
        """
        Order the same once more; two clicks in a row are one order.

        Raises InvalidRequest for what the place, or the catalogue of today, rules out.
        """
        told = reply.interaction
        if self._desk.catalogue.find(job.request.model_id) is None:
            await reply.tell(private_view(escaped(words.MODEL_GONE)))
            return
        sources = trail.references(job, await self._desk.queue.deliveries(job.job_id))
        wanted = Wanted(sources=sources, values=_values(job.request))
        request = self._ordering.read(told, wanted)
        if await self._was_just_ordered(job, told):
            await reply.tell(private_view(escaped(words.ONE_CLICK)))
            return
        key = _act(job, told, _window(told))
        await self._ordering.order(reply, request, sources, dedupe_key=key)

    async def edit(self, reply: Reply, job: Job) -> None:
        """Open the form with everything that the job had."""
        self._ordering.check(reply.interaction)
        sources = trail.references(job, await self._desk.queue.deliveries(job.job_id))
        await self._drafting.open(reply, sources, _values(job.request))

    async def use_as_input(self, reply: Reply, job: Job) -> None:
        """Open the form over what the job made; of several pictures, one is chosen there."""
        self._ordering.check(reply.interaction)
        sources = trail.outputs(job, await self._desk.queue.deliveries(job.job_id))
        await self._drafting.open(reply, sources, _values(job.request), pick=True)

    async def _was_just_ordered(self, job: Job, told: Interaction) -> bool:
        """Whether the same person made the same order in the window before, and moments ago."""
        before = await self._desk.queue.find_act(_act(job, told, _window(told) - 1))
        if before is None or before.can_be_revived:
            return False
        return self._desk.clock.now() - before.created_at < ONE_ACT


def _act(job: Job, told: Interaction, window: int) -> str:
    """Return the key of running a job again by one person in one window of time."""
    return f"{PLATFORM}:again:{job.job_id}:{told.user_id}:{window}"


def _window(told: Interaction) -> int:
    """Return which window of ONE_ACT a click fell into, by Discord's own clock."""
    return (places.made_at(told.interaction_id) - places.EPOCH) // ONE_ACT


def _values(request: GenerationRequest) -> dict[str, str]:
    """Return what the request was made of, as text; the pictures go another way."""
    kept = requests.to_json(request)
    kept["model"] = kept.pop("model_id")
    del kept["image_count"]
    return {name: str(value) for name, value in kept.items() if value is not None}
