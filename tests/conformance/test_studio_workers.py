"""Worker processes that are stopped and killed, on every broker that has such."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from core.clock import Clock, SystemClock
from core.studio.broker import TASK_NAME, Broker
from core.studio.server import open_studio
from core.studio.settings import StudioSettings
from core.studio.workbench import BEGINNINGS_MAX
from tests.conformance.conftest import (
    PORTS,
    SERVED,
    left_tidy,
    need,
    queue_of_our_own,
    settings_for,
    worker_for,
)
from tests.fakes import studio_bench, tiny_painter
from tests.fakes.studio_bench import Caller, PictureHost, StudioProcess
from tests.fakes.tcp_relay import relay

pytestmark = pytest.mark.slow

PATIENCE_S = 60.0
VISIBILITY_S = 60
"""After how long Redis hands a task on that a worker has not finished, in seconds."""
HANDED_ON_S = 2
"""The same where a worker is killed; anywhere else it might only be slow."""


@dataclass(frozen=True, kw_only=True)
class Yard:
    """A studio without workers, and the way to start some."""

    caller: Caller
    host: PictureHost
    settings: StudioSettings
    start_worker: Callable[[], StudioProcess]


@contextlib.asynccontextmanager
async def open_yard(
    broker: str,
    data_dir: Path,
    *,
    port: int | None = None,
    clock: Clock | None = None,
    visibility_s: int = VISIBILITY_S,
) -> AsyncIterator[Yard]:
    """Open a studio without workers; `port` is that of a relay before the broker."""
    need(broker)
    async with contextlib.AsyncExitStack() as stack:
        host = await stack.enter_async_context(studio_bench.picture_host())
        queue = stack.enter_context(queue_of_our_own(broker))
        settings = settings_for(
            broker, data_dir=data_dir, origin=host.origin, queue=queue, port=port
        )
        opening = open_studio(settings, paint=tiny_painter.paint, clock=clock)
        studio = await stack.enter_async_context(opening)
        calling = studio_bench.caller(studio.api_url, host.url())
        caller = await stack.enter_async_context(calling)
        start = partial(
            worker_for,
            broker,
            data_dir=data_dir,
            origin=host.origin,
            queue=queue,
            visibility_s=visibility_s,
            port=port,
        )
        yield Yard(
            caller=caller,
            host=host,
            settings=settings,
            start_worker=partial(_started, start, stack),
        )


def _started(start: Callable[[], StudioProcess], stack: contextlib.AsyncExitStack) -> StudioProcess:
    worker = start()
    stack.callback(worker.kill)
    return worker


async def _until_fetched(yard: Yard) -> None:
    """Return when a worker has asked for the reference image: it is in the midst of the task."""
    async with asyncio.timeout(PATIENCE_S):
        while not yard.host.asked:  # noqa: ASYNC110  # the host counts, it does not tell
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("broker", SERVED[1:])
async def test_killed_worker_loses_nothing(broker: str, tmp_path: Path) -> None:
    """On Redis and RabbitMQ the task of a worker that was killed is carried out by another."""
    async with open_yard(broker, tmp_path, visibility_s=HANDED_ON_S) as yard:
        first = yard.start_worker()
        yard.host.may_answer.clear()
        submitted = await yard.caller.submit(batch=8)
        queued = await yard.caller.submit()
        await _until_fetched(yard)
        first.kill()
        yard.host.may_answer.set()
        before = await yard.caller.poll(submitted.body["task_id"])
        yard.start_worker()
        ends = [
            await yard.caller.ended(said.body["task_id"], within_s=PATIENCE_S)
            for said in (submitted, queued)
        ]

    assert before.body["status"] == "PENDING"
    assert [said.body["status"] for said in ends] == ["SUCCESS", "SUCCESS"]


async def test_killed_worker_loses_the_task_in_hand(tmp_path: Path) -> None:
    """In a folder the task in hand is lost with its worker, and no other: PENDING for ever."""
    async with open_yard("folder", tmp_path) as yard:
        first = yard.start_worker()
        yard.host.may_answer.clear()
        submitted = await yard.caller.submit(batch=8)
        queued = await yard.caller.submit()
        await _until_fetched(yard)
        first.kill()
        yard.host.may_answer.set()
        yard.start_worker()
        kept = await yard.caller.ended(queued.body["task_id"], within_s=PATIENCE_S)
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
        next_one = await yard.caller.ended(queued.body["task_id"], within_s=PATIENCE_S)

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
        ends = [
            await yard.caller.ended(said.body["task_id"], within_s=PATIENCE_S) for said in submitted
        ]

    assert [said.body["status"] for said in ends] == ["SUCCESS"] * 20
    assert len(yard.host.asked) == 20


ON_SERVERS = SERVED[1:]


class LaterClock(SystemClock):
    """The machine's clock, as it will be some time later."""

    ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead


@pytest.mark.parametrize("broker", ON_SERVERS)
async def test_results_expire(broker: str, tmp_path: Path) -> None:
    """Until its time is over a result can be asked for; then the task is unknown, and swept."""
    clock = LaterClock()
    async with open_yard(broker, tmp_path, clock=clock) as yard:
        yard.start_worker()
        task_id = (await yard.caller.submit()).body["task_id"]
        await yard.caller.ended(task_id, within_s=PATIENCE_S)
        life = timedelta(seconds=yard.settings.result_life_s)
        clock.ahead = life - timedelta(minutes=1)
        kept = await yard.caller.poll(task_id)
        clock.ahead = life + timedelta(minutes=1)
        expired = await yard.caller.poll(task_id)
    async with open_yard(broker, tmp_path, clock=clock):
        await _until(lambda: not [*(tmp_path / "results").iterdir()])

    assert (kept.body["status"], expired.body["status"]) == ("SUCCESS", "PENDING")
    assert [*(tmp_path / "pictures").iterdir()] == []


@pytest.mark.parametrize("broker", ON_SERVERS)
async def test_poisoned_task_is_given_up(broker: str, tmp_path: Path) -> None:
    """A task that kills whoever draws it is begun a few times, and told as failed; others go on."""
    opening = open_yard(broker, tmp_path, visibility_s=HANDED_ON_S)
    async with opening as yard, asyncio.timeout(4 * PATIENCE_S):
        poisoned = (await yard.caller.submit(prompt="kill")).body["task_id"]
        killed = 0
        while (said := await yard.caller.poll(poisoned)).body["status"] == "PENDING":
            worker = yard.start_worker()
            while worker.is_running and said.body["status"] == "PENDING":
                await asyncio.sleep(0.05)
                said = await yard.caller.poll(poisoned)
            killed += not worker.is_running
        healthy = await yard.caller.outcome(prompt="a woodcut")

    assert (said.body["status"], killed) == ("FAILED", BEGINNINGS_MAX)
    assert healthy.body["status"] == "SUCCESS"
    assert [*(tmp_path / "begun").iterdir()] == []


@pytest.mark.parametrize("broker", ON_SERVERS)
async def test_message_that_nobody_can_read_is_let_go(broker: str, tmp_path: Path) -> None:
    """What another version, or another program, put into the queue does not stop the workers."""
    async with open_yard(broker, tmp_path) as yard:
        worker = yard.start_worker()
        with contextlib.closing(Broker(yard.settings)) as sender:
            sender.app.send_task(TASK_NAME, args=[{"no": "order"}])
            sender.app.send_task(TASK_NAME, args=[])
            sender.app.send_task("another.program.does", args=[1])
        said = await yard.caller.submit()
        ended = await yard.caller.ended(said.body["task_id"], within_s=PATIENCE_S)
        exit_code = await asyncio.to_thread(worker.stop)
        yard.start_worker()
        again = await yard.caller.outcome()

    assert (ended.body["status"], exit_code) == ("SUCCESS", 0)
    assert again.body["status"] == "SUCCESS"


@pytest.mark.parametrize("broker", ON_SERVERS)
async def test_studios_at_one_broker_keep_their_own_tasks(broker: str, tmp_path: Path) -> None:
    """Whoever shares a folder shares a queue, and nobody else takes its tasks."""
    need(broker)
    async with contextlib.AsyncExitStack() as stack:
        host = await stack.enter_async_context(studio_bench.picture_host())
        callers, queues = [], []
        for name in ("one", "other"):
            settings = settings_for(
                broker, data_dir=tmp_path / name, origin=host.origin, queue=None
            )
            opening = open_studio(settings, paint=tiny_painter.paint)
            studio = await stack.enter_async_context(opening)
            queues.append((tmp_path / name / "queue-name").read_text())
            stack.enter_context(left_tidy(broker, queues[-1]))
            calling = studio_bench.caller(studio.api_url, host.url())
            callers.append(await stack.enter_async_context(calling))
        worker = partial(worker_for, broker, origin=host.origin, queue=None)
        stack.callback(worker(data_dir=tmp_path / "one").kill)
        others = [(await callers[1].submit()).body["task_id"] for _ in range(3)]
        for _ in range(3):
            assert (await callers[0].outcome()).body["status"] == "SUCCESS"
        waiting = [(await callers[1].poll(task_id)).body["status"] for task_id in others]
        stack.callback(worker(data_dir=tmp_path / "other").kill)
        ended = [
            (await callers[1].ended(task_id, within_s=PATIENCE_S)).body["status"]
            for task_id in others
        ]

    assert queues[0] != queues[1]
    assert (waiting, ended) == (["PENDING"] * 3, ["SUCCESS"] * 3)


@pytest.mark.parametrize("broker", ON_SERVERS)
async def test_broker_that_goes_away_comes_back(broker: str, tmp_path: Path) -> None:
    """Meanwhile nothing is accepted; the task in hand is finished once, and the rest goes on."""
    need(broker)
    async with (
        relay(PORTS[broker]) as way,
        open_yard(broker, tmp_path, port=way.port, visibility_s=HANDED_ON_S) as yard,
    ):
        worker = yard.start_worker()
        in_hand = (await yard.caller.submit(prompt="sleep", batch=8)).body["task_id"]
        queued = (await yard.caller.submit()).body["task_id"]
        await _until_fetched(yard)
        way.cut()
        turned_away = await yard.caller.submit()
        finished = await yard.caller.ended(in_hand, within_s=PATIENCE_S)
        refused = way.refused
        await _until(lambda: way.refused > refused)
        way.mend()
        rest = await yard.caller.ended(queued, within_s=PATIENCE_S)
        after = await yard.caller.submit()
        new = await yard.caller.ended(after.body["task_id"], within_s=PATIENCE_S)
        code = await asyncio.to_thread(worker.stop)

    assert (turned_away.status, turned_away.body["status"]) == (500, "FAILED")
    assert [said.body["status"] for said in (finished, rest, new)] == ["SUCCESS"] * 3
    assert len(yard.host.asked) == 3
    assert code == 0


@pytest.mark.parametrize("broker", ON_SERVERS)
async def test_worker_is_stopped_while_the_broker_is_away(broker: str, tmp_path: Path) -> None:
    """SIGTERM ends a worker that is trying to get its broker back."""
    need(broker)
    async with relay(PORTS[broker]) as way, open_yard(broker, tmp_path, port=way.port) as yard:
        worker = yard.start_worker()
        await yard.caller.outcome()
        way.cut()
        refused = way.refused
        await _until(lambda: way.refused > refused)
        code = await asyncio.to_thread(worker.stop)

    assert code == 0


async def _until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not is_so():  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0.05)
