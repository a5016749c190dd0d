"""
The two tables of transitions, row by row, as they were specified.

They are written down here once more, by hand, so that the tables of the code are checked against
something that was not made from them.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.jobs.deliveries import DeliveryEvent as Sent
from core.jobs.job import DeliveryState as Box
from core.jobs.lifecycle import DeliveryKind, Event, Reason, State

CARD, RESULT = DeliveryKind.CARD, DeliveryKind.RESULT
NOTICE, CARD_FINAL = DeliveryKind.NOTICE, DeliveryKind.CARD_FINAL


@dataclass(frozen=True, kw_only=True, slots=True)
class JobRow:
    """One row: what an event does to a job in a state."""

    row: str
    """What happened, in the words of the table."""
    before: State
    event: Event
    to: State
    reason: Reason | None = None
    because: Reason | None = None
    """Why the job had ended, where it has to have ended for a certain reason."""
    cancel_wanted: bool = False
    raises_fence: bool = False
    raises_seq: bool = False
    attempt: int = 0
    """How often the step was put off, when it had been put off twice before."""
    opens: frozenset[DeliveryKind] = frozenset()
    counted: bool = True
    """Whether it counts against the requester's pictures afterwards."""
    cost: bool = False
    """Whether there is a cost afterwards."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryRow:
    """One row: what an event does to a delivery in a state."""

    row: str
    before: Box
    event: Sent
    to: Box
    only: DeliveryKind | None = None
    """The kind that the row is about, where it is not about all of them."""
    never: DeliveryKind | None = None
    """The kind that another row is about."""
    attempt: int = 0
    """How many tries the row adds."""
    opens_another: bool = False


def _row(
    row: str, before: State, event: Event, to: State, reason: Reason | None = None, **more: object
) -> JobRow:
    return JobRow(row=row, before=before, event=event, to=to, reason=reason, **more)  # type: ignore[arg-type] # checked by the dataclass's users


_TOLD = frozenset({NOTICE, CARD_FINAL})
_SHOWN = frozenset({RESULT, CARD_FINAL})
_FREE = {"counted": False}
_QUIET = {"opens": frozenset({CARD_FINAL})}
_LEFT = {"raises_fence": True}
_WANTED = {"cancel_wanted": True}

JOB_ROWS = (
    _row(
        "ack refused or found un-acked", State.RECEIVED, Event.ACK_REFUSED, State.CANCELLED,
        Reason.UNACKED, **_FREE, **_LEFT,
    ),
    _row(
        "picture gone, hostile, too large", State.RECEIVED, Event.PICTURE_REFUSED, State.FAILED,
        Reason.PICTURE, opens=_TOLD, **_FREE,
    ),
    _row(
        "card refused: no access, channel gone", State.RECEIVED, Event.PLACE_REFUSED, State.FAILED,
        Reason.NO_PLACE, opens=frozenset({NOTICE}), **_FREE,
    ),
    _row(
        "card or download unavailable", State.RECEIVED, Event.PREPARATION_DELAYED, State.RECEIVED,
        attempt=3,
    ),
    _row(
        "unavailable for two minutes", State.RECEIVED, Event.PREPARATION_GAVE_UP, State.FAILED,
        Reason.NOT_PREPARED, opens=_TOLD, **_FREE,
    ),
    _row("prepared and card sent", State.RECEIVED, Event.PREPARED, State.QUEUED),
    _row(
        "cancel while received", State.RECEIVED, Event.CANCEL, State.CANCELLED, Reason.WITHDRAWN,
        **_FREE, **_LEFT, **_QUIET,
    ),
    _row(
        "cancel while queued", State.QUEUED, Event.CANCEL, State.CANCELLED, Reason.WITHDRAWN,
        **_FREE, **_LEFT, **_QUIET,
    ),
    _row(
        "deadline before submit", State.QUEUED, Event.DEADLINE, State.EXPIRED,
        Reason.NOT_SUBMITTED, opens=_TOLD, **_FREE,
    ),
    _row(
        "submit fence committed", State.QUEUED, Event.SUBMIT_CLAIMED, State.SUBMITTING, attempt=2
    ),
    _row("task id", State.SUBMITTING, Event.ACCEPTED, State.RUNNING),
    _row(
        "task id after a wish to cancel", State.SUBMITTING, Event.ACCEPTED, State.CANCELLED,
        Reason.MAY_BE_BILLED, cost=True, **_WANTED, **_QUIET,
    ),
    _row(
        "cancel while submitting", State.SUBMITTING, Event.CANCEL, State.SUBMITTING, attempt=2
    ),
    _row("not sent, 429", State.SUBMITTING, Event.NOT_SENT, State.QUEUED, attempt=3),
    _row(
        "not sent after a wish to cancel", State.SUBMITTING, Event.NOT_SENT, State.CANCELLED,
        Reason.WITHDRAWN, **_FREE, **_WANTED, **_QUIET,
    ),
    _row(
        "401, 402, 403, 404", State.SUBMITTING, Event.PROVIDER_MISCONFIGURED, State.QUEUED,
        attempt=2,
    ),
    _row(
        "401 after a wish to cancel", State.SUBMITTING, Event.PROVIDER_MISCONFIGURED,
        State.CANCELLED, Reason.WITHDRAWN, **_FREE, **_WANTED, **_QUIET,
    ),
    _row(
        "FAILED envelope, 4xx", State.SUBMITTING, Event.REJECTED, State.FAILED, Reason.REJECTED,
        opens=_TOLD, **_FREE,
    ),
    _row(
        "maybe sent; crash; older fence found", State.SUBMITTING, Event.OUTCOME_UNKNOWN,
        State.UNCERTAIN, Reason.OUTCOME_UNKNOWN, opens=_TOLD, cost=True,
    ),
    _row("SUCCESS with URLs", State.RUNNING, Event.PRODUCED, State.COLLECTING),
    _row(
        "SUCCESS with none", State.RUNNING, Event.FILTERED, State.FAILED, Reason.FILTERED,
        opens=_TOLD, cost=True, **_FREE,
    ),
    _row(
        "FAILED", State.RUNNING, Event.REMOTE_FAILED, State.FAILED, Reason.REMOTE_FAILED,
        opens=_TOLD, **_FREE,
    ),
    _row(
        "cancel while running", State.RUNNING, Event.CANCEL, State.CANCELLED,
        Reason.MAY_BE_BILLED, cost=True, **_LEFT, **_QUIET,
    ),
    _row(
        "deadline while running", State.RUNNING, Event.DEADLINE, State.EXPIRED, Reason.DEADLINE,
        opens=_TOLD, cost=True,
    ),
    _row(
        "check again after the deadline", State.EXPIRED, Event.CHECK_AGAIN, State.RUNNING,
        because=Reason.DEADLINE, raises_seq=True, cost=True,
    ),
    _row(
        "check again after a cancel", State.CANCELLED, Event.CHECK_AGAIN, State.RUNNING,
        because=Reason.MAY_BE_BILLED, raises_seq=True, cost=True,
    ),
    _row(
        "check again after lost results", State.FAILED, Event.CHECK_AGAIN, State.RUNNING,
        because=Reason.OUTPUTS_LOST, raises_seq=True, cost=True,
    ),
    _row(
        "check again after a failure", State.FAILED, Event.CHECK_AGAIN, State.RUNNING,
        because=Reason.REMOTE_FAILED, raises_seq=True,
    ),
    _row(
        "all in store", State.COLLECTING, Event.COLLECTED, State.READY, opens=_SHOWN, cost=True
    ),
    _row(
        "some in store after retries", State.COLLECTING, Event.COLLECTED_IN_PART, State.READY,
        Reason.PARTIAL, opens=_SHOWN, cost=True,
    ),
    _row(
        "result URLs dead, none saved", State.COLLECTING, Event.OUTPUTS_LOST, State.FAILED,
        Reason.OUTPUTS_LOST, opens=_TOLD, cost=True, **_FREE,
    ),
)  # fmt: skip

REVIVED = _row(
    "the same act again after its ack was refused", State.CANCELLED, Event.REVIVED, State.RECEIVED,
    because=Reason.UNACKED, raises_seq=True, opens=frozenset({CARD}),
)  # fmt: skip
"""A row that no event reported by a step brings about: only an order does."""

DELIVERY_ROWS = (
    DeliveryRow(
        row="intent committed", before=Box.PENDING, event=Sent.BEGUN, to=Box.SENDING, attempt=1
    ),
    DeliveryRow(
        row="the job leaves nothing to say",
        before=Box.PENDING,
        event=Sent.SUPERSEDED,
        to=Box.SKIPPED,
    ),
    DeliveryRow(row="id returned", before=Box.SENDING, event=Sent.SENT, to=Box.SENT),
    DeliveryRow(row="429, 5xx, cut", before=Box.SENDING, event=Sent.DELAYED, to=Box.SENDING),
    DeliveryRow(
        row="crash or older fence", before=Box.SENDING, event=Sent.BEGUN, to=Box.SENDING, attempt=1
    ),
    DeliveryRow(
        row="re-encoded, fallback taken", before=Box.SENDING, event=Sent.NOTED, to=Box.SENDING
    ),
    DeliveryRow(row="channel gone", before=Box.SENDING, event=Sent.REFUSED, to=Box.REFUSED),
    DeliveryRow(
        row="the card is gone", before=Box.SENDING, event=Sent.GONE, to=Box.SKIPPED, only=CARD_FINAL
    ),
    DeliveryRow(
        row="nothing to write to",
        before=Box.SENDING,
        event=Sent.GONE,
        to=Box.REFUSED,
        never=CARD_FINAL,
    ),
    DeliveryRow(row="24 h without success", before=Box.SENDING, event=Sent.GAVE_UP, to=Box.REFUSED),
    DeliveryRow(
        row="show again",
        before=Box.REFUSED,
        event=Sent.SHOW_AGAIN,
        to=Box.PENDING,
        opens_another=True,
    ),
    DeliveryRow(row="delete", before=Box.SENT, event=Sent.DELETED, to=Box.DELETED),
)
