"""
Conductor: shares the jobs of one Postgres database over the replicas that are up.

Who drives which job is decided by procrastinate's rows: a row is ours from when our worker took it
until we end it, or until others find no sign of life of us. What may be done for a job is decided
by the ledger's fence alone, so that being wrong about who is alive does no harm.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager

import structlog
from procrastinate import (
    App,
    BaseRetryStrategy,
    JobContext,
    RetryDecision,
    exceptions,
)
from procrastinate.jobs import Job
from procrastinate.worker import Worker

from core.clock import Clock
from core.jobs.dispatch import Upkeep
from core.jobs.dispatch_link import ANSWER_S, Connector, connected, kind_of
from core.jobs.dispatch_rows import QUEUE, TASK, Rows
from core.jobs.dispatch_sweep import Sweep, Vigil
from core.jobs.turns import Turns

CONCURRENCY = 10_000
"""How many jobs this process drives at once; those above it wait for any replica to have room."""
FETCH_S = 1.0
"""
Between two looks for rows when nothing was heard of any, in seconds; about, for each its own.

All replicas hear of a row at once. If they then looked at the same instants, the same one would
always come first, also to a row that it has just left to others.
"""
AGAIN_S = 1.0
"""Between two tries to register with the database, in seconds."""
NEVER_S = 1e6
"""For what procrastinate would do now and then and we have no use for, in seconds."""

_log = structlog.get_logger()


@asynccontextmanager
async def open_dispatcher(
    url: str,
    clock: Clock,
    *,
    concurrency: int = CONCURRENCY,
    vigil: Vigil | None = None,
    answer_s: float = ANSWER_S,
    rng: random.Random | None = None,
) -> AsyncIterator[ProcrastinateDispatcher]:
    """
    Open the queue in the database at `url`, whose schema is current.

    A statement that gets no answer for `answer_s` seconds has failed.

    Raises:
        StoreUnavailable: the database cannot be reached.
    """
    async with connected(url, answer_s=answer_s) as connector:
        dispatcher = ProcrastinateDispatcher(
            App(connector=connector),
            connector,
            clock,
            concurrency=concurrency,
            vigil=vigil or Vigil(),
            rng=rng or random.Random(),  # noqa: S311  # no secret: when to look
        )
        telling = asyncio.get_running_loop().create_task(dispatcher.tell())
        try:
            yield dispatcher
        finally:
            await dispatcher.close()
            telling.cancel()
            await asyncio.wait({telling})


class _GivenBack(Exception):
    """Others are to drive the job."""


class _Always(BaseRetryStrategy):
    """A row whose job is not done goes back to the queue, whatever happened."""

    def get_retry_decision(
        self,
        *,
        exception: BaseException,  # noqa: ARG002  # procrastinate's signature
        job: Job,  # noqa: ARG002  # procrastinate's signature
    ) -> RetryDecision:
        """Return that it does."""
        return RetryDecision()


class ProcrastinateDispatcher:
    """One replica's share of the jobs."""

    def __init__(
        self,
        app: App,
        connector: Connector,
        clock: Clock,
        *,
        concurrency: int,
        vigil: Vigil,
        rng: random.Random,
    ) -> None:
        """Take an app, and its connector, which is open."""
        self._app = app
        self._connector = connector
        self._clock = clock
        self._concurrency = concurrency
        self._rng = rng
        self._vigil = vigil
        self._driven: dict[str, tuple[int, asyncio.Future[bool]]] = {}
        self._turns = Turns()
        self._untold: set[str] = set()
        self._some_untold = asyncio.Event()
        self._worker: Worker | None = None
        self._beat_s: float | None = None
        self._steady_at_s = float("-inf")
        self.is_shared = True
        """Always: whoever else is up is known from signs of life alone."""
        self.unsure = asyncio.Event()
        """Set when others may have taken or changed what was handed out."""
        self.rows = Rows(
            connector, clock,
            on_wish=self._wake, on_beat=self._beaten, on_removed=self._removed,
        )  # fmt: skip
        app.job_manager = self.rows
        app.task(name=TASK, queue=QUEUE, pass_context=True, retry=_Always())(self._drive)
        self.sweep = Sweep(
            self.rows, clock, vigil,
            worker_id=lambda: self._worker.worker_id if self._worker else None,
            held=lambda: [row_id for row_id, _ in self._driven.values()],
            is_alive=self._is_well,
        )  # fmt: skip
        """Who looks after the jobs of the dead."""

    def enqueue(self, connection: object, job_ids: Sequence[str]) -> None:
        """Have the jobs driven by some replica once the transaction is committed."""
        self.rows.enqueue(connection, job_ids)

    async def offer(self, job_id: str) -> None:
        """Wake whoever drives the job: this process, or the one that hears of it."""
        if not self._wake(job_id):
            self._untold.add(job_id)
            self._some_untold.set()

    async def adopt(self, job_ids: Iterable[str]) -> None:
        """
        Have each of these driven: by us if it was handed to us, else by whoever takes its row.

        Raises:
            StoreUnavailable: not all of them have a row.
        """
        others = [job_id for job_id in job_ids if not self._wake(job_id)]
        if others:
            await self.rows.enqueue_missing(others)

    async def next(self) -> str:
        """Return the next job to claim and drive, as soon as there is one."""
        return await self._turns.take()

    def done(self, job_id: str) -> None:
        """Remove the row, unless the job waits to be claimed again."""
        if job_id not in self._turns:
            self._end(job_id, is_done=True)

    def give_back(self, job_id: str) -> None:
        """Put the row back, if it is still ours."""
        self._turns.drop(job_id)
        self._end(job_id, is_done=False)

    def retire(self) -> None:
        """Take no more rows, and put back those that nobody has begun with."""
        self.rows.is_closed = True
        for job_id in tuple(self._driven):
            if job_id in self._turns:
                self.give_back(job_id)

    async def run(self) -> None:
        """Take rows, give signs of life and look after the dead, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.sweep.run())
            while True:
                await self._take_rows()
                self.unsure.set()
                await self._clock.sleep(AGAIN_S)

    def upkeep(self) -> Upkeep:
        """Return how the looking after the dead goes."""
        return self.sweep.upkeep()

    async def tell(self) -> None:
        """Tell others of changed jobs, many at once, until cancelled."""
        while True:
            await self._some_untold.wait()
            self._some_untold.clear()
            untold, self._untold = self._untold, set()
            await self.rows.tell(untold)

    async def close(self) -> None:
        """Take no more rows, and put back what is left."""
        self.retire()
        for job_id in tuple(self._driven):
            self.give_back(job_id)

    async def _take_rows(self) -> None:
        """Register, and take rows until cancelled, or removed by others as dead."""
        if self._beat_s is None:  # registering is the first sign of life
            self._beat_s = self._clock.monotonic_s()
        self._worker = Worker(
            self._app,
            queues=[QUEUE],
            name=None,
            concurrency=self._concurrency,
            fetch_job_polling_interval=FETCH_S * self._rng.uniform(0.75, 1.25),
            abort_job_polling_interval=NEVER_S,
            shutdown_graceful_timeout=0.0,
            delete_jobs="always",
            install_signal_handlers=False,
            update_heartbeat_interval=self._vigil.beat_s,
            stalled_worker_timeout=self._vigil.stalled_s,
        )
        try:
            await self._work(self._worker)
        except exceptions.ConnectorException as exc:
            _log.warning("dispatch_unregistered", error=kind_of(exc))
        finally:
            self._worker = None

    async def _work(self, worker: Worker) -> None:
        """Have a worker take rows; one that is cancelled gives them back, if that can be done."""
        working = asyncio.get_running_loop().create_task(worker.run())  # type: ignore[no-untyped-call]  # says nothing of its result
        try:
            await asyncio.shield(working)
        except asyncio.CancelledError:
            self._connector.gives_up = True  # each row would wait for a connection of its own
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
            raise

    async def _drive(self, context: JobContext, job_id: str) -> None:
        """Hold a row for as long as this process has something to do for the job."""
        ended: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        mine = (context.job.id or 0, ended)
        self._end(job_id, is_done=True)  # an earlier hold, whose row is this one by now
        self._driven[job_id] = mine
        self._turns.put(job_id)
        try:
            is_done = await ended
        finally:
            if self._driven.get(job_id) is mine:
                del self._driven[job_id]
        if not is_done:
            raise _GivenBack

    def _end(self, job_id: str, *, is_done: bool) -> None:
        _, ended = self._driven.pop(job_id, (0, None))
        if ended is not None and not ended.done():
            ended.set_result(is_done)

    def _wake(self, job_id: str) -> bool:
        """Have the job claimed anew, and return whether it is ours."""
        is_ours = job_id in self._driven
        if is_ours:
            self._turns.put(job_id)
        return is_ours

    def _is_well(self) -> bool:
        """Whether our signs of life have been noted for long enough to tell who gives none."""
        now_s = self._clock.monotonic_s()
        beats = self._beat_s is None or now_s - self._beat_s < self._vigil.gap_s
        return beats and now_s >= self._steady_at_s

    def _beaten(self) -> None:
        """Notice that others may have taken us for dead: stopped, or cut off, for so long."""
        now_s = self._clock.monotonic_s()
        away_s = 0.0 if self._beat_s is None else now_s - self._beat_s
        if away_s >= self._vigil.stalled_s:
            _log.warning("dispatch_was_away", for_s=round(away_s))
            self._steady_at_s = now_s + self._vigil.stalled_s
            self.unsure.set()
        elif away_s >= self._vigil.gap_s:
            self._steady_at_s = max(self._steady_at_s, now_s + self._vigil.settling_s)
        self._beat_s = now_s

    def _removed(self) -> None:
        """Register anew: others have removed us as dead, and have our jobs."""
        _log.warning("dispatch_removed")
        if self._worker is not None:
            self._worker.stop()  # type: ignore[no-untyped-call]  # says nothing of its result
