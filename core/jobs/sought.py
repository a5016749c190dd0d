"""Decider: which jobs somebody wants to see, as a value."""

from __future__ import annotations

from dataclasses import dataclass

from core.jobs.lifecycle import State


@dataclass(frozen=True, kw_only=True, slots=True)
class Sought:
    """Jobs that are all of this; what is left out may be anything."""

    states: frozenset[State] = frozenset()
    platform: str | None = None
    requester: str | None = None
