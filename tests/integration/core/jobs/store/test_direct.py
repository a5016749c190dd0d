"""Statements that go straight to the driver do what SQLAlchemy's execution would do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TypeVar

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, StatementError

from core.jobs.lifecycle import State
from core.jobs.store import codec, direct, engine, queries, rows, statements
from core.jobs.store.direct import PARAMETERS_MAX
from core.jobs.store.ledger import Ledger
from tests.fakes.clock import START
from tests.fakes.ledger_jobs import brought_to, with_cancel_wanted

T = TypeVar("T")


def _line(job_id: str, number: int) -> dict[str, object]:
    return {
        "job_id": job_id, "at": START, "event": "prepared", "before": None, "after": "queued",
        "reason": None, "fence": number, "delivery": None, "seq": 0,
    }  # fmt: skip


async def _in_transaction(url: str, work: Callable[[sa.Connection], T]) -> T:
    databases = await engine.open_databases(url)
    try:
        return await databases.writes.transaction(work)
    finally:
        await databases.close()


@pytest.mark.parametrize("state", [State.RECEIVED, State.RUNNING, State.READY])
async def test_rows_are_the_same(ledger: Ledger, url: str, state: State) -> None:
    """Every column comes back as SQLAlchemy reads it."""
    job = await brought_to(ledger, state, data={"a": [1, None, "ü"]}, prompt="ü \x00", batch=2)
    values = {"job_id": job.job_id}

    def both(connection: sa.Connection) -> list[tuple[object, object]]:
        return [
            (direct.one(connection, each, values), dict(rows.the_one(connection, each, values)))
            for each in (queries.JOB_BY_ID, queries.JOB_TO_CHANGE)
        ]

    for ours, theirs in await _in_transaction(url, both):
        assert ours == theirs


async def test_no_row_is_none(ledger: Ledger, url: str) -> None:
    """What is not there is said so, by the guard of a change too."""
    job = await with_cancel_wanted(ledger)

    def ask(connection: sa.Connection) -> list[object]:
        return [
            direct.one(connection, queries.JOB_BY_ID, {"job_id": "nobody"}),
            direct.one(connection, queries.JOB_HELD, {"job_id": job.job_id, "fence": 99}),
            direct.every(connection, queries.DELIVERIES, {"job_id": "nobody"}),
        ]

    assert await _in_transaction(url, ask) == [None, None, []]


async def test_more_rows_than_one_statement_takes(ledger: Ledger, url: str) -> None:
    """They are inserted in several, in their order."""
    job = await brought_to(ledger, State.QUEUED)
    count = PARAMETERS_MAX // 9 + 50
    lines = [_line(job.job_id, number) for number in range(count)]

    await _in_transaction(
        url, lambda connection: direct.insert(connection, statements.INSERT_LINE, lines)
    )

    history = await ledger.history(job.job_id)
    assert [change.fence for change in history[-count:]] == list(range(count))


async def test_errors_are_sqlalchemys_and_keep_values_to_themselves(
    ledger: Ledger, url: str
) -> None:
    """A refusal of the database and a value that cannot be sent are told apart."""
    job = await brought_to(ledger, State.QUEUED, prompt="a secret harbour")
    again = codec.job_to_columns(job)
    naive = {**again, "job_id": "J2", "created_at": datetime(2026, 1, 2)}  # noqa: DTZ001 -- a mistake

    for row, expected in ((again, IntegrityError), (naive, StatementError)):
        with pytest.raises(Exception) as caught:  # noqa: PT011 -- ours, with the library's as cause
            await _in_transaction(
                url, partial(direct.run, statement=statements.INSERT_JOB, values=row)
            )
        assert type(caught.value.__cause__) is expected
        assert "harbour" not in f"{caught.value} {caught.value.__cause__}"
