"""Decider: the durable record of carrying out one request, and its deliveries, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from core.jobs.lifecycle import TERMINAL, DeliveryKind, Reason, State
from core.media.item import MediaItem
from core.request import GenerationRequest

CHECK_AGAIN_FOR_S = 4 * 3600.0
"""
How long a job that ended with a task id may be checked again, in seconds.

Source: results are kept 14400 s (API notes, "Times"); after that the status stays PENDING.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Where a job came from and can be answered; only the adapter that made it reads `data`."""

    platform: str
    """`terminal`, `discord` or `slack`: names the deliverer."""
    place: str
    """Where it was asked, as one word, for limits and for lists."""
    requester: str
    """Who asked, as `platform:id`."""
    data: Mapping[str, object] = field(default_factory=dict)
    """JSON that the adapter needs to answer and to fetch the pictures."""


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
        return (now - self.submitted_at).total_seconds() < CHECK_AGAIN_FOR_S


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
    data: Mapping[str, object] = field(default_factory=dict)
    """What the adapter recorded: file ids before the call, message ids after it."""
    not_before_at: datetime | None = None
    first_attempt_at: datetime | None = None
    last_attempt_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """Proof of a delivery: what the place called what it took."""

    data: Mapping[str, object] = field(default_factory=dict)
