"""Decider: one running job as the poller sees it, and how watching it can end."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import datetime

from core.jobs.agenda import Due
from core.jobs.job import Job
from core.provider.dialect import Produced, RemoteFailed


@dataclass(frozen=True, kw_only=True, slots=True)
class Overdue:
    """The job's deadline passed and a last question found it unfinished."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """How the watch over one job ended."""

    job_id: str
    fence: int
    """The fence of the job that was watched: with an older one, somebody else has it now."""
    outcome: Produced | RemoteFailed | Overdue
    took_s: float | None = None
    """How long the job probably took at the provider; None when nobody can say."""


class Watch(Due):
    """One running job; small, because there may be ten thousand."""

    __slots__ = (
        "deadline_s",
        "failures",
        "fence",
        "job_id",
        "model_id",
        "pending_s",
        "remote_task_id",
        "shown_s",
        "submitted_s",
    )

    def __init__(self, job: Job, *, now: datetime, now_s: float) -> None:
        """Take from a running job what watching it needs; `now_s` is `now` on the other clock."""
        super().__init__()
        self.job_id = job.job_id
        self.fence = job.fence
        self.model_id = sys.intern(job.request.model_id)
        self.remote_task_id = job.remote_task_id or ""
        age_s = (now - (job.submitted_at or now)).total_seconds()
        self.submitted_s = now_s - age_s
        self.deadline_s = now_s + (job.deadline_at - now).total_seconds()
        self.pending_s: float | None = None
        """Its age when it was last seen unfinished; see `learning.duration_s`."""
        self.failures = 0
        """Questions without an answer since the last answer."""
        self.shown_s = now_s
