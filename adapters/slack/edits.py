"""Doer: edits of cards: as few as say all, and never more than a workspace bears."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from typing import Final, TypeVar

from adapters.slack import refusals
from adapters.slack.blocks import Message
from adapters.slack.budget import Budget
from adapters.slack.refusals import Refusal
from adapters.slack.wire import Posted, Wire
from core.clock import Clock
from core.errors import DeliveryGone, DeliveryRefused, DeliveryRetryable

V = TypeVar("V")

CARD_GAP_S: Final = 5.0
"""Between two edits of one card that show progress, in seconds."""
KEPT: Final = 1024
"""How many cards are remembered; forgetting one costs one edit too many."""
UNEDITABLE: Final = refusals.PLACE_LOST | {
    Refusal.MESSAGE_GONE,
    Refusal.NOT_OURS,
    Refusal.EDITS_CLOSED,
    Refusal.INACTIVE,
}
"""What says that a card stays as it is for good."""

_NOTHING_MORE: Final = ""
"""Stands for what a message shows that takes no edits."""


class Edits:
    """Shows what changed, if anything, when it is the card's turn."""

    def __init__(self, wire: Wire, clock: Clock) -> None:
        self._wire = wire
        self._clock = clock
        self._budget = Budget()
        self._shown: OrderedDict[str, str] = OrderedDict()
        self._edited_s: OrderedDict[str, float] = OrderedDict()

    def is_shown(self, card: Posted, message: Message) -> None:
        """Remember what a card shows since it was posted."""
        _remember(self._shown, _key(card), _digest(message))

    async def show(self, card: Posted, message: Message) -> None:
        """
        Edit a card, unless it shows that already; nothing waits here for a turn.

        Raises:
            DeliveryRetryable: not just now; also when the workspace has too much to bear.
        """
        key, digest = _key(card), _digest(message)
        if self._shown.get(key) in {digest, _NOTHING_MORE}:
            return
        self._take_turn(key)
        self._shown.pop(key, None)  # an edit without an answer may have been made, or not
        try:
            await self._edit(card, message)
        except DeliveryRefused as exc:
            digest = _NOTHING_MORE if refusals.of(exc) in UNEDITABLE else digest
        except DeliveryRetryable as exc:
            self._budget.hold(self._clock.monotonic_s() + (exc.retry_after_s or 0.0))
            raise
        _remember(self._shown, key, digest)

    async def finish(self, card: Posted, message: Message) -> None:
        """
        Edit a card for the last time.

        Raises:
            DeliveryRetryable: not just now.
            DeliveryRefused: Slack does not take what it is to show.
            DeliveryGone: the card takes no edit any more.
        """
        self._shown.pop(_key(card), None)
        wait_s = self._budget.take_last(self._clock.monotonic_s())
        if wait_s > 0:
            raise DeliveryRetryable("the workspace has edits enough", retry_after_s=wait_s)
        try:
            await self._edit(card, message)
        except DeliveryRefused as exc:
            if refusals.of(exc) in UNEDITABLE:
                raise DeliveryGone(exc.reason) from exc
            raise

    async def _edit(self, card: Posted, message: Message) -> None:
        if card.message_ts is None:
            raise DeliveryRefused(Refusal.MESSAGE_GONE)
        try:
            await self._wire.edit(card.channel_id, card.message_ts, message)
        except DeliveryRetryable as exc:
            if refusals.is_undone(exc):
                self._budget.give_back()
            raise

    def _take_turn(self, key: str) -> None:
        """Take a turn for progress; raises DeliveryRetryable when it has not come yet."""
        now_s = self._clock.monotonic_s()
        edited_s = self._edited_s.get(key)
        wait_s = 0.0 if edited_s is None else edited_s + CARD_GAP_S - now_s
        if wait_s <= 0:
            wait_s = self._budget.take(now_s)
        if wait_s > 0:
            raise DeliveryRetryable("the workspace has edits enough", retry_after_s=wait_s)
        _remember(self._edited_s, key, now_s)


def _remember(values: OrderedDict[str, V], key: str, value: V) -> None:
    values[key] = value
    values.move_to_end(key)
    if len(values) > KEPT:
        values.popitem(last=False)


def _key(card: Posted) -> str:
    return f"{card.channel_id} {card.message_ts}"


def _digest(message: Message) -> str:
    text = json.dumps(message.fields, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
