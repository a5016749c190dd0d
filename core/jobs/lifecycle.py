"""Decider: the states of a job, the events that move it, and the table of what follows what."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Where a job stands."""

    RECEIVED = "received"
    QUEUED = "queued"
    SUBMITTING = "submitting"
    RUNNING = "running"
    COLLECTING = "collecting"
    READY = "ready"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    UNCERTAIN = "uncertain"


TERMINAL = frozenset(
    {State.READY, State.FAILED, State.CANCELLED, State.EXPIRED, State.UNCERTAIN},
)
"""States in which nothing more is done for the request itself (deliveries may be left)."""

ACTIVE = frozenset(State) - TERMINAL
"""States that count against the number of active jobs."""


class Event(StrEnum):
    """What happened to a job."""

    ACK_REFUSED = "ack_refused"
    """The platform did not take the acknowledgement, or the job was found without one."""
    REVIVED = "revived"
    """The same dedupe key came again after an acknowledgement had been refused."""
    PICTURE_REFUSED = "picture_refused"
    PLACE_REFUSED = "place_refused"
    PREPARATION_DELAYED = "preparation_delayed"
    PREPARATION_GAVE_UP = "preparation_gave_up"
    PREPARED = "prepared"
    """The pictures are prepared and the card is posted."""
    CANCEL = "cancel"
    DEADLINE = "deadline"
    SUBMIT_CLAIMED = "submit_claimed"
    """The fence before the paid call; committed before its bytes leave."""
    ACCEPTED = "accepted"
    """The provider answered with a task id."""
    NOT_SENT = "not_sent"
    """The submit certainly did not reach the provider, or was turned away unread (429)."""
    PROVIDER_MISCONFIGURED = "provider_misconfigured"
    REJECTED = "rejected"
    OUTCOME_UNKNOWN = "outcome_unknown"
    PRODUCED = "produced"
    FILTERED = "filtered"
    """The remote task succeeded with no picture: all were filtered."""
    REMOTE_FAILED = "remote_failed"
    CHECK_AGAIN = "check_again"
    COLLECTED = "collected"
    COLLECTED_IN_PART = "collected_in_part"
    OUTPUTS_LOST = "outputs_lost"


class Reason(StrEnum):
    """Why a job ended as it did, or what is special about the end; worded by the presentation."""

    UNACKED = "unacked"
    WITHDRAWN = "withdrawn"
    """Cancelled before anything was submitted: not charged, not counted."""
    MAY_BE_BILLED = "may_be_billed"
    """Cancelled after the submit: no longer watched, may be charged."""
    PICTURE = "picture"
    """The picture is gone, hostile or too large; `detail` names the media error."""
    NO_PLACE = "no_place"
    NOT_PREPARED = "not_prepared"
    """Two minutes of tries did not get the picture prepared or the card posted."""
    NOT_SUBMITTED = "not_submitted"
    """The deadline passed before it could be submitted: not charged, not counted."""
    DEADLINE = "deadline"
    """The deadline passed while the provider was at work: may be charged."""
    REJECTED = "rejected"
    """The provider refused it at submit; `detail` names the rejection."""
    REMOTE_FAILED = "remote_failed"
    """The remote task failed; `detail` names the rejection."""
    FILTERED = "filtered"
    OUTPUTS_LOST = "outputs_lost"
    PARTIAL = "partial"
    """Ready with fewer pictures than asked for."""
    OUTCOME_UNKNOWN = "outcome_unknown"


class DeliveryKind(StrEnum):
    """What is delivered; each is a row, keyed by (job, kind, seq)."""

    CARD = "card"
    RESULT = "result"
    NOTICE = "notice"
    CARD_FINAL = "card_final"


class Attempts(StrEnum):
    """What an event does to the count of how often the present step was put off."""

    RESET = "reset"
    KEEP = "keep"
    RAISE = "raise"


@dataclass(frozen=True, kw_only=True, slots=True)
class Transition:
    """What one event does to a job in one state."""

    to: State
    reason: Reason | None = None
    attempts: Attempts = Attempts.RESET
    raises_fence: bool = False
    """Whether whoever holds the job loses it by this event."""
    raises_seq: bool = False
    """Whether a new round of deliveries begins."""
    wants_cancel: bool = False
    """Whether the wish to cancel is kept on the job for its next step to honour."""
    opens: tuple[DeliveryKind, ...] = ()
    """Deliveries that the same transaction opens."""
    closes: tuple[DeliveryKind, ...] = ()
    """Deliveries that the same transaction skips where their sending has not begun."""


_ENDED = (DeliveryKind.NOTICE, DeliveryKind.CARD_FINAL)
_DONE = (DeliveryKind.RESULT, DeliveryKind.CARD_FINAL)
_QUIET = (DeliveryKind.CARD_FINAL,)


def _to(
    state: State,
    reason: Reason | None = None,
    *,
    opens: tuple[DeliveryKind, ...] = (),
    attempts: Attempts = Attempts.RESET,
) -> Transition:
    return Transition(to=state, reason=reason, opens=opens, attempts=attempts)


_WITHDRAWN = Transition(
    to=State.CANCELLED, reason=Reason.WITHDRAWN, raises_fence=True, opens=_QUIET
)
_CHECKED_AGAIN = Transition(to=State.RUNNING, raises_seq=True, closes=_ENDED)

TRANSITIONS: dict[tuple[State, Event], Transition] = {
    (State.RECEIVED, Event.ACK_REFUSED): Transition(
        to=State.CANCELLED, reason=Reason.UNACKED, raises_fence=True, closes=(DeliveryKind.CARD,)
    ),
    (State.CANCELLED, Event.REVIVED): Transition(
        to=State.RECEIVED, raises_seq=True, opens=(DeliveryKind.CARD,)
    ),
    (State.RECEIVED, Event.PICTURE_REFUSED): _to(State.FAILED, Reason.PICTURE, opens=_ENDED),
    (State.RECEIVED, Event.PLACE_REFUSED): Transition(
        to=State.FAILED,
        reason=Reason.NO_PLACE,
        opens=(DeliveryKind.NOTICE,),
        closes=(DeliveryKind.CARD,),
    ),
    (State.RECEIVED, Event.PREPARATION_DELAYED): _to(State.RECEIVED, attempts=Attempts.RAISE),
    (State.RECEIVED, Event.PREPARATION_GAVE_UP): _to(
        State.FAILED, Reason.NOT_PREPARED, opens=_ENDED
    ),
    (State.RECEIVED, Event.PREPARED): _to(State.QUEUED),
    (State.RECEIVED, Event.CANCEL): _WITHDRAWN,
    (State.QUEUED, Event.CANCEL): _WITHDRAWN,
    (State.QUEUED, Event.DEADLINE): _to(State.EXPIRED, Reason.NOT_SUBMITTED, opens=_ENDED),
    (State.QUEUED, Event.SUBMIT_CLAIMED): _to(State.SUBMITTING, attempts=Attempts.KEEP),
    (State.SUBMITTING, Event.ACCEPTED): _to(State.RUNNING),
    (State.SUBMITTING, Event.CANCEL): Transition(
        to=State.SUBMITTING, wants_cancel=True, attempts=Attempts.KEEP
    ),
    (State.SUBMITTING, Event.NOT_SENT): _to(State.QUEUED, attempts=Attempts.RAISE),
    (State.SUBMITTING, Event.PROVIDER_MISCONFIGURED): _to(State.QUEUED, attempts=Attempts.KEEP),
    (State.SUBMITTING, Event.REJECTED): _to(State.FAILED, Reason.REJECTED, opens=_ENDED),
    (State.SUBMITTING, Event.OUTCOME_UNKNOWN): _to(
        State.UNCERTAIN, Reason.OUTCOME_UNKNOWN, opens=_ENDED
    ),
    (State.RUNNING, Event.PRODUCED): _to(State.COLLECTING),
    (State.RUNNING, Event.FILTERED): _to(State.FAILED, Reason.FILTERED, opens=_ENDED),
    (State.RUNNING, Event.REMOTE_FAILED): _to(State.FAILED, Reason.REMOTE_FAILED, opens=_ENDED),
    (State.RUNNING, Event.CANCEL): Transition(
        to=State.CANCELLED, reason=Reason.MAY_BE_BILLED, raises_fence=True, opens=_QUIET
    ),
    (State.RUNNING, Event.DEADLINE): _to(State.EXPIRED, Reason.DEADLINE, opens=_ENDED),
    (State.EXPIRED, Event.CHECK_AGAIN): _CHECKED_AGAIN,
    (State.CANCELLED, Event.CHECK_AGAIN): _CHECKED_AGAIN,
    (State.FAILED, Event.CHECK_AGAIN): _CHECKED_AGAIN,
    (State.COLLECTING, Event.COLLECTED): _to(State.READY, opens=_DONE),
    (State.COLLECTING, Event.COLLECTED_IN_PART): _to(State.READY, Reason.PARTIAL, opens=_DONE),
    (State.COLLECTING, Event.OUTPUTS_LOST): _to(State.FAILED, Reason.OUTPUTS_LOST, opens=_ENDED),
}
"""
Every (state, event) that does something; a pair that is not here is ignored.

Two events have a further condition, that the job itself answers: `Job.can_be_revived` and
`Job.can_check_again`.
"""

WHEN_CANCEL_IS_WANTED: dict[tuple[State, Event], Transition] = {
    (State.SUBMITTING, Event.ACCEPTED): Transition(
        to=State.CANCELLED, reason=Reason.MAY_BE_BILLED, opens=_QUIET
    ),
    (State.SUBMITTING, Event.NOT_SENT): Transition(
        to=State.CANCELLED, reason=Reason.WITHDRAWN, opens=_QUIET
    ),
    (State.SUBMITTING, Event.PROVIDER_MISCONFIGURED): Transition(
        to=State.CANCELLED, reason=Reason.WITHDRAWN, opens=_QUIET
    ),
}
"""What replaces a row of `TRANSITIONS` once the requester has asked to cancel."""


def advance(state: State, event: Event, *, cancel_wanted: bool = False) -> Transition | None:
    """Return what `event` does to a job in `state`, or None when it does nothing."""
    if cancel_wanted and (state, event) in WHEN_CANCEL_IS_WANTED:
        return WHEN_CANCEL_IS_WANTED[state, event]
    return TRANSITIONS.get((state, event))


def opened_by_end(state: State, reason: Reason | None) -> tuple[DeliveryKind, ...]:
    """Return the deliveries that every event opens by which a job ends like this."""
    every = (*TRANSITIONS.values(), *WHEN_CANCEL_IS_WANTED.values())
    return next((each.opens for each in every if (each.to, each.reason) == (state, reason)), ())
