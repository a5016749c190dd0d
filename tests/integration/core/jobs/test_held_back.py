"""A job that is held back, because its holders died, still ends, and its user is told of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from core.jobs.job import DeliveryState, Job
from core.jobs.lifecycle import DeliveryKind, Reason, State
from core.media.item import Kind
from core.media.spool import FileSpool
from tests.fakes.deliverer import RecordingDeliverer
from tests.fakes.jobs import picture_bytes
from tests.fakes.provider_server import ProviderServer
from tests.fakes.replicas import Replica, open_replica

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

HELD_BACK = """
WITH dead AS (
    INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 min')
    RETURNING id
)
UPDATE procrastinate_jobs SET status = 'doing', worker_id = dead.id, priority = -20 FROM dead
"""
WAITS = "SELECT FROM procrastinate_jobs WHERE status = 'todo' AND scheduled_at > now()"


ROWS = "SELECT lock FROM procrastinate_jobs"


@pytest.fixture
async def replica(tmp_path: Path, shared_url: str) -> AsyncIterator[Replica]:
    """A replica that is not at work yet."""
    async with ProviderServer() as provider:
        spool = FileSpool(tmp_path / "media")
        picture = await spool.put(picture_bytes(), kind=Kind.PNG, width_px=64, height_px=48)
        place = RecordingDeliverer(pictures=(picture,))
        async with open_replica(tmp_path, shared_url, provider.origin, place, name="a") as opened:
            yield opened


async def held_back(replica: Replica, sql: psycopg.Connection[Any], job: Job) -> None:
    """Set the replica to work, and return once it holds the job back, whose holders have died."""
    sql.execute(HELD_BACK)
    replica.start()
    await replica.eventually(lambda: sql.execute(WAITS).fetchall())
    assert job.job_id not in replica.holds()


async def told(replica: Replica, job: Job) -> Job:
    """Return the job once all is said of it."""

    async def is_told() -> bool:
        return job.job_id not in await replica.ledger.unfinished()

    await replica.eventually(is_told)
    return await replica.ledger.load(job.job_id)


@pytest.mark.parametrize(
    ("state", "end"),
    [
        (State.RECEIVED, (State.FAILED, Reason.NOT_PREPARED)),
        (State.QUEUED, (State.EXPIRED, Reason.NOT_SUBMITTED)),
    ],
)
async def test_held_back_job_ends_at_its_deadline(
    replica: Replica, sql: psycopg.Connection[Any], state: State, end: tuple[State, Reason]
) -> None:
    """It is not held back beyond it, however often its holders died, and the notice is said."""
    job = await replica.order()
    sql.execute("UPDATE job SET state = %s, deadline_at = now() + interval '12 s'", [state.value])
    await held_back(replica, sql, job)
    ended = await told(replica, job)

    assert (ended.state, ended.reason) == end
    rows = await replica.ledger.deliveries(job.job_id)
    assert [row.state for row in rows if row.kind is DeliveryKind.NOTICE] == [DeliveryState.SENT]
    await replica.eventually(lambda: not sql.execute(ROWS).fetchall())


async def test_held_back_job_is_cancelled_at_once(
    replica: Replica, sql: psycopg.Connection[Any]
) -> None:
    """Minutes before it is due: its row is put back for the wish."""
    job = await replica.order()
    await held_back(replica, sql, job)
    await replica.queue.cancel(job.job_id)
    ended = await told(replica, job)

    assert ended.state is State.CANCELLED
    await replica.eventually(lambda: not sql.execute(ROWS).fetchall())


async def test_replica_that_starts_leaves_it_held_back(
    replica: Replica, sql: psycopg.Connection[Any]
) -> None:
    """What it adopts at its start has a row already, so that a restart is no way round the wait."""
    admission = await replica.queue.submit(replica.an_order())
    sql.execute(
        "UPDATE procrastinate_jobs SET priority = -9, scheduled_at = now() + interval '9 min'"
    )
    replica.start()
    other = await replica.order()
    await told(replica, other)
    await replica.eventually(lambda: len(sql.execute(ROWS).fetchall()) == 1)

    assert sql.execute(ROWS).fetchall() == [(admission.job.job_id,)]
    assert sql.execute(WAITS).fetchall()
