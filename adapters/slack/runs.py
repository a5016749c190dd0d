"""Conductor: from one job to the next: run again, edit and run, use as input."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from adapters.desk import Desk
from adapters.slack import trail, words
from adapters.slack.drafting import Drafting
from adapters.slack.drafts import Sketch
from adapters.slack.interactions import Interaction
from adapters.slack.ordering import Ordering, Place, Wanted, place_of
from adapters.slack.origin import PLATFORM, of
from adapters.slack.reply import Reply
from core import request as requests
from core.jobs.job import Job
from core.request import GenerationRequest

ONE_ACT: Final = timedelta(seconds=5)
"""Clicks of one person on one job's Run again within this time are one act."""
ACTS_MAX: Final = 1000
"""How many acts are remembered: all that are under way, since each is answered in seconds."""
_EPOCH: Final = datetime.fromtimestamp(0, UTC)


class Runs:
    """Makes orders and forms of earlier jobs."""

    def __init__(self, desk: Desk, ordering: Ordering, drafting: Drafting) -> None:
        self._desk = desk
        self._ordering = ordering
        self._drafting = drafting
        self._began: dict[tuple[str, str], datetime] = {}

    async def again(self, reply: Reply, job: Job) -> None:
        """
        Order the same once more; two clicks in a row are one order.

        Raises InvalidRequest for what the place, or the catalogue of today, rules out.
        """
        told = reply.interaction
        if self._desk.catalogue.find(job.request.model_id) is None:
            await reply.say(words.MODEL_GONE)
            return
        wanted = Wanted(
            place=_place(told, job), sources=trail.references(job), values=_values(job.request)
        )
        request = self._ordering.read(told, wanted)
        began_at = self._began_at(job, told)
        if await self._was_just_ordered(job, told, began_at):
            await reply.say(words.ONE_CLICK)
            return
        key = _act(job, told, _window(began_at))
        await self._ordering.order(reply, request, wanted, dedupe_key=key)

    async def edit(self, reply: Reply, job: Job) -> None:
        """Open the form with everything that the job had."""
        self._ordering.check(reply.interaction, reply.interaction.channel_id)
        sketch = Sketch(
            place=_place(reply.interaction, job),
            sources=trail.references(job),
            values=_values(job.request),
        )
        await self._drafting.open(reply, sketch)

    async def use_as_input(self, reply: Reply, job: Job) -> None:
        """Open the form over what the job made; of several pictures, some are chosen there."""
        self._ordering.check(reply.interaction, reply.interaction.channel_id)
        sketch = Sketch(
            place=_place(reply.interaction, job),
            sources=trail.outputs(job, await self._desk.queue.deliveries(job.job_id)),
            values=_values(job.request),
            pick=True,
        )
        await self._drafting.open(reply, sketch)

    def _began_at(self, job: Job, told: Interaction) -> datetime:
        """Return when the act began that a click belongs to: its other click may be under way."""
        act = (job.job_id, told.user_id)
        began_at = self._began.pop(act, told.acted_at)
        if abs(told.acted_at - began_at) >= ONE_ACT:
            began_at = told.acted_at
        self._began[act] = began_at
        if len(self._began) > ACTS_MAX:
            del self._began[next(iter(self._began))]
        return began_at

    async def _was_just_ordered(self, job: Job, told: Interaction, began_at: datetime) -> bool:
        """Whether the same person made the same order in the window before, and moments ago."""
        before = await self._desk.queue.find_act(_act(job, told, _window(began_at) - 1))
        if before is None or before.can_be_revived:
            return False
        return self._desk.clock.now() - before.created_at < ONE_ACT


def _place(told: Interaction, job: Job) -> Place:
    """Return where the next job goes: beside the one whose button was pressed."""
    here = place_of(told)
    if not trail.is_of(job, told.channel_id):
        return here
    return Place(
        entry=here.entry,
        channel_id=here.channel_id,
        thread_ts=of(job.origin).thread_ts,
        response_url=here.response_url,
        response_url_expires_at=here.response_url_expires_at,
    )


def _act(job: Job, told: Interaction, window: int) -> str:
    """Return the key of running a job again by one person in one window of time."""
    return f"{PLATFORM}:again:{job.job_id}:{told.user_id}:{window}"


def _window(acted_at: datetime) -> int:
    """Return which window of ONE_ACT a click fell into, by Slack's own clock."""
    return (acted_at - _EPOCH) // ONE_ACT


def _values(request: GenerationRequest) -> dict[str, str]:
    """Return what the request was made of, as text; the pictures go another way."""
    kept = requests.to_json(request)
    kept["model"] = kept.pop("model_id")
    del kept["image_count"]
    return {name: str(value) for name, value in kept.items() if value is not None}
