"""A terminal with everything behind it but a real process: ledger, worker, spool, provider fake."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from pydantic import SecretStr
from rich.console import Console

from adapters.terminal.app import Interrupts, Parts, TerminalDeliverer, TryOptions, TryResult
from adapters.terminal.app import run_try as run
from core.catalogue import loader
from core.clock import SystemClock
from core.jobs.dispatch import LocalDispatcher
from core.jobs.job import Job
from core.jobs.lifecycle import State
from core.jobs.poller import Poller
from core.jobs.queue import JobQueue
from core.jobs.quota import Limits
from core.jobs.schedule import Pace
from core.jobs.steps import Steps
from core.jobs.store.ledger import Ledger, open_ledger
from core.jobs.store.schema import migrate
from core.jobs.worker import Worker
from core.media.decoding import Decoder
from core.media.download import Downloader
from core.media.spool import FileSpool
from core.provider.client import ProviderClient, open_http
from core.studio.sample import draw_sample
from tests.fakes.chat_bot import KEEP_WITHIN_S
from tests.fakes.provider_server import API_KEY, ProviderServer

LIMITS = Limits(jobs_per_user=0, pictures_per_user_day=0, max_batch=8, queue_max=0)
PACE = Pace(interval_s=0.05, late_min_s=0.05, late_max_s=0.05)


@dataclass
class Terminal:
    """Somebody at a terminal."""

    parts: Parts
    ledger: Ledger
    spool: FileSpool
    folder: Path
    interrupts: Interrupts = field(default_factory=Interrupts)
    screen: io.StringIO = field(default_factory=io.StringIO)
    is_terminal: bool = False

    async def type(self, *arguments: str, **options: object) -> TryResult:
        """Carry out `redraw try` with these arguments and fields of `TryOptions`."""
        folder = {} if options.get("resume") else {"out": self.folder / "out"}
        asked = TryOptions(arguments=arguments, **{**folder, **options})  # type: ignore[arg-type]  # as written in the test
        console = Console(
            file=self.screen,
            force_terminal=self.is_terminal,
            color_system="truecolor" if self.is_terminal else None,
            width=100,
            height=40,
        )
        return await run(self.parts, asked, console, self.interrupts)

    async def come_to(self, state: State) -> None:
        """Return when the newest job is in `state`."""
        while (await self.ledger.list_all(1))[0].state is not state:
            await self.parts.clock.wait(asyncio.Event(), 0.02)

    async def until_written(self, count: int) -> None:
        """Return when there are at least so many files in the folder for results."""
        while len(self.written()) < count:
            await self.parts.clock.wait(asyncio.Event(), 0.02)

    @property
    def shown(self) -> str:
        """Everything that was written to the screen."""
        return self.screen.getvalue()

    def written(self) -> list[str]:
        """Return the names of the files in the folder for results."""
        return sorted(path.name for path in (self.folder / "out").glob("*"))


@asynccontextmanager
async def open_terminal(
    folder: Path,
    provider: ProviderServer,
    *,
    preview: bool = False,
    limits: Limits = LIMITS,
    is_terminal: bool = False,
) -> AsyncIterator[Terminal]:
    """Open a terminal whose jobs lie below `folder`; a second one finds what the first left."""
    clock = SystemClock()
    url = f"sqlite:///{folder / 'try.sqlite'}"
    await migrate(url)
    async with AsyncExitStack() as stack:
        dispatch = await stack.enter_async_context(LocalDispatcher(folder / "lock"))
        ledger = await stack.enter_async_context(
            open_ledger(url, clock, admit_within_s=KEEP_WITHIN_S)
        )
        decoder = await stack.enter_async_context(Decoder(processes=1, clock=clock))
        http = await stack.enter_async_context(open_http(connections=16))
        trusted = frozenset({provider.origin})
        downloader = await stack.enter_async_context(
            Downloader(clock=clock, trusted_origins=trusted)
        )
        client = ProviderClient(http, api_url=provider.api_url, api_key=SecretStr(API_KEY))
        catalogue = loader.load()
        spool = FileSpool(folder / "media")
        deliverer = TerminalDeliverer(spool=spool, decoder=decoder, catalogue=catalogue)
        deliverers = {"terminal": deliverer}
        steps = Steps(
            client=client,
            deliverers=deliverers,
            decoder=decoder,
            spool=spool,
            downloader=downloader,
            catalogue=catalogue,
            reference_urls=_links,
            deliveries=ledger.deliveries,
        )
        poller = Poller(
            client, clock, durations=partial(ledger.durations, preview=preview), pace=PACE
        )
        parts = Parts(
            queue=JobQueue(ledger, dispatch, limits, clock, spool=spool, deadline_s=60.0),
            spool=spool,
            decoder=decoder,
            catalogue=catalogue,
            deliverer=deliverer,
            clock=clock,
            default_model="flux-dev",
            draw_sample=draw_sample,
            preview=preview,
            explain=(lambda prompt, _: ((prompt.split()[-1],), ("flibber",))) if preview else None,
        )
        worker = Worker(ledger, steps, poller, dispatch, deliverers, clock, grace_s=2.0)
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(worker.run(stop))
            try:
                yield Terminal(
                    parts=parts,
                    ledger=ledger,
                    spool=spool,
                    folder=folder,
                    is_terminal=is_terminal,
                )
            finally:
                stop.set()


async def _links(job: Job) -> tuple[str, ...]:
    return tuple(f"http://127.0.0.1:9/{item.name}" for item in job.prepared)
