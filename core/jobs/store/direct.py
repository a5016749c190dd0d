"""
Doer: executes the ledger's frequent statements through the driver, past SQLAlchemy's execution.

Of the 81 us of CPU that MOVE_JOB took, 45 were that execution. Only for statements that are made
once and take no lists; `rows` executes the others. Errors are those that SQLAlchemy would raise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError

from core.jobs.store import prepared
from core.jobs.store.prepared import Form, Statement, Values

PARAMETERS_MAX = 32_000
"""
Values in one statement.

Source: SQLITE_MAX_VARIABLE_NUMBER is 32766 (sqlite.org/limits.html).
"""


def run(connection: sa.Connection, statement: Statement, values: Values) -> None:
    """Execute a statement that gives nothing."""
    form = prepared.form_for(statement, connection.dialect)
    _executed(connection, form.text, lambda: form.parameters(values)).close()


def one(connection: sa.Connection, statement: Statement, values: Values) -> dict[str, Any] | None:
    """Return the first row that `statement` gives, or None."""
    form = prepared.form_for(statement, connection.dialect)
    cursor = _executed(connection, form.text, lambda: form.parameters(values))
    found = cursor.fetchone()
    cursor.close()
    return form.row(found) if found else None


def every(connection: sa.Connection, statement: Statement, values: Values) -> list[dict[str, Any]]:
    """Return every row that `statement` gives."""
    form = prepared.form_for(statement, connection.dialect)
    cursor = _executed(connection, form.text, lambda: form.parameters(values))
    found = cursor.fetchall()
    cursor.close()
    return [form.row(each) for each in found]


def insert(connection: sa.Connection, statement: sa.Insert, rows: Sequence[Values]) -> None:
    """
    Insert the rows, in that order.

    With SQLite many go in one statement: between two, the driver lets other threads run, and has
    to wait for its turn beside a busy event loop. psycopg sends them one after the other without
    waiting for answers.
    """
    form = prepared.form_for(statement, connection.dialect)
    if connection.dialect.name == "sqlite":
        most = PARAMETERS_MAX // len(form.names)
        for begin in range(0, len(rows), most):
            _insert_at_once(connection, form, rows[begin : begin + most])
    else:
        _executed(
            connection, form.text, lambda: [form.parameters(row) for row in rows], many=True
        ).close()


def _insert_at_once(connection: sa.Connection, form: Form, rows: Sequence[Values]) -> None:
    text = form.text_for(len(rows))
    _executed(
        connection, text, lambda: [value for row in rows for value in form.parameters(row)]
    ).close()


def _executed(
    connection: sa.Connection, text: str, parameters: Callable[[], Any], *, many: bool = False
) -> DBAPICursor:
    """Return the cursor of an executed statement; its parameters may turn out to be unfit."""
    try:
        cursor = connection.connection.cursor()
        (cursor.executemany if many else cursor.execute)(text, parameters())
    except Exception as exc:
        driver = connection.dialect.loaded_dbapi.Error
        raise DBAPIError.instance(
            text, None, exc, driver, hide_parameters=True, dialect=connection.dialect
        ) from exc
    return cursor
