"""Decider: how often the user has asked to stop."""

from __future__ import annotations


class Interrupts:
    """
    Counts presses of Ctrl-C; the root connects `press` to SIGINT.

    It may be pressed before anything listens; whoever waits looks at it between two waits.
    """

    def __init__(self) -> None:
        self._presses = 0

    def press(self) -> None:
        """Note one press."""
        self._presses += 1

    @property
    def stop(self) -> bool:
        """Whether the jobs are to be cancelled, cleanly."""
        return self._presses >= 1

    @property
    def force(self) -> bool:
        """Whether nothing is to be waited for any more."""
        return self._presses >= 2  # noqa: PLR2004  # the second press, as the docstring has it
