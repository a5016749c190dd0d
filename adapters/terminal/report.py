"""Decider: what came of one `redraw try`, as values, as JSON and as an exit code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from adapters.presentation import JobCard
from adapters.terminal.interrupts import Interrupts
from adapters.terminal.written import Written
from adapters.wording import Words, wording
from core.errors import AppError, InvalidRequest, MediaError, QuotaExceeded, SettingsError
from core.jobs.lifecycle import TERMINAL, State


class ExitCode(IntEnum):
    """What the process tells whoever started it."""

    DONE = 0
    FAILED = 1
    """A job ended without a picture."""
    BAD_INPUT = 2
    """Nothing was begun: the command or a setting cannot work."""
    INTERRUPTED = 130
    """128 + SIGINT, as shells have it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class JobReport:
    """What came of one job."""

    job_id: str | None = None
    """None when there never was a job."""
    state: State | None = None
    model: str | None = None
    """The model's short name, for example `flux-dev`."""
    preview: bool
    outputs: tuple[str, ...] = ()
    """Absolute paths of the pictures, in order."""
    sheet: str | None = None
    before_after: str | None = None
    seconds: float | None = None
    """From the order to its end."""
    notices: tuple[str, ...] = ()
    error: str | None = None
    """What happened, whether it may have been charged and what to do; None when all is well."""

    def to_json(self) -> dict[str, object]:
        """Return the object that `--json` prints; the keys are a promise to scripts."""
        return {
            "job_id": self.job_id,
            "state": None if self.state is None else self.state.value,
            "model": self.model,
            "preview": self.preview,
            "outputs": list(self.outputs),
            "sheet": self.sheet,
            "before_after": self.before_after,
            "seconds": None if self.seconds is None else round(self.seconds, 2),
            "notices": list(self.notices),
            "error": self.error,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class TryResult:
    """What came of the whole command."""

    exit_code: ExitCode
    jobs: tuple[JobReport, ...] = ()
    summary: JobReport
    """The one job; of several jobs, what they have in common (no `job_id`, no `model`)."""
    several: bool = False
    """Whether more than one job was asked for (`--all-models`)."""
    forced: bool = False
    """Whether the user does not want to wait for a graceful stop either."""

    def to_json(self) -> dict[str, object]:
        """Return the one object to print; several jobs are listed under one more key, `jobs`."""
        whole = self.summary.to_json()
        if self.several:
            whole["jobs"] = [job.to_json() for job in self.jobs]
        return whole


def of_job(
    card: JobCard, model_id: str, written: Written, *, unwritten: Words | None = None
) -> JobReport:
    """Return what came of one job; `unwritten` says why its files could not be written."""
    return JobReport(
        job_id=card.job_id,
        state=card.state,
        model=model_id,
        preview=card.preview,
        outputs=written.outputs,
        sheet=written.sheet,
        before_after=written.before_after,
        seconds=card.elapsed_s,
        notices=card.notices,
        error=unwritten.text if unwritten else _error(card),
    )


def _error(card: JobCard) -> str | None:
    if card.state is State.READY:
        return None
    if card.state in TERMINAL:
        return card.sentence
    return (
        f"{card.words.what_happened} {card.words.charged} "
        "We stopped waiting; redraw try --resume goes on with it."
    )


def result(
    jobs: Sequence[JobReport],
    *,
    preview: bool,
    several: bool,
    sheet: str | None = None,
    notices: Sequence[str] = (),
    interrupts: Interrupts,
) -> TryResult:
    """Return what came of the command from what came of its jobs."""
    summary = _summary(jobs, preview=preview, sheet=sheet) if several else jobs[0]
    return TryResult(
        exit_code=_exit_code(jobs, interrupts),
        jobs=tuple(jobs),
        summary=replace(summary, notices=(*notices, *summary.notices)),
        several=several,
        forced=interrupts.force,
    )


def _exit_code(jobs: Sequence[JobReport], interrupts: Interrupts) -> ExitCode:
    if interrupts.stop:
        return ExitCode.INTERRUPTED
    return ExitCode.FAILED if any(job.error for job in jobs) else ExitCode.DONE


def _summary(jobs: Sequence[JobReport], *, preview: bool, sheet: str | None) -> JobReport:
    bad = [job for job in jobs if job.error]
    return JobReport(
        state=(bad or jobs)[0].state,
        preview=preview,
        outputs=tuple(path for job in jobs for path in job.outputs),
        sheet=sheet,
        seconds=max((job.seconds or 0.0 for job in jobs), default=None),
        notices=tuple(dict.fromkeys(notice for job in jobs for notice in job.notices)),
        error="\n".join(f"{job.model}: {job.error}" for job in bad) or None,
    )


def refused(error: AppError, *, preview: bool, several: bool = False) -> TryResult:
    """Return what came of a command that ended before there was a job."""
    return TryResult(
        exit_code=exit_code_for(error),
        summary=JobReport(preview=preview, error=wording(error).text),
        several=several,
    )


def exit_code_for(error: AppError) -> ExitCode:
    """Return BAD_INPUT for what whoever typed the command can mend, else FAILED."""
    mendable = InvalidRequest | QuotaExceeded | MediaError | SettingsError
    return ExitCode.BAD_INPUT if isinstance(error, mendable) else ExitCode.FAILED
