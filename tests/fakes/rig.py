"""
The whole of the jobs over real parts: SQLite, files, sockets; only place and provider are fakes.

    async with open_rig(tmp_path) as rig:
        await rig.start()
        job = await rig.order(prompt="a woodcut")
        job = await rig.until(job.job_id, State.READY)
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from pydantic import SecretStr

from core.catalogue import loader
from core.catalogue.catalogue import Catalogue
from core.errors import Misconfiguration
from core.jobs.acknowledgement import ASK_MAX_S
from core.jobs.dispatch import LocalDispatcher
from core.jobs.job import Job, Order, Origin
from core.jobs.lifecycle import State
from core.jobs.poller import Poller
from core.jobs.queue import JobQueue
from core.jobs.quota import Limits
from core.jobs.steps import FETCH_MAX_S, ReferenceUrls, Steps
from core.jobs.store.ledger import Ledger, open_ledger
from core.jobs.store.schema import migrate
from core.jobs.worker import Worker
from core.media.decoding import Decoder
from core.media.download import Downloader, Patience
from core.media.item import Kind, MediaItem
from core.media.spool import FileSpool
from core.provider.client import ProviderClient, open_http
from core.request import GenerationRequest
from tests.fakes.clock import START, FastClock
from tests.fakes.deliverer import PLATFORM, RecordingDeliverer
from tests.fakes.jobs import picture_bytes
from tests.fakes.provider_server import API_KEY, ProviderServer

T = TypeVar("T")

RATE = 40.0
"""How many seconds of the tests' clock are one of the machine's."""
PATIENCE_S = 20.0
"""How many real seconds a test waits for what has to happen."""
ADMIT_WITHIN_S = 20.0
"""An order's second is tested elsewhere; here a busy machine may take longer."""
NO_LIMITS = Limits(jobs_per_user=0, pictures_per_user_day=0, max_batch=0, queue_max=0)
REFERENCE = "https://pictures.example/reference.jpg"


class InlineDecoder(Decoder):
    """Decodes in this process: the pictures of these tests are small and mean no harm."""

    async def run(self, function: Callable[..., T], *args: object) -> T:
        return function(*args)


@dataclass(kw_only=True)
class Rig:
    """What a test drives, and the worker that it starts and ends."""

    folder: Path
    clock: FastClock
    provider: ProviderServer
    ledger: Ledger
    spool: FileSpool
    deliverer: RecordingDeliverer
    catalogue: Catalogue
    client: ProviderClient
    downloader: Downloader
    decoder: Decoder
    tasks: asyncio.TaskGroup
    deadline_s: float = 900.0
    fetch_max_s: float = FETCH_MAX_S
    """How many real seconds a platform may take to bring a picture."""
    ask_max_s: float = ASK_MAX_S
    """How many real seconds a platform may take to say whether it took an acknowledgement."""
    reference_urls: ReferenceUrls | None = None
    worker_ledger: Ledger | None = None
    """What the worker gets instead of the ledger, to see it stumble."""
    alarms: list[Misconfiguration] = field(default_factory=list)

    def __post_init__(self) -> None:
        async def reference_urls(job: Job) -> tuple[str, ...]:
            return (REFERENCE,) * len(job.prepared)

        self.reference_urls = reference_urls
        self._stop = asyncio.Event()
        self._number = 0
        self._running: asyncio.Task[None] | None = None
        self.assemble()

    def assemble(self) -> None:
        """Put together what lives in memory alone, as a new process would."""
        ledger = self.worker_ledger or self.ledger
        self.dispatch = LocalDispatcher(self.folder / "redraw.lock")
        self.queue = JobQueue(
            self.ledger,
            self.dispatch,
            NO_LIMITS,
            self.clock,
            spool=self.spool,
            deadline_s=self.deadline_s,
        )
        self.poller = Poller(self.client, self.clock, durations=self.ledger.durations)
        deliverers = {PLATFORM: self.deliverer}
        self.steps = Steps(
            client=self.client,
            deliverers=deliverers,
            decoder=self.decoder,
            spool=self.spool,
            downloader=self.downloader,
            catalogue=self.catalogue,
            reference_urls=self.reference_urls,
            deliveries=self.ledger.deliveries,
            fetch_max_s=self.fetch_max_s,
        )
        self.worker = Worker(
            ledger, self.steps, self.poller, self.dispatch, deliverers, self.clock,
            on_alarm=self.alarms.append, deadline_s=self.deadline_s, ask_max_s=self.ask_max_s,
            rng=random.Random(1),
        )  # fmt: skip

    async def start(self) -> None:
        """Start the worker, with nothing in memory from any worker before it."""
        self.assemble()
        self._stop = asyncio.Event()
        self._running = self.tasks.create_task(self.worker.run(self._stop))

    async def stop(self) -> None:
        """Stop gracefully, as SIGTERM does."""
        assert self._running is not None
        self._stop.set()
        await self._running

    async def kill(self) -> None:
        """Cancel everything at once."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait({self._running})

    async def restart(self) -> None:
        """Kill the worker and start another over the same ledger."""
        await self.kill()
        await self.start()

    def an_order(self, *, prompt: str = "a woodcut", batch: int = 1) -> Order:
        """Return an order of its own, for a model whose size is the picture's."""
        self._number += 1
        return Order(
            dedupe_key=f"act-{self._number}",
            origin=Origin(platform=PLATFORM, place="fake:here", requester="fake:me"),
            request=GenerationRequest(
                model_id="flux-dev", prompt=prompt, image_count=1, batch=batch
            ),
            credits=batch,
            preview=False,
        )

    async def order(self, *, prompt: str = "a woodcut", batch: int = 1) -> Job:
        """Order pictures and have the acknowledgement taken."""
        admission = await self.queue.submit(self.an_order(prompt=prompt, batch=batch))
        await self.queue.acknowledged(admission.job.job_id)
        return admission.job

    async def until(self, job_id: str, *states: State) -> Job:
        """Return the job as soon as it is in one of the states; fails when it never is."""
        job = await self.queue.get(job_id)

        async def there() -> bool:
            nonlocal job
            job = await self.queue.get(job_id)
            return job.state in states

        await self.eventually(there)
        return job

    async def ended(self, job_id: str) -> Job:
        """Return the job once it has ended and all that was to be said is said."""

        async def over() -> bool:
            return job_id not in await self.ledger.unfinished()

        await self.eventually(over)
        return await self.queue.get(job_id)

    async def eventually(self, is_so: Callable[[], object]) -> None:
        """Return once `is_so` (a function, or one to await) says so; fails when it never does."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                answer = is_so()
                if await answer if asyncio.iscoroutine(answer) else answer:
                    return
                await asyncio.sleep(0.01)

    async def history(self, job_id: str) -> list[str]:
        """Return the events of the job itself, in order."""
        return [
            change.event for change in await self.ledger.history(job_id) if change.delivery is None
        ]


@asynccontextmanager
async def open_rig(
    folder: Path,
    *,
    rate: float = RATE,
    decoder: Decoder | None = None,
    deadline_s: float = 900.0,
    start: datetime = START,
    before: Callable[[str, FastClock, ProviderServer, MediaItem], None] | None = None,
) -> AsyncIterator[Rig]:
    """
    Open everything but the worker.

    `before` may make a database of an earlier version, which is brought to this one afterwards.
    """
    clock = FastClock(rate, start)
    url = f"sqlite:///{folder / 'redraw.sqlite3'}"
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        provider = await enter(ProviderServer(clock=clock))
        spool = FileSpool(folder / "media")
        picture = await spool.put(picture_bytes(), kind=Kind.PNG, width_px=64, height_px=48)
        if before is not None:
            before(url, clock, provider, picture)
        await migrate(url)
        http = await enter(open_http(connections=32))
        patience = Patience(attempts=2, first_wait_s=0.02, longest_wait_s=0.05)
        rig = Rig(
            folder=folder,
            clock=clock,
            provider=provider,
            ledger=await enter(open_ledger(url, clock, admit_within_s=ADMIT_WITHIN_S)),
            spool=spool,
            deliverer=RecordingDeliverer(pictures=(picture,)),
            catalogue=loader.load(),
            client=ProviderClient(http, api_url=provider.api_url, api_key=SecretStr(API_KEY)),
            downloader=await enter(
                Downloader(
                    clock=clock, trusted_origins=frozenset({provider.origin}), patience=patience
                )
            ),
            decoder=await enter(decoder or InlineDecoder()),
            tasks=await enter(asyncio.TaskGroup()),
            deadline_s=deadline_s,
        )
        try:
            yield rig
        finally:
            await rig.kill()
