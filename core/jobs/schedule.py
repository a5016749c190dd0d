"""Decider: when a thing is tried next: polls inside a learned window, back-off, slowing down."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

RETRY_AFTER_MAX_S = 900.0
"""The longest wait that another side's Retry-After may impose, in seconds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """When the jobs of one model usually finish, as ages in seconds since the submit."""

    first_s: float
    """The 3rd percentile of the durations: hardly anything is ready earlier."""
    last_s: float
    """The 97th percentile: hardly anything is still open later."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """
    How often an unfinished task is asked for.

    Source of the defaults: simulated over 40 000 jobs (research, "Polling strategies"): 4.9
    requests a job at a spread of 0.35, and 95 of 100 results seen within two seconds.
    """

    interval_s: float = 2.0
    """Between two questions inside the window, and always while no window is known."""
    late_share: float = 0.1
    """After the window the wait is this share of the job's age …"""
    late_min_s: float = 0.5
    """… but never shorter than this …"""
    late_max_s: float = 30.0
    """… and never longer than this."""


def next_poll_s(age_s: float, window: Window | None, pace: Pace) -> float:
    """Return how long to wait before asking for a task that is `age_s` old, in seconds."""
    if window is None:
        return pace.interval_s
    if age_s < window.first_s:
        return window.first_s - age_s
    if age_s < window.last_s:
        return pace.interval_s
    return min(max(pace.late_share * age_s, pace.late_min_s), pace.late_max_s)


def first_poll_s(age_s: float, window: Window | None, pace: Pace) -> float:
    """Return the wait before the first question; none for a task that may be ready by now."""
    if age_s >= (pace.interval_s if window is None else window.first_s):
        return 0.0
    return next_poll_s(age_s, window, pace)


@dataclass(frozen=True, kw_only=True, slots=True)
class Backoff:
    """Growing waits between tries of the same thing, spread by a fifth either way."""

    first_s: float
    factor: float = 2.0
    max_s: float

    def delay_s(
        self, attempt: int, rng: random.Random, *, retry_after_s: float | None = None
    ) -> float:
        """
        Return the wait after the try numbered `attempt` (from 0) failed, in seconds.

        A Retry-After of the other side is honoured up to RETRY_AFTER_MAX_S.
        """
        steps = min(attempt, 32)
        grown_s = min(self.first_s * self.factor**steps, self.max_s) * rng.uniform(0.8, 1.2)
        return max(grown_s, min(retry_after_s or 0.0, RETRY_AFTER_MAX_S))


POLL_BACKOFF = Backoff(first_s=2.0, max_s=60.0)
"""After a poll that brought no answer."""
ACK_BACKOFF = Backoff(first_s=2.0, max_s=60.0)
"""After a platform could not tell whether it took an acknowledgement."""
PREPARE_BACKOFF = Backoff(first_s=2.0, max_s=32.0)
"""After a picture could not be fetched or a card not be posted."""
PREPARE_BUDGET_S = 120.0
"""How long preparing and posting the card is tried, in seconds."""
SUBMIT_BACKOFF = Backoff(first_s=2.0, max_s=120.0)
"""After a submit that certainly was not carried out."""
COLLECT_BACKOFF = Backoff(first_s=5.0, max_s=120.0)
"""After results could not be downloaded."""
COLLECT_BUDGET_S = 900.0
"""How long the download of results is tried, in seconds."""
DELIVER_BACKOFF = Backoff(first_s=2.0, max_s=900.0)
"""After a place did not take a delivery."""
DELIVER_BUDGET_S = 24 * 3600.0
"""How long one delivery is tried, in seconds."""
STUMBLE_BACKOFF = Backoff(first_s=2.0, max_s=120.0)
"""After a step broke in a way nobody foresaw, or the store did not answer."""
STORE_BACKOFF = Backoff(first_s=0.5, max_s=10.0)
"""Between tries of a write that must not be lost."""


class Slowdown:
    """
    What a 429 does to everybody: nobody asks until it is over, and then less often.

    The interval doubles with each 429, up to eightfold, and halves again with each quiet
    half minute.
    """

    FACTOR_MAX = 8.0
    CALM_S = 30.0

    def __init__(self) -> None:
        self._factor = 1.0
        self._changed_s = 0.0
        self.until_s = 0.0
        """No call is made before this instant of the monotonic clock."""

    def slow_down(self, now_s: float, wait_s: float) -> None:
        """Take note of a 429; those that arrive while everybody waits already change nothing."""
        if now_s < self.until_s:
            return
        self._factor = min(self.factor(now_s) * 2.0, self.FACTOR_MAX)
        self._changed_s = self.until_s = now_s + wait_s

    def factor(self, now_s: float) -> float:
        """Return by what every interval is multiplied now; 1 when nothing is slowed down."""
        calm_periods = int(max(now_s - self._changed_s, 0.0) // self.CALM_S)
        return max(self._factor * math.pow(0.5, calm_periods), 1.0)
