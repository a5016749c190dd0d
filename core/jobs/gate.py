"""Decider: whether anything may be submitted now, or one probe, or nothing."""

from __future__ import annotations

PROBE_FIRST_S = 30.0
"""How long submitting pauses after the provider refused us, in seconds."""
PROBE_MAX_S = 600.0
"""The longest pause between two probes, in seconds."""
BY_OPERATOR = "paused"
"""Why nothing is submitted while the operator wants it so; no Misconfiguration has this name."""


class Gate:
    """
    Open until the provider says that the operator must mend something; then one job probes.

    While the gate is shut, a single submit is let through after each pause; pauses grow from
    PROBE_FIRST_S to PROBE_MAX_S, and the first answer that is no such refusal opens the gate.
    While the operator has paused it nothing passes, whatever the provider says.
    """

    def __init__(self) -> None:
        self.cause = ""
        """What the operator must mend (a Misconfiguration); empty when there is nothing."""
        self.is_paused = False
        """Whether the operator wants nothing to be submitted."""
        self._pause_s = 0.0
        self._until_s = 0.0
        self._probing = False

    @property
    def is_shut(self) -> bool:
        """Whether submitting is paused for everybody."""
        return bool(self.why)

    @property
    def why(self) -> str:
        """Why it is shut: BY_OPERATOR or a Misconfiguration; empty while it is open."""
        return BY_OPERATOR if self.is_paused else self.cause

    def enter(self, now_s: float) -> bool:
        """Return whether one submit may go ahead now; while shut, that one is the probe."""
        if self.is_paused or now_s < self._until_s or self._probing:
            return False
        self._probing = bool(self.cause)
        return True

    def wait_s(self, now_s: float) -> float | None:
        """Return after how long it is worth asking again; None while paused or probing."""
        return None if self._probing or self.is_paused else max(self._until_s - now_s, 0.0)

    def hold(self, until_s: float) -> None:
        """Let nothing through before `until_s`: the provider asked for slowness."""
        self._until_s = max(self._until_s, until_s)

    def refused(self, now_s: float, cause: str) -> bool:
        """Shut, or stay shut for longer after a probe; return whether this is news."""
        news = cause != self.cause
        if self._probing or not self.cause:
            self._pause_s = min(max(self._pause_s * 2.0, PROBE_FIRST_S), PROBE_MAX_S)
            self._until_s = now_s + self._pause_s
        self._probing = False
        self.cause = cause
        return news

    def answered(self) -> bool:
        """Open: the provider dealt with a request; return whether the gate had been shut."""
        was_shut = bool(self.cause)
        if was_shut:
            self._until_s = 0.0
        self.cause = ""
        self._pause_s = 0.0
        self._probing = False
        return was_shut

    def undecided(self, now_s: float) -> None:
        """Take note of a submit that ended without an answer: a probe is to be made again."""
        if self._probing:
            self._probing = False
            self._until_s = max(self._until_s, now_s + self._pause_s)
