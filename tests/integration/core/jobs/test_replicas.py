"""Several replicas on one Postgres: jobs are shared, taken over, handed over, and done once."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from structlog.testing import capture_logs

from core.clock import SystemClock
from core.jobs.dispatch_procrastinate import CONCURRENCY
from core.jobs.dispatch_sweep import Vigil
from core.jobs.lifecycle import Event, State
from core.jobs.schedule import Pace
from core.media.item import Kind
from core.media.spool import FileSpool
from tests.fakes.deliverer import RecordingDeliverer
from tests.fakes.jobs import picture_bytes
from tests.fakes.postgres import outage
from tests.fakes.provider_script import Fault, Script
from tests.fakes.provider_server import ProviderServer
from tests.fakes.replicas import PATIENCE_S, VIGIL, Replica, open_replica

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

QUICK = Pace(interval_s=0.5)
FINAL_SAID = """
INSERT INTO delivery
SELECT (jsonb_populate_record(delivery, '{"kind": "card_final", "nonce": "another"}')).*
FROM delivery WHERE kind = 'card'
"""
"""Another replica gives the card its last word."""
PATIENT = Vigil(beat_s=0.5, stalled_s=30.0, sweep_s=0.5)
"""Takes nobody for dead, however loaded the machine is: for tests in which nobody dies."""


@dataclass(kw_only=True)
class Site:
    """One database, one provider, one place, and as many replicas as a test opens."""

    folder: Path
    url: str
    provider: ProviderServer
    deliverer: RecordingDeliverer
    stack: AsyncExitStack
    vigil: Vigil = PATIENT
    replicas: list[Replica] = field(default_factory=list)

    async def open(
        self,
        name: str,
        *,
        concurrency: int = CONCURRENCY,
        has_platform: bool = True,
        deliverer: RecordingDeliverer | None = None,
    ) -> Replica:
        """Open a replica that is not at work yet."""
        replica = await self.stack.enter_async_context(
            open_replica(
                self.folder,
                self.url,
                self.provider.origin,
                (deliverer or self.deliverer) if has_platform else None,
                name=name,
                concurrency=concurrency,
                vigil=self.vigil,
                pace=QUICK,
            )
        )
        self.replicas.append(replica)
        return replica

    async def at_work(self, *names: str) -> list[Replica]:
        """Open replicas and set them to work."""
        replicas = [await self.open(name) for name in names]
        for replica in replicas:
            replica.start()
        return replicas

    def posts(self) -> Counter[tuple[str, str]]:
        """Return how often each thing was posted."""
        return Counter((said.job_id, said.kind.value) for said in self.deliverer.said)


@pytest.fixture
async def site(tmp_path: Path, shared_url: str) -> AsyncIterator[Site]:
    async with ProviderServer() as provider, AsyncExitStack() as stack:
        spool = FileSpool(tmp_path / "media")
        picture = await spool.put(picture_bytes(), kind=Kind.PNG, width_px=64, height_px=48)
        yield Site(
            folder=tmp_path,
            url=shared_url,
            provider=provider,
            deliverer=RecordingDeliverer(pictures=(picture,)),
            stack=stack,
        )


@asynccontextmanager
async def process(site: Site) -> AsyncIterator[tuple[asyncio.subprocess.Process, list[str]]]:
    """Run a replica as a process of its own; what it says comes in as a list."""
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.fakes.replica_process",
        str(site.folder), site.url, site.provider.origin,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said: list[str] = []

    async def listen() -> None:
        assert running.stdout is not None
        while line := await running.stdout.readline():
            said.append(line.decode().strip())

    listening = asyncio.get_running_loop().create_task(listen())
    try:
        yield running, said
    finally:
        if running.returncode is None:
            running.kill()
        await running.wait()
        await listening


def rows(sql: psycopg.Connection[Any]) -> dict[str, int]:
    """Return how many rows of the queue there are in each status."""
    query = "SELECT status, count(*) FROM procrastinate_jobs GROUP BY status"
    return {str(status): int(count) for status, count in sql.execute(query).fetchall()}


async def over(site: Site, job_ids: list[str], *, within_s: float = PATIENCE_S) -> list[State]:
    """Return the states of the jobs once nothing is left to do for any."""
    ledger = site.replicas[0].ledger

    async def is_over() -> bool:
        return not set(job_ids) & set(await ledger.unfinished())

    await site.replicas[0].eventually(is_over, within_s=within_s)
    return [(await ledger.load(job_id)).state for job_id in job_ids]


async def test_replicas_share_jobs_and_leave_no_rows(site: Site, sql: psycopg.Connection) -> None:
    """300 jobs that come at once are done once each, by all three, and their rows are gone."""
    replicas = await site.at_work("a", "b", "c")
    jobs = await asyncio.gather(*(replicas[0].order() for _ in range(300)))
    job_ids = [job.job_id for job in jobs]

    assert set(await over(site, job_ids)) == {State.READY}
    await replicas[0].eventually(lambda: rows(sql) == {})
    owners = Counter([(await replicas[0].ledger.load(job_id)).owner for job_id in job_ids])
    assert set(owners) == {replica.worker.boot_id for replica in replicas}
    assert len(site.provider.submits) == 300
    assert set(site.posts().values()) == {1}


async def test_killed_replica_is_replaced(site: Site, sql: psycopg.Connection) -> None:
    """What a killed process had running is followed to its end by another; all is paid once."""
    site.vigil = VIGIL
    site.provider.default = Script(held=True)
    a = await site.open("a")
    async with process(site) as (running, said):
        jobs = await asyncio.gather(*(a.order() for _ in range(20)))
        await a.eventually(lambda: "held 20" in said)
        a.start()
        running.kill()
        await a.eventually(lambda: len(a.poller) == 20)
        site.provider.release()

        assert set(await over(site, [job.job_id for job in jobs])) == {State.READY}
    assert len(site.provider.submits) == 20
    posts = site.posts() + Counter(tuple(each.split()[1:]) for each in said if "posted" in each)
    assert set(posts.values()) == {1}
    await a.eventually(lambda: rows(sql) == {})


async def test_replica_that_was_stopped_does_no_harm(site: Site) -> None:
    """Others take its jobs; it wakes, finds out, drops them, and takes its share of new ones."""
    site.vigil = VIGIL
    site.provider.default = Script(held=True)
    a = await site.open("a")
    async with process(site) as (running, said):
        jobs = await asyncio.gather(*(a.order() for _ in range(20)))
        await a.eventually(lambda: "held 20" in said)
        a.start()
        os.kill(running.pid, signal.SIGSTOP)
        await a.eventually(lambda: len(a.poller) == 20)
        os.kill(running.pid, signal.SIGCONT)
        await a.eventually(lambda: said[-1] == "held 0")
        assert len(a.poller) == 20
        site.provider.release()

        assert set(await over(site, [job.job_id for job in jobs])) == {State.READY}
        await a.end()
        last = await a.order()
        await a.eventually(lambda: f"posted {last.job_id} card" in said)
    assert len(site.provider.submits) in {20, 21}
    posts = site.posts() + Counter(tuple(each.split()[1:]) for each in said if "posted" in each)
    assert set(posts.values()) == {1}


async def test_card_that_a_late_report_hid_gets_its_last_word_again(
    site: Site, sql: psycopg.Connection
) -> None:
    """Another replica ended the job meanwhile; the one that posted the card finds that out."""
    site.provider.default = Script(held=True)
    place = RecordingDeliverer(pictures=site.deliverer.pictures)
    let_go_on = place.hold("progress")
    a = await site.open("a", deliverer=place)
    a.start()
    job = await a.order()
    await a.eventually(lambda: place.shown and len(a.poller) == 1)
    sql.execute(
        "UPDATE job SET owner = 'another', fence = fence + 1, state = 'ready', finished_at = now()"
    )
    sql.execute(FINAL_SAID)
    let_go_on()

    await a.eventually(lambda: place.posts(job.job_id) == ["card", "card_final"])


async def test_replica_that_was_removed_registers_anew(site: Site, sql: psycopg.Connection) -> None:
    """Whoever is removed as dead, but is not, goes on under a new number, with what it gets."""
    site.provider.default = Script(held=True)
    (a,) = await site.at_work("a")
    job = await a.order()
    await a.eventually(lambda: job.job_id in a.poller)
    sql.execute("DELETE FROM procrastinate_workers")
    await a.eventually(lambda: sql.execute("SELECT id FROM procrastinate_workers").fetchall())
    site.provider.release()

    assert await over(site, [job.job_id]) == [State.READY]
    await a.eventually(lambda: rows(sql) == {})
    assert set(site.posts().values()) == {1}


async def test_stopping_hands_running_jobs_over_at_once(site: Site) -> None:
    """They go on elsewhere before the one that stops would be missed."""
    site.provider.default = Script(held=True)
    (a,) = await site.at_work("a")
    jobs = [await a.order() for _ in range(10)]
    await a.eventually(lambda: len(a.poller) == 10)
    (b,) = await site.at_work("b")
    stopped_at = asyncio.get_running_loop().time()
    await a.stop()
    await b.eventually(lambda: len(b.poller) == 10)

    assert a.holds() == set()
    assert asyncio.get_running_loop().time() - stopped_at < 30
    site.provider.release()
    assert set(await over(site, [job.job_id for job in jobs])) == {State.READY}
    assert len(site.provider.submits) == 10
    assert set(site.posts().values()) == {1}


async def test_stopping_lets_a_submit_under_way_end(site: Site) -> None:
    """
    A paid call is recorded first, though it takes longer than it takes to be missed.

    Taken over by another replica it would count as uncertain. What is only being watched does not
    wait for it.
    """
    site.vigil = VIGIL
    site.provider.default = Script(held=True)
    (a,) = await site.at_work("a")
    watched = [await a.order() for _ in range(3)]
    await a.eventually(lambda: len(a.poller) == 3)
    site.provider.fail_submits(Fault(delay_s=VIGIL.stalled_s + 6, ending="pass"))
    job = await a.order()

    async def is_submitting() -> bool:
        return (await a.ledger.load(job.job_id)).state is State.SUBMITTING

    await a.eventually(is_submitting)
    (b,) = await site.at_work("b")
    stopping = asyncio.get_running_loop().create_task(a.stop())
    await b.eventually(lambda: len(b.poller) == 3)
    assert not stopping.done()
    assert a.holds() == {job.job_id}
    await stopping
    await b.eventually(lambda: len(b.poller) == 4)
    site.provider.release()

    assert set(await over(site, [each.job_id for each in (*watched, job)])) == {State.READY}
    assert len(site.provider.submits) == 4
    assert b.worker.boot_id == (await b.ledger.load(job.job_id)).owner


async def test_wish_at_one_replica_reaches_the_one_that_holds_the_job(site: Site) -> None:
    """A cancel is heard of where the job is watched, long before any sweep."""
    site.provider.default = Script(held=True)
    (a,) = await site.at_work("a")
    job = await a.order()
    await a.eventually(lambda: job.job_id in a.poller)
    b = await site.open("b")
    await b.queue.cancel(job.job_id)

    async with asyncio.timeout(20):
        assert await over(site, [job.job_id]) == [State.CANCELLED]
    assert job.job_id not in a.poller


async def test_wish_that_nobody_heard_of_is_found_in_the_ledger(site: Site) -> None:
    """A hint was lost: the look at what the ledger says of all that is held finds it."""
    site.provider.default = Script(held=True)
    (a,) = await site.at_work("a")
    jobs = [await a.order() for _ in range(3)]
    await a.eventually(lambda: len(a.poller) == 3)
    b = await site.open("b")
    wished = await b.ledger.record_as_user(jobs[0].job_id, Event.CANCEL, SystemClock().now())
    assert wished is not None
    a.dispatch.unsure.set()

    assert await over(site, [jobs[0].job_id]) == [State.CANCELLED]
    assert set(a.poller.fences()) == {jobs[1].job_id, jobs[2].job_id}


async def test_order_is_taken_up_where_nobody_took_it(site: Site) -> None:
    """A replica without a worker, as a gateway is, leaves its orders to the others."""
    gateway = await site.open("gateway")
    await site.at_work("a")
    job = await gateway.order()

    assert await over(site, [job.job_id]) == [State.READY]
    assert gateway.holds() == set()


async def test_job_of_a_platform_that_is_not_set_up_here_is_left_to_others(site: Site) -> None:
    """While a platform is added, not every replica has it yet; it ends no job for that reason."""
    older = await site.open("older", has_platform=False)
    older.start()
    jobs = [await older.order() for _ in range(3)]
    await older.eventually(lambda: older.holds() == {job.job_id for job in jobs})
    await site.at_work("newer")

    # Who comes first to a row that was left is a matter of chance, each few seconds anew.
    ended = await over(site, [job.job_id for job in jobs], within_s=4 * PATIENCE_S)
    assert set(ended) == {State.READY}
    assert set(site.posts().values()) == {1}
    assert len(site.provider.submits) == 3


async def test_replica_that_starts_does_not_ask_after_the_orders_of_others(site: Site) -> None:
    """Whoever took an order before is still there, and about to note its acknowledgement."""
    gateway = await site.open("gateway")
    admission = await gateway.queue.submit(gateway.an_order())
    (a,) = await site.at_work("a")
    await a.eventually(lambda: a.holds() == {admission.job.job_id})
    await gateway.queue.acknowledged(admission.job.job_id)

    assert await over(site, [admission.job.job_id]) == [State.READY]
    assert site.deliverer.questions == 0


async def test_ended_jobs_come_back(site: Site, sql: psycopg.Connection) -> None:
    """Check again, long after the row is gone, makes a row in the wish's own transaction."""
    site.provider.default = Script(held=True)
    (a,) = await site.at_work("a")
    job = await a.order()
    await a.eventually(lambda: job.job_id in a.poller)
    await a.queue.cancel(job.job_id)
    await over(site, [job.job_id])
    await a.eventually(lambda: rows(sql) == {})
    gateway = await site.open("gateway")
    site.provider.release()
    assert await gateway.queue.check_again(job.job_id)

    assert await over(site, [job.job_id]) == [State.READY]
    await a.eventually(lambda: rows(sql) == {})


async def test_jobs_without_a_row_are_adopted(site: Site, sql: psycopg.Connection) -> None:
    """A database from before there was a queue: a replica that starts makes the rows."""
    a = await site.open("a")
    job = await a.order()
    sql.execute("DELETE FROM procrastinate_jobs")
    a.start()

    assert await over(site, [job.job_id]) == [State.READY]


async def test_more_jobs_than_places_wait(site: Site, sql: psycopg.Connection) -> None:
    """A replica that is full takes the others as the first ones end."""
    a = await site.open("a", concurrency=3)
    a.start()
    jobs = [await a.order() for _ in range(10)]

    assert set(await over(site, [job.job_id for job in jobs])) == {State.READY}
    await a.eventually(lambda: rows(sql) == {})


async def test_database_that_is_away_for_longer_than_a_death_loses_nothing(
    site: Site, shared_database: str
) -> None:
    """Nobody is called dead for it: each goes on with what it had, under the fence it had."""
    # Longer than the pools of two replicas may come back after each other.
    site.vigil = Vigil(beat_s=0.5, stalled_s=10.0, sweep_s=0.5)
    site.provider.default = Script(held=True)
    a, b = await site.at_work("a", "b")
    jobs = [await a.order() for _ in range(10)]
    await a.eventually(lambda: len(a.poller) + len(b.poller) == 10)
    held = {replica.name: replica.poller.fences() for replica in (a, b)}
    with capture_logs() as logs:
        with outage(shared_database):
            a.dispatch.unsure.set()
            await asyncio.sleep(site.vigil.stalled_s + 1)
        await a.eventually(lambda: {"dispatch_was_away"} <= {each["event"] for each in logs})
        await a.eventually(lambda: a.dispatch._is_well() and b.dispatch._is_well())
        site.provider.release()

        assert set(await over(site, [job.job_id for job in jobs])) == {State.READY}
    events = {each["event"] for each in logs}
    assert "dispatch_deaf" in events  # whether others fail or only wait is a matter of moments
    assert "job_taken_from_the_dead" not in events
    for replica in (a, b):
        owners = {(await a.ledger.load(job_id)).owner for job_id in held[replica.name]}
        assert owners <= {replica.worker.boot_id}
    assert len(site.provider.submits) == 10
    assert set(site.posts().values()) == {1}


async def test_losing_every_connection_loses_nothing(site: Site, sql: psycopg.Connection) -> None:
    """Claims, signs of life, wishes: all go on over new connections, and nothing is done twice."""
    site.provider.default = Script(held=True)
    a, b = await site.at_work("a", "b")
    jobs = [await a.order() for _ in range(10)]
    await a.eventually(lambda: len(a.poller) + len(b.poller) == 10)
    for _ in range(3):
        sql.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await asyncio.sleep(0.3)

    await a.queue.cancel(jobs[0].job_id)
    site.provider.release()
    states = await over(site, [job.job_id for job in jobs])

    assert states == [State.CANCELLED] + [State.READY] * 9
    assert len(site.provider.submits) == 10
    assert set(site.posts().values()) == {1}
    await a.eventually(lambda: rows(sql) == {})
    beats = (
        "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - interval '3s'"
    )
    await a.eventually(lambda: sql.execute(beats).fetchall() == [(2,)])
