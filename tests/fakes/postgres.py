"""Databases of their own on a local Postgres, for tests that need a real one."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import psycopg.conninfo
import pytest

SERVER = "host=127.0.0.1 port=5432 user=postgres connect_timeout=2"


@contextmanager
def new_database(*, durable: bool = False) -> Iterator[str]:
    """
    Yield the address of a new, empty database that is dropped afterwards; skip without a server.

    Commits wait for the disk only if it is to be durable.
    """
    name = f"redraw_test_{uuid.uuid4().hex}"
    try:
        server = psycopg.connect(SERVER, autocommit=True)
    except psycopg.OperationalError as exc:
        pytest.skip(f"no Postgres at 127.0.0.1:5432: {type(exc).__name__}")
    with server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            options = "" if durable else "?options=-csynchronous_commit%3Doff"
            yield f"postgresql://postgres@127.0.0.1:5432/{name}{options}"
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def outage(url: str) -> Iterator[None]:
    """Cut every connection to the database, and let nobody in until left."""
    name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        try:
            server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
            )
            yield
        finally:
            server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
