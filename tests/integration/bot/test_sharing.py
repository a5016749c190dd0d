"""Who drives the jobs: one process beside a file, every replica on a server; and both schemas."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from bot import sharing
from core.clock import SystemClock
from core.errors import SettingsError, StoreUnavailable
from core.jobs.dispatch import LocalDispatcher
from core.jobs.dispatch_procrastinate import ProcrastinateDispatcher
from core.jobs.store import schema
from tests.fakes.postgres import new_database

CLOCK = SystemClock()


async def test_file_belongs_to_one_process(tmp_path: Path) -> None:
    """The second one is told which folder is in use."""
    url, lock = f"sqlite:///{tmp_path / 'jobs'}", tmp_path / "data" / "lock"
    async with sharing.open_dispatch(url, lock, CLOCK) as dispatch:
        assert isinstance(dispatch, LocalDispatcher)
        with pytest.raises(SettingsError, match=r"REDRAW_DATA_DIR.*in use"):
            async with sharing.open_dispatch(url, lock, CLOCK):
                pass


async def test_file_belongs_to_one_process_whatever_its_data_folder(tmp_path: Path) -> None:
    """Both would drive its jobs, and each would take what the other submits for cut short."""
    data = tmp_path / "data"
    data.mkdir()
    (tmp_path / "other name").symlink_to(data)
    one, other = data / "redraw.lock", tmp_path / "elsewhere" / "redraw.lock"
    url, same = f"sqlite:///{data / 'jobs'}", f"sqlite:///{tmp_path / 'other name' / 'jobs'}"
    for first, second in ((one, other), (other, one), (other, tmp_path / "third" / "redraw.lock")):
        async with sharing.open_dispatch(url, first, CLOCK):
            with pytest.raises(SettingsError, match="in use"):
                async with sharing.open_dispatch(same, second, CLOCK):
                    pass
        async with sharing.open_dispatch(same, second, CLOCK):
            pass


@pytest.mark.postgres
async def test_server_is_shared_once_both_schemas_are_there(tmp_path: Path) -> None:
    """Neither alone will do; with both, two replicas may even have the same folder."""
    lock = tmp_path / "lock"
    with new_database() as url:
        for half in (schema.migrate, sharing.migrate):
            with pytest.raises(SettingsError, match="redraw migrate"):
                async with sharing.open_dispatch(url, lock, CLOCK):
                    pass
            await half(url)
        async with (
            sharing.open_dispatch(url, lock, CLOCK) as one,
            sharing.open_dispatch(url, lock, CLOCK) as other,
        ):
            assert isinstance(one, ProcrastinateDispatcher)
            assert isinstance(other, ProcrastinateDispatcher)


@pytest.mark.postgres
async def test_migrating_twice_at_once_makes_one_schema(tmp_path: Path) -> None:
    """Two that are started together wait for each other."""
    with new_database() as url:
        command = [sys.executable, "-m", "bot", "migrate"]
        environ = {"REDRAW_DATABASE_URL": url, "REDRAW_DATA_DIR": str(tmp_path), "PATH": ""}
        both = [subprocess.Popen(command, env=environ) for _ in range(2)]  # noqa: ASYNC220
        assert [each.wait(120) for each in both] == [0, 0]
        assert await sharing.is_current(url)
        with psycopg.connect(url) as sql:
            query = "SELECT count(*) FROM procrastinate_jobs"
            assert sql.execute(query).fetchall() == [(0,)]


async def test_server_that_is_away_is_said_to_be(tmp_path: Path) -> None:
    """As the store's own error, and not as a wrong version."""
    with pytest.raises(StoreUnavailable):
        async with sharing.open_dispatch(
            "postgresql://nobody@127.0.0.1:1/none", tmp_path / "lock", CLOCK
        ):
            pass
