"""Decider: how many edits a workspace bears, and whose turn it is; times are handed in."""

from __future__ import annotations

from collections import deque
from typing import Final

MINUTE_S: Final = 60.0
WINDOW_S: Final = MINUTE_S + 1.0
"""How long an edit counts, in seconds: Slack counts from when it arrives, which is later."""
EDITS_PER_MINUTE: Final = 50
"""
Edits in any minute, over all channels of a workspace.

Source: docs.slack.dev/reference/methods/chat.update (Tier 3, "50+ per minute").
"""
KEPT_FOR_LAST: Final = 10
"""Of those only the last edits of cards may take so many: the others can be left out."""
GAP_S: Final = 1.5
"""Between two edits that show progress, in seconds: 40 a minute, or one every 1.5 s times jobs."""
LAST_GAP_S: Final = MINUTE_S / EDITS_PER_MINUTE
"""How far apart last edits that wait for room are asked to come again, in seconds."""
BEHIND_MAX: Final = 40
"""How many turns ahead progress may be asked to come again; what is newest then is shown."""


class Budget:
    """Counts the edits of the last minute."""

    def __init__(self) -> None:
        self._taken_s: deque[float] = deque()
        self._next_s = 0.0
        self._behind = 0
        self._last_behind = 0

    def take(self, now_s: float) -> float:
        """Take the turn for an edit that shows progress, or return how many seconds it is off."""
        room_s = self._room_s(now_s, EDITS_PER_MINUTE - KEPT_FOR_LAST)
        wait_s = max(room_s, self._next_s - now_s)
        if wait_s > 0:
            wait_s += self._behind * GAP_S
            self._behind = min(self._behind + 1, BEHIND_MAX)
            return wait_s
        self._behind = 0
        self._next_s = now_s + GAP_S
        self._taken_s.append(now_s)
        return 0.0

    def take_last(self, now_s: float) -> float:
        """Take room for the last edit of a card, or return in how many seconds there is some."""
        wait_s = self._room_s(now_s, EDITS_PER_MINUTE)
        if wait_s > 0:
            wait_s += self._last_behind * LAST_GAP_S
            self._last_behind += 1
            return wait_s
        self._last_behind = 0
        self._taken_s.append(now_s)
        return 0.0

    def give_back(self) -> None:
        """Have the newest edit not counted: it was never made."""
        if self._taken_s:
            self._taken_s.pop()

    def hold(self, until_s: float) -> None:
        """Let no progress be shown until then: Slack has said that it is enough."""
        self._next_s = max(self._next_s, until_s)

    def _room_s(self, now_s: float, most: int) -> float:
        """Return in how many seconds fewer than `most` edits will be in the last minute."""
        while self._taken_s and now_s - self._taken_s[0] >= WINDOW_S:
            self._taken_s.popleft()
        over = len(self._taken_s) - most
        return 0.0 if over < 0 else self._taken_s[over] + WINDOW_S - now_s
