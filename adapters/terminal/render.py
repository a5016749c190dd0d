"""Decider: cards and results as text for a terminal, which obeys nothing that a user wrote."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import assert_never

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from adapters.presentation import LOCAL_PREVIEW, JobCard
from adapters.terminal.pixels import Pixels, half_blocks
from adapters.terminal.report import ExitCode, JobReport, TryResult
from adapters.wording import problem, wording
from core.errors import AppError, InvalidRequest
from core.jobs.lifecycle import State

WAY = (
    State.RECEIVED,
    State.QUEUED,
    State.SUBMITTING,
    State.RUNNING,
    State.COLLECTING,
    State.READY,
)
"""The states in which a job that goes well finds itself, in order."""

BAR_COLUMNS = 28

LONGEST_STATE = max(len(state) for state in State)
"""The column of states is never narrower, so that a narrow terminal cuts none of them off."""

TENTHS_BELOW_S = 10.0
"""Shorter times are told to a tenth of a second."""

_SAFE_FORMATS = frozenset("\u200c\u200d")
"""The joiners of scripts and emoji; every other format character may reorder or hide text."""


def visible(text: str) -> str:
    """
    Return `text` as one line that a terminal shows and does not obey.

    Line breaks and tabs become spaces; escape, control and bidirectional characters and halves of
    surrogate pairs become a replacement character.
    """
    return "".join(map(_visible, text))


def _visible(letter: str) -> str:
    if letter in "\n\r\t\v\f\u2028\u2029\x85":
        return " "
    category = unicodedata.category(letter)
    if category in {"Cc", "Cs"} or (category == "Cf" and letter not in _SAFE_FORMATS):
        return "\ufffd"
    return letter


def line(text: str, style: str = "") -> Text:
    """Return one line of plain text; nothing in it is markup."""
    return Text(visible(text), style=style)


def preview_line(*, is_embedded: bool) -> Text:
    """Return what has to be said before a studio draws: ours in here, or one served elsewhere."""
    if is_embedded:
        text = f"No API key: {LOCAL_PREVIEW}, nothing leaves this computer."
    else:
        text = f"QOLABA_API_URL is a studio: {LOCAL_PREVIEW}."
    return Text(text, style="yellow")


def headline(cards: Sequence[JobCard], *, several: bool) -> Text:
    """Return what is being made of the picture, and by which model."""
    name = f"{len(cards)} models" if several else cards[0].model
    return Text.assemble((name, "bold"), " · ", (visible(cards[0].prompt), "italic"))


def facts(cards: Sequence[JobCard], *, several: bool) -> Text:
    """Return the settings and the estimated cost on one line."""
    first = cards[0]
    told = [f"{fact.label.lower()} {visible(fact.value)}" for fact in first.facts[1:]]
    if several and not first.preview:
        told[-1] = ", ".join(f"{card.model} {card.facts[-1].value}" for card in cards)
    return Text(" · ".join(told), style="dim")


def understood(words: Sequence[str], ignored: Sequence[str]) -> Text:
    """Return which words of the prompt the local studio made something of."""
    text = f"understood: {', '.join(words) or 'nothing, so the look is picked by the words'}"
    if ignored:
        text += f"; ignored: {', '.join(ignored)}"
    return line(text, "dim")


def board(cards: Sequence[JobCard]) -> RenderableType:
    """Return the live picture of all jobs: a bar each, and the way of a single one."""
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(no_wrap=True, min_width=LONGEST_STATE)
    for card in cards:
        table.add_row(
            Text(card.model, style="bold"),
            Text(card.state.value, style=_style(card.state)),
            _bar(card),
            Text(timing(card), style="dim"),
        )
    troubles = dict.fromkeys(text.plain for text in map(trouble, cards) if text)
    above = (way(cards[0].state),) if len(cards) == 1 else ()
    return Group(*above, table, *(Text(text, style="yellow") for text in troubles))


def trouble(card: JobCard) -> Text | None:
    """Return what holds the job up, or None while it gets on."""
    if not card.is_held_up:
        return None
    return line(f"{card.words.what_happened} {card.words.charged}", "yellow")


def way(state: State) -> Text:
    """Return the states of a job with the present one marked."""
    passed = WAY.index(state) if state in WAY else -1
    text = Text()
    for at, step in enumerate(WAY):
        text.append(" → " if at else "", "dim")
        text.append(step.value, "bold cyan" if at == passed else "green" if at < passed else "dim")
    if passed < 0:
        text.append(f"   {state.value}", _style(state))
    return text


def timing(card: JobCard) -> str:
    """Return how long it has taken, beside how long such a job is expected to take."""
    elapsed = f"{card.elapsed_s:.{0 if card.elapsed_s >= TENTHS_BELOW_S else 1}f} s"
    if card.expected_s is None:
        return elapsed
    return f"{elapsed} of about {max(1, round(card.expected_s))} s"


def state_line(card: JobCard, state: State) -> Text:
    """Return one plain line for a job that has come to `state`."""
    return Text(f"{card.model}: {state.value}")


def _bar(card: JobCard) -> ProgressBar:
    """Time is all that is known of a remote task, so the bar is full only at the end."""
    if card.state is State.READY:
        return ProgressBar(total=1, completed=1, width=BAR_COLUMNS)
    if card.state not in WAY:
        return ProgressBar(total=1, completed=0, width=BAR_COLUMNS)
    if card.expected_s is None:
        return ProgressBar(total=None, pulse=True, width=BAR_COLUMNS)
    share = card.elapsed_s / max(card.expected_s, 0.1)
    return ProgressBar(total=1, completed=min(0.97, share), width=BAR_COLUMNS)


def _style(state: State) -> str:
    match state:
        case State.READY:
            style = "green"
        case State.FAILED | State.EXPIRED | State.UNCERTAIN:
            style = "red"
        case State.CANCELLED:
            style = "yellow"
        case State.RECEIVED | State.QUEUED | State.SUBMITTING | State.RUNNING | State.COLLECTING:
            style = "cyan"
        case _:
            assert_never(state)
    return style


def side_by_side(before: Pixels, after: Pixels) -> RenderableType:
    """Return two small pictures beside each other, labelled."""
    table = Table.grid(padding=(0, 2))
    table.add_row(half_blocks(before), half_blocks(after))
    table.add_row(Text("before", style="dim"), Text("after", style="dim"))
    return table


def refusal(error: AppError) -> Text:
    """Return why nothing was begun: each problem of a request on a line of its own."""
    words = wording(error)
    if not isinstance(error, InvalidRequest):
        return line(words.text, "red")
    text = Text("This cannot be done:", style="red")
    for found in error.problems:
        text.append(f"\n  {visible(problem(found))}")
    return text.append(f"\n{words.charged} {words.what_to_do}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Folder:
    """Where files were written, and what whoever typed the command called it."""

    out: str
    typed: str

    def shorten(self, path: str) -> str:
        """Return the path as seen from where the command was typed."""
        return self.typed + path.removeprefix(self.out) if path.startswith(self.out) else path


def closing(
    result: TryResult, cards: Sequence[JobCard], folder: Folder, *, is_embedded: bool = True
) -> Iterator[Text]:
    """Yield what came of it: what went wrong, what was written where, and how to go on."""
    if result.several:
        yield from _endings(cards, result.jobs)
        yield _all_ready(result)
    else:
        yield from _ending(cards[0], result.jobs[0])
    listed = files(result, folder)
    if listed:
        yield listed
    if result.exit_code is ExitCode.DONE:
        yield from go_on(several=result.several)
        if result.summary.preview:
            yield real_tokens(is_embedded=is_embedded)


def _ending(card: JobCard, report: JobReport) -> Iterator[Text]:
    if report.error:
        yield line(report.error, _style(card.state) if report.outputs else "red")
    else:
        yield Text(f"{card.words.what_happened} ({card.model}, {timing(card)})", style="green")
    for notice in card.notices:
        if notice != card.words.what_happened:
            yield line(notice, "dim")


def _endings(cards: Sequence[JobCard], reports: Sequence[JobReport]) -> Iterator[Text]:
    """Yield what went wrong; models that ended alike share a line."""
    models: dict[str, list[str]] = {}
    for card, report in zip(cards, reports, strict=True):
        if report.error:
            models.setdefault(report.error, []).append(card.model)
    for error, alike in models.items():
        yield line(f"{', '.join(alike)}: {error}", "red")


def _all_ready(result: TryResult) -> Text:
    ready = sum(job.error is None for job in result.jobs)
    seconds = result.summary.seconds or 0.0
    style = "green" if ready == len(result.jobs) else "yellow"
    return Text(f"{ready} of {len(result.jobs)} models are done ({seconds:.0f} s).", style=style)


def go_on(*, several: bool) -> Iterator[Text]:
    """Yield what is worth doing next."""
    if not several:
        yield Text("All models on one sheet: add --all-models.", style="dim")


def real_tokens(*, is_embedded: bool) -> Text:
    """Return how to have the hosted models redraw, after a preview drawn here or by a studio."""
    if not is_embedded:
        return Text("With real tokens: unset QOLABA_API_URL, and set your own QOLABA_API_KEY.")
    return Text(
        "With real tokens: set QOLABA_API_KEY=… (and REDRAW_PUBLIC_URL=…, where the API can "
        "fetch your picture), then run the same command again."
    )


def files(result: TryResult, folder: Folder) -> Text:
    """Return the paths of what was written, one a line; of several jobs, the sheet comes last."""
    whole = result.summary
    listed: list[tuple[str | None, str]] = [(path, "") for path in whole.outputs]
    if result.several and whole.outputs:
        count = len(whole.outputs)
        pictures = "1 picture" if count == 1 else f"{count} pictures"
        listed = [(folder.out, f"{pictures}, each with its comparison")]
    listed.append((whole.before_after, "before and after"))
    listed.append((whole.sheet, "every model on one sheet" if result.several else "contact sheet"))
    text = Text(no_wrap=True)
    for path, what in listed:
        if path:
            text.append("\n" if text else "")
            text.append(f"  {visible(folder.shorten(path))}")
            text.append(f"   {what}" if what else "", "dim")
    return text
