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


OVERDUE_S = 60.0
"""So long without a look that succeeded is an alarm, in seconds."""

_log = structlog.get_logger()


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

    def upkeep(self) -> Upkeep:
        """Return what health and metrics show of it."""
        return Upkeep(
            last_swept_at=self.last_swept_at, is_overdue=self.is_overdue, stuck=self.stuck
        )

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self.look()
            await self._clock.sleep(self._vigil.sweep_s)

    async def look(self) -> None:
        """Look once; what goes wrong is said, and tried again next time."""
        try:
            if self._is_alive():
                await self._look_for_left()
            await self._look_for_strays()
        except exceptions.ConnectorException as exc:
            _log.warning("dispatch_sweep_failed", error=kind_of(exc))
            self._judge()
        else:
            self.last_swept_at = self._clock.now()
            self.is_overdue = False

    async def _look_for_left(self) -> None:
        stalled = await self._rows.get_stalled_jobs(
            queue=QUEUE, seconds_since_heartbeat=self._vigil.stalled_s
        )
        found = {_id_of(row): row.attempts for row in stalled}
        stuck = sum(1 for row_id in found if self._left.get(row_id) == found[row_id])
        if stuck and not self.stuck:
            _log.error("dispatch_rows_stuck", rows=stuck)
        self._left, self.stuck = found, stuck
        for row in stalled:
            _log.info("job_taken_from_the_dead", job_id=row.lock)
            await self._rows.retry_job(row)

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

    def _judge(self) -> None:
        since_s = (self._clock.now() - (self.last_swept_at or self._began_at)).total_seconds()
        if since_s >= OVERDUE_S and not self.is_overdue:
            self.is_overdue = True
            _log.error("dispatch_sweep_overdue", since_s=round(since_s))


def _id_of(row: Job) -> int:
    assert row.id is not None
    return row.id
