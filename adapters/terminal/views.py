"""Doer: shows jobs on a console while they move: a live board, plain lines, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from adapters.presentation import JobCard
from adapters.terminal import render
from core.jobs.lifecycle import State

REFRESHES_PER_S = 8
"""Of the live board; enough for a smooth bar."""


class View(Protocol):
    """Somewhere to show how jobs get on."""

    def __enter__(self) -> Self:
        """Begin to show."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the last state standing."""
        ...

    def follow(self, cards: Callable[[], Sequence[JobCard]]) -> None:
        """Show from now on what `cards` returns; it may be called at any time, by any thread."""
        ...

    def moved(self, card: JobCard) -> None:
        """A job has been seen in the state on its card."""
        ...

    def say(self, said: RenderableType) -> None:
        """Show something once, above whatever moves."""
        ...


class LiveView:
    """A board that is drawn again and again, for terminals."""

    def __init__(self, console: Console) -> None:
        self._cards: Callable[[], Sequence[JobCard]] = tuple
        self._console = console
        self._live = Live(
            console=console,
            get_renderable=self._board,
            refresh_per_second=REFRESHES_PER_S,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def _board(self) -> RenderableType:
        cards = self._cards()
        return render.board(cards) if cards else ""

    def __enter__(self) -> Self:
        """Begin to draw."""
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Draw once more and leave that standing."""
        self._live.stop()

    def follow(self, cards: Callable[[], Sequence[JobCard]]) -> None:
        """Draw from now on what `cards` returns."""
        self._cards = cards

    def moved(self, card: JobCard) -> None:
        """Nothing: the board is drawn anew in any case."""

    def say(self, said: RenderableType) -> None:
        """Print above the board; what must not be broken into lines is not."""
        self._console.print(said, soft_wrap=isinstance(said, Text) and bool(said.no_wrap))


class LinesView:
    """One line for every change, for pipes and logs."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._seen: dict[str, State] = {}
        self._heard: dict[str, str] = {}

    def __enter__(self) -> Self:
        """Nothing has to begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing has to end."""

    def follow(self, cards: Callable[[], Sequence[JobCard]]) -> None:
        """Nothing: what has not moved is not worth a line."""

    def moved(self, card: JobCard) -> None:
        """Print the state, those on the way to it, and what holds the job up."""
        before = self._seen.get(card.job_id)
        if before is not card.state:
            self._seen[card.job_id] = card.state
            for state in passed(before, card.state):
                self._console.print(render.state_line(card, state))
        trouble = render.trouble(card)
        if trouble and self._heard.get(card.job_id) != trouble.plain:
            self._heard[card.job_id] = trouble.plain
            self.say(Text.assemble(f"{card.model}: ", trouble))

    def say(self, said: RenderableType) -> None:
        """Print it."""
        self._console.print(said, soft_wrap=True)


class SilentView:
    """Nothing at all, for `--json`."""

    def __enter__(self) -> Self:
        """Nothing has to begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing has to end."""

    def follow(self, cards: Callable[[], Sequence[JobCard]]) -> None:
        """Show nothing."""

    def moved(self, card: JobCard) -> None:
        """Show nothing."""

    def say(self, said: RenderableType) -> None:
        """Say nothing."""


def passed(before: State | None, now: State) -> tuple[State, ...]:
    """
    Return the states from `before` to `now`, with those in between that nobody looked at.

    A job that goes well comes through every state of the way in order, so a state that was too
    short to be seen was there all the same. Only the present one is sure for any other job.
    """
    if now not in render.WAY or (before is not None and before not in render.WAY):
        return (now,)
    start = -1 if before is None else render.WAY.index(before)
    end = render.WAY.index(now)
    return render.WAY[start + 1 : end + 1] if start < end else (now,)


VIEWS: Mapping[bool, type[LiveView | LinesView]] = {True: LiveView, False: LinesView}
"""By whether the console is a terminal."""


def open_view(console: Console, *, silent: bool) -> View:
    """Return what suits the console."""
    if silent:
        return SilentView()
    return VIEWS[console.is_terminal and not console.is_dumb_terminal](console)
