"""
Writes a second with 64 writers: the ledger as a ratio to aiosqlite with a commit for each write.

Both change one row and add a line of history, with the same pragmas, on the same disk, in turns;
medians are compared. The ledger does it through SQLAlchemy, with its guards and codecs.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

import aiosqlite

from core.clock import SystemClock
from core.jobs.job import Job
from core.jobs.lifecycle import Event
from core.jobs.store.ledger import Ledger, open_ledger
from core.jobs.store.schema import migrate
from tests.fakes.ledger_jobs import SOON, admitted

WRITERS = 64
WRITES = 20
ROUNDS = 5
PAUSE_S = 2.0
"""Without writes, so that the lone one afterwards is not made to wait for others."""


async def _ours(ledger: Ledger, jobs: list[Job]) -> list[float]:
    async def write(job: Job) -> list[float]:
        waits = []
        for _ in range(WRITES):
            begun = time.perf_counter()
            await ledger.record(job, Event.PREPARATION_DELAYED, SOON)
            waits.append(time.perf_counter() - begun)
        return waits

    return [wait for waits in await asyncio.gather(*map(write, jobs)) for wait in waits]


async def _plain(connection: aiosqlite.Connection, rows: int) -> None:
    turn = asyncio.Lock()

    async def write(row: int) -> None:
        for count in range(WRITES):
            async with turn:
                await connection.execute("UPDATE job SET attempt = ? WHERE id = ?", (count, row))
                await connection.execute("INSERT INTO history (job, line) VALUES (?, 'x')", (row,))
                await connection.commit()

    await asyncio.gather(*map(write, range(rows)))


async def _open_plain(path: Path) -> aiosqlite.Connection:
    connection = await aiosqlite.connect(path)
    await connection.executescript(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
        "CREATE TABLE job (id INTEGER PRIMARY KEY, attempt INTEGER);"
        "CREATE TABLE history (id INTEGER PRIMARY KEY, job INTEGER, line TEXT);"
    )
    await connection.executemany("INSERT INTO job VALUES (?, 0)", [(n,) for n in range(WRITERS)])
    await connection.commit()
    return connection


async def measure(folder: Path) -> None:
    """Print the medians of both, their ratio, and what a lone write waits."""
    url = f"sqlite:///{folder / 'ledger.db'}"
    await migrate(url)
    plain = await _open_plain(folder / "plain.db")
    rates: dict[str, list[float]] = {"ledger": [], "plain": []}
    async with open_ledger(url, SystemClock()) as ledger:
        jobs = [await admitted(ledger) for _ in range(WRITERS)]
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            waits = await _ours(ledger, jobs)
            rates["ledger"].append(WRITERS * WRITES / (time.perf_counter() - begun))
            begun = time.perf_counter()
            await _plain(plain, WRITERS)
            rates["plain"].append(WRITERS * WRITES / (time.perf_counter() - begun))
        await asyncio.sleep(PAUSE_S)
        alone = await _ours(ledger, jobs[:1])
    await plain.close()
    ours, theirs = (statistics.median(rates[name]) for name in ("ledger", "plain"))
    print(f"{WRITERS} writers: ledger {ours:.0f}/s, aiosqlite {theirs:.0f}/s, {ours / theirs:.1f}x")
    print(f"wait with {WRITERS} writers: {_percentiles(waits)}; alone: {_percentiles(alone)}")


def _percentiles(waits: list[float]) -> str:
    ordered = sorted(waits)
    half, most = ordered[len(ordered) // 2], ordered[len(ordered) * 99 // 100]
    return f"p50 {half * 1e3:.1f} ms, p99 {most * 1e3:.1f} ms"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        asyncio.run(measure(Path(name)))
