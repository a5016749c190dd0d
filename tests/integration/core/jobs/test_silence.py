"""A database that takes a statement and says nothing more: its machine may be gone for good."""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg
import pytest

from core.clock import SystemClock
from core.jobs.dispatch_procrastinate import open_dispatcher
from core.jobs.dispatch_sweep import Vigil
from tests.fakes.postgres import outage
from tests.fakes.replicas import VIGIL
from tests.fakes.silence import line_to
from tests.fakes.tcp_relay import relay

pytestmark = pytest.mark.postgres

Sql = psycopg.Connection[tuple[Any, ...]]
PATIENCE_S = 60.0


async def test_rows_are_taken_over_new_connections(shared_url: str, sql: Sql) -> None:
    """No connection breaks, and yet a replica goes on taking jobs, and can be stopped."""
    async with line_to(5432) as line, asyncio.timeout(2 * PATIENCE_S):
        url = line.through(shared_url)
        async with open_dispatcher(url, SystemClock(), vigil=VIGIL, answer_s=1.0) as dispatch:
            running = asyncio.get_running_loop().create_task(dispatch.run())
            dispatch.enqueue(sql, ["a"])
            assert await dispatch.next() == "a"
            line.hush()
            dispatch.enqueue(sql, ["b"])
            while await dispatch.next() != "b":
                pass  # an outage that outlasts a death has the first one handed out again
            running.cancel()
            await asyncio.wait({running})


async def test_outage_before_the_first_sign_of_life_is_noticed(
    shared_url: str, sql: Sql, shared_database: str
) -> None:
    """Whoever was cut off as soon as it had registered may have been taken for dead as well."""
    vigil = Vigil(beat_s=2.0, stalled_s=4.0, sweep_s=0.5)
    registered = "SELECT id FROM procrastinate_workers"
    async with open_dispatcher(shared_url, SystemClock(), vigil=vigil) as dispatch:
        running = asyncio.get_running_loop().create_task(dispatch.run())
        async with asyncio.timeout(PATIENCE_S):
            while not sql.execute(registered).fetchall():  # noqa: ASYNC110  # in a database
                await asyncio.sleep(0.01)
            with outage(shared_database):
                await asyncio.sleep(vigil.stalled_s)
            await dispatch.unsure.wait()
        running.cancel()
        await asyncio.wait({running})


async def test_stopping_does_not_wait_for_every_row_apart(shared_url: str, sql: Sql) -> None:
    """The first that cannot be given back says it of the others: those who are up find them all."""
    job_ids = [f"job-{number}" for number in range(40)]
    async with relay(5432) as way:
        url = shared_url.replace(":5432/", f":{way.port}/")
        async with open_dispatcher(url, SystemClock(), vigil=VIGIL) as dispatch:
            running = asyncio.get_running_loop().create_task(dispatch.run())
            dispatch.enqueue(sql, job_ids)
            async with asyncio.timeout(PATIENCE_S):
                for _ in job_ids:
                    await dispatch.next()
            way.cut()
            for job_id in job_ids:
                dispatch.give_back(job_id)
            running.cancel()
            done, _ = await asyncio.wait({running}, timeout=40.0)

    assert done
