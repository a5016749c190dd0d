"""
A burst of orders: how long until all are admitted, and what one of them waits.

    python -m tests.benchmarks.admission --orders 500

Three orders of each requester, under limits that are all on; with nothing and with 10,000 jobs
under way; beside an idle event loop, and beside one that is busy without a pause, in slices of
half a millisecond, as if the rest of the bot took a core. The median and the range of rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from core.clock import SystemClock
from core.jobs.quota import Limits
from core.jobs.store.ledger import Ledger, open_ledger
from core.jobs.store.schema import migrate
from tests.fakes.ledger_jobs import DEADLINE_S, order

LIMITS = Limits(credits_month=10_000_000, queue_max=1_000_000)
CLOCK = SystemClock()
ROUNDS = 5
SLICE_S = 0.0005


async def _admit(ledger: Ledger, requester: str) -> float:
    begun = time.perf_counter()
    await ledger.admit(
        order(requester=requester),
        limits=LIMITS,
        deadline_s=DEADLINE_S,
        now=CLOCK.now(),
    )
    return time.perf_counter() - begun


async def _burst(ledger: Ledger, orders: int, name: str) -> tuple[float, list[float], float]:
    """Return the seconds for all orders, for each of them, and the CPU seconds."""
    begun, cpu = time.perf_counter(), time.process_time()
    waits = await asyncio.gather(*(_admit(ledger, f"{name}:{n // 3}") for n in range(orders)))
    return time.perf_counter() - begun, waits, time.process_time() - cpu


@asynccontextmanager
async def _busy(*, is_on: bool) -> AsyncIterator[None]:
    """Keep the event loop busy."""

    async def work() -> None:
        while True:
            until = time.perf_counter() + SLICE_S
            while time.perf_counter() < until:
                pass
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as tasks:
        working = tasks.create_task(work()) if is_on else None
        yield
        if working:
            working.cancel()


async def measure(folder: Path, orders: int, under_way: int) -> None:
    """Print one line for an idle and one for a busy event loop."""
    url = f"sqlite:///{folder / f'{under_way}.db'}"
    await migrate(url)
    async with open_ledger(url, CLOCK) as ledger:
        for n in range(0, under_way, 100):
            await _burst(ledger, 100, f"before-{n}")
        for is_busy in (False, True):
            bursts = []
            for number in range(ROUNDS):
                async with _busy(is_on=is_busy):
                    bursts.append(await _burst(ledger, orders, f"{is_busy}-{number}"))
            _print(orders, under_way, bursts, is_busy=is_busy)


def _print(
    orders: int, under_way: int, bursts: list[tuple[float, list[float], float]], *, is_busy: bool
) -> None:
    walls = sorted(wall for wall, _, _ in bursts)
    last = sorted(sorted(waits)[len(waits) * 99 // 100] for _, waits, _ in bursts)
    cpu_us = statistics.median(cpu for _, _, cpu in bursts) / orders * 1e6
    print(
        f"{under_way:6} under way, {'busy' if is_busy else 'idle'} loop: "
        f"all {orders} in {_range(walls)}, p99 {_range(last)}"
        + ("" if is_busy else f", CPU {cpu_us:.0f} us an order")
    )


def _range(values: list[float]) -> str:
    low, middle, high = values[0], statistics.median(values), values[-1]
    return f"{middle:.2f} s ({low:.2f} to {high:.2f})"


def main() -> None:
    """Measure with nothing and with many jobs under way."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.admission")
    parser.add_argument("--orders", type=int, default=500)
    arguments = parser.parse_args()
    for under_way in (0, 10_000):
        with tempfile.TemporaryDirectory() as name:
            asyncio.run(measure(Path(name), arguments.orders, under_way))


if __name__ == "__main__":
    main()
