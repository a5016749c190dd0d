"""Conductor: `redraw try`, from the words on the command line to the files that it wrote."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from adapters.terminal import closing, orders, render, report, views
from adapters.terminal.commands import TryOptions
from adapters.terminal.delivery import TerminalDeliverer
from adapters.terminal.interrupts import Interrupts
from adapters.terminal.orders import Placed
from adapters.terminal.parts import Expect, Explain, Parts
from adapters.terminal.render import Folder
from adapters.terminal.report import ExitCode, JobReport, TryResult
from adapters.terminal.watch import Watch
from core.errors import AppError

__all__ = [
    "ExitCode",
    "Expect",
    "Explain",
    "Interrupts",
    "JobReport",
    "Parts",
    "TerminalDeliverer",
    "TryOptions",
    "TryResult",
    "run_try",
]


async def run_try(
    parts: Parts, options: TryOptions, console: Console, interrupts: Interrupts
) -> TryResult:
    """
    Carry out one `redraw try`.

    What people read goes to `console`; with `as_json` nothing is printed, and the caller prints
    `TryResult.to_json()`. What is wrong before anything is ordered becomes words and an exit
    code.

    Raises:
        StoreUnavailable: the jobs under way could not be looked at; they may go on with a resume.
    """
    view = views.open_view(console, silent=options.as_json)
    try:
        placed = await orders.of(parts, options, interrupts)
    except AppError as error:
        view.say(render.refusal(error))
        return report.refused(error, preview=parts.preview, several=options.all_models)
    if placed is None:
        ended = report.stopped(preview=parts.preview, several=options.all_models)
        view.say(render.line(ended.summary.error or "", "yellow"))
        return ended
    watch = Watch(parts=parts, view=view, interrupts=interrupts)
    notices = await _open(watch, placed)
    with view:
        await watch.until_said(placed.job_ids)
    draws = not options.as_json and closing.can_draw(console, wanted=options.draw)
    columns = console.width if draws else 0
    folder = Folder(out=str(placed.run.out), typed=_typed(options.out, placed.run.out))
    return await _close(watch, placed, notices, folder, columns=columns)


async def _open(watch: Watch, placed: Placed) -> tuple[str, ...]:
    """Say what is about to happen; return what belongs into the notices too."""
    parts, view, several = watch.parts, watch.view, placed.run.several
    cards = await watch.first_look(placed.job_ids)
    if parts.preview:
        view.say(render.preview_line(is_embedded=parts.explain is not None))
    view.say(render.headline(cards, several=several))
    view.say(render.facts(cards, several=several))
    if parts.explain is None:
        return ()
    request = watch.seen[0].job.request
    line = render.understood(*parts.explain(request.prompt, request.negative_prompt or ""))
    view.say(line)
    return (line.plain,)


def _typed(out: Path, written: Path) -> str:
    """Return the folder as it was typed, unless the jobs are those of another command."""
    return str(out if out.expanduser().absolute() == written else written)


async def _close(
    watch: Watch, placed: Placed, notices: Sequence[str], folder: Folder, *, columns: int
) -> TryResult:
    """Say what came of it, draw it within `columns` unless that is 0, and return it."""
    parts, several = watch.parts, placed.run.several
    jobs = await closing.reports(watch, watch.seen)
    sheet = await closing.sheet_of_all(parts, placed.run, watch.seen) if several else None
    if columns and not several:
        drawn = await closing.drawing(parts, watch.seen[0], columns=columns)
        watch.view.say(drawn or "")
    result = report.result(
        jobs,
        preview=parts.preview,
        several=several,
        sheet=sheet,
        notices=notices,
        interrupts=watch.interrupts,
        refused_for=watch.refused,
    )
    for line in render.closing(
        result, watch.cards(), folder, is_embedded=parts.explain is not None
    ):
        watch.view.say(line)
    return result
