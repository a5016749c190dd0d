"""Decider: what came of one `redraw try`, as values, as JSON and as an exit code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import assert_never

from adapters.presentation import JobCard
from adapters.terminal.interrupts import Interrupts
from adapters.terminal.resume import Way
from adapters.terminal.written import Written
from adapters.wording import NOT_CHARGED, Words, misconfigured, wording
from core.errors import (
    AppError,
    DeliveryRefused,
    InvalidRequest,
    MediaError,
    MediaUnavailable,
    Misconfiguration,
    QuotaExceeded,
    SettingsError,
)
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
    card: JobCard, model_id: str, written: Written, *, instead: Words | None = None
) -> JobReport:
    """Return what came of one job; `instead` says it better than the job's own state does."""
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
        error=instead.text if instead else _error(card),
    )


def mend_first(cause: Misconfiguration) -> Words:
    """Return what to tell whoever sits at the terminal, who is the operator too."""
    match cause:
        case Misconfiguration.CREDENTIALS:
            to_do = "Check QOLABA_API_KEY"
        case Misconfiguration.CREDITS:
            to_do = "Top the account up"
        case Misconfiguration.ADDRESS:
            to_do = "Check QOLABA_API_URL"
        case _:
            assert_never(cause)
    words = misconfigured(cause)
    return replace(words, what_to_do=f"{to_do}, then go on with: redraw try --resume.")


_BY_RESUME = {
    Way.CHECK_AGAIN: "redraw try --resume asks for the result once more, free of charge, "
    "for four hours.",
    Way.SUBMIT_ANEW: "redraw try --resume orders it again.",
}
"""What may be done about a job that ended, in the words of a terminal."""


def with_resume(words: Words, way: Way) -> Words | None:
    """Return `words` with the command that goes on with an ended job; None where none does."""
    return replace(words, what_to_do=_BY_RESUME[way]) if way in _BY_RESUME else None


def unwritten(error: DeliveryRefused, ready: Words) -> Words:
    """Return what to say of a result that is `ready`, when its files could not be written."""
    to_do = "It is kept: mend that, then go on with: redraw try --resume."
    return replace(wording(error), charged=ready.charged, what_to_do=to_do)


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
    refused_for: Misconfiguration | None = None,
) -> TryResult:
    """
    Return what came of the command from what came of its jobs.

    `refused_for` is what kept all of them from being sent: a setting that has to be mended.
    """
    summary = _summary(jobs, preview=preview, sheet=sheet) if several else jobs[0]
    return TryResult(
        exit_code=_exit_code(jobs, interrupts, refused_for),
        jobs=tuple(jobs),
        summary=replace(summary, notices=(*notices, *summary.notices)),
        several=several,
        forced=interrupts.force,
    )


def _exit_code(
    jobs: Sequence[JobReport], interrupts: Interrupts, refused_for: Misconfiguration | None
) -> ExitCode:
    if interrupts.stop:
        return ExitCode.INTERRUPTED
    if refused_for is not None:
        return ExitCode.BAD_INPUT
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


def stopped(*, preview: bool, several: bool = False) -> TryResult:
    """Return what came of a command that was interrupted before there was a job."""
    told = f"It was stopped before anything was ordered. {NOT_CHARGED}"
    return TryResult(
        exit_code=ExitCode.INTERRUPTED,
        summary=JobReport(preview=preview, error=told),
        several=several,
    )


def exit_code_for(error: AppError) -> ExitCode:
    """Return BAD_INPUT for what whoever typed the command can mend, else FAILED."""
    mendable = InvalidRequest | QuotaExceeded | MediaError | SettingsError
    if isinstance(error, mendable) and not isinstance(error, MediaUnavailable):
        return ExitCode.BAD_INPUT
    return ExitCode.FAILED
