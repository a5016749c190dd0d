"""Conductor: opens a studio, keeps it tidy, and closes it without leaving anything behind."""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final

import structlog
from aiohttp import web

from core.clock import Clock, SystemClock
from core.errors import SettingsError
from core.studio import painter, tasks, worker
from core.studio.api import Api
from core.studio.broker import Broker
from core.studio.order import rebased
from core.studio.settings import BASE_PATH, StudioSettings
from core.studio.workbench import Paint, Workbench

SWEEP_EVERY_S: Final = 600.0
"""How often expired results are deleted, in seconds."""
STOP_S: Final = 2.0
"""How long callers that are waiting for an answer may go on when the studio closes."""

_THREADS: Final = 4
_ANY_HOST: Final = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - read, not bound

_log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class Studio:
    """A studio that is open."""

    api_url: str
    """What to use as the API's address."""
    origin: str
    """Scheme, host and port; result pictures are there too."""


@asynccontextmanager
async def open_studio(
    settings: StudioSettings,
    *,
    paint: Paint = painter.paint,
    clock: Clock | None = None,
    new_task_id: Callable[[], str] = lambda: str(uuid.uuid4()),
) -> AsyncIterator[Studio]:
    """
    Serve the API until left, embedded in this process or for workers that are run elsewhere.

    An embedded studio goes on with the tasks that the last one on this data folder accepted.
    Raises SettingsError for a port, a data folder, an origin or a broker that cannot be used.
    """
    clock = clock or SystemClock()
    stopping = threading.Event()
    async with AsyncExitStack() as stack:
        bench = worker.workbench(settings, paint=paint, clock=clock, stopping=stopping)
        broker = Broker(settings)
        stack.push_async_callback(asyncio.to_thread, broker.close)
        await stack.enter_async_context(_worked(settings, broker, bench))
        api = Api(
            settings,
            broker=broker,
            bench=bench,
            clock=clock,
            threads=await stack.enter_async_context(_threads(_THREADS)),
            painters=await stack.enter_async_context(_threads(settings.concurrency)),
            new_task_id=new_task_id,
        )
        studio = await stack.enter_async_context(_served(settings, api))
        await stack.enter_async_context(_swept(bench, stopping))
        _log.info("studio.started", api_url=studio.api_url, preview=True)
        yield studio


@asynccontextmanager
async def _worked(
    settings: StudioSettings, broker: Broker, bench: Workbench
) -> AsyncIterator[None]:
    """Have tasks carried out: by a thread, which begins with what is left over, or elsewhere."""
    if not settings.embedded:
        await asyncio.to_thread(broker.check)
        yield
        return
    tasks.register(broker, bench)
    for task in bench.journal.unfinished():
        broker.send(rebased(task, settings.allowed_origins))
    thread = worker.WorkerThread(broker, concurrency=settings.concurrency)
    await asyncio.to_thread(thread.start)
    try:
        yield
    finally:
        await asyncio.to_thread(thread.stop)


@asynccontextmanager
async def _threads(most: int) -> AsyncIterator[ThreadPoolExecutor]:
    """Give threads for blocking work; they are waited for without blocking the loop."""
    threads = ThreadPoolExecutor(most, "studio-api")
    try:
        yield threads
    finally:
        await asyncio.to_thread(threads.shutdown)


@asynccontextmanager
async def _served(settings: StudioSettings, api: Api) -> AsyncIterator[Studio]:
    runner = web.AppRunner(api.application(), access_log=None, shutdown_timeout=STOP_S)
    await runner.setup()
    try:
        site = web.TCPSite(runner, settings.host, settings.port)
        try:
            await site.start()
        except OSError as exc:
            reason = f"{settings.host}:{settings.port} cannot be listened on: {exc.strerror}"
            raise SettingsError("REDRAW_HTTP_PORT", reason) from exc
        yield _address(settings.host, runner.addresses[0][1])
    finally:
        await runner.cleanup()


def _address(host: str, port: int) -> Studio:
    reachable = _ANY_HOST.get(host, host)
    name = f"[{reachable}]" if ":" in reachable else reachable
    origin = f"http://{name}:{port}"
    return Studio(api_url=origin + BASE_PATH, origin=origin)


@asynccontextmanager
async def _swept(bench: Workbench, stopping: threading.Event) -> AsyncIterator[None]:
    """Delete what has expired, now and from time to time, until `stopping` is set on leaving."""

    def keep_sweeping() -> None:
        while not stopping.is_set():
            gone = bench.shelf.sweep() + bench.journal.sweep()
            if gone:
                _log.debug("studio.swept", files=gone)
            stopping.wait(SWEEP_EVERY_S)

    sweeper = threading.Thread(target=keep_sweeping, name="studio-sweeper", daemon=True)
    sweeper.start()
    try:
        yield
    finally:
        stopping.set()
        await asyncio.to_thread(sweeper.join)
