"""
Requests per job and detection delay of the real poller, under a virtual clock.

    python -m tests.benchmarks.polling --jobs 6000

Durations are seeded and lognormal with a median of 12 s; an answer takes 0.1 s. The first 300 jobs
of each row teach the model and are not counted. "product" is (requests - 1) x mean delay / mean
duration: what polling costs in both currencies at once, whatever the speed of a machine.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from core.errors import Misconfiguration
from core.jobs.job import Job
from core.jobs.learning import quantile
from core.jobs.lifecycle import State
from core.jobs.poller import Poller
from core.jobs.schedule import Pace
from core.jobs.watch import Finding
from core.provider.dialect import Pending, Produced, RemoteFailed
from tests.fakes import jobs
from tests.fakes.clock import VirtualClock

MEDIAN_S = 12.0
ROUND_TRIP_S = 0.1
TAUGHT = 300
"""Jobs that only teach."""
ARRIVAL_S = 0.5
"""Between two jobs, on average."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """What polling one model's jobs came to."""

    requests: float
    """Per job, the one that found the result included."""
    delay_mean_s: float
    delay_p95_s: float
    product: float


class Tasks:
    """Remote tasks that take as long as they were drawn, and who found them when."""

    def __init__(self, clock: VirtualClock, rng: random.Random, sigma: float) -> None:
        self._clock = clock
        self._rng = rng
        self._sigma = sigma
        self._done_at_s: dict[str, float] = {}
        self._requests: dict[str, int] = {}
        self.durations_s: dict[str, float] = {}
        self.delays_s: dict[str, float] = {}

    def begin(self, task_id: str) -> None:
        took_s = self._rng.lognormvariate(0.0, self._sigma) * MEDIAN_S
        self.durations_s[task_id] = took_s
        self._done_at_s[task_id] = self._clock.monotonic_s() + took_s
        self._requests[task_id] = 0

    async def poll(self, remote_task_id: str) -> Pending | Produced | RemoteFailed:
        self._requests[remote_task_id] += 1
        await self._clock.sleep(ROUND_TRIP_S / 2)
        late_s = self._clock.monotonic_s() - self._done_at_s[remote_task_id]
        await self._clock.sleep(ROUND_TRIP_S / 2)
        if late_s < 0.0:
            return Pending()
        self.delays_s[remote_task_id] = late_s + ROUND_TRIP_S / 2
        return Produced(urls=("https://pictures.example/1.webp",))

    def figures(self, task_ids: Sequence[str]) -> Figures:
        delays_s = sorted(self.delays_s[task_id] for task_id in task_ids)
        requests = sum(self._requests[task_id] for task_id in task_ids) / len(task_ids)
        duration_s = sum(self.durations_s[task_id] for task_id in task_ids) / len(task_ids)
        mean_s = sum(delays_s) / len(delays_s)
        return Figures(
            requests=requests,
            delay_mean_s=mean_s,
            delay_p95_s=quantile(delays_s, 0.95),
            product=(requests - 1) * mean_s / duration_s,
        )


class _Ear:
    def found(self, finding: Finding) -> None:
        """The tasks count for themselves."""

    def still_running(self, job_id: str) -> None:
        """Nobody watches."""

    def alarmed(self, cause: Misconfiguration) -> None:
        raise AssertionError(cause)


async def _no_past(_: str) -> Sequence[float]:
    return ()


async def poll_jobs(
    sigma: float, *, count: int, seed: int = 1, learns: bool = True, pace: Pace | None = None
) -> Figures:
    """Return what polling `count` jobs came to; unless it `learns`, each has a model of its own."""
    clock, rng = VirtualClock(), random.Random(seed)
    tasks = Tasks(clock, rng, sigma)
    poller = Poller(tasks, clock, durations=_no_past, pace=pace, connections=512)
    numbers = itertools.count()
    async with asyncio.TaskGroup() as group:
        run = group.create_task(poller.run(_Ear()))
        task_ids = []
        for number in itertools.islice(numbers, TAUGHT + count):
            job = _job(clock, number, model_id="shade" if learns else f"stranger-{number}")
            tasks.begin(job.remote_task_id or "")
            task_ids.append(job.remote_task_id or "")
            poller.watch(job)
            await clock.advance(rng.expovariate(1 / ARRIVAL_S))
        await clock.advance(900.0)
        run.cancel()
    return tasks.figures(task_ids[TAUGHT:])


def _job(clock: VirtualClock, number: int, *, model_id: str) -> Job:
    job = jobs.job(
        job_id=f"J{number}",
        state=State.RUNNING,
        remote_task_id=f"T{number}",
        submitted_at=clock.now(),
        deadline_at=clock.now() + timedelta(seconds=900),
    )
    return replace(job, request=replace(job.request, model_id=model_id))


async def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.polling")
    parser.add_argument("--jobs", type=int, default=6000)
    count = parser.parse_args().jobs
    print(f"{'':24} {'requests':>9} {'delay mean':>11} {'p95':>6} {'product':>8}")
    for name, sigma, learns in (
        ("learned, spread 0.15", 0.15, True),
        ("learned, spread 0.35", 0.35, True),
        ("learned, spread 0.98", 0.98, True),
        ("unknown, spread 0.35", 0.35, False),
    ):
        made = await poll_jobs(sigma, count=count, learns=learns)
        print(
            f"{name:24} {made.requests:9.2f} {made.delay_mean_s:9.2f} s "
            f"{made.delay_p95_s:4.2f} s {made.product:8.2f}"
        )


if __name__ == "__main__":
    asyncio.run(main())
