"""Decider: what came of one `redraw try`, as values, as JSON and as an exit code."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from core.jobs.lifecycle import State


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
