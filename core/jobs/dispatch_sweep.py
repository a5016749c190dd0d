"""Conductor: finds the rows of replicas that died, and says so when it cannot."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

import structlog
from procrastinate import exceptions
from procrastinate.jobs import Job

from core.clock import Clock
from core.jobs.dispatch import Upkeep
from core.jobs.dispatch_link import kind_of
from core.jobs.dispatch_rows import QUEUE, Rows


@dataclass(frozen=True, kw_only=True, slots=True)
class Vigil:
    """
    How replicas watch over each other; the same for all of them.

    The jobs of a replica that is killed are with others after `stalled_s` and `sweep_s`, and what
    it takes to fetch and to claim them.
    """

    beat_s: float = 3.0
    """Between two signs of life of a replica."""
    stalled_s: float = 10.0
    """Without a sign of life for so long a replica is taken for dead."""
    sweep_s: float = 5.0
    """Between two looks for what dead replicas have left."""

    @property
    def gap_s(self) -> float:
        """
        After so long without a sign of life of our own, those of others may only seem too old.

        The database may have been away: their last one came up to `beat_s` before ours.
        """
        return max(self.stalled_s - self.beat_s, 1.5 * self.beat_s)

    @property
    def settling_s(self) -> float:
        """How long after such a gap, if it was no longer than a death, others have told again."""
        return 1.5 * self.beat_s


OVERDUE_S = 60.0
"""So long without a look that succeeded is an alarm, in seconds."""

DEATHS_BORNE = 2
"""So often the process that holds a job may die before the job is suspected of it."""
HELD_BACK_S, HELD_BACK_MAX_S = 20.0, 600.0
"""How long a suspect is held back at first, in seconds, and at most; twice as long each time."""
APART = 8
"""Into so many places the rows that were with the dead together are spread, over half the time."""

_log = structlog.get_logger()


def held_back_s(deaths: int, row_id: int) -> float:
    """
    Return how long a row is held back whose holder died for the `deaths`-th time, in seconds.

    The jobs that one process held are all suspected when it dies, so they come back apart: then
    most of them are done before the one that kills is back.
    """
    if deaths <= DEATHS_BORNE:
        return 0.0
    longest_s = min(HELD_BACK_S * 2.0 ** (deaths - DEATHS_BORNE - 1), HELD_BACK_MAX_S)
    return longest_s * (1 - row_id % APART / APART / 2)


class Sweep:
    """
    Gives the rows of dead replicas back to the queue, and our own that got lost on the way.

    procrastinate does neither by itself. It is said in the log, once for each time that it comes
    to be so, when no look has succeeded for OVERDUE_S, and when rows stay with the dead.
    """

    def __init__(
        self,
        rows: Rows,
        clock: Clock,
        vigil: Vigil,
        *,
        worker_id: Callable[[], int | None],
        held: Callable[[], Collection[int]],
        is_alive: Callable[[], bool],
    ) -> None:
        """
        Take what tells our number, the rows that we hold, and whether we are well ourselves:
        a replica that was cut off would take all others for dead.
        """
        self._rows = rows
        self._clock = clock
        self._vigil = vigil
        self._worker_id = worker_id
        self._held = held
        self._is_alive = is_alive
        self._began_at = clock.now()
        self._left: dict[int, int] = {}
        self._suspects: set[int] = set()
        self.last_swept_at: datetime | None = None
        """When a look has last succeeded."""
        self.is_overdue = False
        """Whether no look has succeeded for OVERDUE_S."""
        self.stuck = 0
        """How many rows are still with the dead though they were given back: should be 0."""
        self.held_back = 0
        """How many rows wait because those who held them died too often: should be 0."""

    def upkeep(self) -> Upkeep:
        """Return what health and metrics show of it."""
        return Upkeep(
            last_swept_at=self.last_swept_at,
            is_overdue=self.is_overdue,
            stuck=self.stuck,
            held_back=self.held_back,
        )

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self.look()
            await self._clock.sleep(self._vigil.sweep_s)

    async def look(self) -> None:
        """Look once; what goes wrong is said, and tried again next time."""
        try:
            has_looked = await self._look_for_left()
            await self._look_for_strays()
            self.held_back = await self._rows.held_back()
        except exceptions.ConnectorException as exc:
            _log.warning("dispatch_sweep_failed", error=kind_of(exc))
            self._judge()
        else:
            self._note(has_looked=has_looked)

    async def _look_for_left(self) -> bool:
        """Give back what the dead left, and return whether we could tell who is dead."""
        if not self._is_alive():
            return False
        stalled = await self._rows.get_stalled_jobs(
            queue=QUEUE, seconds_since_heartbeat=self._vigil.stalled_s
        )
        if not self._is_alive():
            return False  # the question had to wait, and so had everybody's signs of life
        found = {_id_of(row): row.attempts for row in stalled}
        stuck = sum(1 for row_id in found if self._left.get(row_id) == found[row_id])
        if stuck and not self.stuck:
            _log.error("dispatch_rows_stuck", rows=stuck)
        self._left, self.stuck = found, stuck
        for row in stalled:
            await self._take(row)
        return True

    async def _take(self, row: Job) -> None:
        """Let others have a row at once; later if it seems to be what kills those who hold it."""
        deaths = 1 - row.priority
        for_s = held_back_s(deaths, _id_of(row))
        _log.info("job_taken_from_the_dead", job_id=row.lock, deaths=deaths)
        if for_s:
            _log.error("job_held_back", job_id=row.lock, deaths=deaths, for_s=round(for_s))
        await self._rows.take_from_the_dead(row, held_back_s=for_s)

    async def _look_for_strays(self) -> None:
        """Give back rows that are down to us, but whose taking or ending got lost on the way."""
        worker_id = self._worker_id()
        if worker_id is None:
            return
        strays = {_id_of(row): row for row in await self._rows.strays(worker_id, self._held())}
        for row_id in self._suspects & strays.keys():  # twice in a row: not one that just came
            _log.warning("dispatch_row_stray", job_id=strays[row_id].lock)
            await self._rows.retry_job(strays[row_id])
        self._suspects = set(strays)

    def _note(self, *, has_looked: bool) -> None:
        if not has_looked:
            self._judge()
            return
        self.last_swept_at = self._clock.now()
        self.is_overdue = False

    def _judge(self) -> None:
        since_s = (self._clock.now() - (self.last_swept_at or self._began_at)).total_seconds()
        if since_s >= OVERDUE_S and not self.is_overdue:
            self.is_overdue = True
            _log.error("dispatch_sweep_overdue", since_s=round(since_s))


def _id_of(row: Job) -> int:
    assert row.id is not None
    return row.id
