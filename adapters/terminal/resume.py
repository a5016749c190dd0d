"""Decider: what `redraw try --resume` goes on with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from adapters.terminal import origin
from core.jobs.job import OPEN_DELIVERIES, Delivery, DeliveryState, Job
from core.jobs.lifecycle import DeliveryKind, Reason, State

_NEVER_SENT = frozenset({Reason.WITHDRAWN, Reason.NOT_SUBMITTED, Reason.NOT_PREPARED})
"""Ends that cost nothing and say nothing against trying once more."""

_LEFT_ALONE = frozenset({Reason.MAY_BE_BILLED, Reason.DEADLINE, Reason.OUTPUTS_LOST})
"""Ends at which the remote task may have gone on without us."""


class Way(StrEnum):
    """How a job is gone on with."""

    WATCH = "watch"
    """It is under way: the worker has it already."""
    CONFIRM = "confirm"
    """It was kept, but the command ended before it let the job go: it is let go now."""
    CHECK_AGAIN = "check_again"
    """Its remote task is asked once more, free of charge."""
    SUBMIT_ANEW = "submit_anew"
    """It was never sent, or is a preview: the same order is made again."""
    WRITE_AGAIN = "write_again"
    """It is ready, but its files could not be written."""
    NOTHING = "nothing"
    """It is done, or running it again would be a new order that may cost again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """A job of the terminal with its deliveries."""

    job: Job
    deliveries: tuple[Delivery, ...] = ()


def way_on(seen: Seen, now: datetime) -> Way:
    """Return how the job can be gone on with at the moment `now`."""
    job = seen.job
    if job.acked_at is None and job.request.prompt and _waits_for_word(job):
        return Way.CONFIRM
    if not job.is_terminal:
        return Way.WATCH
    if job.state is State.READY:
        return _to_hand_over(seen)
    if job.reason in _LEFT_ALONE and not job.preview and job.can_check_again(now):
        return Way.CHECK_AGAIN
    if _costs_nothing_to_order(job) and job.request.prompt:
        return Way.SUBMIT_ANEW
    return Way.NOTHING


def _costs_nothing_to_order(job: Job) -> bool:
    """A preview is drawn anew: its first drawing lost the picture's address with the job's end."""
    return job.reason in _NEVER_SENT or (job.preview and job.reason in _LEFT_ALONE)


def _waits_for_word(job: Job) -> bool:
    """Whether the job was not let go, and perhaps withdrawn by a worker for that reason alone."""
    return job.state is State.RECEIVED or job.can_be_revived


def _to_hand_over(seen: Seen) -> Way:
    results = {d.state for d in seen.deliveries if d.kind is DeliveryKind.RESULT}
    if DeliveryState.SENT in results:
        return Way.NOTHING
    return Way.WATCH if results & OPEN_DELIVERIES else Way.WRITE_AGAIN


def last_run(jobs: Sequence[Seen], now: datetime) -> tuple[Seen, ...]:
    """
    Return the jobs of the newest run that has something to go on with, in the order given.

    An order that was made anew stands for the one it replaced: of each model of a run, the newest
    job counts. Empty when no run has anything left; `jobs` come newest first.
    """
    newest: dict[tuple[str, str], Seen] = {}
    for seen in jobs:
        newest.setdefault((_run_id(seen), seen.job.request.model_id), seen)
    for seen in newest.values():
        if way_on(seen, now) is not Way.NOTHING:
            same = [other for other in newest.values() if _run_id(other) == _run_id(seen)]
            return tuple(reversed(same))
    return ()


def _run_id(seen: Seen) -> str:
    return origin.of(seen.job.origin).run_id
