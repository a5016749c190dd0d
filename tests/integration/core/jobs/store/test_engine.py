"""Addresses, files and settings of the database, and what its errors become."""

from __future__ import annotations

import asyncio
import stat
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from core.errors import SettingsError, StoreUnavailable
from core.jobs.lifecycle import State
from core.jobs.store import engine, queries
from core.jobs.store.engine import STANDSTILL_TIMEOUT_S, SWITCH_INTERVAL_S, open_databases
from core.jobs.store.ledger import open_ledger
from core.jobs.store.schema import migrate, schema_is_current
from tests.fakes.clock import START, VirtualClock
from tests.fakes.ledger_jobs import admitted, brought_to
from tests.fakes.rig import ADMIT_WITHIN_S
from tests.fakes.silence import line_to

NOBODY = "postgresql://postgres:s3cret@127.0.0.1:9/none"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("sqlite:////data/x.db", "sqlite+pysqlite:////data/x.db"),
        ("sqlite+aiosqlite:///x.db", "sqlite+pysqlite:///x.db"),
        ("postgres://u@h/d", "postgresql+psycopg://u@h/d"),
        ("postgresql+asyncpg://u@h/d", "postgresql+psycopg://u@h/d"),
    ],
)
def test_an_address_gets_the_driver_that_is_used(given: str, expected: str) -> None:
    """Operators give the address as they know it."""
    assert str(engine.database_url(given)) == expected


@pytest.mark.parametrize("given", ["", "data.db", "mysql://h/d", "sqlite://", "sqlite:///:memory:"])
async def test_an_address_that_cannot_work_names_the_setting(given: str) -> None:
    """The operator is told which setting is wrong, before anything starts."""
    with pytest.raises(SettingsError, match="REDRAW_DATABASE_URL") as caught:
        await migrate(given)

    assert caught.value.variable == "REDRAW_DATABASE_URL"


@pytest.mark.parametrize("password", ["s3@cret", "s3@cr/et", "s3@cr/e@t", "s3@cr?et", "s3@x:cret"])
async def test_half_a_password_is_not_taken_for_a_host(password: str) -> None:
    """The operator is told how to write it, and reads no part of it."""
    with pytest.raises(SettingsError, match="%40") as caught:
        await migrate(f"postgresql://u:{password}@127.0.0.1:9/none")

    assert "cr" not in caught.value.reason


@pytest.mark.parametrize(
    "given", ["u:s3cret", "u:s3cret@h:54x/d", "u:s3cret@a:1,b:2/d", "u@h/d?port=s3cret"]
)
async def test_a_port_that_is_none_is_not_repeated(given: str) -> None:
    """It may be a part of the password."""
    for ask in (migrate, schema_is_current):
        with pytest.raises(SettingsError, match="REDRAW_DATABASE_URL") as caught:
            await ask(f"postgresql://{given}")
        assert "s3cret" not in str(caught.value)
        assert caught.value.__cause__ is None


async def test_an_at_sign_that_is_written_as_it_should_be_is_taken() -> None:
    """In a password and in a name."""
    with pytest.raises(StoreUnavailable, match="Connection refused"):
        await migrate("postgresql://u%40v:s3%40cret@127.0.0.1:9/a%40b")


async def test_a_database_that_is_not_there_is_named(postgres: str) -> None:
    """A server that turns a connection down says why, and so do we."""
    other = sa.make_url(postgres).set(database="redraw_test_of_nobody")

    with pytest.raises(StoreUnavailable, match='"redraw_test_of_nobody" does not exist'):
        await migrate(other.render_as_string(hide_password=False))


async def test_what_users_wrote_does_not_get_out(url: str) -> None:
    """A statement that fails is not repeated in the error, nor what the server says of it."""
    databases = await open_databases(url)
    with pytest.raises(StoreUnavailable) as caught:
        await databases.writes.transaction(
            lambda connection: connection.execute(sa.text("SELECT a_prompt FROM a_prompt"))
        )
    await databases.close()

    assert "a_prompt" not in str(caught.value)


async def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    """Folder and database are made readable for nobody else; the log beside it follows."""
    path = tmp_path / "data" / "ledger.db"
    await migrate(f"sqlite:///{path}")
    async with open_ledger(
        f"sqlite:///{path}", VirtualClock(), admit_within_s=ADMIT_WITHIN_S
    ) as ledger:
        await admitted(ledger)
        modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()}

    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert modes == dict.fromkeys(("ledger.db", "ledger.db-wal", "ledger.db-shm"), 0o600)


async def test_a_file_that_cannot_be_made_names_the_setting(tmp_path: Path) -> None:
    """A folder where a file stands cannot be made."""
    (tmp_path / "data").write_text("in the way")

    with pytest.raises(SettingsError, match="REDRAW_DATABASE_URL"):
        await open_databases(f"sqlite:///{tmp_path / 'data' / 'x.db'}")


async def test_every_commit_reaches_the_disk(tmp_path: Path) -> None:
    """Journal, durability and foreign keys are as they must be, and readers cannot write."""
    databases = await open_databases(f"sqlite:///{tmp_path / 'x.db'}")

    def pragmas(connection: sa.Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "query_only")
        return [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]

    assert await databases.writes.transaction(pragmas) == ["wal", 2, 1, 5000, 0]
    assert await databases.reads.transaction(pragmas) == ["wal", 2, 1, 5000, 1]
    await databases.close()


async def test_a_missing_database_is_not_current_and_not_made(tmp_path: Path) -> None:
    """Looking at the schema makes nothing."""
    path = tmp_path / "x.db"

    assert not await schema_is_current(f"sqlite:///{path}")
    assert not path.exists()


async def test_migrating_twice_does_nothing(tmp_path: Path) -> None:
    """A current schema is left alone."""
    url = f"sqlite:///{tmp_path / 'x.db'}"
    await migrate(url)
    await migrate(url)

    assert await schema_is_current(url)


async def test_a_database_of_a_newer_version_is_not_touched(tmp_path: Path) -> None:
    """An older program says that the database is another version's."""
    url = f"sqlite:///{tmp_path / 'x.db'}"
    await migrate(url)
    databases = await open_databases(url)
    newer = sa.text("UPDATE alembic_version SET version_num = '9999'")
    await databases.writes.transaction(lambda connection: connection.execute(newer))
    await databases.close()

    assert not await schema_is_current(url)
    with pytest.raises(SettingsError, match="another version"):
        await migrate(url)


async def test_a_server_that_is_away_is_an_error_of_ours_without_its_password() -> None:
    """Nothing of the library gets out, and no secret is in the text."""
    for ask in (migrate, schema_is_current):
        with pytest.raises(StoreUnavailable) as caught:
            await ask(NOBODY)
        assert "s3cret" not in str(caught.value)
        assert "port 9 failed: Connection refused" in str(caught.value)

    async with open_ledger(NOBODY, VirtualClock(), admit_within_s=9.0) as ledger:
        for use in (admitted(ledger), ledger.load("x"), ledger.usage("x", VirtualClock().now())):
            with pytest.raises(StoreUnavailable):
                await use


async def test_a_ledger_without_tables_is_unavailable(tmp_path: Path) -> None:
    """A schema that was never made is said to be so at the first use, not later."""
    async with open_ledger(f"sqlite:///{tmp_path / 'x.db'}", VirtualClock()) as ledger:
        with pytest.raises(StoreUnavailable):
            await ledger.unfinished()
        with pytest.raises(StoreUnavailable):
            await admitted(ledger)


async def test_what_is_raised_inside_comes_out_as_it_is(url: str) -> None:
    """Leaving the ledger by an error gives that error, in no group."""

    async def break_off() -> None:
        async with open_ledger(url, VirtualClock(), admit_within_s=ADMIT_WITHIN_S) as ledger:
            await admitted(ledger)
            raise KeyError

    with pytest.raises(KeyError):
        await break_off()


@pytest.mark.postgres
async def test_a_server_that_comes_back_is_used_again(postgres: str) -> None:
    """Cut connections are opened anew; what was acknowledged is there."""
    async with open_ledger(postgres, VirtualClock(), admit_within_s=ADMIT_WITHIN_S) as ledger:
        job = await brought_to(ledger, State.RUNNING)
        with psycopg.connect(postgres, autocommit=True) as server:
            server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

        assert await ledger.load(job.job_id) == job
        assert (await brought_to(ledger, State.QUEUED)).state is State.QUEUED


@pytest.mark.postgres
async def test_a_server_that_says_nothing_more_holds_up_nobody(postgres: str) -> None:
    """Its machine may be gone: what waits for it fails in time, and what comes next goes on."""

    def one(connection: sa.Connection) -> object:
        return connection.execute(sa.select(1)).scalar()

    async with line_to(5432) as line:
        databases = await open_databases(line.through(postgres), timeout_s=4.0)
        for database in (databases.writes, databases.reads):
            assert await database.transaction(one) == 1
            line.hush()
            with pytest.raises(StoreUnavailable, match="TimeoutError"):
                await database.transaction(one)
            assert await database.transaction(one) == 1
        await databases.close()


@pytest.mark.postgres
async def test_nothing_waits_for_a_silent_server_once_closed(postgres: str) -> None:
    """Neither does the end of the process, which waits for every thread."""
    before, begun = set(threading.enumerate()), threading.Event()

    def wait(connection: sa.Connection) -> object:
        begun.set()
        return connection.execute(sa.select(sa.func.pg_sleep(10.0))).scalar()

    async with line_to(5432) as line:
        databases = await open_databases(line.through(postgres), timeout_s=60.0)
        waiting = asyncio.get_running_loop().create_task(databases.reads.transaction(wait))
        await asyncio.to_thread(begun.wait)
        line.hush()
        waiting.cancel()
        await asyncio.wait({waiting})
        await databases.close()

    made = set(threading.enumerate()) - before
    assert not [each.name for each in made if each.name.startswith("ledger")]


@pytest.mark.postgres
async def test_a_replica_that_stands_still_holds_up_nobody(postgres: str) -> None:
    """The server ends a transaction in which nothing is said, with the locks that it holds."""
    lock = sa.select(sa.func.pg_advisory_xact_lock(1))
    stopped = await open_databases(f"{postgres}%20-cidle_in_transaction_session_timeout%3D200")
    other = await open_databases(postgres)
    holds, goes_on = threading.Event(), threading.Event()

    def stop_amid(connection: sa.Connection) -> None:
        connection.execute(lock)
        holds.set()
        goes_on.wait(60.0)
        connection.execute(sa.select(1))

    def limit(connection: sa.Connection) -> object:
        connection.execute(lock)
        return connection.exec_driver_sql("SHOW idle_in_transaction_session_timeout").scalar()

    async def be_stopped() -> None:
        with pytest.raises(StoreUnavailable):
            await stopped.writes.transaction(stop_amid)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(be_stopped())
        await asyncio.to_thread(holds.wait, 60.0)
        limited = await other.writes.transaction(limit)
        goes_on.set()
    await stopped.close()
    await other.close()

    assert limited == f"{STANDSTILL_TIMEOUT_S:.0f}s"


async def test_long_lists_do_not_scan_what_is_over(tmp_path: Path) -> None:
    """What is asked at every order and every start is answered from the partial indexes."""
    url = f"sqlite:///{tmp_path / 'x.db'}"
    await migrate(url)

    def plan(statement: sa.SelectBase) -> Callable[[sa.Connection], str]:
        def explain(connection: sa.Connection) -> str:
            asked = statement.compile(connection, compile_kwargs={"literal_binds": True})
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}")
            return " ".join(str(row[3]) for row in rows)

        return explain

    databases = await open_databases(url)
    unfinished = await databases.reads.transaction(plan(queries.UNFINISHED))
    queue = await databases.reads.transaction(plan(queries.QUEUE))
    credits_ = await databases.reads.transaction(plan(queries.OPEN_CREDITS))
    mine = queries.JOBS_THAT_COUNT.params(requesters=["terminal:me"], since=START)
    counted = await databases.reads.transaction(plan(mine))
    await databases.close()

    assert "ix_job_requester (requester=? AND created_at>?)" in counted
    assert "ix_job_active (created_at<?)" in counted
    assert "ix_job_active" in queue
    assert "ix_job_active" in credits_
    assert "ix_job_active" in unfinished
    assert "ix_delivery_open" in unfinished


async def test_an_open_database_gives_every_thread_its_turn(tmp_path: Path) -> None:
    """A busy event loop does not starve the thread that writes."""
    before_s = sys.getswitchinterval()
    sys.setswitchinterval(0.005)
    try:
        databases = await open_databases(f"sqlite:///{tmp_path / 'x.db'}")
        await databases.close()

        assert sys.getswitchinterval() == pytest.approx(SWITCH_INTERVAL_S)
    finally:
        sys.setswitchinterval(before_s)
