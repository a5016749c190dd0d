"""Decider: a small memory of what was recorded last, so that it need not be read again."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

T = TypeVar("T")

ROOM = 20_000
"""
How many jobs are remembered; with more under way, the ledger is asked for the others.

A job takes about 2.4 KB, the deliveries of one 0.5 KB: 60 MB with so many jobs under way.
"""


class Recent(Generic[T]):
    """
    The newest values by job, each good for one fence.

    Whoever acts on a value writes under its fence: should the value be out of date, that write
    changes nothing, and the job is read anew.
    """

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._values: OrderedDict[str, tuple[int, T]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def put(self, job_id: str, fence: int, value: T) -> None:
        """Remember a value; the one that was put longest ago makes room for it."""
        self._values[job_id] = (fence, value)
        self._values.move_to_end(job_id)
        if len(self._values) > self._room:
            self._values.popitem(last=False)

    def get(self, job_id: str) -> T | None:
        """Return the value of a job, whatever its fence, or None."""
        found = self._values.get(job_id)
        return found[1] if found else None

    def take(self, job_id: str, fence: int) -> T | None:
        """Return and forget the value of a job; None when it was for another fence."""
        held_fence, value = self._values.pop(job_id, (None, None))
        return value if held_fence == fence else None
