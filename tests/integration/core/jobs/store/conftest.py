"""Ledgers in real databases: a file of SQLite, and a database of its own on a local Postgres."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest

from core.jobs.store.ledger import Ledger, open_ledger
from core.jobs.store.schema import migrate
from tests.fakes.clock import VirtualClock
from tests.fakes.rig import ADMIT_WITHIN_S

TABLES = "job, delivery, cost, history, drafts, control, touched, erasure"
SERVER = "host=127.0.0.1 port=5432 user=postgres connect_timeout=2"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "ledger.db"
    asyncio.run(migrate(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def empty_postgres() -> Iterator[str]:
    """The address of a new, empty database that is dropped afterwards."""
    name = f"redraw_test_{uuid.uuid4().hex}"
    try:
        server = psycopg.connect(SERVER, autocommit=True)
    except psycopg.OperationalError as exc:
        pytest.skip(f"no Postgres at 127.0.0.1:5432: {type(exc).__name__}")
    with server:
        server.execute(f"CREATE DATABASE {name}")
        yield f"postgresql://postgres@127.0.0.1:5432/{name}?options=-csynchronous_commit%3Doff"
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres(empty_postgres: str) -> str:
    asyncio.run(migrate(empty_postgres))
    return empty_postgres


@pytest.fixture
def in_memory(tmp_path: Path) -> Iterator[Path]:
    """A folder whose files need no disk, where there is one: a commit waits for the disk."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else tmp_path) as folder:
        yield Path(folder)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, in_memory: Path) -> str:
    """The address of a migrated database without any rows, of each kind in turn."""
    if request.param == "sqlite":
        path = in_memory / "ledger.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        return f"sqlite:///{path}"
    address: str = request.getfixturevalue("postgres")
    with psycopg.connect(address) as connection:
        connection.execute(f"TRUNCATE {TABLES}")
    return address


@pytest.fixture
async def ledger(url: str) -> AsyncIterator[Ledger]:
    async with open_ledger(
        url, VirtualClock(), window_s=0.0, admit_within_s=ADMIT_WITHIN_S
    ) as opened:
        yield opened
