"""Decider: what the operator has halted for everybody, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Halt(StrEnum):
    """What can be halted."""

    PAUSED = "paused"
    """Nothing is submitted; orders are taken and wait."""
    DRAINING = "draining"
    """No order is taken; what is under way goes on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mode:
    """What is halted, by every process on the database, until the operator resumes it."""

    paused_since: datetime | None = None
    draining_since: datetime | None = None

    @property
    def is_paused(self) -> bool:
        """Whether nothing may be submitted."""
        return self.paused_since is not None

    @property
    def is_draining(self) -> bool:
        """Whether no order is taken."""
        return self.draining_since is not None

    @property
    def halted(self) -> tuple[Halt, ...]:
        """Return what is halted."""
        since = {Halt.PAUSED: self.paused_since, Halt.DRAINING: self.draining_since}
        return tuple(halt for halt, at in since.items() if at is not None)
