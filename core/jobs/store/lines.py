"""Doer: lines of the history, inserted together at the end of the transaction they belong to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from core.jobs.store import direct, statements

_WAITING = "redraw.lines"


@contextmanager
def gathered(connection: sa.Connection) -> Iterator[None]:
    """Insert what is added within, in that order, when it ends; nothing when it raises."""
    waiting: list[Mapping[str, Any]] = []
    connection.info[_WAITING] = waiting
    try:
        yield
    finally:
        del connection.info[_WAITING]
    if waiting:
        direct.insert(connection, statements.INSERT_LINE, waiting)


def add(connection: sa.Connection, line: Mapping[str, Any]) -> None:
    """Add a line: at once, or with the others that are gathered."""
    waiting = connection.info.get(_WAITING)
    if waiting is None:
        direct.insert(connection, statements.INSERT_LINE, [line])
    else:
        waiting.append(line)
