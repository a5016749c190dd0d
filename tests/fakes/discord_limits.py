"""Rate limits: the headers of every answer, and 429 for routes that a test limits."""

from __future__ import annotations

import collections
import functools
import hashlib
from collections.abc import Mapping

from core.clock import Clock
from tests.fakes.discord_asked import Asked
from tests.fakes.discord_refusals import too_many

AMPLE = (1000, 1.0)
"""Calls and seconds of a route that no test limits."""

MAJOR = ("channel", "guild", "application", "token")
"""Ids that have limits of their own. Source: Discord, topics/rate-limits."""

Bucket = tuple[str, ...]


class Limits:
    """Counts calls by route and major id; more than a route's limit are refused with 429."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._limits: dict[str, tuple[int, float]] = {}
        self._taken_s: dict[Bucket, list[float]] = collections.defaultdict(list)

    def limit(self, route: str, times: int, within_s: float) -> None:
        """Let `route` be called `times` in `within_s` seconds of the clock, by major id."""
        self._limits[route] = (times, within_s)

    def count(self, asked: Asked) -> None:
        """Count a call, or refuse it."""
        times, within_s = self._limits.get(asked.route, AMPLE)
        recent = self._recent(asked)
        if len(recent) >= times and asked.route in self._limits:
            raise too_many(round(recent[0] + within_s - self._clock.monotonic_s(), 3))
        recent.append(self._clock.monotonic_s())

    def headers(self, asked: Asked) -> dict[str, str]:
        """Return what the answer says about the limit of its route."""
        times, within_s = self._limits.get(asked.route, AMPLE)
        recent = self._recent(asked)
        first_s = recent[0] if recent else self._clock.monotonic_s()
        after_s = max(first_s + within_s - self._clock.monotonic_s(), 0.001)
        reset = self._clock.now().timestamp() + after_s
        return {
            "X-RateLimit-Limit": str(times),
            "X-RateLimit-Remaining": str(max(times - len(recent), 0)),
            "X-RateLimit-Reset": f"{reset:.3f}",
            "X-RateLimit-Reset-After": f"{after_s:.3f}",
            "X-RateLimit-Bucket": _bucket(asked.route),
            "Via": "1.1 google",
        }

    def _recent(self, asked: Asked) -> list[float]:
        _, within_s = self._limits.get(asked.route, AMPLE)
        bucket = (asked.route, *major_of(asked.ids))
        now_s = self._clock.monotonic_s()
        recent = [at_s for at_s in self._taken_s[bucket] if now_s - at_s < within_s]
        self._taken_s[bucket] = recent
        return recent


@functools.cache
def _bucket(route: str) -> str:
    return hashlib.sha256(route.encode()).hexdigest()[:32]


def major_of(ids: Mapping[str, str]) -> tuple[str, ...]:
    """Return the ids of a path that count apart."""
    return tuple(value for name, value in ids.items() if name in MAJOR)
