"""Doer: the sockets of one engine's connections, cut where a thread would wait on one for ever."""

from __future__ import annotations

import contextlib
import os
import socket
import threading

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPIConnection


class Sockets:
    """
    The sockets of an engine's open connections; those of a file have none.

    A server whose machine goes away after it has taken a statement says nothing more, and the
    system notices only after hours. Nothing but the end of its socket wakes the thread that waits.
    """

    def __init__(self, engine: sa.Engine) -> None:
        """Take an engine that has no connections yet."""
        self._lock = threading.Lock()
        self._open: dict[int, DBAPIConnection] = {}
        if engine.dialect.name == "postgresql":
            sa.event.listen(engine, "connect", self._opened, insert=True)
            sa.event.listen(engine, "close", self._closing)

    def cut(self) -> None:
        """Have whoever waits on one of the connections find it broken."""
        with self._lock:
            for connection in self._open.values():
                _shut(connection)

    def _opened(self, connection: DBAPIConnection, _record: object) -> None:
        with self._lock:
            self._open[id(connection)] = connection

    def _closing(self, connection: DBAPIConnection, _record: object) -> None:
        with self._lock:
            self._open.pop(id(connection), None)


def _shut(connection: DBAPIConnection) -> None:
    """End both directions of a socket, whose number stays its owner's to give back."""
    with (
        contextlib.suppress(Exception),  # the driver's own for one that is closed already
        socket.socket(fileno=os.dup(connection.fileno())) as same,
    ):
        same.shutdown(socket.SHUT_RDWR)
