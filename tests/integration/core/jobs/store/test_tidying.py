"""Old rows are dropped a few at a time, and a SQLite file gives their space back to the disk."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from core.errors import StoreUnavailable
from core.jobs.deliveries import DeliveryEvent
from core.jobs.job import Job
from core.jobs.lifecycle import Event, Reason, State
from core.jobs.retention import RECORDS_DAYS, Retention
from core.jobs.store import space
from core.jobs.store.ledger import Ledger, open_ledger
from core.jobs.store.schema import migrate
from core.media.spool import FileSpool
from tests.fakes.clock import START, FastClock, VirtualClock
from tests.fakes.ledger_jobs import NO_LIMITS, SOON, admitted, brought_to

MIB = 1024 * 1024


async def _emptied(ledger: Ledger) -> Job:
    job = await brought_to(ledger, State.FAILED, Reason.FILTERED)
    for row in await ledger.deliveries(job.job_id):
        begun = await ledger.record_delivery(job, row, DeliveryEvent.BEGUN, SOON)
        await ledger.record_delivery(job, begun, DeliveryEvent.SENT, SOON)
    await ledger.forget_job(job.job_id, at=SOON)
    return job


async def test_emptied_jobs_are_dropped_with_all_about_them(ledger: Ledger) -> None:
    """The oldest first, a few at a time; what is not emptied stays, however old."""
    old = [await _emptied(ledger) for _ in range(3)]
    kept = await brought_to(ledger, State.FAILED, Reason.FILTERED)
    later = SOON + timedelta(days=1)

    assert await ledger.tidying.drop(SOON, 9) == 0
    assert [await ledger.tidying.drop(later, 2) for _ in range(3)] == [2, 1, 0]
    assert await ledger.list_all(9) == (kept,)
    for job in old:
        assert await ledger.history(job.job_id) == ()
        assert await ledger.deliveries(job.job_id) == ()


async def test_records_are_dropped_after_their_time(ledger: Ledger, tmp_path: Path) -> None:
    """A round of retention drops what ended so long ago, costs included, and no sooner."""
    job = await _emptied(ledger)
    clock = FastClock(1000.0, START + timedelta(days=RECORDS_DAYS - 1))
    retention = Retention(ledger, FileSpool(tmp_path), clock, days=30)
    await retention.round()
    assert (await ledger.load(job.job_id)).request.prompt == ""
    clock.leap(2 * 24 * 3600.0)
    await retention.round()

    assert await ledger.list_all(9) == ()


async def test_without_days_no_record_is_dropped(ledger: Ledger, tmp_path: Path) -> None:
    """Who keeps everything keeps the records as well."""
    await _emptied(ledger)
    clock = FastClock(1000.0, START + timedelta(days=10 * RECORDS_DAYS))
    await Retention(ledger, FileSpool(tmp_path), clock, days=0).round()

    assert len(await ledger.list_all(9)) == 1


async def _filled(path: Path) -> None:
    """Put some MiB of words into a ledger, and take them out again."""
    async with open_ledger(f"sqlite:///{path}", VirtualClock(), admit_within_s=60.0) as ledger:
        words = "a woodcut " * 2000
        orders = [admitted(ledger, prompt=words, limits=NO_LIMITS) for _ in range(200)]
        jobs = await asyncio.gather(*orders)
        withdrawn = [ledger.record_as_user(job.job_id, Event.ACK_REFUSED, SOON) for job in jobs]
        await asyncio.gather(*withdrawn)
        assert len(await ledger.retain(SOON + timedelta(days=1), 999)) == 200


def _size(path: Path) -> int:
    return path.stat().st_size


async def test_file_gives_back_what_it_does_not_need(tmp_path: Path) -> None:
    """After a round of retention the file on the disk is smaller, and nothing is lost."""
    path = tmp_path / "ledger.db"
    await migrate(f"sqlite:///{path}")
    await _filled(path)
    before = _size(path)
    assert before > 3 * MIB
    async with open_ledger(f"sqlite:///{path}", VirtualClock()) as ledger:
        clock = FastClock(1000.0, START)
        await Retention(ledger, FileSpool(tmp_path / "media"), clock, days=30).round()
        assert len(await ledger.list_all(999)) == 200

    assert _size(path) < before - MIB
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_space_is_given_back_in_small_steps(tmp_path: Path) -> None:
    """One step holds the ledger for some pages alone."""
    path = tmp_path / "ledger.db"
    await migrate(f"sqlite:///{path}")
    await _filled(path)
    with sqlite3.connect(path) as connection:
        (empty,) = connection.execute("PRAGMA freelist_count").fetchone()
    steps = 1
    async with open_ledger(f"sqlite:///{path}", VirtualClock()) as ledger:
        while await ledger.tidying.give_back_space():
            steps += 1

    assert steps == -(-(empty - space.SPARE) // space.PAGES) > 1


def _as_before(path: Path) -> None:
    """Make the file one that cannot give back space, as those of earlier versions are."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA auto_vacuum = NONE")
        connection.execute("VACUUM")
    connection.close()


async def test_earlier_file_is_rebuilt_once(tmp_path: Path) -> None:
    """Until then nothing is given back; afterwards it is, and every job is still there."""
    path = tmp_path / "ledger.db"
    url = f"sqlite:///{path}"
    assert await space.bytes_to_rebuild(url) == 0
    await migrate(url)
    assert await space.bytes_to_rebuild(url) == 0
    await _filled(path)
    _as_before(path)
    await _filled(path)
    size = _size(path)
    async with open_ledger(url, VirtualClock()) as ledger:
        assert not await ledger.tidying.give_back_space()
    assert await space.bytes_to_rebuild(url) == size

    await space.rebuild(url)

    assert await space.bytes_to_rebuild(url) == 0
    assert _size(path) < size - MIB
    async with open_ledger(url, VirtualClock()) as ledger:
        assert len(await ledger.list_all(999)) == 400


async def test_file_in_use_is_not_rebuilt(tmp_path: Path, sqlite_template: Path) -> None:
    """Somebody who writes keeps the file as it is, and it is said in our words."""
    path = tmp_path / "ledger.db"
    shutil.copy(sqlite_template, path)
    _as_before(path)
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")

    with pytest.raises(StoreUnavailable):
        await space.rebuild(f"sqlite:///{path}")
    writer.close()


@pytest.mark.postgres
async def test_server_tidies_up_by_itself(postgres: str) -> None:
    """The busy tables are looked after when a fiftieth of them is dead; we give nothing back."""
    asked = (
        "SELECT relname FROM pg_class, pg_options_to_table(reloptions)"
        " WHERE option_name = 'autovacuum_vacuum_scale_factor' AND option_value = '0.02'"
    )
    with psycopg.connect(postgres) as server:
        tables = {row[0] for row in server.execute(asked).fetchall()}

    assert tables >= {"job", "delivery", "history", "cost", "drafts"}
    async with open_ledger(postgres, VirtualClock()) as ledger:
        assert not await ledger.tidying.give_back_space()
    assert await space.bytes_to_rebuild(postgres) == 0
