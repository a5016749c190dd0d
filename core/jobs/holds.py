"""Conductor: which job is in which hands, and when those that wait for their time are due."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime

from core.clock import Clock
from core.jobs.agenda import Agenda, Due
from core.jobs.job import Job
from core.jobs.watch import Finding


class Entry(Due):
    """The hold on one job: waiting in a lane, parked until its time, or in a step."""

    __slots__ = ("again", "finding", "is_busy", "job", "job_id")

    def __init__(
        self, job_id: str, *, job: Job | None = None, finding: Finding | None = None
    ) -> None:
        super().__init__()
        self.job_id = job_id
        self.job = job
        self.finding = finding
        self.is_busy = False
        """Whether a step is under way; only then must nobody else touch the job."""
        self.again = False
        """Whether something happened to the job during its step."""


class Holds:
    """One entry at most for each job; a newer one takes the place of an older one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: dict[str, Entry] = {}
        self._agenda: Agenda[Entry] = Agenda()
        self._changed = asyncio.Event()

    def __contains__(self, job_id: object) -> bool:
        return job_id in self._entries

    def __iter__(self) -> Iterator[Entry]:
        return iter(tuple(self._entries.values()))

    def is_held(self, entry: Entry) -> bool:
        """Whether `entry` is still the hold on its job."""
        return self._entries.get(entry.job_id) is entry

    def of(self, job_id: str) -> Entry | None:
        """Return the hold on a job, if there is one."""
        return self._entries.get(job_id)

    def hold(self, entry: Entry) -> Entry:
        """Make `entry` the hold on its job."""
        self.let_go(entry.job_id)
        self._entries[entry.job_id] = entry
        return entry

    def let_go(self, job_id: str) -> None:
        """Hold the job no longer."""
        entry = self._entries.pop(job_id, None)
        if entry is not None:
            self._agenda.drop(entry)

    def begin(self, entry: Entry) -> bool:
        """Mark a step as begun, unless the entry is no longer the hold on its job."""
        if not self.is_held(entry):
            return False
        self._agenda.drop(entry)
        entry.is_busy = True
        return True

    def end(self, entry: Entry) -> None:
        """Mark the step as ended; the job is let go unless it got another hold by then."""
        entry.is_busy = False
        if self.is_held(entry):
            self.let_go(entry.job_id)

    def park(self, job_id: str, until: datetime) -> None:
        """Hold a job with nothing but its name until its time comes."""
        self.remind(self.hold(Entry(job_id)), until)

    def remind(self, entry: Entry, at: datetime) -> None:
        """Have the entry called up at an instant, wherever it waits then."""
        wait_s = (at - self._clock.now()).total_seconds()
        self._agenda.put(entry, self._clock.monotonic_s() + max(wait_s, 0.0))
        self._changed.set()

    async def run(self, call_up: Callable[[str], None]) -> None:
        """Call up the jobs whose time has come, until cancelled."""
        while True:
            self._changed.clear()
            now_s = self._clock.monotonic_s()
            for entry in self._agenda.pop_due(now_s):
                call_up(entry.job_id)
            due_s = self._agenda.next_due_s()
            await self._clock.wait(self._changed, None if due_s is None else due_s - now_s)
