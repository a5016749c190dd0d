"""Doer: what is halted, in somebody's transaction."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from core.jobs.mode import Halt, Mode
from core.jobs.store import direct, statements
from core.jobs.store.tables import CONTROL

_READ = sa.select(CONTROL.c.name, CONTROL.c.at)


def mode(connection: sa.Connection) -> Mode:
    """Return what is halted, and since when."""
    since = {row["name"]: row["at"] for row in direct.every(connection, _READ, {})}
    return Mode(paused_since=since.get(Halt.PAUSED), draining_since=since.get(Halt.DRAINING))


def add(connection: sa.Connection, halt: Halt, at: datetime) -> None:
    """Halt something; what is halted already stays so, since then."""
    direct.run(connection, statements.halt(connection), {"name": halt.value, "at": at})
