"""The queue of the replicas over a real Postgres: rows, signs of life, sweeps and alarms."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from procrastinate.jobs import Status
from structlog.testing import capture_logs

from core.clock import SystemClock
from core.errors import StoreUnavailable
from core.jobs.dispatch import Upkeep
from core.jobs.dispatch_link import CONNECTIONS, connected
from core.jobs.dispatch_procrastinate import ProcrastinateDispatcher, open_dispatcher
from core.jobs.dispatch_rows import FORGOTTEN_S, QUEUE, Rows, row_of
from core.jobs.dispatch_sweep import OVERDUE_S, Sweep, Vigil, held_back_s
from core.jobs.job import Order, Origin
from core.jobs.store.ledger import open_ledger
from core.request import GenerationRequest
from tests.fakes.clock import VirtualClock
from tests.fakes.postgres import outage
from tests.fakes.replicas import VIGIL
from tests.fakes.rig import ADMIT_WITHIN_S, NO_LIMITS

pytestmark = pytest.mark.postgres

Sql = psycopg.Connection[tuple[Any, ...]]
STALLED_S = Vigil().stalled_s


async def eventually(is_so: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not is_so():  # noqa: ASYNC110  # what is waited for happens in a database
            await asyncio.sleep(0.02)


@contextmanager
def at_work(dispatch: ProcrastinateDispatcher) -> Iterator[None]:
    running = asyncio.get_running_loop().create_task(dispatch.run())
    try:
        yield
    finally:
        running.cancel()


@pytest.fixture
async def dispatch(shared_url: str) -> AsyncIterator[ProcrastinateDispatcher]:
    async with open_dispatcher(shared_url, SystemClock(), vigil=VIGIL) as opened:
        yield opened


@pytest.fixture
async def rows(shared_url: str) -> AsyncIterator[Rows]:
    async with connected(shared_url) as connector:
        yield Rows(
            connector, SystemClock(),
            on_wish=lambda _: None, on_beat=lambda: None, on_removed=lambda: None,
        )  # fmt: skip


def a_sweep(
    rows: Rows, *, is_alive: Callable[[], bool] = lambda: True
) -> tuple[Sweep, VirtualClock]:
    clock = VirtualClock()
    sweep = Sweep(
        rows, clock, Vigil(),
        worker_id=lambda: None, held=list, is_alive=is_alive,
    )  # fmt: skip
    return sweep, clock


def statuses(sql: Sql) -> list[tuple[Any, ...]]:
    query = "SELECT lock, status, attempts FROM procrastinate_jobs ORDER BY lock"
    return sql.execute(query).fetchall()


async def taken(rows: Rows, sql: Sql, *job_ids: str, age_s: float = 0.0) -> int:
    """Have a worker that gave its last sign of life so long ago take the jobs; return its id."""
    found = sql.execute(
        "INSERT INTO procrastinate_workers (last_heartbeat) "
        "VALUES (now() - make_interval(secs => %s)) RETURNING id",
        (age_s,),
    ).fetchone()
    assert found is not None
    for job_id in job_ids:
        await rows.defer_job_async(row_of(job_id))
        assert await rows.fetch_job([QUEUE], found[0])
    return int(found[0])


def an_order() -> Order:
    return Order(
        dedupe_key="act",
        origin=Origin(platform="fake", place="fake:here", requester="fake:me"),
        request=GenerationRequest(model_id="flux-dev", prompt="a woodcut", image_count=1, batch=1),
        credits=1,
        preview=False,
    )


async def ordered(sql: Sql, *, deadline_s: float) -> None:
    """Have an order, and its row."""
    url, clock = f"postgresql://{sql.info.user}@{sql.info.host}/{sql.info.dbname}", SystemClock()
    async with (
        open_dispatcher(url, clock) as dispatch,
        open_ledger(url, clock, enqueue=dispatch.enqueue, admit_within_s=ADMIT_WITHIN_S) as ledger,
    ):
        now = clock.now()
        await ledger.admit(an_order(), limits=NO_LIMITS, deadline_s=deadline_s, now=now)


async def test_order_and_row_are_committed_together(
    dispatch: ProcrastinateDispatcher, shared_url: str, sql: Sql
) -> None:
    """One transaction has both, and the job is handed out with nothing else to tell of it."""
    async with open_ledger(
        shared_url, SystemClock(), enqueue=dispatch.enqueue, admit_within_s=ADMIT_WITHIN_S
    ) as ledger:
        now = SystemClock().now()
        admission = await ledger.admit(an_order(), limits=NO_LIMITS, deadline_s=900.0, now=now)
        again = await ledger.admit(an_order(), limits=NO_LIMITS, deadline_s=900.0, now=now)
    query = "SELECT xmin::text FROM job UNION SELECT xmin::text FROM procrastinate_jobs"

    assert len(sql.execute(query).fetchall()) == 1
    assert again.job.job_id == admission.job.job_id
    assert statuses(sql) == [(admission.job.job_id, "todo", 0)]
    with at_work(dispatch):
        assert await dispatch.next() == admission.job.job_id


async def test_neither_is_kept_when_the_transaction_fails(
    dispatch: ProcrastinateDispatcher, shared_url: str, sql: Sql
) -> None:
    """Whether it is the row that fails or what comes after it: no order, and no row."""

    def spoil(connection: object, job_ids: Sequence[str]) -> None:
        dispatch.enqueue(connection, job_ids)
        assert isinstance(connection, psycopg.Connection)
        connection.execute("SELECT 1 / 0")

    clock = SystemClock()
    async with open_ledger(
        shared_url, clock, enqueue=spoil, admit_within_s=ADMIT_WITHIN_S
    ) as ledger:
        with pytest.raises(StoreUnavailable):
            await ledger.admit(an_order(), limits=NO_LIMITS, deadline_s=900.0, now=clock.now())
        assert await ledger.unfinished() == ()
    assert statuses(sql) == []
    sql.execute("ALTER TABLE procrastinate_jobs RENAME TO hidden")
    try:
        async with open_ledger(
            shared_url, clock, enqueue=dispatch.enqueue, admit_within_s=ADMIT_WITHIN_S
        ) as ledger:
            with pytest.raises(StoreUnavailable):
                await ledger.admit(an_order(), limits=NO_LIMITS, deadline_s=900.0, now=clock.now())
            assert await ledger.unfinished() == ()
    finally:
        sql.execute("ALTER TABLE hidden RENAME TO procrastinate_jobs")


async def test_done_removes_the_row_and_give_back_returns_it(
    dispatch: ProcrastinateDispatcher, sql: Sql
) -> None:
    """A job that is done is gone; one that is given back is handed out again, to whoever asks."""
    dispatch.enqueue(sql, ["a", "b"])
    with at_work(dispatch):
        assert {await dispatch.next(), await dispatch.next()} == {"a", "b"}
        dispatch.done("a")
        await eventually(lambda: statuses(sql) == [("b", "doing", 0)])
        dispatch.give_back("b")
        assert await dispatch.next() == "b"
        await eventually(lambda: statuses(sql) == [("b", "doing", 1)])


async def test_job_that_was_offered_meanwhile_is_not_done(
    dispatch: ProcrastinateDispatcher, sql: Sql
) -> None:
    """A wish that came before the last word has the job claimed once more, under the same row."""
    dispatch.enqueue(sql, ["a"])
    with at_work(dispatch):
        await dispatch.next()
        await dispatch.offer("a")
        dispatch.done("a")
        assert await dispatch.next() == "a"
        assert statuses(sql) == [("a", "doing", 0)]
        dispatch.done("a")
        await eventually(lambda: statuses(sql) == [])


async def test_two_rows_of_a_job_are_driven_one_after_the_other(
    dispatch: ProcrastinateDispatcher, sql: Sql
) -> None:
    """A job that came back before its first row was gone is not driven twice at once."""
    dispatch.enqueue(sql, ["a"])
    dispatch.enqueue(sql, ["a"])
    with at_work(dispatch):
        await dispatch.next()
        assert sorted(each[1] for each in statuses(sql)) == ["doing", "todo"]
        dispatch.done("a")
        assert await dispatch.next() == "a"
        dispatch.done("a")
        await eventually(lambda: statuses(sql) == [])


async def test_adopting_makes_only_the_rows_that_are_missing(
    dispatch: ProcrastinateDispatcher, rows: Rows, sql: Sql
) -> None:
    """Jobs that wait or are driven, here or elsewhere, have a row already."""
    await taken(rows, sql, "elsewhere")
    dispatch.enqueue(sql, ["waiting"])
    with capture_logs() as logs:
        await dispatch.adopt(["elsewhere", "waiting", "missing"])
        await dispatch.adopt(["elsewhere", "waiting", "missing"])
        await rows._add("missing")

    assert [each[0] for each in statuses(sql)] == ["elsewhere", "missing", "waiting"]
    assert [each["job_id"] for each in logs if each["event"] == "job_adopted"] == ["missing"]


async def test_adopting_says_when_the_store_is_away(
    dispatch: ProcrastinateDispatcher, sql: Sql
) -> None:
    """Whoever sweeps tries again; what goes untold is only said."""
    sql.execute("ALTER TABLE procrastinate_jobs RENAME TO hidden")
    try:
        with pytest.raises(StoreUnavailable):
            await dispatch.adopt(["a"])
    finally:
        sql.execute("ALTER TABLE hidden RENAME TO procrastinate_jobs")


async def test_rows_of_the_dead_go_back_to_the_queue(rows: Rows, sql: Sql) -> None:
    """Of those whose last sign of life is too old, and of those that were removed; of no others."""
    await taken(rows, sql, "dead", age_s=STALLED_S + 5)
    await taken(rows, sql, "alive", age_s=0.0)
    removed = await taken(rows, sql, "removed")
    sql.execute("DELETE FROM procrastinate_workers WHERE id = %s", (removed,))
    sweep, clock = a_sweep(rows)
    await sweep.look()

    assert statuses(sql) == [("alive", "doing", 0), ("dead", "todo", 1), ("removed", "todo", 1)]
    assert sweep.upkeep() == Upkeep(last_swept_at=clock.now(), is_overdue=False, stuck=0)


async def died_with(sql: Sql, rows: Rows) -> None:
    """Have a worker take the row that is due, however long it is held back, and die with it."""
    sql.execute("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE scheduled_at > now()")
    worker = await taken(rows, sql, age_s=STALLED_S + 5)
    assert await rows.fetch_job([QUEUE], worker)


def waits_s(sql: Sql) -> list[float | None]:
    """Return in how many seconds each row is due; None for at once."""
    query = (
        "SELECT extract(epoch FROM scheduled_at - now())::float8 FROM procrastinate_jobs "
        "ORDER BY lock"
    )
    return [wait_s for (wait_s,) in sql.execute(query).fetchall()]


async def test_job_whose_holders_die_is_held_back_for_longer_and_longer(
    rows: Rows, sql: Sql
) -> None:
    """From the third time on: said as an error each time, and counted while it waits."""
    await rows.defer_job_async(row_of("kills"))
    sweep, _ = a_sweep(rows)
    found = []
    with capture_logs() as logs:
        for _ in range(10):
            await died_with(sql, rows)
            await sweep.look()
            found.append((waits_s(sql)[0], sweep.upkeep().held_back))
    (row_id,) = sql.execute("SELECT id FROM procrastinate_jobs").fetchone() or ()
    due_s = [held_back_s(deaths, row_id) for deaths in range(3, 11)]

    assert found[:2] == [(None, 0), (None, 0)]
    assert [wait_s for wait_s, _ in found[2:]] == pytest.approx(due_s, abs=5.0)
    assert [count for _, count in found[2:]] == [1] * 8
    errors = [each for each in logs if each["event"] == "job_held_back"]
    assert [each["deaths"] for each in errors] == list(range(3, 11))
    assert {(each["job_id"], each["log_level"]) for each in errors} == {("kills", "error")}


async def test_nobody_takes_what_is_held_back_until_it_is_due(
    dispatch: ProcrastinateDispatcher, rows: Rows, sql: Sql
) -> None:
    """It is no stray, nor stuck, and adopting makes no second row; then it is handed out."""
    await rows.defer_job_async(row_of("kills"))
    sweep, _ = a_sweep(rows)
    for _ in range(3):
        await died_with(sql, rows)
        await sweep.look()
    dispatch.enqueue(sql, ["other"])
    with at_work(dispatch):
        assert await dispatch.next() == "other"
        await dispatch.adopt(["kills"])
        await eventually(lambda: dispatch.sweep.held_back == 1)
        assert statuses(sql) == [("kills", "todo", 3), ("other", "doing", 0)]
        assert dispatch.sweep.stuck == 0
        sql.execute("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE lock = 'kills'")
        assert await dispatch.next() == "kills"
        await eventually(lambda: dispatch.sweep.held_back == 0)
        dispatch.done("kills")
        await eventually(lambda: statuses(sql) == [("other", "doing", 0)])


async def test_what_was_only_handed_over_is_not_suspected(rows: Rows, sql: Sql) -> None:
    """However often replicas were told to stop: that a row came back is no death."""
    await rows.defer_job_async(row_of("a"))
    worker = await taken(rows, sql)
    for _ in range(5):
        row = await rows.fetch_job([QUEUE], worker)
        assert row is not None
        await rows.retry_job(row)
    await died_with(sql, rows)
    sweep, _ = a_sweep(rows)
    await sweep.look()

    assert (statuses(sql), waits_s(sql)) == ([("a", "todo", 6)], [None])


async def test_whoever_was_with_the_dead_comes_after_those_who_were_not(
    rows: Rows, sql: Sql
) -> None:
    """So that the jobs of a day are not behind one that kills."""
    await rows.defer_job_async(row_of("with the dead"))
    await died_with(sql, rows)
    await a_sweep(rows)[0].look()
    await rows.defer_job_async(row_of("newer"))
    worker = await taken(rows, sql)
    fetched = [await rows.fetch_job([QUEUE], worker) for _ in range(2)]

    assert [each.lock for each in fetched if each] == ["newer", "with the dead"]


def test_those_who_were_together_come_back_apart() -> None:
    """Rows have numbers in a row: each but the last has a place of its own, at most ten minutes."""
    for deaths, longest_s in ((3, 20.0), (4, 40.0), (7, 320.0), (8, 600.0), (1000, 600.0)):
        found = [held_back_s(deaths, row_id) for row_id in range(8)]
        assert len(set(found)) == 8
        assert longest_s / 2 < min(found) < max(found) == longest_s
    assert [held_back_s(deaths, 1) for deaths in (1, 2)] == [0.0, 0.0]


@pytest.mark.parametrize(("left_s", "from_s", "to_s"), [(30, 29, 36), (-30, 299, 601)])
async def test_held_back_job_is_due_at_its_deadline(
    rows: Rows, sql: Sql, left_s: float, from_s: float, to_s: float
) -> None:
    """Whoever takes it then ends it and tells its user; afterwards it is held back as before."""
    await ordered(sql, deadline_s=left_s)
    sql.execute("UPDATE procrastinate_jobs SET priority = -20")
    await died_with(sql, rows)
    await a_sweep(rows)[0].look()

    (wait_s,) = waits_s(sql)
    assert wait_s is not None
    assert from_s < wait_s < to_s


async def test_wish_is_not_held_back(
    dispatch: ProcrastinateDispatcher, rows: Rows, sql: Sql
) -> None:
    """Whoever cancels a job that waits need not wait as well; nobody else's job is touched."""
    for job_id in ("cancelled", "waits"):
        await rows.defer_job_async(row_of(job_id))
    sql.execute(
        "UPDATE procrastinate_jobs SET priority = -3, scheduled_at = now() + interval '9 min'"
    )
    with at_work(dispatch):
        await dispatch.offer("cancelled")
        assert await dispatch.next() == "cancelled"
        held, waiting = waits_s(sql)
        assert held is None
        assert waiting == pytest.approx(540.0, abs=60.0)


async def test_nobody_is_taken_for_dead_by_one_that_was_away(rows: Rows, sql: Sql) -> None:
    """After the database comes back everybody's last sign of life is old."""
    await taken(rows, sql, "cut off too", age_s=STALLED_S + 5)
    sweep, _ = a_sweep(rows, is_alive=lambda: False)
    await sweep.look()

    assert statuses(sql) == [("cut off too", "doing", 0)]


async def test_alarm_when_no_sweep_succeeds(rows: Rows, sql: Sql) -> None:
    """Said once when it has been so for long, and taken back by the first that succeeds."""
    sweep, clock = a_sweep(rows)
    await sweep.look()
    sql.execute("ALTER TABLE procrastinate_workers RENAME TO hidden")
    try:
        with capture_logs() as logs:
            await sweep.look()
            early = sweep.is_overdue
            clock.sleep_through(OVERDUE_S)
            await sweep.look()
            await sweep.look()
    finally:
        sql.execute("ALTER TABLE hidden RENAME TO procrastinate_workers")

    assert [each["event"] for each in logs].count("dispatch_sweep_overdue") == 1
    assert (early, sweep.is_overdue) == (False, True)
    assert sweep.last_swept_at == clock.now() - timedelta(seconds=OVERDUE_S)
    await sweep.look()
    assert not sweep.is_overdue


async def test_alarm_when_rows_stay_with_the_dead(rows: Rows, sql: Sql) -> None:
    """Rows that are still there at the next look are counted, and said once."""
    await taken(rows, sql, "a", "b", age_s=STALLED_S + 5)
    sql.execute("CREATE RULE no AS ON UPDATE TO procrastinate_jobs DO INSTEAD NOTHING")
    sweep, _ = a_sweep(rows)
    try:
        with capture_logs() as logs:
            await sweep.look()
            at_first = sweep.stuck
            await sweep.look()
            await sweep.look()
    finally:
        sql.execute("DROP RULE no ON procrastinate_jobs")

    assert (at_first, sweep.stuck) == (0, 2)
    assert [each["event"] for each in logs].count("dispatch_rows_stuck") == 1
    await sweep.look()
    await sweep.look()
    assert sweep.stuck == 0


async def test_row_that_got_lost_on_its_way_to_us_is_found(
    dispatch: ProcrastinateDispatcher, sql: Sql
) -> None:
    """The connection was cut after the row was taken: it is down to us, and nobody knows of it."""
    with at_work(dispatch):
        await eventually(lambda: sql.execute("SELECT id FROM procrastinate_workers").fetchall())
        sql.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, lock, args, status, worker_id) "
            "SELECT 'redraw', 'redraw.drive', 'a', '{\"job_id\": \"a\"}', 'doing', id "
            "FROM procrastinate_workers"
        )
        async with asyncio.timeout(60):
            assert await dispatch.next() == "a"


async def test_row_is_only_ended_by_who_holds_it(rows: Rows, sql: Sql) -> None:
    """One that was taken for dead and is not ends nothing, and gives nothing back."""
    await rows.defer_job_async(row_of("a"))
    first, second = await taken(rows, sql), await taken(rows, sql)
    before = await rows.fetch_job([QUEUE], first)
    assert before is not None
    await rows.retry_job(before)
    now = await rows.fetch_job([QUEUE], second)
    assert now is not None
    await rows.finish_job(before, Status.SUCCEEDED, delete_job=True)
    await rows.retry_job(before)

    assert statuses(sql) == [("a", "doing", 1)]
    await rows.finish_job(now, Status.SUCCEEDED, delete_job=True)
    assert statuses(sql) == []


async def test_nothing_ends_because_a_statement_failed(rows: Rows, sql: Sql) -> None:
    """Each failure is said, and the next try is made as if nothing had been."""
    await rows.defer_job_async(row_of("a"))
    worker = await taken(rows, sql)
    row = await rows.fetch_job([QUEUE], worker)
    assert row is not None
    sql.execute("ALTER TABLE procrastinate_jobs RENAME TO hidden")
    sql.execute("ALTER TABLE procrastinate_workers RENAME TO hidden_too")
    try:
        with capture_logs() as logs:
            assert await rows.fetch_job([QUEUE], worker) is None
            await rows.retry_job(row)
            await rows.update_heartbeat(worker)
    finally:
        sql.execute("ALTER TABLE hidden RENAME TO procrastinate_jobs")
        sql.execute("ALTER TABLE hidden_too RENAME TO procrastinate_workers")

    assert [each["event"] for each in logs] == [
        "dispatch_fetch_failed",
        "dispatch_row_left",
        "dispatch_beat_failed",
    ]
    assert all(each["error"] == "UndefinedTable" for each in logs)


async def test_who_was_away_is_unsure_of_what_it_holds(
    dispatch: ProcrastinateDispatcher,
) -> None:
    """A gap between two signs of life that is as long as a death; a shorter one is nothing."""
    clock = VirtualClock()
    dispatch._clock = clock
    dispatch._beaten()
    clock.sleep_through(VIGIL.gap_s - 0.1)
    dispatch._beaten()
    assert (dispatch.unsure.is_set(), dispatch._is_well()) == (False, True)
    clock.sleep_through(VIGIL.stalled_s)
    assert not dispatch._is_well()
    dispatch._beaten()
    assert (dispatch.unsure.is_set(), dispatch._is_well()) == (True, False)
    for _ in range(int(VIGIL.stalled_s)):
        assert not dispatch._is_well()
        clock.sleep_through(1)
        dispatch._beaten()
    assert dispatch._is_well()


async def test_who_was_away_for_a_moment_calls_nobody_dead(
    dispatch: ProcrastinateDispatcher,
) -> None:
    """The last sign of life of others came before ours, and their next one may come after it."""
    clock = VirtualClock()
    dispatch._clock = clock
    dispatch._beaten()
    clock.sleep_through(VIGIL.gap_s)
    assert not dispatch._is_well()
    dispatch._beaten()
    assert (dispatch.unsure.is_set(), dispatch._is_well()) == (False, False)


@pytest.mark.parametrize("apart_s", [VIGIL.gap_s, VIGIL.stalled_s - 0.1])
async def test_who_tells_slowly_still_finds_the_dead(
    dispatch: ProcrastinateDispatcher, apart_s: float
) -> None:
    """A busy replica may be the only one that is left."""
    clock, well = VirtualClock(), 0
    dispatch._clock = clock
    for _ in range(40):
        dispatch._beaten()
        for _ in range(int(apart_s / 0.25)):
            clock.sleep_through(0.25)
            well += dispatch._is_well()
        clock.sleep_through(apart_s % 0.25)
    assert well > 40


async def test_alarm_when_nobody_could_tell_who_is_dead(rows: Rows) -> None:
    """A look that finds out nothing is none."""
    sweep, clock = a_sweep(rows, is_alive=lambda: False)
    await sweep.look()
    assert (sweep.last_swept_at, sweep.is_overdue) == (None, False)
    clock.sleep_through(OVERDUE_S)
    await sweep.look()
    assert sweep.is_overdue


async def test_dead_are_not_found_by_a_question_that_had_to_wait(rows: Rows, sql: Sql) -> None:
    """The database was away meanwhile: when it answers, the signs of life of all are old."""
    await taken(rows, sql, "a", age_s=STALLED_S + 5)
    well = iter([True, False, True, True])
    sweep, _ = a_sweep(rows, is_alive=lambda: next(well))
    await sweep.look()
    assert (statuses(sql), sweep.last_swept_at) == ([("a", "doing", 0)], None)

    await sweep.look()
    assert [status for _, status, _ in statuses(sql)] == ["todo"]


async def test_wish_is_heard_after_listening_was_cut(
    dispatch: ProcrastinateDispatcher, shared_url: str, sql: Sql
) -> None:
    """The connection that listens is made anew."""
    listeners = (
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
        "AND query LIKE 'LISTEN%'"
    )
    dispatch.enqueue(sql, ["a"])
    async with open_dispatcher(shared_url, SystemClock(), vigil=VIGIL) as other:
        with at_work(dispatch):
            await dispatch.next()
            await eventually(lambda: sql.execute(listeners).fetchall())
            ((pid,),) = sql.execute(listeners).fetchall()
            sql.execute("SELECT pg_terminate_backend(%s)", (pid,))
            await eventually(lambda: [(pid,)] != sql.execute(listeners).fetchall() != [])
            await other.offer("a")
            async with asyncio.timeout(30):
                assert await dispatch.next() == "a"


async def test_who_retires_gives_back_what_nobody_began_with(
    dispatch: ProcrastinateDispatcher, sql: Sql
) -> None:
    """And takes nothing more; what was begun with stays until it is given back."""
    dispatch.enqueue(sql, ["a", "b", "c"])
    with at_work(dispatch):
        begun = await dispatch.next()
        await eventually(lambda: [each[1] for each in statuses(sql)] == ["doing"] * 3)
        dispatch.retire()
        await eventually(lambda: [each[1] for each in statuses(sql)].count("todo") == 2)
        assert (begun, "doing", 0) in statuses(sql)


async def test_wish_that_cannot_be_told_is_only_a_hint(rows: Rows) -> None:
    """Nothing fails for it; here it is too long for a notification."""
    with capture_logs() as logs:
        await rows.tell(["a" * 9000])

    assert [each["event"] for each in logs] == ["wishes_untold"]


async def test_queue_that_cannot_be_reached_is_said_so() -> None:
    """In the error that the store has for it, and within a few seconds."""
    with pytest.raises(StoreUnavailable):
        async with open_dispatcher("postgresql://nobody@127.0.0.1:1/none", SystemClock()):
            pass


async def test_ending_does_not_wait_for_a_database_that_is_away(
    dispatch: ProcrastinateDispatcher, shared_database: str, sql: Sql
) -> None:
    """Whoever is told to stop just then stops: others find its rows when they can."""
    dispatch.enqueue(sql, ["a"])
    running = asyncio.get_running_loop().create_task(dispatch.run())
    await dispatch.next()
    with outage(shared_database):
        running.cancel()
        await asyncio.wait({running}, timeout=40)

    assert running.cancelled()


async def test_who_starts_calls_nobody_dead_at_once(
    dispatch: ProcrastinateDispatcher, rows: Rows, sql: Sql
) -> None:
    """
    The database was away for longer than a death, and one replica starts before others are heard.

    Those are still there, each with its number; what the dead had is taken all the same.
    """
    silent = await taken(rows, sql, "a", age_s=STALLED_S + 5)
    registered = "SELECT id FROM procrastinate_workers WHERE id <> %s"
    with at_work(dispatch):
        await eventually(lambda: sql.execute(registered, (silent,)).fetchall())
        numbers = sql.execute("SELECT id FROM procrastinate_workers ORDER BY id").fetchall()
        assert numbers[0] == (silent,)
        async with asyncio.timeout(60):
            assert await dispatch.next() == "a"


async def test_numbers_of_the_long_dead_are_removed(
    dispatch: ProcrastinateDispatcher, rows: Rows, sql: Sql
) -> None:
    """So that what is kept of replicas does not grow with every restart."""
    gone = await taken(rows, sql, age_s=FORGOTTEN_S + 5)
    registered = "SELECT id FROM procrastinate_workers WHERE id <> %s"
    with at_work(dispatch):
        await eventually(lambda: sql.execute(registered, (gone,)).fetchall())

    assert not sql.execute("SELECT FROM procrastinate_workers WHERE id = %s", (gone,)).fetchall()


async def test_signs_of_life_do_not_wait_for_rows(
    dispatch: ProcrastinateDispatcher, shared_url: str, sql: Sql
) -> None:
    """However many rows are ended at once, and however long that takes, we are not called dead."""
    job_ids = [str(number) for number in range(2 * CONNECTIONS)]
    dispatch.enqueue(sql, job_ids)
    beat = "SELECT last_heartbeat > now() - interval '1s' FROM procrastinate_workers"
    aged = "SELECT last_heartbeat > %s + interval '7s' FROM procrastinate_workers"
    with at_work(dispatch), psycopg.connect(shared_url) as other, capture_logs() as logs:
        for _ in job_ids:
            await dispatch.next()
        await eventually(lambda: sql.execute(beat).fetchone() == (True,))
        other.execute("SELECT FROM procrastinate_jobs FOR UPDATE")
        (since,) = sql.execute("SELECT now()").fetchone() or ()
        for job_id in job_ids:
            dispatch.done(job_id)
        await eventually(lambda: sql.execute(aged, (since,)).fetchone() == (True,))
        other.rollback()
        await eventually(lambda: statuses(sql) == [])

    assert {"dispatch_beat_failed", "dispatch_row_left"}.isdisjoint(each["event"] for each in logs)
