"""
Replicas over one Postgres database, each with all that a process has of its own.

    async with open_replica(folder, url, provider, deliverer, name="a") as replica:
        replica.start()
        job = await replica.order()
        await replica.eventually(lambda: ...)
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from core.catalogue import loader
from core.clock import SystemClock
from core.jobs.delivery import Deliverer
from core.jobs.dispatch_procrastinate import (
    CONCURRENCY,
    ProcrastinateDispatcher,
    open_dispatcher,
)
from core.jobs.dispatch_sweep import Vigil
from core.jobs.job import Job, Order, Origin
from core.jobs.poller import Poller
from core.jobs.queue import JobQueue
from core.jobs.schedule import Pace
from core.jobs.steps import Steps
from core.jobs.store.ledger import Ledger, open_ledger
from core.jobs.worker import Worker
from core.media.download import Downloader, Patience
from core.media.spool import FileSpool
from core.provider.client import ProviderClient, open_http
from core.request import GenerationRequest
from tests.fakes.deliverer import PLATFORM
from tests.fakes.provider_server import API_KEY, BASE_PATH
from tests.fakes.rig import NO_LIMITS, REFERENCE, InlineDecoder

PATIENCE_S = 60.0
"""How long a test waits for what has to happen, in seconds."""
VIGIL = Vigil(beat_s=0.5, stalled_s=4.0, sweep_s=0.5)
"""Quicker to notice a death than in earnest, and still slow enough for a loaded machine."""


@dataclass(kw_only=True)
class Replica:
    """One process' worth of parts; `start` sets them to work."""

    name: str
    dispatch: ProcrastinateDispatcher
    ledger: Ledger
    queue: JobQueue
    poller: Poller
    worker: Worker
    tasks: asyncio.TaskGroup

    def __post_init__(self) -> None:
        self._stop = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self._number = 0

    def start(self) -> None:
        """Set the worker to work."""
        self._running = self.tasks.create_task(self.worker.run(self._stop))

    async def stop(self) -> None:
        """Stop gracefully, as SIGTERM does."""
        if self._running is not None:
            self._stop.set()
            await self._running

    async def end(self) -> None:
        """Cancel everything at once."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait({self._running})

    def an_order(self, *, prompt: str = "a woodcut") -> Order:
        """Return an order of its own."""
        self._number += 1
        return Order(
            dedupe_key=f"{self.name}-{self._number}",
            origin=Origin(platform=PLATFORM, place="fake:here", requester="fake:me"),
            request=GenerationRequest(model_id="flux-dev", prompt=prompt, image_count=1, batch=1),
            credits=1,
            preview=False,
        )

    async def order(self, *, prompt: str = "a woodcut") -> Job:
        """Order a picture and have the acknowledgement taken."""
        admission = await self.queue.submit(self.an_order(prompt=prompt))
        await self.queue.acknowledged(admission.job.job_id)
        return admission.job

    def holds(self) -> set[str]:
        """Return the jobs whose rows this replica holds."""
        return set(self.dispatch._driven)

    async def eventually(
        self, is_so: Callable[[], object], *, within_s: float = PATIENCE_S
    ) -> None:
        """Return once `is_so` (a function, or one to await) says so; fails when it never does."""
        async with asyncio.timeout(within_s):
            while True:
                answer = is_so()
                if await answer if asyncio.iscoroutine(answer) else answer:
                    return
                await asyncio.sleep(0.02)


@asynccontextmanager
async def open_replica(
    folder: Path,
    url: str,
    origin: str,
    deliverer: Deliverer | None,
    *,
    name: str,
    concurrency: int = CONCURRENCY,
    vigil: Vigil = VIGIL,
    pace: Pace | None = None,
) -> AsyncIterator[Replica]:
    """
    Open the parts over the database at `url` and the provider at `origin`.

    The pictures are in `folder`, which the replicas share. Without a deliverer it has no platform.
    """
    clock = SystemClock()
    spool = FileSpool(folder / "media")

    async def reference_urls(job: Job) -> tuple[str, ...]:
        return (REFERENCE,) * len(job.prepared)

    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        dispatch = await enter(open_dispatcher(url, clock, concurrency=concurrency, vigil=vigil))
        ledger = await enter(open_ledger(url, clock, enqueue=dispatch.enqueue, admit_within_s=30.0))
        http = await enter(open_http(connections=32))
        client = ProviderClient(http, api_url=origin + BASE_PATH, api_key=SecretStr(API_KEY))
        patience = Patience(attempts=2, first_wait_s=0.02, longest_wait_s=0.05)
        downloader = await enter(
            Downloader(clock=clock, trusted_origins=frozenset({origin}), patience=patience)
        )
        poller = Poller(client, clock, durations=ledger.durations, pace=pace)
        deliverers = {PLATFORM: deliverer} if deliverer else {}
        steps = Steps(
            client=client,
            deliverers=deliverers,
            decoder=await enter(InlineDecoder()),
            spool=spool,
            downloader=downloader,
            catalogue=loader.load(),
            reference_urls=reference_urls,
            deliveries=ledger.deliveries,
        )
        replica = Replica(
            name=name,
            dispatch=dispatch,
            ledger=ledger,
            queue=JobQueue(ledger, dispatch, NO_LIMITS, clock, spool=spool),
            poller=poller,
            worker=Worker(ledger, steps, poller, dispatch, deliverers, clock, rng=random.Random(1)),
            tasks=await enter(asyncio.TaskGroup()),
        )
        try:
            yield replica
        finally:
            await replica.end()
