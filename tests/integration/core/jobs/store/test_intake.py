"""An order whose commit comes after its time is withdrawn, at once or at the next start."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.errors import OrderInDoubt, StoreUnavailable
from core.jobs.lifecycle import Reason, State
from core.jobs.store.engine import Database
from core.jobs.store.intake import Intake, new_job_id
from core.jobs.store.ledger import open_ledger
from core.jobs.store.writer import Writer
from tests.fakes.clock import START, VirtualClock
from tests.fakes.ledger_jobs import NO_LIMITS, order

PATIENCE_S = 20.0
"""How long something is waited for that has to happen, in seconds."""
IN_DOUBT_S = 4.0
"""How long an order waits that has begun to be written by then, however busy the machine is."""


@dataclass
class Slow:
    """A writer whose first commit waits until it is let go."""

    intake: Intake
    writer: Writer
    tasks: asyncio.TaskGroup
    engine: sa.Engine
    clock: VirtualClock
    committing: threading.Event = field(default_factory=threading.Event)
    """Set once a commit has begun."""
    let_go: threading.Event = field(default_factory=threading.Event)

    def commit(self, _connection: sa.Connection) -> None:
        """Wait, in the thread that writes, until commits are let go."""
        self.committing.set()
        self.let_go.wait(PATIENCE_S)


@asynccontextmanager
async def slow_intake(path: Path, *, within_s: float = 0.5) -> AsyncIterator[Slow]:
    engine = sa.create_engine(f"sqlite:///{path}")
    database = Database(engine, threads=1, timeout_s=PATIENCE_S)
    await database.transaction(lambda _connection: None)  # to connect takes no order's time
    writer = Writer(database, window_s=0.0)
    async with asyncio.TaskGroup() as tasks:
        clock = VirtualClock()
        intake = Intake(writer, tasks, clock, new_id=new_job_id, within_s=within_s)
        slow = Slow(intake=intake, writer=writer, tasks=tasks, engine=engine, clock=clock)
        sa.event.listen(engine, "commit", slow.commit)
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
    """Who was told that it is in doubt gets no job: it is cancelled as never acknowledged."""
    async with slow_intake(path, within_s=IN_DOUBT_S) as slow:
        with pytest.raises(OrderInDoubt):
            await slow.intake.admit(order(), limits=NO_LIMITS, deadline_s=9, now=START)
        slow.let_go.set()
        await slow.writer.write("", lambda _connection: None)

    async with open_ledger(f"sqlite:///{path}", VirtualClock()) as ledger:
        (job,) = await ledger.list_all(9)
        assert (job.state, job.reason) == (State.CANCELLED, Reason.UNACKED)
        assert await ledger.unfinished() == ()


async def test_a_late_order_is_withdrawn_though_the_database_went_away_just_then(
    path: Path,
) -> None:
    """Its user was told that nothing was kept, so it must not run once the database is back."""
    async with slow_intake(path, within_s=IN_DOUBT_S) as slow:
        away = [sa.exc.OperationalError("x", {}, OSError("gone")) for _ in range(3)]
        commits = []

        def fail_after_the_first(_connection: sa.Connection) -> None:
            commits.append(1)
            if len(commits) > 1 and away:
                raise away.pop()

        sa.event.listen(slow.engine, "commit", fail_after_the_first)
        with pytest.raises(OrderInDoubt):
            await slow.intake.admit(order(), limits=NO_LIMITS, deadline_s=9, now=START)
        slow.let_go.set()
        async with asyncio.timeout(20):
            while len(commits) < 5:
                await asyncio.sleep(0.01)
                await slow.clock.advance(0.25)

    assert away == []
    async with open_ledger(f"sqlite:///{path}", VirtualClock()) as ledger:
        assert await ledger.unfinished() == ()


async def test_an_order_that_cannot_be_withdrawn_any_more_is_found_unacknowledged(
    path: Path,
) -> None:
    """When the ledger closes in between, the next start finds the job unacknowledged."""
    async with slow_intake(path, within_s=IN_DOUBT_S) as slow:
        with pytest.raises(OrderInDoubt):
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
    async with slow_intake(path, within_s=30.0) as slow:
        slow.let_go.set()
        admission = await slow.intake.admit(order(), limits=NO_LIMITS, deadline_s=9, now=START)

    assert admission.is_new


async def test_an_order_whose_time_ends_while_it_is_inserted_is_withdrawn_with_it(
    path: Path,
) -> None:
    """The same transaction takes it back, so that even the end of the process changes nothing."""
    async with slow_intake(path, within_s=30.0) as slow:
        begun, gave_up = threading.Event(), threading.Event()
        slow.let_go.set()

        def wait_until_it_is_given_up(*_: object) -> None:
            begun.set()
            gave_up.wait(9)

        sa.event.listen(slow.engine, "before_cursor_execute", wait_until_it_is_given_up)
        waiting = slow.tasks.create_task(
            slow.intake.admit(order(), limits=NO_LIMITS, deadline_s=9, now=START)
        )
        assert await asyncio.to_thread(begun.wait, 9)
        waiting.cancel()
        closing = slow.tasks.create_task(slow.writer.close())
        await asyncio.sleep(0)
        gave_up.set()
        await closing

    async with open_ledger(f"sqlite:///{path}", VirtualClock()) as ledger:
        (job,) = await ledger.list_all(9)
        assert job.reason is Reason.UNACKED
        assert await ledger.unfinished() == ()


async def test_orders_that_come_together_share_a_transaction(path: Path) -> None:
    """Of a hundred at once, none waits for a commit of its own."""
    async with slow_intake(path, within_s=30.0) as slow:
        commits: list[int] = []
        sa.event.listen(slow.engine, "commit", lambda _connection: commits.append(1))
        slow.let_go.set()
        admissions = await asyncio.gather(
            *(
                slow.intake.admit(order(), limits=NO_LIMITS, deadline_s=9, now=START)
                for _ in range(100)
            )
        )

    assert all(each.is_new for each in admissions)
    assert len(commits) <= 3


async def test_an_order_after_a_fault_is_admitted(path: Path) -> None:
    """A group whose transaction failed takes nobody in who comes later."""
    async with slow_intake(path, within_s=30.0) as slow:
        faults = [sa.exc.OperationalError("x", {}, OSError("gone"))]

        def fail_once(_connection: sa.Connection) -> None:
            if faults:
                raise faults.pop()

        slow.let_go.set()
        sa.event.listen(slow.engine, "commit", fail_once)
        outcomes = await asyncio.gather(
            *(
                slow.intake.admit(order(), limits=NO_LIMITS, deadline_s=9, now=START)
                for _ in range(3)
            ),
            return_exceptions=True,
        )
        later = await slow.intake.admit(order(), limits=NO_LIMITS, deadline_s=9, now=START)

    assert [type(outcome) for outcome in outcomes] == [OrderInDoubt] * 3
    assert later.is_new


async def test_an_order_whose_time_ends_before_its_turn_is_turned_down_for_certain(
    path: Path,
) -> None:
    """Nothing of it has been written, and nothing will be: its user may be told so."""
    async with slow_intake(path) as slow:
        before_it = slow.tasks.create_task(slow.writer.write("", lambda _connection: None))
        assert await asyncio.to_thread(slow.committing.wait, 9)
        with pytest.raises(StoreUnavailable) as told:
            await slow.intake.admit(order(), limits=NO_LIMITS, deadline_s=9, now=START)
        slow.let_go.set()
        await before_it

    assert type(told.value) is StoreUnavailable
    async with open_ledger(f"sqlite:///{path}", VirtualClock()) as ledger:
        assert await ledger.list_all(9) == ()


def _gone(_connection: sa.Connection) -> None:
    raise sa.exc.OperationalError("x", {}, OSError("gone"))


def fail_to_begin(engine: sa.Engine) -> None:
    """Have no transaction begin any more."""
    sa.event.listen(engine, "begin", _gone)


def fail_to_insert(engine: sa.Engine) -> None:
    """Have a job inserted, and then its card refused."""
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE delivery RENAME TO elsewhere")


@pytest.mark.parametrize("fail", [fail_to_begin, fail_to_insert])
async def test_an_order_that_fails_before_its_commit_is_turned_down_for_certain(
    path: Path, fail: Callable[[sa.Engine], None]
) -> None:
    """What is not committed is rolled back, whatever became of the database."""
    async with slow_intake(path, within_s=30.0) as slow:
        slow.let_go.set()
        await asyncio.to_thread(fail, slow.engine)
        outcomes = await asyncio.gather(
            *(
                slow.intake.admit(order(), limits=NO_LIMITS, deadline_s=9, now=START)
                for _ in range(3)
            ),
            return_exceptions=True,
        )

    assert [type(outcome) for outcome in outcomes] == [StoreUnavailable] * 3
    with closing(sqlite3.connect(path)) as kept:
        assert kept.execute("SELECT count(*) FROM job").fetchone() == (0,)
