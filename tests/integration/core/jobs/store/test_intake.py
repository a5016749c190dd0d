"""An order whose commit comes after its time is withdrawn, at once or at the next start."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.errors import StoreUnavailable
from core.jobs.lifecycle import Reason, State
from core.jobs.store.engine import Database
from core.jobs.store.intake import Intake, new_job_id
from core.jobs.store.ledger import open_ledger
from core.jobs.store.writer import Writer
from tests.fakes.clock import START, VirtualClock
from tests.fakes.ledger_jobs import NO_LIMITS, order


@dataclass
class Slow:
    """A writer whose first commit waits until it is let go."""

    intake: Intake
    writer: Writer
    tasks: asyncio.TaskGroup
    let_go: threading.Event = field(default_factory=threading.Event)


@asynccontextmanager
async def slow_intake(path: Path) -> AsyncIterator[Slow]:
    engine = sa.create_engine(f"sqlite:///{path}")
    database = Database(engine, threads=1, timeout_s=9.0)
    writer = Writer(database, window_s=0.0)
    async with asyncio.TaskGroup() as tasks:
        intake = Intake(writer, tasks, VirtualClock(), new_id=new_job_id, within_s=0.05)
        slow = Slow(intake=intake, writer=writer, tasks=tasks)
        sa.event.listen(engine, "commit", lambda _connection: slow.let_go.wait(9))
        tasks.create_task(writer.run())
        yield slow
        slow.let_go.set()
        await writer.close()
    await database.close()


@pytest.fixture
def path(sqlite_template: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "ledger.db"
    copy.write_bytes(sqlite_template.read_bytes())
    return copy


async def test_an_order_committed_after_its_time_is_withdrawn(path: Path) -> None:
    """Who was told to try again has no job: it is cancelled as never acknowledged."""
    async with slow_intake(path) as slow:
        with pytest.raises(StoreUnavailable):
            await slow.intake.admit(order(), limits=NO_LIMITS, deadline_s=9, now=START)
        slow.let_go.set()
        await slow.writer.write("", lambda _connection: None)

    async with open_ledger(f"sqlite:///{path}", VirtualClock()) as ledger:
        (job,) = await ledger.list_all(9)
        assert (job.state, job.reason) == (State.CANCELLED, Reason.UNACKED)
        assert await ledger.unfinished() == ()


async def test_an_order_that_cannot_be_withdrawn_any_more_is_found_unacknowledged(
    path: Path,
) -> None:
    """When the ledger closes in between, the next start finds the job unacknowledged."""
    async with slow_intake(path) as slow:
        with pytest.raises(StoreUnavailable):
            await slow.intake.admit(order(), limits=NO_LIMITS, deadline_s=9, now=START)
        closing = slow.tasks.create_task(slow.writer.close())
        await asyncio.sleep(0)
        slow.let_go.set()
        await closing

    async with open_ledger(f"sqlite:///{path}", VirtualClock()) as ledger:
        (job_id,) = await ledger.unfinished()
        assert (await ledger.load(job_id)).acked_at is None


async def test_an_order_in_time_is_let_through(path: Path) -> None:
    """Nothing is withdrawn of what came in time."""
    async with slow_intake(path) as slow:
        slow.let_go.set()
        admission = await slow.intake.admit(order(), limits=NO_LIMITS, deadline_s=9, now=START)

    assert admission.is_new
