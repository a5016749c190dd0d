"""Decider: what finished jobs teach about how long a model takes."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence

from core.jobs.schedule import Window

KEPT = 200
"""How many durations are kept for a model, the newest."""
ENOUGH = 10
"""
How many durations make a window.

Source: fitted on 10 past jobs, a schedule was as good as one fitted on 200 (research, "Polling
strategies", finding 3).
"""
FIRST_QUANTILE = 0.03
LAST_QUANTILE = 0.97
FOUND_AT_ONCE = 0.97
"""
What share of its age is learned for a job that was ready at the very first question.

All that is known is that it took less. Taking the age itself would move the window later with
every generation; taking less lets it find its place: about 3 in 100 are ready at the first.
"""
VAGUE = 0.34
"""A gap between two polls that is more than this share of the age teaches nothing."""


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return the value below which `share` of the ascending values lie, interpolated."""
    position = share * (len(ordered) - 1)
    low = math.floor(position)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (position - low)


def window_of(durations_s: Iterable[float]) -> Window | None:
    """Return the window that the durations describe, or None while there are too few."""
    ordered = sorted(durations_s)
    if len(ordered) < ENOUGH:
        return None
    return Window(
        first_s=quantile(ordered, FIRST_QUANTILE), last_s=quantile(ordered, LAST_QUANTILE)
    )


def duration_s(*, pending_s: float | None, seen_s: float) -> float | None:
    """
    Return how long a job probably took, or None when nobody can say.

    Args:
        pending_s: its age when it was last seen unfinished; 0 when the first question found it
            ready, None when nobody had watched it from the start.
        seen_s: its age when it was seen finished.
    """
    if pending_s is None:
        return None
    if pending_s <= 0.0:
        return seen_s * FOUND_AT_ONCE
    if seen_s - pending_s > max(VAGUE * seen_s, 3.0):
        return None
    return (pending_s + seen_s) / 2.0


class Learned:
    """The newest durations of every model, and the windows that follow from them."""

    def __init__(self) -> None:
        self._durations: dict[str, deque[float]] = {}
        self._windows: dict[str, Window | None] = {}

    def knows(self, model_id: str) -> bool:
        """Whether the past of this model has been loaded."""
        return model_id in self._durations

    def load(self, model_id: str, durations_s: Iterable[float]) -> None:
        """Take over the past of a model, oldest first; what was added before stays newer."""
        kept = deque(durations_s, maxlen=KEPT)
        kept.extend(self._durations.get(model_id, ()))
        self._durations[model_id] = kept
        self._windows.pop(model_id, None)

    def add(self, model_id: str, duration_s: float) -> None:
        """Learn from one more job."""
        self._durations.setdefault(model_id, deque(maxlen=KEPT)).append(duration_s)
        self._windows.pop(model_id, None)

    def window(self, model_id: str) -> Window | None:
        """Return when jobs of the model usually finish, or None while that is unknown."""
        if model_id not in self._windows:
            self._windows[model_id] = window_of(self._durations.get(model_id, ()))
        return self._windows[model_id]
