"""Decider: what the files are called that a job leaves behind."""

from __future__ import annotations

from core.jobs.job import Job
from core.media.item import Kind

PREVIEW_SUFFIX = "-local-preview"
"""Ends the name of every file that the local studio drew."""


def output(job: Job, number: int, kind: Kind) -> str:
    """Return the name of the job's picture `number`, counted from 1, under its honest extension."""
    return f"{_stem(job)}-{number}{_suffix(preview=job.preview)}.{kind.extension}"


def sheet(job: Job) -> str:
    """Return the name of the job's contact sheet."""
    return f"{_stem(job)}-sheet{_suffix(preview=job.preview)}.jpg"


def before_after(job: Job) -> str:
    """Return the name of the picture that shows the input beside the first result."""
    return f"{_stem(job)}-before-after{_suffix(preview=job.preview)}.jpg"


def sheet_of_all(run_id: str, *, preview: bool) -> str:
    """Return the name of the sheet with a cell for every model."""
    return f"all-models-{run_id}-sheet{_suffix(preview=preview)}.jpg"


def _stem(job: Job) -> str:
    return f"{job.request.model_id}-{job.job_id}"


def _suffix(*, preview: bool) -> str:
    return PREVIEW_SUFFIX if preview else ""
