"""Decider: when calls that Slack has had enough of may come again; times are handed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

POST_GAP_S: Final = 1.2
"""
Between two posts in one channel, in seconds, as long as some wait there: one a second and a bit.

Source: docs.slack.dev/apis/web-api/rate-limits ("1 per second per channel", with short bursts).
"""


@dataclass(kw_only=True, slots=True)
class _Kept:
    """What is kept back: nothing is called before `next_s`."""

    next_s: float
    turn_s: float
    """When whoever is turned away next is to come."""


class Pacing:
    """
    Keeps back what Slack has refused for now, and has those who wait come one by one.

    Told one and the same instant they would all come at once, one of them would be taken, and of a
    hundred cards in one channel a quarter would not be posted in time.
    """

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}

    def hold(self, key: str, until_s: float) -> None:
        """Let there be no call of this kind until then."""
        turn_s = self._kept[key].turn_s if key in self._kept else until_s
        self._kept[key] = _Kept(next_s=until_s, turn_s=max(turn_s, until_s))

    def wait_s(self, key: str, now_s: float, gap_s: float) -> float:
        """Return 0 when there may be a call now, else in how many seconds to come again."""
        kept = self._kept.get(key)
        if kept is None:
            return 0.0
        if now_s < kept.next_s:
            turn_s = max(kept.turn_s, kept.next_s)
            kept.turn_s = turn_s + gap_s
            return turn_s - now_s
        kept.next_s = max(kept.next_s, now_s - gap_s) + gap_s  # who is late delays nobody
        if now_s >= kept.turn_s:
            del self._kept[key]  # nobody waits any more
        return 0.0
