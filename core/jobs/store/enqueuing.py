"""Doer: jobs that a transaction gives something to do, made known in it, together, at its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

_WAITING = "redraw.enqueuing"

Enqueue = Callable[[object, Sequence[str]], None]
"""
Has the jobs driven by somebody once the transaction is committed, and never if it is not.

Gets the driver's own connection, in that transaction, in the thread that writes.
"""


def nowhere(connection: object, job_ids: Sequence[str]) -> None:
    """Enqueue nothing: where one process drives every job, an offer is enough."""


@contextmanager
def gathered(connection: sa.Connection, enqueue: Enqueue) -> Iterator[None]:
    """
    Enqueue what is added within when it ends; nothing when it raises.

    Raises:
        DBAPIError: as if the statement had been one of SQLAlchemy's.
    """
    waiting: dict[str, None] = {}
    connection.info[_WAITING] = waiting
    try:
        yield
    finally:
        del connection.info[_WAITING]
    if waiting:
        _enqueue(connection, enqueue, list(waiting))


def add(connection: sa.Connection, job_id: str) -> None:
    """Note that somebody has to drive the job from now on."""
    waiting = connection.info.get(_WAITING)
    if waiting is not None:
        waiting.setdefault(job_id)


def _enqueue(connection: sa.Connection, enqueue: Enqueue, job_ids: Sequence[str]) -> None:
    try:
        enqueue(connection.connection.driver_connection, job_ids)
    except Exception as exc:
        driver = connection.dialect.loaded_dbapi.Error
        cause = exc.__cause__ if isinstance(exc.__cause__, driver) else exc
        raise DBAPIError.instance(
            None, None, cause, driver, hide_parameters=True, dialect=connection.dialect
        ) from exc
