"""Worker processes that are stopped and killed, on every broker that has such."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from core.studio.server import open_studio
from tests.conformance.conftest import SERVED, need, queue_of_our_own, settings_for, worker_for
from tests.fakes import studio_bench, tiny_painter
from tests.fakes.studio_bench import Caller, PictureHost, StudioProcess

pytestmark = pytest.mark.slow


@dataclass(frozen=True, kw_only=True)
class Yard:
    """A studio without workers, and the way to start some."""

    caller: Caller
    host: PictureHost
    start_worker: Callable[[], StudioProcess]


@contextlib.asynccontextmanager
async def open_yard(broker: str, data_dir: Path) -> AsyncIterator[Yard]:
    need(broker)
    async with contextlib.AsyncExitStack() as stack:
        host = await stack.enter_async_context(studio_bench.picture_host())
        queue = stack.enter_context(queue_of_our_own(broker))
        settings = settings_for(broker, data_dir=data_dir, origin=host.origin, queue=queue)
        studio = await stack.enter_async_context(open_studio(settings, paint=tiny_painter.paint))
        calling = studio_bench.caller(studio.api_url, host.url())
        caller = await stack.enter_async_context(calling)
        start = partial(
            worker_for,
            broker,
            data_dir=data_dir,
            origin=host.origin,
            queue=queue,
            visibility_s=2,
        )
        yield Yard(caller=caller, host=host, start_worker=partial(_started, start, stack))


def _started(start: Callable[[], StudioProcess], stack: contextlib.AsyncExitStack) -> StudioProcess:
    worker = start()
    stack.callback(worker.kill)
    return worker


async def _until_fetched(yard: Yard) -> None:
    """Return when a worker has asked for the reference image: it is in the midst of the task."""
    async with asyncio.timeout(20):
        while not yard.host.asked:  # noqa: ASYNC110  # the host counts, it does not tell
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("broker", SERVED[1:])
async def test_killed_worker_loses_nothing(broker: str, tmp_path: Path) -> None:
    """On Redis and RabbitMQ the task of a worker that was killed is carried out by another."""
    async with open_yard(broker, tmp_path) as yard:
        first = yard.start_worker()
        submitted = await yard.caller.submit(prompt="sleep", batch=8)
        queued = await yard.caller.submit()
        await _until_fetched(yard)
        first.kill()
        before = await yard.caller.poll(submitted.body["task_id"])
        yard.start_worker()
        ends = [
            (await yard.caller.ended(said.body["task_id"])).body["status"]
            for said in (submitted, queued)
        ]

    assert (before.body["status"], ends) == ("PENDING", ["SUCCESS", "SUCCESS"])


async def test_killed_worker_loses_the_task_in_hand(tmp_path: Path) -> None:
    """In a folder the task in hand is lost with its worker, and no other: PENDING for ever."""
    async with open_yard("folder", tmp_path) as yard:
        first = yard.start_worker()
        submitted = await yard.caller.submit(prompt="sleep", batch=8)
        queued = await yard.caller.submit()
        await _until_fetched(yard)
        first.kill()
        yard.start_worker()
        kept = await yard.caller.ended(queued.body["task_id"])
        lost = await yard.caller.poll(submitted.body["task_id"])

    assert (kept.body["status"], lost.body["status"]) == ("SUCCESS", "PENDING")


@pytest.mark.parametrize("broker", SERVED)
async def test_stopped_worker_finishes_the_task_in_hand(broker: str, tmp_path: Path) -> None:
    """SIGTERM lets the task in hand be finished, leaves the next one queued, and prints nothing."""
    async with open_yard(broker, tmp_path) as yard:
        worker = yard.start_worker()
        submitted = await yard.caller.submit(prompt="sleep", batch=8)
        await _until_fetched(yard)
        exit_code = await asyncio.to_thread(worker.stop)
        done = await yard.caller.poll(submitted.body["task_id"])
        queued = await yard.caller.submit()
        yard.start_worker()
        next_one = await yard.caller.ended(queued.body["task_id"])

    assert (exit_code, done.body["status"], next_one.body["status"]) == (0, "SUCCESS", "SUCCESS")
    assert [line for line in worker.output.splitlines() if "studio.worker_" not in line] == [
        "ended"
    ]


@pytest.mark.parametrize("broker", SERVED)
async def test_workers_share_the_work(broker: str, tmp_path: Path) -> None:
    """Two workers on one queue carry out every task, and each of them once."""
    async with open_yard(broker, tmp_path) as yard:
        for _ in range(2):
            yard.start_worker()
        submitted = [await yard.caller.submit(prompt="sleep") for _ in range(20)]
        ends = [await yard.caller.ended(said.body["task_id"]) for said in submitted]

    assert [said.body["status"] for said in ends] == ["SUCCESS"] * 20
    assert len(yard.host.asked) == 20
