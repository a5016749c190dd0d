"""Decider: where what a process holds and what the ledger says of it have come apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """Who holds an unfinished job, as the ledger has it."""

    job_id: str
    owner: str | None
    """The worker that claimed it last."""
    fence: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Differences:
    """What has to be looked at."""

    unheld: tuple[str, ...]
    """Unfinished, and not in our hands."""
    changed: tuple[str, ...]
    """In our hands, and changed by somebody who did not claim it: a user, or an admin."""
    lost: tuple[str, ...]
    """In our hands, but claimed by another worker since, or ended."""


def compare(found: Iterable[Standing], held: Mapping[str, int | None], owner: str) -> Differences:
    """
    Return the differences between the ledger and what `owner` held before the ledger was read.

    `held` has the fence under which each job is held; None where it is not known, since the job is
    in a step or waits to be claimed: the step's own record finds out.
    """
    standing = {each.job_id: each for each in found}
    unheld = tuple(job_id for job_id in standing if job_id not in held)
    changed: list[str] = []
    lost: list[str] = []
    for job_id, fence in held.items():
        now = standing.get(job_id)
        if fence is None or (now is not None and now.fence <= fence):
            continue
        (changed if now is not None and now.owner == owner else lost).append(job_id)
    return Differences(unheld=unheld, changed=tuple(changed), lost=tuple(lost))
