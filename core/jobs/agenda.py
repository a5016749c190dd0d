"""Decider: what is due when: a heap of small records, one for each thing that waits."""

from __future__ import annotations

import heapq
from typing import Generic, TypeVar

FEW = 64
"""Up to this many forgotten entries the heap is not worth rebuilding."""


class Due:
    """Something that waits for its time; subclasses say what, in `__slots__`."""

    __slots__ = ("ticket",)

    def __init__(self) -> None:
        self.ticket = 0
        """The number of its entry on an agenda; 0 while it is on none."""


T = TypeVar("T", bound=Due)


class Agenda(Generic[T]):
    """
    Things by their due time, in seconds of the monotonic clock.

    A thing is on the agenda once at most: putting it again moves it. Taken-off entries stay in
    the heap as forgotten ones until they surface or outnumber the others.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, T]] = []
        self._issued = 0
        self._live = 0

    def __len__(self) -> int:
        return self._live

    def put(self, item: T, due_s: float) -> None:
        """Make `item` due at `due_s`, and no longer when it was due before."""
        self.drop(item)
        self._issued += 1
        self._live += 1
        item.ticket = self._issued
        heapq.heappush(self._heap, (due_s, self._issued, item))

    def drop(self, item: T) -> None:
        """Take `item` off; nothing happens when it is not on."""
        if item.ticket:
            item.ticket = 0
            self._live -= 1
            self._tidy()

    def next_due_s(self) -> float | None:
        """Return when the earliest thing is due, or None when nothing is."""
        while self._heap and self._heap[0][1] != self._heap[0][2].ticket:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def pop_due(self, now_s: float) -> list[T]:
        """Take off and return all that is due, the longest due first."""
        due: list[T] = []
        while (next_s := self.next_due_s()) is not None and next_s <= now_s:
            item = heapq.heappop(self._heap)[2]
            item.ticket = 0
            self._live -= 1
            due.append(item)
        return due

    def _tidy(self) -> None:
        if len(self._heap) - self._live > max(FEW, self._live):
            self._heap = [entry for entry in self._heap if entry[1] == entry[2].ticket]
            heapq.heapify(self._heap)
