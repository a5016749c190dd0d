"""
Many jobs in flight: CPU and memory per job, as a ratio to plain asyncio without any store.

    python -m tests.benchmarks.in_flight --jobs 1000

Both sides prepare, submit, poll, download and keep the same pictures through the same client
against the same server, a process of its own whose tasks take lognormal times (spread 0.35). The
plain side is the obvious code: a coroutine for each job, which sleeps and asks, and forgets
everything when it ends. Ours is the whole thing: ledger with every commit on the disk, fences,
deliveries with their intents, poller with a learned window. Each side runs in a process of its own.

How late a side learns that a task is done is read off the server: from the instant at which the
task is done until it is first asked for after that.

With `--shared` there is a third side: ours as a replica, whose ledger and queue are on the local
Postgres; the server's own CPU is not counted.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import io
import json
import logging
import multiprocessing
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path

import psycopg
import sqlalchemy as sa
import structlog
from aiohttp import web
from PIL import Image
from pydantic import SecretStr

from core.catalogue import loader
from core.clock import SystemClock
from core.errors import ProviderUnavailable
from core.jobs.dispatch import Dispatcher, LocalDispatcher
from core.jobs.dispatch_procrastinate import open_dispatcher
from core.jobs.dispatch_schema import migrate_queue
from core.jobs.job import Job, Order, Origin
from core.jobs.poller import Poller
from core.jobs.queue import JobQueue
from core.jobs.schedule import Pace
from core.jobs.steps import Steps
from core.jobs.store.ledger import open_ledger
from core.jobs.store.schema import migrate
from core.jobs.worker import Worker
from core.media.download import Downloader
from core.media.item import Kind
from core.media.spool import FileSpool
from core.provider.client import ProviderClient, open_http
from core.provider.dialect import Produced
from core.request import GenerationRequest
from tests.fakes import jobs
from tests.fakes.deliverer import PLATFORM, RecordingDeliverer
from tests.fakes.postgres import new_database
from tests.fakes.rig import NO_LIMITS, REFERENCE, InlineDecoder

KEY = "benchmark-key-0123456789"
SPREAD = 0.35
MEDIANS_IN_INTERVALS = 6.0
"""The median task takes this many poll intervals, as 12 s are six times 2 s."""
CONNECTIONS = 128


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """What one side came to."""

    cpu_ms_per_job: float
    kb_per_job: float
    """Growth of the resident set until all jobs were waiting, per job."""
    core_share: float
    """CPU seconds by wall seconds, from the first order to the last delivery."""
    polls_per_job: float
    learned_after_s: tuple[float, float]
    """Median and 95th percentile of how long a task was done before it was asked for."""
    wall_s: float
    commits_per_job: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What the server saw of one side."""

    polls: int
    learned_after_s: tuple[float, float]


def serve(pipe: Connection, median_s: float) -> None:
    """Speak the API until killed; sends its port first, and what it saw of polls when asked."""
    asyncio.run(_serve(pipe, median_s))


async def _serve(pipe: Connection, median_s: float) -> None:
    rng = random.Random(1)
    done_at_s: dict[str, float] = {}
    polls = 0
    delays_s: dict[str, float] = {}
    out = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(out, "JPEG")
    nothing: dict[str, object] = {
        "error": None,
        "error_data": None,
        "time_required": {},
        "input": {},
    }

    async def submit(request: web.Request) -> web.Response:
        await request.read()
        task_id = str(uuid.uuid4())
        done_at_s[task_id] = time.monotonic() + median_s * rng.lognormvariate(0.0, SPREAD)
        answer = {**nothing, "status": "PENDING", "task_id": task_id, "output": {}}
        return web.json_response(answer)

    async def poll(request: web.Request) -> web.Response:
        nonlocal polls
        polls += 1
        task_id = (await request.json())["id"]
        late_s = time.monotonic() - done_at_s[task_id]
        if late_s < 0:
            answer = {**nothing, "status": "PENDING", "task_id": task_id, "output": {}}
            return web.json_response(answer)
        delays_s.setdefault(task_id, late_s)
        urls = [f"http://{request.host}/p/{task_id}.webp"]
        return web.json_response({**nothing, "status": "SUCCESS", "output": {"result": urls}})

    async def picture(_: web.Request) -> web.Response:
        return web.Response(body=out.getvalue(), content_type="image/jpeg")

    async def seen(_: web.Request) -> web.Response:
        at = statistics.quantiles(delays_s.values(), n=20)
        return web.json_response({"polls": polls, "learned_after_s": [at[9], at[18]]})

    app = web.Application()
    app.router.add_post("/getImagetoImage", submit)
    app.router.add_post("/getImage", poll)
    app.router.add_get("/p/{name}", picture)
    app.router.add_get("/seen", seen)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=4096)
    await site.start()
    pipe.send(runner.addresses[0][1])
    await asyncio.Event().wait()


class Meter:
    """Reads CPU, wall and resident set."""

    def __init__(self) -> None:
        gc.collect()
        self._cpu_s = time.process_time()
        self._wall_s = time.monotonic()
        self._rss_kb = _rss_kb()
        self._waiting_kb = 0.0

    def all_waiting(self) -> None:
        """Take the memory's measure: everything is in flight now."""
        self._waiting_kb = _rss_kb() - self._rss_kb

    def figures(self, count: int, asked: Asked) -> Figures:
        cpu_s = time.process_time() - self._cpu_s
        wall_s = time.monotonic() - self._wall_s
        return Figures(
            cpu_ms_per_job=1000 * cpu_s / count,
            kb_per_job=self._waiting_kb / count,
            core_share=cpu_s / wall_s,
            polls_per_job=asked.polls / count,
            learned_after_s=asked.learned_after_s,
            wall_s=wall_s,
        )


def _rss_kb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Bench:
    """What both sides use."""

    folder: Path
    interval_s: float
    spool: FileSpool
    steps: Steps
    client: ProviderClient
    deliverer: RecordingDeliverer
    downloader: Downloader
    server: str

    async def asked(self) -> Asked:
        seen = json.loads(await self.downloader.fetch(f"{self.server}/seen", limit_bytes=999))
        return Asked(polls=seen["polls"], learned_after_s=tuple(seen["learned_after_s"]))


@asynccontextmanager
async def open_bench(server: str, interval_s: float) -> AsyncIterator[Bench]:
    """Open what both sides use; nothing of it is measured."""
    clock = SystemClock()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        spool = FileSpool(folder / "media")
        given = await spool.put(jobs.picture_bytes(), kind=Kind.PNG, width_px=64, height_px=48)
        deliverer = RecordingDeliverer(pictures=(given,), notes=False)
        async with (
            open_http(connections=CONNECTIONS) as http,
            Downloader(clock=clock, trusted_origins=frozenset({server})) as downloader,
            InlineDecoder() as decoder,
        ):
            client = ProviderClient(http, api_url=server, api_key=SecretStr(KEY))
            steps = Steps(
                client=client,
                deliverers={PLATFORM: deliverer},
                decoder=decoder,
                spool=spool,
                downloader=downloader,
                catalogue=loader.load(),
                reference_urls=_reference_urls,
                deliveries=_no_deliveries,
            )
            yield Bench(
                folder=folder, interval_s=interval_s, spool=spool, steps=steps, client=client,
                deliverer=deliverer, downloader=downloader, server=server,
            )  # fmt: skip


async def _reference_urls(job: Job) -> tuple[str, ...]:
    return (REFERENCE,) * len(job.prepared)


async def _no_deliveries(_: str) -> tuple[()]:
    return ()


async def run_plain(bench: Bench, count: int) -> Figures:
    """Carry out the jobs with a coroutine for each."""
    meter = Meter()
    entered = asyncio.Semaphore(16)
    waiting = 0

    async def carry_out(number: int) -> None:
        nonlocal waiting
        async with entered:
            job = jobs.job(
                job_id=f"J{number:025d}",
                request_model_id="flux-dev",
                origin=Origin(platform=PLATFORM, place="fake:here", requester="fake:me"),
            )
            facts = await bench.steps.prepare(await bench.steps.fetch(job))
            job = replace(job, prepared=facts.prepared or ())
            call = await bench.steps.compose(job)
            task_id = await bench.client.submit(call)
        waiting += 1
        if waiting == count:
            meter.all_waiting()
        while True:
            await asyncio.sleep(bench.interval_s)
            try:
                answer = await bench.client.poll(task_id)
            except ProviderUnavailable:  # too many asked at once: a connection did not get free
                continue
            if isinstance(answer, Produced):
                break
        job = replace(job, remote_task_id=task_id, result_urls=answer.urls)
        await bench.steps.collect(job, is_last=True)

    async with asyncio.TaskGroup() as tasks:
        for number in range(count):
            tasks.create_task(carry_out(number))
    return meter.figures(count, await bench.asked())


async def run_ours(bench: Bench, count: int) -> Figures:
    """Carry out the jobs with the ledger, the worker and the poller."""
    commits: list[object] = []
    sa.event.listen(sa.Engine, "commit", commits.append)
    async with LocalDispatcher(bench.folder / "lock") as dispatch:
        url = f"sqlite:///{bench.folder / 'jobs.sqlite3'}"
        figures = await _run(bench, count, url, dispatch)
    return replace(figures, commits_per_job=len(commits) / count)


async def run_shared(bench: Bench, count: int) -> Figures:
    """The same as a replica on Postgres; counts the server's commits."""
    with new_database(durable=True) as url:
        await migrate_queue(url)
        async with open_dispatcher(url, SystemClock()) as dispatch:
            figures = await _run(bench, count, url, dispatch)
        with psycopg.connect(url) as sql:
            query = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
            ((commits,),) = sql.execute(query).fetchall()
        return replace(figures, commits_per_job=commits / count)


async def _run(bench: Bench, count: int, url: str, dispatch: Dispatcher) -> Figures:
    clock = SystemClock()
    await migrate(url)
    async with (
        open_ledger(url, clock, admit_within_s=60.0, enqueue=dispatch.enqueue) as ledger,
        asyncio.TaskGroup() as tasks,
    ):
        queue = JobQueue(ledger, dispatch, NO_LIMITS, clock, spool=bench.spool, deadline_s=3600.0)
        poller = Poller(
            bench.client, clock, durations=_past(bench.interval_s), connections=CONNECTIONS,
            pace=Pace(interval_s=bench.interval_s),
        )  # fmt: skip
        worker = Worker(
            ledger, bench.steps, poller, dispatch, {PLATFORM: bench.deliverer}, clock,
            deadline_s=3600.0,
        )  # fmt: skip
        stop = asyncio.Event()
        meter = Meter()
        tasks.create_task(worker.run(stop))
        await _order(queue, count)
        await _until(lambda: _are_all_waiting(poller, bench.deliverer, count))
        meter.all_waiting()
        await _until(lambda: len(bench.deliverer.said) == 3 * count)
        figures = meter.figures(count, await bench.asked())
        stop.set()
    return figures


def _are_all_waiting(poller: Poller, deliverer: RecordingDeliverer, count: int) -> bool:
    """Whether every job is at the provider, or has been already."""
    ended = sum(deliverer.calls.values()) - count
    return len(poller) + ended >= count


async def _until(is_so: Callable[[], bool]) -> None:
    while not is_so():  # noqa: ASYNC110  # whoever is measured knows of no events for this
        await asyncio.sleep(0.25)


async def _order(queue: JobQueue, count: int) -> None:
    numbers = iter(range(count))

    async def order_some() -> None:
        for number in numbers:
            order = Order(
                dedupe_key=f"act-{number}",
                origin=Origin(
                    platform=PLATFORM, place="fake:here", requester=f"fake:{number // 3}"
                ),
                request=GenerationRequest(
                    model_id="flux-dev", prompt="a woodcut of a harbour", image_count=1
                ),
                credits=1,
                preview=False,
            )
            admission = await queue.submit(order)
            await queue.acknowledged(admission.job.job_id)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(16):
            tasks.create_task(order_some())


class _past:  # noqa: N801  # stands for a function
    """The durations of earlier jobs."""

    def __init__(self, interval_s: float) -> None:
        rng = random.Random(2)
        median_s = interval_s * MEDIANS_IN_INTERVALS
        self._durations = [median_s * rng.lognormvariate(0.0, SPREAD) for _ in range(200)]

    async def __call__(self, _: str) -> Sequence[float]:
        return self._durations


async def measure(side: str, server: str, count: int, interval_s: float) -> Figures:
    """Run one side and return what it came to."""
    async with open_bench(server, interval_s) as bench:
        runs = {"ours": run_ours, "shared": run_shared, "plain": run_plain}
        return await runs[side](bench, count)


def in_own_process(side: str, count: int, interval_s: float) -> Figures:
    """Run one side against a fresh server, both in processes of their own."""
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(
        target=serve, args=(theirs, interval_s * MEDIANS_IN_INTERVALS), daemon=True
    )
    server.start()
    command = [
        sys.executable, "-m", "tests.benchmarks.in_flight",
        "--side", side, "--jobs", str(count), "--interval", str(interval_s),
        "--server", f"http://127.0.0.1:{ours.recv()}",
    ]  # fmt: skip
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    server.kill()
    return Figures(**json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.in_flight")
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--interval", type=float, help="seconds between polls; grows with --jobs")
    parser.add_argument("--shared", action="store_true", help="measure a replica on Postgres too")
    parser.add_argument("--side", choices=("ours", "plain", "shared"))
    parser.add_argument("--server")
    arguments = parser.parse_args()
    count = arguments.jobs
    interval_s = arguments.interval or max(2.0, count / 400)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    if arguments.side:
        made = asyncio.run(measure(arguments.side, arguments.server, count, interval_s))
        print(json.dumps(asdict(made)))
        return
    print(f"{count} jobs in flight, asked for every {interval_s:g} s")
    print(
        f"{'':6} {'CPU/job':>10} {'memory/job':>11} {'of a core':>10} {'polls/job':>10} "
        f"{'learned after':>16} {'wall':>8}"
    )
    cpu = {}
    for side in ("plain", "ours", "shared")[: 3 if arguments.shared else 2]:
        made = in_own_process(side, count, interval_s)
        cpu[side] = made.cpu_ms_per_job
        print(
            f"{side:6} {made.cpu_ms_per_job:7.2f} ms {made.kb_per_job:8.1f} KB "
            f"{made.core_share:9.0%} {made.polls_per_job:10.2f} "
            f"{'{:.2f}, {:.2f} s'.format(*made.learned_after_s):>16} {made.wall_s:6.1f} s"
            + (f" {made.commits_per_job:6.2f} commits/job" if made.commits_per_job else "")
        )
    for side in list(cpu)[1:]:
        print(f"CPU per job: {side} {cpu[side] / cpu['plain']:.2f} x plain asyncio")


if __name__ == "__main__":
    main()
