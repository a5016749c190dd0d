"""A connection that is cut while the server commits: nobody knows then what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import psycopg
import pytest

from core.clock import SystemClock
from core.errors import StoreUnavailable
from core.jobs.lifecycle import Reason
from core.jobs.store.ledger import open_ledger
from tests.fakes.ledger_jobs import NO_LIMITS, order
from tests.fakes.tcp_relay import relay

pytestmark = pytest.mark.postgres

PATIENCE_S = 30.0
COMMITTING = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND query = 'COMMIT' AND state = 'active'"
)


@pytest.fixture
def slow_server(postgres: str) -> Iterator[psycopg.Connection]:
    """A server that takes a second to commit a new job."""
    with psycopg.connect(postgres, autocommit=True) as sql:
        sql.execute(
            "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN PERFORM pg_sleep(1.0); RETURN NULL; END $$"
        )
        sql.execute(
            "CREATE CONSTRAINT TRIGGER dawdles AFTER INSERT ON job "
            "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION dawdle()"
        )
        yield sql
        sql.execute("DROP FUNCTION dawdle CASCADE")


async def test_order_that_its_user_was_refused_is_withdrawn_though_it_was_committed(
    postgres: str, slow_server: psycopg.Connection
) -> None:
    """Told to try again they do, and would pay for both."""
    async with (
        relay(5432) as way,
        open_ledger(
            postgres.replace(":5432/", f":{way.port}/"), SystemClock(), admit_within_s=PATIENCE_S
        ) as ledger,
        asyncio.timeout(PATIENCE_S),
    ):
        asked = order(dedupe_key="cut off")
        now = SystemClock().now()
        admitting = asyncio.get_running_loop().create_task(
            ledger.admit(asked, limits=NO_LIMITS, deadline_s=900.0, now=now)
        )
        while slow_server.execute(COMMITTING).fetchone() != (1,):  # noqa: ASYNC110  # in a server
            await asyncio.sleep(0.01)
        way.cut()
        way.mend()
        with pytest.raises(StoreUnavailable):
            await admitting
        while (job := await ledger.find_act("cut off")) is None or not job.is_terminal:  # noqa: ASYNC110
            await asyncio.sleep(0.05)

    assert job.reason is Reason.UNACKED
