"""Statements go to the driver as SQLAlchemy itself would send them, values included."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.dialects.sqlite import pysqlite

from core.jobs.store import prepared, queries, statements
from core.jobs.store.tables import DELIVERY, HISTORY, Instant, PlainText

DIALECTS: dict[str, sa.Dialect] = {
    "sqlite": pysqlite.dialect(),
    "postgres": psycopg.dialect(),  # type: ignore[no-untyped-call] # SQLAlchemy's own lack
}
each_dialect = pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
EAST = timezone(timedelta(hours=5, minutes=30))


@each_dialect
@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Instant(), datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=EAST)),
        (Instant(), datetime(2026, 1, 2, tzinfo=UTC)),
        (Instant(), None),
        (PlainText(), "a\x00 \ud83d ü"),
        (PlainText(), "plain"),
        (PlainText(), None),
    ],
)
def test_values_are_sent_as_sqlalchemy_sends_them(
    dialect: sa.Dialect, kind: sa.types.TypeDecorator[Any], value: object
) -> None:
    """Whatever takes the short way is the same for the driver."""
    statement = sa.select(HISTORY.c.line).where(HISTORY.c.at == sa.bindparam("value", type_=kind))
    form = prepared.form_for(statement, dialect)
    bind = kind.dialect_impl(dialect).bind_processor(dialect)

    assert form.names == ("value",)
    assert form.parameters({"value": value}) == [bind(value) if bind else value]


@pytest.mark.parametrize(
    "value", [[], {}, [1], {"words": "ü \ud83d"}, (), "", 0, False, None], ids=repr
)
def test_json_in_sqlite_is_written_as_sqlalchemy_writes_it(value: object) -> None:
    """What is empty is known beforehand, and reads the same."""
    dialect, kind = DIALECTS["sqlite"], sa.JSON(none_as_null=True)
    statement = sa.select(HISTORY.c.line).where(HISTORY.c.at == sa.bindparam("value", type_=kind))
    bind = kind.dialect_impl(dialect).bind_processor(dialect)
    assert bind is not None

    form = prepared.form_for(statement, dialect)

    assert form.parameters({"value": value}) == [bind(value)]


def test_an_instant_in_sqlite_is_read_as_sqlalchemy_reads_it() -> None:
    """What is kept comes back aware, in UTC, to the microsecond."""
    dialect = DIALECTS["sqlite"]
    form = prepared.form_for(sa.select(HISTORY.c.at), dialect)
    read = Instant().dialect_impl(dialect).result_processor(dialect, None)
    assert read is not None

    for kept in ("2026-01-02 03:04:05.000006", "2026-01-02 03:04:05.000000", None):
        assert form.row([kept]) == {"at": read(kept)}


def test_a_naive_instant_is_refused() -> None:
    """Nobody can say when a naive instant is, on the short way neither."""
    statement = sa.select(HISTORY.c.line).where(HISTORY.c.at == sa.bindparam("at"))
    form = prepared.form_for(statement, DIALECTS["sqlite"])

    with pytest.raises(ValueError, match="no time zone"):
        form.parameters({"at": datetime(2026, 1, 2)})  # noqa: DTZ001 -- the mistake under test


@each_dialect
def test_values_of_the_statement_itself_are_sent_too(dialect: sa.Dialect) -> None:
    """What was written into a statement needs not be given, and keeps its place."""
    form = prepared.form_for(statements.SKIP_PENDING, dialect)

    parameters = form.parameters({"of_job": "J", "of_kind": "card"})

    assert dict(zip(form.names, parameters, strict=True)).items() >= {
        ("of_job", "J"), ("of_kind", "card"),
    }  # fmt: skip
    assert sorted(parameters) == ["J", "card", "pending", "skipped"]


@each_dialect
def test_a_value_that_is_missing_is_said(dialect: sa.Dialect) -> None:
    """No value is left out in silence."""
    form = prepared.form_for(queries.JOB_HELD, dialect)

    with pytest.raises(KeyError):
        form.parameters({"job_id": "J"})


@each_dialect
def test_an_insert_takes_many_rows_in_one_statement(dialect: sa.Dialect) -> None:
    """The row is repeated, and what follows it stays at the end."""
    statement = statements.OPEN_DELIVERY[dialect.name]
    form = prepared.form_for(statement, dialect)

    text = form.text_for(3)

    assert form.text_for(1) == form.text
    assert len(form.names) == len(DELIVERY.c)
    assert text.endswith(") ON CONFLICT DO NOTHING")
    sign = "?" if dialect.paramstyle == "qmark" else "%s"
    assert text.count(sign) == 3 * len(form.names)


def test_a_statement_is_compiled_once() -> None:
    """The same form serves every execution."""
    dialect = DIALECTS["sqlite"]

    assert prepared.form_for(queries.JOB_HELD, dialect) is prepared.form_for(
        queries.JOB_HELD, dialect
    )
