"""Decider: the states of a delivery, the events that move it, and what follows what."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from core.jobs.job import Delivery, DeliveryState
from core.jobs.lifecycle import DeliveryKind

GIVE_UP_AFTER_S = 24 * 3600.0
"""How long after the first try a delivery is still tried, in seconds."""
NONCE_MAX = 25
"""
Longest nonce, in characters.

Source: discord.com/developers/docs/resources/message#create-message, `nonce`.
"""


class DeliveryEvent(StrEnum):
    """What happened to a delivery."""

    BEGUN = "begun"
    """The intent is committed, before the call; again before every further try."""
    NOTED = "noted"
    """The adapter recorded something between two calls: file ids, a fallback it took."""
    DELAYED = "delayed"
    """The place did not take it just now: 429, 5xx, a cut connection."""
    SENT = "sent"
    """The place took it and named it."""
    REFUSED = "refused"
    """The place will never take it."""
    GONE = "gone"
    """What was to be edited does not exist any more, or takes no edits."""
    GAVE_UP = "gave_up"
    """A day of tries did not get it there."""
    SUPERSEDED = "superseded"
    """The job went on in a way that leaves nothing to say here."""
    SHOW_AGAIN = "show_again"
    """The requester asked for what a place had refused before."""
    DELETED = "deleted"
    """The message was removed on request."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryTransition:
    """What one event does to a delivery in one state."""

    to: DeliveryState
    counts_attempt: bool = False
    """Whether another try begins."""
    raises_seq: bool = False
    """Whether a new delivery is opened in `to`, and the old one stays as it is."""


_SENDING = DeliveryTransition(to=DeliveryState.SENDING)
_BEGUN = DeliveryTransition(to=DeliveryState.SENDING, counts_attempt=True)
_REFUSED = DeliveryTransition(to=DeliveryState.REFUSED)
_SKIPPED = DeliveryTransition(to=DeliveryState.SKIPPED)

DELIVERY_TRANSITIONS: dict[tuple[DeliveryState, DeliveryEvent], DeliveryTransition] = {
    (DeliveryState.PENDING, DeliveryEvent.BEGUN): _BEGUN,
    (DeliveryState.PENDING, DeliveryEvent.SUPERSEDED): _SKIPPED,
    (DeliveryState.SENDING, DeliveryEvent.BEGUN): _BEGUN,
    (DeliveryState.SENDING, DeliveryEvent.NOTED): _SENDING,
    (DeliveryState.SENDING, DeliveryEvent.DELAYED): _SENDING,
    (DeliveryState.SENDING, DeliveryEvent.SENT): DeliveryTransition(to=DeliveryState.SENT),
    (DeliveryState.SENDING, DeliveryEvent.REFUSED): _REFUSED,
    (DeliveryState.SENDING, DeliveryEvent.GONE): _REFUSED,
    (DeliveryState.SENDING, DeliveryEvent.GAVE_UP): _REFUSED,
    (DeliveryState.REFUSED, DeliveryEvent.SHOW_AGAIN): DeliveryTransition(
        to=DeliveryState.PENDING, raises_seq=True
    ),
    (DeliveryState.SENT, DeliveryEvent.DELETED): DeliveryTransition(to=DeliveryState.DELETED),
}
"""Every (state, event) that does something; a pair that is not here is ignored."""


def advance(
    state: DeliveryState, event: DeliveryEvent, kind: DeliveryKind
) -> DeliveryTransition | None:
    """
    Return what `event` does to a delivery in `state`, or None when it does nothing.

    A last edit of the card that finds no card is skipped, because the result or the notice is
    the truth; any other delivery that finds nothing to write to has been refused.
    """
    found = DELIVERY_TRANSITIONS.get((state, event))
    if found and event is DeliveryEvent.GONE and kind is DeliveryKind.CARD_FINAL:
        return _SKIPPED
    return found


def nonce(job_id: str, kind: DeliveryKind, seq: int) -> str:
    """Return what marks every try of one delivery: the same each time, and nobody else's."""
    digest = hashlib.sha256(f"{job_id}:{kind}:{seq}".encode()).hexdigest()
    return digest[:NONCE_MAX]


def is_needless(row: Delivery, before: Iterable[Delivery], now: Iterable[Delivery]) -> bool:
    """
    Whether there is no need any more to send `row`, which is open, of an ended job.

    Either it tells of an end that was not the last, or the card was first posted just now, in its
    final form. `before` are the job's deliveries as they were when sending began, `now` the same
    as they are, in the same order.
    """
    if row.kind not in {DeliveryKind.NOTICE, DeliveryKind.CARD_FINAL}:
        return False
    if any(each.kind is DeliveryKind.CARD_FINAL and each.seq > row.seq for each in now):
        return True  # only another end of the job opens that in a later round
    return row.kind is DeliveryKind.CARD_FINAL and _was_first_posted(before, now)


def _was_first_posted(before: Iterable[Delivery], now: Iterable[Delivery]) -> bool:
    """Whether no try of the card was begun before: an earlier one may show how things were then."""
    cards = [each for each in zip(before, now, strict=True) if each[1].kind is DeliveryKind.CARD]
    states = [(was.state, row.state) for was, row in cards]
    return (DeliveryState.PENDING, DeliveryState.SENT) in states
