"""Decider: the durable record of carrying out one request, and its deliveries, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from core.jobs.lifecycle import (
    TERMINAL,
    Attempts,
    DeliveryKind,
    Event,
    Reason,
    State,
    Transition,
)
from core.media.item import MediaItem
from core.request import GenerationRequest

CHECK_AGAIN_FOR_S = 4 * 3600.0
"""
How long a job that ended with a task id may be checked again, in seconds.

Source: results are kept 14400 s (API notes, "Times"); after that the status stays PENDING.
"""
CHECK_AGAIN_DEADLINE_S = 300.0
"""How long the provider is asked again after Check again, in seconds."""
NOTICES_MAX = 20
"""How many lines for the user a job keeps; later ones are dropped."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Where a job came from and can be answered; only the adapter that made it reads `data`."""

    platform: str
    """`terminal`, `discord` or `slack`: names the deliverer."""
    place: str
    """Where it was asked, as one word, for limits and for lists."""
    requester: str
    """Who asked, as `platform:id`."""
    data: Mapping[str, object] = field(default_factory=dict, repr=False)
    """JSON that the adapter needs to answer and to fetch the pictures; may hold secrets."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What an adapter hands to the queue: a validated request and where it came from."""

    dedupe_key: str
    """Unique per act of the user; the same key returns the same job."""
    origin: Origin
    request: GenerationRequest
    credits: int
    """Estimated cost of the whole batch."""
    preview: bool
    """Whether the local studio will draw it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One request on its way; replaced, never changed."""

    job_id: str
    """A ULID: 26 characters, sortable by the time it was made."""
    dedupe_key: str
    origin: Origin
    request: GenerationRequest
    credits: int
    preview: bool
    state: State
    reason: Reason | None = None
    detail: str = ""
    """A closed word that refines `reason` (a rejection or a media error); never provider text."""
    cancel_wanted: bool = False
    fence: int = 0
    """Rises whenever somebody takes the job; a write with an older fence changes nothing."""
    owner: str | None = None
    """The boot id of the process that holds it."""
    attempt: int = 0
    """How often the present step was put off."""
    seq: int = 0
    """Which round of deliveries; rises with every Check again."""
    remote_task_id: str | None = None
    prepared: tuple[MediaItem, ...] = ()
    """The reference images as prepared, in order."""
    result_urls: tuple[str, ...] = ()
    """Where the provider put its pictures."""
    outputs: tuple[MediaItem, ...] = ()
    """The pictures we hold."""
    notices: tuple[str, ...] = ()
    """Lines worth telling the user that came up on the way."""
    created_at: datetime
    updated_at: datetime
    acked_at: datetime | None = None
    not_before_at: datetime | None = None
    """The next step is not tried earlier than this."""
    deadline_at: datetime
    submitted_at: datetime | None = None
    """When the submit fence was committed."""
    produced_at: datetime | None = None
    """When a poll first saw the result."""
    finished_at: datetime | None = None

    @property
    def is_terminal(self) -> bool:
        """Whether nothing more is done for the request itself."""
        return self.state in TERMINAL

    def can_check_again(self, now: datetime) -> bool:
        """Whether the remote task of an ended job may still hold a result."""
        if self.state not in {State.EXPIRED, State.FAILED, State.CANCELLED}:
            return False
        if self.remote_task_id is None or self.submitted_at is None:
            return False
        return (now - self.submitted_at).total_seconds() <= CHECK_AGAIN_FOR_S

    @property
    def can_be_revived(self) -> bool:
        """Whether the same act of the user may bring it back: its acknowledgement had failed."""
        return self.state is State.CANCELLED and self.reason is Reason.UNACKED


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What became known together with an event; whatever is left out stays as it was."""

    reason_detail: str = ""
    """A closed word that refines the reason of the end."""
    remote_task_id: str | None = None
    prepared: tuple[MediaItem, ...] | None = None
    result_urls: tuple[str, ...] | None = None
    outputs: tuple[MediaItem, ...] | None = None
    notices: tuple[str, ...] = ()
    """Lines to add to the job's."""
    not_before_at: datetime | None = None
    """When the next step may be tried; left out, it may be tried at once."""
    deadline_at: datetime | None = None
    produced_at: datetime | None = None


NO_FACTS = Facts()


def moved(
    job: Job, event: Event, transition: Transition, at: datetime, facts: Facts = NO_FACTS
) -> Job:
    """
    Return the job as `transition`, which is what `event` does to it, leaves it.

    Raises:
        ValueError: the job would run without a task id to ask for.
    """
    if transition.wants_cancel:
        return replace(job, cancel_wanted=True, updated_at=at)
    remote_task_id = facts.remote_task_id or job.remote_task_id
    if transition.to is State.RUNNING and remote_task_id is None:
        raise ValueError(f"job {job.job_id}: {event} without a task id")
    changed = replace(
        job,
        state=transition.to,
        reason=transition.reason,
        detail=facts.reason_detail,
        cancel_wanted=False,
        fence=job.fence + transition.raises_fence,
        attempt=_attempt(job, transition),
        seq=job.seq + transition.raises_seq,
        remote_task_id=remote_task_id,
        notices=_notices(job, facts),
        updated_at=at,
    )
    return _with_media(_with_instants(changed, event, at, facts), facts)


def _attempt(job: Job, transition: Transition) -> int:
    counts = {Attempts.RESET: 0, Attempts.KEEP: job.attempt, Attempts.RAISE: job.attempt + 1}
    return counts[transition.attempts]


def _notices(job: Job, facts: Facts) -> tuple[str, ...]:
    return tuple(dict.fromkeys(job.notices + facts.notices))[:NOTICES_MAX]


def _with_media(job: Job, facts: Facts) -> Job:
    return replace(
        job,
        prepared=job.prepared if facts.prepared is None else facts.prepared,
        result_urls=job.result_urls if facts.result_urls is None else facts.result_urls,
        outputs=job.outputs if facts.outputs is None else facts.outputs,
    )


def _with_instants(job: Job, event: Event, at: datetime, facts: Facts) -> Job:
    deadline_at, submitted_at, produced_at = job.deadline_at, job.submitted_at, job.produced_at
    if event is Event.CHECK_AGAIN:
        deadline_at = at + timedelta(seconds=CHECK_AGAIN_DEADLINE_S)
    if event is Event.SUBMIT_CLAIMED:
        submitted_at = at
    elif job.state is State.QUEUED or event is Event.NOT_SENT:
        submitted_at = None
    if event is Event.PRODUCED:
        produced_at = produced_at or facts.produced_at or at
    return replace(
        job,
        not_before_at=facts.not_before_at,
        deadline_at=facts.deadline_at or deadline_at,
        submitted_at=submitted_at,
        produced_at=produced_at,
        finished_at=at if job.is_terminal else None,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Admission:
    """What became of an order."""

    job: Job
    is_new: bool
    """False when the same act of the user had been admitted before."""


class DeliveryState(StrEnum):
    """Where one delivery stands."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    REFUSED = "refused"
    SKIPPED = "skipped"
    DELETED = "deleted"


OPEN_DELIVERIES = frozenset({DeliveryState.PENDING, DeliveryState.SENDING})
"""Delivery states in which something is left to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One thing to be said in one place, exactly once."""

    job_id: str
    kind: DeliveryKind
    seq: int
    state: DeliveryState
    nonce: str
    """At most 25 characters, the same for every try."""
    attempt: int = 0
    """How often sending was begun."""
    data: Mapping[str, object] = field(default_factory=dict, repr=False)
    """
    What the adapter recorded: file ids before the call, message ids and addresses after it.

    A name that begins with `redraw.` is ours.
    """
    not_before_at: datetime | None = None
    first_attempt_at: datetime | None = None
    last_attempt_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One line of a job's history: what happened to it or to one of its deliveries."""

    at: datetime
    event: str
    """An Event of the job, or a DeliveryEvent."""
    before: str | None
    """The state it was in, or None when it began to exist."""
    after: str
    reason: Reason | None = None
    fence: int
    delivery: DeliveryKind | None = None
    """Which delivery changed, or None when the job did."""
    seq: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Pile:
    """The jobs that are in one state."""

    jobs: int = 0
    oldest_at: datetime | None = None
    """When the oldest of them was ordered; None when there are none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """Proof of a delivery: what the place called what it took."""

    data: Mapping[str, object] = field(default_factory=dict)
