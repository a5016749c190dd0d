"""Rate limits: Slack's tiers when a test turns them on, and limits of its own."""

from __future__ import annotations

import collections

from core.clock import Clock
from tests.fakes.slack_asked import Asked
from tests.fakes.slack_refusals import too_many

MINUTE_S = 60.0

TIERS = {2: 20, 3: 50, 4: 100}
"""Calls in a minute, by method and workspace. Source: Slack, apis/web-api/rate-limits."""

TIER_OF = {
    "apps.connections.open": 3,
    "chat.delete": 3,
    "chat.update": 3,
    "conversations.info": 3,
    "conversations.open": 3,
    "conversations.replies": 3,
    "files.delete": 3,
    "chat.postEphemeral": 4,
    "files.completeUploadExternal": 4,
    "files.getUploadURLExternal": 4,
    "files.info": 4,
    "users.info": 4,
    "views.open": 4,
    "views.push": 4,
    "views.update": 4,
}
"""Source: Slack's method reference; the other methods have special tiers."""

POST_BURST = 5
"""Posts to a channel at once before it is one a second. Slack says "short bursts"; our guess."""

Bucket = tuple[str, str]


class Tiers:
    """Counts calls; those over a limit are refused with 429. `on` turns Slack's own tiers on."""

    def __init__(self, clock: Clock, *, on: bool = False) -> None:
        self.on = on
        self._clock = clock
        self._limits: dict[str, tuple[int, float]] = {}
        self._taken_s: dict[Bucket, list[float]] = collections.defaultdict(list)

    def limit(self, method: str, times: int, within_s: float) -> None:
        """Let `method` be called `times` in `within_s` seconds of the clock."""
        self._limits[method] = (times, within_s)

    def count(self, asked: Asked) -> None:
        """Count a call, or refuse it."""
        found = self._limit(asked.method)
        if found is None:
            return
        times, within_s = found
        posts = asked.method == "chat.postMessage" and asked.method not in self._limits
        bucket = (asked.method, asked.text("channel") if posts else "")
        now_s = self._clock.monotonic_s()
        recent = [at_s for at_s in self._taken_s[bucket] if now_s - at_s < within_s]
        self._taken_s[bucket] = recent
        if len(recent) >= times:
            raise too_many(recent[0] + within_s - now_s)
        recent.append(now_s)

    def _limit(self, method: str) -> tuple[int, float] | None:
        if method in self._limits:
            return self._limits[method]
        if not self.on:
            return None
        if method == "chat.postMessage":
            return POST_BURST, float(POST_BURST)
        return (TIERS[TIER_OF[method]], MINUTE_S) if method in TIER_OF else None
