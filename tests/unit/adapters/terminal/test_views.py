"""What is shown while jobs move: on a terminal, in a pipe, and with --json."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from rich.console import Console
from rich.text import Text

from adapters import presentation
from adapters.presentation import JobCard
from adapters.terminal import views
from adapters.terminal.interrupts import Interrupts
from adapters.terminal.views import LinesView, LiveView, SilentView
from core.jobs.lifecycle import State
from tests.fakes.clock import START
from tests.fakes.jobs import SHADE, job


def card(state: State) -> JobCard:
    now = START + timedelta(seconds=4)
    return presentation.card(job(state=state), SHADE, now=now, expected_s=8.0)


def console(*, is_terminal: bool) -> tuple[Console, io.StringIO]:
    file = io.StringIO()
    return Console(file=file, force_terminal=is_terminal, width=100, height=30), file


def test_pipe_gets_one_line_a_state() -> None:
    """Plain lines are printed when the state changes, and only then."""
    made, file = console(is_terminal=False)
    view = LinesView(made)
    with view:
        for state in (State.RECEIVED, State.RECEIVED, State.QUEUED, State.RUNNING, State.RUNNING):
            view.moved(card(state))

    assert file.getvalue().splitlines() == [
        "Shade: received",
        "Shade: queued",
        "Shade: submitting",
        "Shade: running",
    ]


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (None, State.QUEUED, (State.RECEIVED, State.QUEUED)),
        (State.RUNNING, State.READY, (State.COLLECTING, State.READY)),
        (State.SUBMITTING, State.QUEUED, (State.QUEUED,)),
        (State.RUNNING, State.FAILED, (State.FAILED,)),
        (State.EXPIRED, State.RUNNING, (State.RUNNING,)),
    ],
)
def test_states_too_short_to_be_seen_are_told(
    before: State | None, now: State, expected: tuple[State, ...]
) -> None:
    """Between two states of the way all those in between were there; elsewhere nothing is sure."""
    assert views.passed(before, now) == expected


def test_pipe_says_once_what_holds_a_job_up() -> None:
    """What keeps a job from going on is printed when it is new."""
    made, file = console(is_terminal=False)
    view = LinesView(made)
    now = START + timedelta(seconds=4)
    for _ in range(3):
        paused = job(state=State.QUEUED, detail="credits")
        view.moved(presentation.card(paused, SHADE, now=now, expected_s=8.0))

    assert file.getvalue().splitlines() == [
        "Shade: received",
        "Shade: queued",
        "Shade: It waits: our account has no credits left. Nothing has been charged so far.",
    ]


def test_pipe_has_no_escape_sequences() -> None:
    """Nothing but text goes into a pipe, and lines are not broken."""
    made, file = console(is_terminal=False)
    view = LinesView(made)
    view.say(Text("x" * 300, style="bold red"))

    assert file.getvalue() == "x" * 300 + "\n"


def test_terminal_shows_the_board() -> None:
    """On a terminal the newest cards are drawn, and what is said stands above them."""
    made, file = console(is_terminal=True)
    view = LiveView(made)
    cards = [card(State.RUNNING)]
    with view:
        view.follow(lambda: cards)
        view.moved(cards[0])
        view.say(Text("said"))
        cards[0] = card(State.READY)

    assert "said" in file.getvalue()
    assert "ready" in file.getvalue()


def test_silence_is_silent() -> None:
    """With --json nothing is shown at all."""
    view = SilentView()
    with view:
        view.follow(tuple)
        view.moved(card(State.RUNNING))
        view.say("anything")


@pytest.mark.parametrize(
    ("is_terminal", "silent", "expected"),
    [(True, False, LiveView), (False, False, LinesView), (True, True, SilentView)],
    ids=["terminal", "pipe", "json"],
)
def test_view_suits_the_console(*, is_terminal: bool, silent: bool, expected: type) -> None:
    """A terminal gets the board, a pipe lines, and --json silence."""
    made, _ = console(is_terminal=is_terminal)

    assert type(views.open_view(made, silent=silent)) is expected


def test_second_press_forces() -> None:
    """The first Ctrl-C asks to stop, the second does not wait."""
    interrupts = Interrupts()
    states = [(interrupts.stop, interrupts.force)]
    for _ in range(2):
        interrupts.press()
        states.append((interrupts.stop, interrupts.force))

    assert states == [(False, False), (True, False), (True, True)]


def test_terminal_does_not_break_paths() -> None:
    """A path longer than the screen is wide stays in one piece, so that it can be copied."""
    made, file = console(is_terminal=True)
    LiveView(made).say(Text("/" + "x" * 300, no_wrap=True))

    assert "/" + "x" * 300 in file.getvalue()
