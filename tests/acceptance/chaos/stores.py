"""The databases under the processes: how each is cut off, and what is written in it at the end."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from bot.plans import JOBS_FILE
from tests.acceptance.bot_process import ROOT
from tests.fakes.postgres import new_database
from tests.fakes.tcp_relay import Relay, relay

_JOBS = "SELECT job_id, platform, prompt, state, reason FROM job"
_SUBMITS = """
    SELECT job_id, event, at FROM history WHERE event IN ('submit_claimed', 'outcome_unknown')
    ORDER BY line
"""
_OPEN = """
    SELECT (SELECT count(*) FROM job WHERE finished_at IS NULL)
         + (SELECT count(*) FROM delivery WHERE state IN ('pending', 'sending'))
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One job in the ledger; `sending` is when it was being sent, of one whose end is unknown."""

    job_id: str
    platform: str
    prompt: str
    state: str
    reason: str | None
    sending: tuple[datetime, datetime] | None = None


class Store(ABC):
    """A database and the folders of pictures beside it."""

    @abstractmethod
    def environ(self, number: int) -> Mapping[str, str]:
        """Return what leads the process with this number to it."""

    @abstractmethod
    async def cut(self, for_s: float) -> None:
        """Let nobody write for so long."""

    @abstractmethod
    async def end_connections(self) -> None:
        """End every connection that there is, where there are any."""

    @abstractmethod
    def _rows(self, query: str) -> Sequence[tuple[Any, ...]]: ...

    async def unfinished(self) -> int:
        """Return how many jobs and deliveries have not ended."""
        ((count,),) = await asyncio.to_thread(self._rows, _OPEN)
        return int(count)

    async def jobs(self) -> list[Row]:
        """Return what is written of every job."""
        sending: dict[str, dict[str, datetime]] = {}
        for job_id, event, at in await asyncio.to_thread(self._rows, _SUBMITS):
            sending.setdefault(job_id, {})[event] = _instant(at)
        found = await asyncio.to_thread(self._rows, _JOBS)
        return [
            Row(
                job_id=row[0],
                platform=row[1],
                prompt=row[2] or "",
                state=row[3],
                reason=row[4],
                sending=_span(sending.get(row[0], {})),
            )
            for row in found
        ]


def _instant(at: str | datetime) -> datetime:
    if isinstance(at, str):
        return datetime.fromisoformat(at).replace(tzinfo=UTC)
    return at.astimezone(UTC)


def _span(found: Mapping[str, datetime]) -> tuple[datetime, datetime] | None:
    if "outcome_unknown" not in found:
        return None
    return found["submit_claimed"], found["outcome_unknown"]


class FileStore(Store):
    """A SQLite file in the data folder of the one process."""

    def __init__(self, folder: Path, *, inside: str = "") -> None:
        """Take the folder of the run; `inside` of the data folder is where previews are kept."""
        self._folder = folder / "data"
        self._file = self._folder / inside / JOBS_FILE

    def environ(self, number: int) -> Mapping[str, str]:
        assert number == 0, "one process alone"
        return {"REDRAW_DATA_DIR": str(self._folder)}

    async def cut(self, for_s: float) -> None:
        """Hold the file as somebody does who copies it."""
        if not self._file.exists():
            return
        with contextlib.closing(sqlite3.connect(self._file, timeout=0.0)) as database:
            for _ in range(200):
                try:
                    database.execute("BEGIN IMMEDIATE")
                    break
                except sqlite3.OperationalError:
                    await asyncio.sleep(0.01)
            await asyncio.sleep(for_s)
            database.rollback()

    async def end_connections(self) -> None:
        """Do nothing: a file has no connections."""

    def _rows(self, query: str) -> Sequence[tuple[Any, ...]]:
        with contextlib.closing(sqlite3.connect(self._file, timeout=30.0)) as database:
            return database.execute(query).fetchall()


class SharedStore(Store):
    """A Postgres database behind a relay, and a folder of pictures for all."""

    def __init__(self, folder: Path, url: str, wire: Relay) -> None:
        self._folder = folder
        self._url = url
        self._wire = wire

    def environ(self, number: int) -> Mapping[str, str]:
        return {
            "REDRAW_DATA_DIR": str(self._folder / f"data-{number}"),
            "REDRAW_DATABASE_URL": self._url.replace(":5432/", f":{self._wire.port}/"),
            "REDRAW_MEDIA_URL": (self._folder / "media").as_uri(),
        }

    async def cut(self, for_s: float) -> None:
        """Cut every connection, and let none through."""
        self._wire.cut()
        try:
            await asyncio.sleep(for_s)
        finally:
            self._wire.mend()

    async def end_connections(self) -> None:
        await asyncio.to_thread(
            self._rows,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )

    def _rows(self, query: str) -> Sequence[tuple[Any, ...]]:
        with psycopg.connect(self._url, autocommit=True) as database:
            return database.execute(query).fetchall()


@contextlib.asynccontextmanager
async def file_store(folder: Path) -> AsyncIterator[Store]:
    """Keep everything in a folder."""
    yield FileStore(folder)


@contextlib.asynccontextmanager
async def shared_store(folder: Path) -> AsyncIterator[Store]:
    """Make a database of its own, and let the processes reach it by a wire that can be cut."""
    (folder / "media").mkdir()
    with new_database() as url:
        migrate = [sys.executable, "-m", "bot", "migrate"]
        environ = {"HOME": str(folder), "PYTHONPATH": str(ROOT), "REDRAW_DATABASE_URL": url}
        await asyncio.to_thread(
            subprocess.run, migrate, cwd=folder, env=environ, check=True, capture_output=True
        )
        async with relay(5432) as wire:
            yield SharedStore(folder, url, wire)
