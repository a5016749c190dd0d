"""One task writes for everybody: together where it can, and nobody pays for a neighbour."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.errors import StaleJob, StoreUnavailable
from core.jobs.store.engine import Database
from core.jobs.store.writer import Write, Writer

TABLE = sa.Table(
    "note", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), sa.Column("word", sa.Text)
)


@pytest.fixture
def engine(tmp_path: Path) -> sa.Engine:
    made = sa.create_engine(f"sqlite:///{tmp_path / 'notes.db'}")
    TABLE.metadata.create_all(made)
    return made


@pytest.fixture
def commits(engine: sa.Engine) -> list[int]:
    """Grows by one with every commit."""
    seen: list[int] = []
    sa.event.listen(engine, "commit", lambda _connection: seen.append(1))
    return seen


@asynccontextmanager
async def writing(
    engine: sa.Engine, *, window_s: float = 0.02, queue_max: int = 99, timeout_s: float = 5.0
) -> AsyncIterator[Writer]:
    database = Database(engine, threads=1, timeout_s=timeout_s)
    writer = Writer(database, window_s=window_s, queue_max=queue_max)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(writer.run())
        yield writer
        await writer.close()
    await database.close()


def note(number: int) -> Write[int]:
    """Return a write that inserts a row and gives its number."""

    def write(connection: sa.Connection) -> int:
        connection.execute(sa.insert(TABLE).values(id=number, word="x"))
        return number

    return write


def raising(error: Exception) -> Write[int]:
    """Return a write that has not changed anything when it raises."""

    def write(_connection: sa.Connection) -> int:
        raise error

    return write


def half_done(connection: sa.Connection) -> int:
    """Insert a row, then break as no write should."""
    connection.execute(sa.insert(TABLE).values(id=1000, word="half"))
    raise ZeroDivisionError


def kept(engine: sa.Engine) -> list[int]:
    with engine.connect() as connection:
        return list(connection.scalars(sa.select(TABLE.c.id).order_by(TABLE.c.id)))


async def test_writes_that_come_together_are_committed_together(
    engine: sa.Engine, commits: list[int]
) -> None:
    """Many writes, one commit, and each gets its own outcome."""
    async with writing(engine) as writer:
        outcomes = await asyncio.gather(*(writer.write("k", note(n)) for n in range(50)))

    assert outcomes == list(range(50))
    assert len(commits) == 1


async def test_a_write_that_goes_alone_shares_with_nobody(
    engine: sa.Engine, commits: list[int]
) -> None:
    """Each has a transaction of its own, and what they raise takes their own changes back."""
    async with writing(engine) as writer:
        outcomes = await asyncio.gather(
            writer.write("k", note(1), alone=True),
            writer.write("k", half_done, alone=True),
            writer.write("k", note(2), alone=True),
            return_exceptions=True,
        )

    assert [type(outcome) for outcome in outcomes] == [int, ZeroDivisionError, int]
    assert (kept(engine), len(commits)) == ([1, 2], 2)


@pytest.mark.parametrize(
    ("bad", "expected"),
    [
        (note(1), StoreUnavailable),
        (half_done, ZeroDivisionError),
        (raising(StaleJob("j")), StaleJob),
    ],
    ids=["refused by the database", "broken", "stale"],
)
async def test_a_failing_write_fails_alone(
    engine: sa.Engine, bad: Write[int], expected: type[Exception]
) -> None:
    """Its neighbours in the transaction are committed, and it leaves nothing behind."""
    async with writing(engine) as writer:
        outcomes = await asyncio.gather(
            writer.write("k", note(1)),
            writer.write("k", bad),
            writer.write("k", note(2)),
            return_exceptions=True,
        )

    assert [type(outcome) for outcome in outcomes] == [int, expected, int]
    assert kept(engine) == [1, 2]


async def test_closing_flushes_what_waits(engine: sa.Engine) -> None:
    """Writes that were begun before the end are committed by the end."""
    async with asyncio.TaskGroup() as tasks:
        async with writing(engine, window_s=0.05) as writer:
            waiting = [tasks.create_task(writer.write("k", note(n))) for n in range(20)]
            await asyncio.sleep(0)

        assert all(task.done() for task in waiting)
    assert kept(engine) == list(range(20))


async def test_a_closed_writer_takes_nothing(engine: sa.Engine) -> None:
    """A write after the end is refused at once."""
    async with writing(engine) as writer:
        pass

    with pytest.raises(StoreUnavailable):
        await writer.write("k", note(1))


async def test_a_full_queue_makes_the_next_wait(engine: sa.Engine) -> None:
    """Nothing is lost where more come than fit."""
    async with writing(engine, queue_max=2, window_s=0.0) as writer:
        await asyncio.gather(*(writer.write("k", note(n)) for n in range(30)))

    assert kept(engine) == list(range(30))


async def test_giving_up_the_wait_does_not_take_the_write_back(engine: sa.Engine) -> None:
    """A write that was begun survives the one who began it."""
    async with writing(engine) as writer, asyncio.TaskGroup() as tasks:
        task = tasks.create_task(writer.write("k", note(1)))
        await asyncio.sleep(0)
        task.cancel()

    assert kept(engine) == [1]


async def test_a_database_that_is_away_is_said_to_everybody(tmp_path: Path) -> None:
    """Each waiter gets an error of its own, and none waits for ever."""
    nowhere = sa.create_engine(f"sqlite:///{tmp_path / 'missing' / 'notes.db'}")
    async with writing(nowhere) as writer:
        outcomes = await asyncio.gather(
            *(writer.write("k", note(n)) for n in range(5)), return_exceptions=True
        )

    assert [type(outcome) for outcome in outcomes] == [StoreUnavailable] * 5
    assert len({id(outcome) for outcome in outcomes}) == 5


async def test_a_database_that_goes_away_in_mid_group_is_asked_no_more(engine: sa.Engine) -> None:
    """Once the database itself has failed, the rest of a spoilt group is not tried."""
    tried: list[int] = []

    def away(number: int) -> Write[int]:
        def write(_connection: sa.Connection) -> int:
            tried.append(number)
            raise sa.exc.OperationalError("x", {}, OSError("gone"))

        return write

    async with writing(engine) as writer:
        outcomes = await asyncio.gather(
            *(writer.write("k", away(n)) for n in range(5)), return_exceptions=True
        )

    assert [type(outcome) for outcome in outcomes] == [StoreUnavailable] * 5
    assert tried == [0, 0]


async def test_a_database_that_hangs_is_not_waited_for(engine: sa.Engine) -> None:
    """Past its time a transaction is reported as failed, as far as anybody knows."""
    let_go = threading.Event()

    def hang(_connection: sa.Connection) -> int:
        let_go.wait(5)
        return 0

    async with writing(engine, timeout_s=0.05) as writer:
        with pytest.raises(StoreUnavailable):
            await writer.write("k", hang)
        let_go.set()


async def test_a_fault_nobody_thought_of_does_not_stop_the_writer(engine: sa.Engine) -> None:
    """Whatever a commit raises is told to who waits, and later writes go on."""
    faults = [KeyError("never seen before")]

    def fail_once(_connection: sa.Connection) -> None:
        if faults:
            raise faults.pop()

    sa.event.listen(engine, "commit", fail_once)
    async with writing(engine) as writer:
        with pytest.raises(StoreUnavailable, match="KeyError"):
            await writer.write("k", note(1))
        assert await writer.write("k", note(2)) == 2

    assert kept(engine) == [2]


async def test_a_writer_that_is_stopped_by_a_fault_tells_who_waits(engine: sa.Engine) -> None:
    """Nobody waits for a task that is no more."""
    database = Database(engine, threads=1, timeout_s=5.0)
    writer = Writer(database, window_s=60.0, queue_max=1)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(writer.run())
        waiting = [tasks.create_task(_refused(writer, n)) for n in range(6)]
        await asyncio.sleep(0.01)
        running.cancel()
    await database.close()

    assert [task.result() for task in waiting] == [True] * 6


async def _refused(writer: Writer, number: int) -> bool:
    try:
        await writer.write("k", note(number))
    except StoreUnavailable:
        return True
    return False
