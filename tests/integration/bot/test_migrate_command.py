"""`redraw migrate` as a real process that has to wait for another one."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import psycopg
import pytest

from core.jobs.store.schema import MIGRATION_LOCK, schema_is_current
from tests.fakes.postgres import new_database
from tests.integration.bot.processes import PATIENCE_S, end, start

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

WAITERS = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND wait_event = 'advisory'
"""


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
async def test_it_can_be_ended_while_it_waits(tmp_path: Path, by: signal.Signals) -> None:
    """At once; it changes nothing later, and leaves nothing waiting on the server."""
    with new_database() as url, psycopg.connect(url, autocommit=True) as server:
        server.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
        process = await start("migrate", folder=tmp_path, environ={"REDRAW_DATABASE_URL": url})
        await _until(server, waiters=1)
        process.send_signal(by)
        done = await end(process)
        await _until(server, waiters=0)

        assert done.code != 0
        assert not await schema_is_current(url)


async def _until(server: psycopg.Connection, *, waiters: int) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while len(server.execute(WAITERS).fetchall()) != waiters:  # noqa: ASYNC110  # it does not tell
            await asyncio.sleep(0.05)
