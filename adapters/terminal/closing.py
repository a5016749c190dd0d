"""Conductor: what is left when the jobs have ended: reports, the sheet of all, a small drawing."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from rich.console import Console, RenderableType

from adapters.terminal import files, names, pixels, render, report, resume, sheets
from adapters.terminal.origin import Run
from adapters.terminal.parts import Parts
from adapters.terminal.report import JobReport
from adapters.terminal.resume import Seen
from adapters.terminal.watch import Watch
from adapters.terminal.written import Written
from core.errors import DeliveryRefused, MediaError
from core.jobs.lifecycle import Reason, State

log = structlog.get_logger()

DRAWN_COLUMNS, DRAWN_ROWS = 36, 16
"""Largest drawing of one picture, in characters."""

ENOUGH_COLOURS = frozenset({"256", "truecolor"})
"""Colour systems in which a picture can be recognised."""


async def reports(watch: Watch, seen: Sequence[Seen]) -> tuple[JobReport, ...]:
    """Return what came of each job; what could not be written before is tried once more."""
    return tuple([await _report(watch, each) for each in seen])


async def _report(watch: Watch, seen: Seen) -> JobReport:
    job, card = seen.job, watch.card(seen.job)
    written = Written.recorded(seen.deliveries)
    instead = report.with_resume(card.words, resume.way_on(seen, watch.parts.clock.now()))
    if watch.refused is not None and job.reason is Reason.WITHDRAWN:
        instead = report.mend_first(watch.refused)
    if job.state is State.READY and not written.outputs:
        try:
            written = await watch.parts.deliverer.write(job)
        except DeliveryRefused as error:
            instead = report.unwritten(error, card.words)
    return report.of_job(card, job.request.model_id, written, instead=instead)


async def sheet_of_all(parts: Parts, run: Run, seen: Sequence[Seen]) -> str | None:
    """Write the sheet with the first picture of every model that made one; return its path."""
    ready = [each.job for each in seen if each.job.state is State.READY and each.job.outputs]
    if not ready:
        return None
    path = run.out / names.sheet_of_all(run.run_id, preview=parts.preview)
    try:
        pictures = [await parts.spool.read(job.outputs[0]) for job in ready]
        labels = [parts.catalogue[job.request.model_id].name for job in ready]
        data = await parts.decoder.run(
            sheets.of_all_models, pictures, labels, ready[0].request.prompt, parts.preview
        )
        await files.write(path, data)
    except (MediaError, DeliveryRefused) as error:
        log.warning("sheet_left_out", run_id=run.run_id, error=str(error))
        return None
    return str(path)


def can_draw(console: Console, *, wanted: bool | None) -> bool:
    """Whether before and after are drawn on this console."""
    if wanted is None:
        return (
            console.is_terminal and not console.no_color and console.color_system in ENOUGH_COLOURS
        )
    return wanted


async def drawing(parts: Parts, seen: Seen, *, columns: int) -> RenderableType | None:
    """Return the first picture given beside the first one made, or None where one is missing."""
    job = seen.job
    if not (job.prepared and job.outputs):
        return None
    width = max(8, min(DRAWN_COLUMNS, (columns - 2) // 2))
    try:
        small = [
            await parts.decoder.run(pixels.shrink, await parts.spool.read(item), width, DRAWN_ROWS)
            for item in (job.prepared[0], job.outputs[0])
        ]
    except MediaError as error:
        log.warning("drawing_left_out", job_id=job.job_id, error=str(error))
        return None
    return render.side_by_side(*small)
