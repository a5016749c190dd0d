"""Orders for a ledger, and jobs of it brought to any state by what really happens to jobs."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from core.jobs.job import Facts, Job, Order, Origin
from core.jobs.lifecycle import Event, Reason, State
from core.jobs.quota import Limits
from core.jobs.store.ledger import Ledger
from core.media.item import Kind, MediaItem
from core.request import GenerationRequest
from tests.fakes.clock import START

NO_LIMITS = Limits(jobs_per_user=0, pictures_per_user_day=0, max_batch=0, queue_max=0)
SOON = START + timedelta(seconds=1)
DEADLINE_S = 900.0
PREPARED = MediaItem(sha256="a" * 64, kind=Kind.JPEG, size_bytes=9, width_px=4, height_px=3)
OUTPUT = MediaItem(sha256="b" * 64, kind=Kind.WEBP, size_bytes=9, width_px=4, height_px=3)

FACTS: Mapping[Event, Facts] = {
    Event.PREPARED: Facts(prepared=(PREPARED,)),
    Event.ACCEPTED: Facts(remote_task_id="task-1"),
    Event.PRODUCED: Facts(result_urls=("https://pictures.example/1.webp",)),
    Event.COLLECTED: Facts(outputs=(OUTPUT,)),
    Event.COLLECTED_IN_PART: Facts(outputs=(OUTPUT,)),
}
"""What becomes known with an event."""

_TO_QUEUED = (Event.PREPARED,)
_TO_SUBMITTING = (*_TO_QUEUED, Event.SUBMIT_CLAIMED)
_TO_RUNNING = (*_TO_SUBMITTING, Event.ACCEPTED)
_TO_COLLECTING = (*_TO_RUNNING, Event.PRODUCED)
WAYS: Mapping[tuple[State, Reason | None], tuple[Event, ...]] = {
    (State.RECEIVED, None): (),
    (State.QUEUED, None): _TO_QUEUED,
    (State.SUBMITTING, None): _TO_SUBMITTING,
    (State.RUNNING, None): _TO_RUNNING,
    (State.COLLECTING, None): _TO_COLLECTING,
    (State.READY, None): (*_TO_COLLECTING, Event.COLLECTED),
    (State.READY, Reason.PARTIAL): (*_TO_COLLECTING, Event.COLLECTED_IN_PART),
    (State.FAILED, Reason.PICTURE): (Event.PICTURE_REFUSED,),
    (State.FAILED, Reason.NO_PLACE): (Event.PLACE_REFUSED,),
    (State.FAILED, Reason.NOT_PREPARED): (Event.PREPARATION_GAVE_UP,),
    (State.FAILED, Reason.REJECTED): (*_TO_SUBMITTING, Event.REJECTED),
    (State.FAILED, Reason.REMOTE_FAILED): (*_TO_RUNNING, Event.REMOTE_FAILED),
    (State.FAILED, Reason.FILTERED): (*_TO_RUNNING, Event.FILTERED),
    (State.FAILED, Reason.OUTPUTS_LOST): (*_TO_COLLECTING, Event.OUTPUTS_LOST),
    (State.CANCELLED, Reason.UNACKED): (Event.ACK_REFUSED,),
    (State.CANCELLED, Reason.WITHDRAWN): (Event.CANCEL,),
    (State.CANCELLED, Reason.MAY_BE_BILLED): (*_TO_RUNNING, Event.CANCEL),
    (State.EXPIRED, Reason.NOT_SUBMITTED): (*_TO_QUEUED, Event.DEADLINE),
    (State.EXPIRED, Reason.DEADLINE): (*_TO_RUNNING, Event.DEADLINE),
    (State.UNCERTAIN, Reason.OUTCOME_UNKNOWN): (*_TO_SUBMITTING, Event.OUTCOME_UNKNOWN),
}
"""What has to happen to a new job for it to stand where the key says."""

_NUMBERS = itertools.count(1)


def order(**changes: Any) -> Order:
    """Return an order of its own; fields of the origin and the request go by their names too."""
    origin = Origin(
        platform=changes.pop("platform", "terminal"),
        place=changes.pop("place", "terminal:here"),
        requester=changes.pop("requester", "terminal:me"),
        data=changes.pop("data", {"run": "1"}),
    )
    request = GenerationRequest(
        model_id=changes.pop("model_id", "flux-dev"),
        prompt=changes.pop("prompt", "a woodcut of a harbour"),
        negative_prompt=changes.pop("negative_prompt", None),
        image_count=1,
        batch=changes.pop("batch", 1),
    )
    return Order(
        dedupe_key=changes.pop("dedupe_key", f"key-{next(_NUMBERS)}"),
        origin=origin,
        request=request,
        credits=changes.pop("credits", 5),
        preview=changes.pop("preview", False),
    )


async def admitted(
    ledger: Ledger, *, limits: Limits = NO_LIMITS, now: datetime = START, **changes: Any
) -> Job:
    """Return a job that has just been received."""
    admission = await ledger.admit(order(**changes), limits=limits, deadline_s=DEADLINE_S, now=now)
    return admission.job


async def brought_to(
    ledger: Ledger,
    state: State,
    reason: Reason | None = None,
    *,
    at: datetime = SOON,
    **changes: Any,
) -> Job:
    """Return a new job that has gone all the way to `state`."""
    job = await admitted(ledger, **changes)
    for event in WAYS[state, reason]:
        job = await ledger.record(job, event, at, facts=FACTS.get(event, Facts()))
    return job


async def with_cancel_wanted(ledger: Ledger, **changes: Any) -> Job:
    """Return a job that its requester cancelled while it was being submitted."""
    job = await brought_to(ledger, State.SUBMITTING, **changes)
    wanted = await ledger.record_as_user(job.job_id, Event.CANCEL, SOON)
    assert wanted is not None
    return wanted
