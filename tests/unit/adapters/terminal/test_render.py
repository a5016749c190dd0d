"""What a terminal shows, and what it must never be made to do."""

from __future__ import annotations

import io
import unicodedata
from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.console import Console, RenderableType

from adapters import presentation
from adapters.presentation import JobCard
from adapters.terminal import render, report
from adapters.terminal.interrupts import Interrupts
from adapters.terminal.pixels import Pixels
from adapters.terminal.render import Folder
from adapters.terminal.report import JobReport, TryResult
from adapters.terminal.written import Written
from core.errors import InvalidRequest, Limit, Problem, QuotaExceeded
from core.jobs.job import Job
from core.jobs.lifecycle import Reason, State
from tests.fakes.clock import START
from tests.fakes.jobs import SHADE, item, job

ATTACK = "\x1b]0;owned\x07\x1b[2J[bold red]x[/] \u202egpj.exe \x9b31m \r\x08 :smile:"
HERE = Folder(out="/out", typed="prints")
ANYTHING = st.text(st.characters(exclude_categories=()), max_size=60)


def card(of: Job) -> JobCard:
    return presentation.card(of, SHADE, now=START + timedelta(seconds=4), expected_s=8.0)


def printed(what: RenderableType, *, is_terminal: bool = False) -> str:
    console = Console(
        file=io.StringIO(),
        record=True,
        width=100,
        force_terminal=is_terminal,
        color_system="truecolor" if is_terminal else None,
    )
    console.print(what)
    return console.export_text()


def assert_harmless(text: str) -> None:
    for letter in text:
        assert letter == "\n" or unicodedata.category(letter) not in {"Cc", "Cs"}, hex(ord(letter))
        assert unicodedata.bidirectional(letter) not in {"RLO", "LRO", "RLE", "LRE", "RLI", "LRI"}


@given(ANYTHING)
@example(ATTACK)
def test_visible_text_is_one_harmless_line(text: str) -> None:
    """Whatever a user wrote, no control character of it is left, and nothing gets longer."""
    shown = render.visible(text)

    assert_harmless(shown)
    assert "\n" not in shown
    assert len(shown) == len(text)


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=60))
@example("Ein Häuschen 🏠 auf 木版画, [sic] 👩\u200d🚀")
def test_honest_text_is_shown_as_written(text: str) -> None:
    """Letters of all scripts, signs and emoji are left alone."""
    assert render.visible(text) == text


@given(prompt=ANYTHING.filter(bool), negative=ANYTHING.filter(bool))
@example(prompt=ATTACK, negative=ATTACK)
def test_prompt_never_commands_the_terminal(prompt: str, negative: str) -> None:
    """Neither prompt nor negative prompt brings control characters or markup to the screen."""
    shown = card(job(request_prompt=prompt, request_negative_prompt=negative))
    for text in (
        printed(render.headline([shown], several=False)),
        printed(render.facts([shown], several=False)),
    ):
        assert_harmless(text)


@given(ANYTHING)
@example(ATTACK)
def test_refusal_quotes_harmlessly(text: str) -> None:
    """A refused value is quoted back without its control characters."""
    error = InvalidRequest((Problem(parameter="size", reason=text, allowed=text),))

    assert_harmless(printed(render.refusal(error)))


@given(ANYTHING)
@example(ATTACK)
def test_words_and_paths_are_harmless(text: str) -> None:
    """Understood words, notices and the names of files come without control characters."""
    only = JobReport(preview=True, outputs=(text,), sheet=text, before_after=text)
    made = report.result((only,), preview=True, several=False, interrupts=Interrupts())

    assert_harmless(printed(render.understood([text], [text])))
    assert_harmless(printed(render.files(made, HERE)))


def test_markup_in_a_prompt_stays_text() -> None:
    """Rich's own markup and emoji codes in a prompt are shown, not obeyed."""
    shown = card(job(request_prompt="[red]a[/red] :smile:"))

    assert "[red]a[/red] :smile:" in printed(render.headline([shown], several=False))


def test_no_colour_of_a_prompt_reaches_a_terminal() -> None:
    """On a real terminal the only escape sequences are ours."""
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, color_system="truecolor", width=100)
    console.print(render.headline([card(job(request_prompt=ATTACK))], several=False))

    assert "\x1b[2J" not in file.getvalue()
    assert "\x1b]0;" not in file.getvalue()
    assert "\x9b" not in file.getvalue()


def test_understood_words_are_listed() -> None:
    """The studio's reading of the prompt is one line."""
    line = render.understood(["woodcut", "harbour"], ["flibber"])

    assert line.plain == "understood: woodcut, harbour; ignored: flibber"


def test_nothing_ignored_is_not_mentioned() -> None:
    """When every word was understood, the line ends there."""
    assert render.understood(["woodcut"], []).plain == "understood: woodcut"


def test_nothing_understood_is_said() -> None:
    """A prompt without a known word still changes the picture, and the line says how."""
    assert "nothing" in render.understood([], ["flibber"]).plain


@pytest.mark.parametrize("state", State)
def test_board_shows_every_state(state: State) -> None:
    """The board of one job names its model and its state, on a terminal and off it."""
    for is_terminal in (False, True):
        text = printed(render.board([card(job(state=state))]), is_terminal=is_terminal)

        assert "Shade" in text
        assert state.value in text


def test_board_of_several_has_a_line_each() -> None:
    """Several jobs are shown one below the other."""
    text = printed(render.board([card(job(state=State.RUNNING)), card(job(state=State.READY))]))

    assert [line.split()[:2] for line in text.splitlines()] == [
        ["Shade", "running"],
        ["Shade", "ready"],
    ]


@pytest.mark.parametrize(
    "of",
    [job(state=State.QUEUED, detail="credits"), job(state=State.RECEIVED, attempt=1)],
    ids=["paused", "picture late"],
)
def test_board_says_what_holds_a_job_up(of: Job) -> None:
    """A job that cannot get on says why, once, below the bars."""
    shown = card(of)
    text = " ".join(printed(render.board([shown, shown])).split())

    assert text.count(shown.words.what_happened) == 1


@pytest.mark.parametrize("expected_s", [None, 0.0, 2.0, 100.0])
def test_bar_is_full_only_at_the_end(expected_s: float | None) -> None:
    """However long a job takes, its bar leaves room until the pictures are there."""
    now = START + timedelta(seconds=50)
    running = presentation.card(job(state=State.RUNNING), SHADE, now=now, expected_s=expected_s)
    ready = presentation.card(job(state=State.READY), SHADE, now=now, expected_s=expected_s)

    bars = [printed(render.board([shown])).splitlines()[-1] for shown in (running, ready)]

    assert bars[0].count("━") < bars[1].count("━") == render.BAR_COLUMNS or expected_s is None


def test_preview_says_where_it_is_drawn() -> None:
    """Both a studio inside this process and one elsewhere are called a local preview."""
    lines = [render.preview_line(is_embedded=where).plain for where in (True, False)]

    assert all("local preview" in line for line in lines)
    assert ["nothing leaves this computer" in line for line in lines] == [True, False]


def test_way_names_the_real_states_in_order() -> None:
    """The way of a job shows all its states."""
    assert render.way(State.RUNNING).plain == (
        "received → queued → submitting → running → collecting → ready"
    )


def test_way_that_was_left_says_how() -> None:
    """An exit from the way is named at its end."""
    assert render.way(State.EXPIRED).plain.endswith("ready   expired")


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (job(state=State.RUNNING), "4.0 s of about 8 s"),
        (job(state=State.READY), "12 s"),
        (job(state=State.READY, finished_at=START + timedelta(seconds=2.26)), "2.3 s"),
    ],
    ids=["running", "ended", "short"],
)
def test_timing_compares_with_the_expected(of: Job, expected: str) -> None:
    """A job under way shows its age beside the expected time, an ended one how long it took."""
    assert render.timing(card(of)) == expected


def test_small_pictures_stand_side_by_side() -> None:
    """Before and after are drawn beside each other with half blocks and labels."""
    red = Pixels(width=4, height=4, rgb=bytes([255, 0, 0] * 16))
    blue = Pixels(width=4, height=4, rgb=bytes([0, 0, 255] * 16))
    lines = printed(render.side_by_side(red, blue), is_terminal=True).splitlines()

    assert [line.split() for line in lines] == [["▀▀▀▀", "▀▀▀▀"]] * 2 + [["before", "after"]]


def test_refusal_lists_problems_one_a_line() -> None:
    """Every problem of a request has a line of its own."""
    error = InvalidRequest(
        (
            Problem(parameter="batch", reason="9 is too many", allowed="1 to 8"),
            Problem(parameter="image", reason="'x.jpg': there is no such file", allowed="a file"),
        )
    )

    assert render.refusal(error).plain.splitlines() == [
        "This cannot be done:",
        "  batch: 9 is too many (allowed: 1 to 8)",
        "  image: 'x.jpg': there is no such file (allowed: a file)",
        "Nothing was charged. Change it and ask again.",
    ]


def test_other_refusals_are_one_line() -> None:
    """An error without a list of problems is told in its own words."""
    line = render.refusal(QuotaExceeded(Limit.QUEUE, allowed=9, used=9))

    assert line.plain.startswith("The queue is full")


def closed(of: Job, *, several: bool = False, pressed: int = 0) -> str:
    interrupts = Interrupts()
    for _ in range(pressed):
        interrupts.press()
    written = Written(outputs=("/out/a-1.jpg",), sheet="/out/s.jpg", before_after="/out/b.jpg")
    shown = card(of)
    made = report.of_job(shown, "shade", written if of.state is State.READY else Written())
    result: TryResult = report.result(
        (made,),
        preview=of.preview,
        several=several,
        sheet="/out/all.jpg" if several else None,
        interrupts=interrupts,
    )
    return "\n".join(line.plain for line in render.closing(result, [shown], HERE))


def test_closing_of_a_preview() -> None:
    """A preview ends with its files and the one line on how to go on with real tokens."""
    assert closed(job(state=State.READY, preview=True, outputs=(item(),))).splitlines() == [
        "The picture is ready. (Shade, 12 s)",
        "This is a local preview, not Shade itself.",
        "  prints/a-1.jpg",
        "  prints/b.jpg   before and after",
        "  prints/s.jpg   contact sheet",
        "All models on one sheet: add --all-models.",
        render.real_tokens(is_embedded=True).plain,
    ]


def test_real_tokens_need_what_the_preview_did_not() -> None:
    """Whoever follows the line gets pictures, not the next complaint."""
    embedded = render.real_tokens(is_embedded=True).plain
    elsewhere = render.real_tokens(is_embedded=False).plain

    assert "QOLABA_API_KEY=…" in embedded
    assert "REDRAW_PUBLIC_URL=…" in embedded
    assert "unset QOLABA_API_URL" in elsewhere


def test_narrow_terminal_cuts_no_state_off() -> None:
    """The bar makes way, the state does not."""
    console = Console(file=io.StringIO(), width=40)
    with console.capture() as capture:
        console.print(render.board([card(job(state=State.COLLECTING))]))

    assert "  collecting  ━" in capture.get()


def test_closing_of_all_models_ends_with_the_sheet() -> None:
    """Of several jobs the sheet of all is the last path, before the line on real tokens."""
    lines = closed(job(state=State.READY, preview=True), several=True).splitlines()

    assert lines[0] == "1 of 1 models are done (12 s)."
    assert lines[-3:] == [
        "  prints   1 picture, each with its comparison",
        "  prints/all.jpg   every model on one sheet",
        render.real_tokens(is_embedded=True).plain,
    ]


def test_closing_of_a_hosted_run_does_not_ask_for_tokens() -> None:
    """Who has a key is not told to get one."""
    assert "QOLABA_API_KEY" not in closed(job(state=State.READY))


def test_models_that_ended_alike_share_a_line() -> None:
    """What went wrong with several models in the same way is told once, and not in green."""
    bad, good = job(state=State.FAILED, reason=Reason.FILTERED), job(state=State.READY)
    cards = [card(of) for of in (bad, good, bad)]
    made = tuple(report.of_job(shown, "shade", Written()) for shown in cards)
    result = report.result(made, preview=False, several=True, interrupts=Interrupts())

    lines = list(render.closing(result, cards, HERE))

    assert [line.plain.split(":")[0] for line in lines] == [
        "Shade, Shade",
        "1 of 3 models are done (12 s).",
    ]
    assert [line.style for line in lines] == ["red", "yellow"]


def test_closing_of_an_interrupted_job_says_where_it_stands() -> None:
    """A job left under way by a forced stop says that it goes on with --resume."""
    text = closed(job(state=State.SUBMITTING), pressed=2)

    assert "redraw try --resume goes on with it" in text


def test_paths_of_another_run_are_told_in_full() -> None:
    """What a resumed job wrote elsewhere is named by its whole path."""
    assert HERE.shorten("/elsewhere/a.jpg") == "/elsewhere/a.jpg"


@pytest.mark.parametrize("preview", [True, False], ids=["preview", "hosted"])
def test_cost_of_several_models_is_told(*, preview: bool) -> None:
    """Of several hosted models each cost is told; a preview is free once."""
    cards = [card(job(preview=preview)), card(job(preview=preview))]
    text = render.facts(cards, several=True).plain

    assert text.count("about 9 credits") == (0 if preview else 2)
    assert text.count("nothing (local preview)") == (1 if preview else 0)
