"""Decider: how long to wait before the next try."""

from __future__ import annotations

import random
from dataclasses import dataclass, field


@dataclass(kw_only=True, slots=True)
class Backoff:
    """Waits that double from try to try, each shortened by chance to a half at the least."""

    first_s: float = 1.0
    longest_s: float = 300.0
    rng: random.Random = field(default_factory=random.Random, repr=False)
    _tries: int = 0

    def next_s(self) -> float:
        """Return the next wait, in seconds."""
        whole_s = min(self.longest_s, self.first_s * 2.0 ** min(self._tries, 32))
        self._tries += 1
        return whole_s * self.rng.uniform(0.5, 1.0)

    def reset(self) -> None:
        """Begin anew: something worked."""
        self._tries = 0
