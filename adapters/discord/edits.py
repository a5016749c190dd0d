"""Doer: progress on cards: as few edits as say all, and never more than a channel bears."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from typing import Any, Final, Generic, TypeVar

from adapters.discord import places, refusals
from adapters.discord.outgoing import Outgoing
from adapters.discord.refusals import Refusal
from adapters.discord.wire import Wire
from core.clock import Clock
from core.errors import DeliveryRefused, DeliveryRetryable

V = TypeVar("V")

GAP_S: Final = 1.5
"""
Between two edits in one channel, in seconds.

Ours: Discord publishes no number and counts a channel's edits together; five in five seconds is
what others see, and posts and last edits take from the same.
"""
OLD_AFTER_S: Final = 3600.0
"""
When a message is old, whose edits are counted apart, in seconds.

Source: discord.com/developers/docs/topics/opcodes-and-status-codes#json, 30046.
"""
OLD_GAP_S: Final = 60.0
"""Between two edits of old messages in one channel, in seconds; ours, for want of a number."""
BEHIND_MAX: Final = 20
"""
How many turns ahead a change may be asked to come again, so that not all come for the next one.

With 1,000 jobs in one channel, rendering each for every turn took a fifth of a core.
"""
KEPT: Final = 1024
"""How many messages and channels are remembered; forgetting one costs one edit too many."""

_OVER: Final = frozenset(
    {
        Refusal.MESSAGE_GONE,
        Refusal.CHANNEL_GONE,
        Refusal.NO_ACCESS,
        Refusal.NOT_OURS,
        Refusal.ARCHIVED,
        Refusal.TOO_MANY_EDITS,
    }
)
"""What says that progress on this message is not worth another call."""


class Remembered(Generic[V]):
    """The values of the last keys that were set."""

    def __init__(self, most: int = KEPT) -> None:
        self._most = most
        self._values: OrderedDict[object, V] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: object) -> V | None:
        """Return the value of `key`, or None when it is not remembered."""
        return self._values.get(key)

    def set(self, key: object, value: V) -> None:
        """Remember a value, and forget the oldest of too many."""
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self._most:
            self._values.popitem(last=False)

    def forget(self, key: object) -> None:
        """Remember nothing of `key`."""
        self._values.pop(key, None)


class Edits:
    """Shows what changed, if anything, when it is the channel's turn."""

    def __init__(self, wire: Wire, clock: Clock) -> None:
        self._wire = wire
        self._clock = clock
        self._shown: Remembered[str] = Remembered()
        self._free_at_s: Remembered[float] = Remembered()
        self._behind: Remembered[int] = Remembered()

    def is_shown(self, message_id: int, message: Outgoing) -> None:
        """Remember what a message shows since it was posted."""
        self._shown.set(message_id, _digest(message))

    def is_shown_otherwise(self, message_id: int) -> None:
        """Forget what a message shows, since somebody else edits it."""
        self._shown.forget(message_id)

    async def show(
        self,
        channel_id: int,
        message_id: int,
        message: Outgoing,
        *,
        keep: tuple[int, ...] | None,
    ) -> None:
        """
        Edit a message, unless it shows that already; nothing waits here for a channel's turn.

        Args:
            channel_id: where the message is.
            message_id: which.
            message: what it is to show.
            keep: the ids of its files.

        Raises:
            DeliveryRetryable: not just now; also when the channel has too much to bear.
        """
        digest = _digest(message)
        if self._shown.get(message_id) in {digest, _NOTHING_MORE}:
            return
        self._take_turn(channel_id, message_id)
        self._shown.forget(message_id)  # an edit without an answer may have been made, or not
        try:
            await self._wire.edit(channel_id, message_id, message, keep=keep)
        except DeliveryRefused as exc:
            digest = _NOTHING_MORE if refusals.of(exc) in _OVER else digest
        except DeliveryRetryable as exc:
            self._hold(channel_id, message_id, exc.retry_after_s or 0.0)
            raise
        self._shown.set(message_id, digest)

    def _take_turn(self, channel_id: int, message_id: int) -> None:
        """Take the channel's turn; raises DeliveryRetryable when it has not come yet."""
        key, gap_s = self._turn(channel_id, message_id)
        now_s = self._clock.monotonic_s()
        wait_s = (self._free_at_s.get(key) or now_s) - now_s
        if wait_s > 0:
            wait_s += self._line_up(key) * gap_s
            raise DeliveryRetryable("the channel has edits enough", retry_after_s=wait_s)
        self._behind.forget(key)
        self._free_at_s.set(key, now_s + gap_s)

    def _line_up(self, key: object) -> int:
        """Return how many changes are to come before this one, since the last turn was taken."""
        behind = self._behind.get(key) or 0
        self._behind.set(key, min(behind + 1, BEHIND_MAX))
        return behind

    def _hold(self, channel_id: int, message_id: int, wait_s: float) -> None:
        key, gap_s = self._turn(channel_id, message_id)
        self._free_at_s.set(key, self._clock.monotonic_s() + max(gap_s, wait_s))

    def _turn(self, channel_id: int, message_id: int) -> tuple[tuple[int, bool], float]:
        age_s = (self._clock.now() - places.made_at(message_id)).total_seconds()
        is_old = age_s > OLD_AFTER_S
        return (channel_id, is_old), OLD_GAP_S if is_old else GAP_S


_NOTHING_MORE: Final = ""
"""Stands for what a message shows that takes no edits."""


def _digest(message: Outgoing) -> str:
    shown: Any = message.view.to_components()  # type: ignore[no-untyped-call]
    text = json.dumps(shown, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
