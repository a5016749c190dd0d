"""A connection that is cut while the server commits: nobody knows then what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import psycopg
import pytest

from core.clock import SystemClock
from core.errors import OrderInDoubt
from core.jobs.job import Admission, Job
from core.jobs.lifecycle import Event, Reason
from core.jobs.store.ledger import open_ledger
from tests.fakes.ledger_jobs import NO_LIMITS, order
from tests.fakes.tcp_relay import Relay, relay

pytestmark = pytest.mark.postgres

PATIENCE_S = 30.0
LOCK = 20261122
"""The advisory lock by which a commit is held."""
COMMITTING = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND query = 'COMMIT' AND state = 'active'"
)


@pytest.fixture
def slow_server(postgres: str) -> Iterator[psycopg.Connection]:
    """A server that commits no job for as long as this connection holds the lock."""
    with psycopg.connect(postgres, autocommit=True) as sql:
        sql.execute(
            "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN "
            f"WHILE EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = {LOCK} "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) "
            "LOOP PERFORM pg_sleep(0.02); END LOOP; RETURN NULL; END $$"
        )
        sql.execute(
            "CREATE CONSTRAINT TRIGGER dawdles AFTER INSERT OR UPDATE ON job "
            "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION dawdle()"
        )
        yield sql
        sql.execute("DROP FUNCTION dawdle CASCADE")


async def cut_off(slow: psycopg.Connection, way: Relay, admitting: asyncio.Task[Admission]) -> None:
    """Cut the connection while the server commits the order."""
    while slow.execute(COMMITTING).fetchone() != (1,):  # noqa: ASYNC110  # in a server
        await asyncio.sleep(0.01)
    way.cut()
    way.mend()
    slow.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
    with pytest.raises(OrderInDoubt):
        await admitting


@pytest.mark.parametrize("is_revived", [False, True], ids=["new", "revived"])
async def test_order_that_its_user_was_refused_is_withdrawn_though_it_was_committed(
    postgres: str, slow_server: psycopg.Connection, is_revived: bool
) -> None:
    """Told to try again they do, and would pay for both."""
    async with (
        relay(5432) as way,
        open_ledger(
            postgres.replace(":5432/", f":{way.port}/"), SystemClock(), admit_within_s=PATIENCE_S
        ) as ledger,
        asyncio.timeout(PATIENCE_S),
    ):
        act = f"cut off {is_revived}"
        asked = order(dedupe_key=act)
        now = SystemClock().now()
        if is_revived:
            first = await ledger.admit(asked, limits=NO_LIMITS, deadline_s=900.0, now=now)
            await ledger.record_as_user(first.job.job_id, Event.ACK_REFUSED, now)
        slow_server.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        admitting = asyncio.get_running_loop().create_task(
            ledger.admit(asked, limits=NO_LIMITS, deadline_s=900.0, now=now)
        )
        await cut_off(slow_server, way, admitting)
        seq = int(is_revived)
        while not is_withdrawn(job := await ledger.find_act(act), seq):  # noqa: ASYNC110
            await asyncio.sleep(0.05)

    assert job is not None
    assert job.reason is Reason.UNACKED


def is_withdrawn(job: Job | None, seq: int) -> bool:
    """Whether a job that came to be for the n-th time is at its end."""
    return job is not None and job.seq == seq and job.is_terminal
