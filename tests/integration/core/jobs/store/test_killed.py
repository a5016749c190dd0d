"""A process that is killed in the middle of its writes loses nothing that it had acknowledged."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import signal
import sys
from pathlib import Path

import pytest

from core.clock import SystemClock
from core.jobs.lifecycle import State
from core.jobs.store.ledger import open_ledger
from core.jobs.store.schema import migrate
from tests.fakes.clock import VirtualClock
from tests.fakes.ledger_jobs import brought_to
from tests.fakes.rig import ADMIT_WITHIN_S

ROOT = Path(__file__).parents[5]


async def write_until_killed(url: str) -> None:
    """Bring jobs to every stage, several at a time; say each once it is acknowledged."""
    stages = itertools.cycle([State.QUEUED, State.RUNNING, State.COLLECTING, State.READY])
    async with open_ledger(url, SystemClock(), admit_within_s=ADMIT_WITHIN_S) as ledger:

        async def go_on() -> None:
            while True:
                job = await brought_to(ledger, next(stages))
                sys.stdout.write(f"{job.job_id} {job.state}\n")
                sys.stdout.flush()

        async with asyncio.TaskGroup() as tasks:
            for _ in range(8):
                tasks.create_task(go_on())


async def _killed_after(url: str, lines: int) -> list[list[str]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.integration.core.jobs.store.test_killed", url,
        stdout=asyncio.subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    assert process.stdout is not None
    said = [(await process.stdout.readline()).decode().split() for _ in range(lines)]
    process.send_signal(signal.SIGKILL)
    said += [line.decode().split() async for line in process.stdout if line.endswith(b"\n")]
    assert await process.wait() == -signal.SIGKILL
    return said


@pytest.mark.slow
async def test_everything_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    """After each kill every job that was reported is there, in the state that was reported."""
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    await migrate(url)
    reported: list[list[str]] = []
    for lines in (5, 40, 23):
        reported += await _killed_after(url, lines)

        async with open_ledger(url, VirtualClock()) as ledger:
            found = {job.job_id: str(job.state) for job in await ledger.list_all(9999)}
            histories = [await ledger.history(job_id) for job_id in found]

        assert {job_id: found.get(job_id) for job_id, _ in reported} == dict(reported)
        assert [history[-1].after for history in histories] == list(found.values())


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(write_until_killed(sys.argv[1]))
