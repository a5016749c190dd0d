"""How jobs reach the one worker of a data folder."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from core.errors import SettingsError
from core.jobs.dispatch import LocalDispatcher


async def test_jobs_come_out_in_the_order_of_their_offers(tmp_path: Path) -> None:
    """First offered, first driven; an offer that waits is not doubled."""
    async with LocalDispatcher(tmp_path / "lock") as dispatch:
        for job_id in ("a", "b", "a", "c"):
            await dispatch.offer(job_id)

        assert [await dispatch.next() for _ in range(3)] == ["a", "b", "c"]


async def test_job_that_was_handed_out_can_be_offered_again(tmp_path: Path) -> None:
    """Only waiting offers count as the same."""
    async with LocalDispatcher(tmp_path / "lock") as dispatch:
        await dispatch.offer("a")
        first = await dispatch.next()
        await dispatch.offer("a")

        assert (first, await dispatch.next()) == ("a", "a")


async def test_next_waits_for_an_offer(tmp_path: Path) -> None:
    """Nothing spins while there is nothing to do."""
    async with LocalDispatcher(tmp_path / "lock") as dispatch, asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(dispatch.next())
        await asyncio.sleep(0)
        assert not waiting.done()
        await dispatch.offer("a")

    assert waiting.result() == "a"


async def test_second_process_is_told_which_folder_is_taken(tmp_path: Path) -> None:
    """The lock names the setting and the folder."""
    async with LocalDispatcher(tmp_path / "lock"):
        with pytest.raises(SettingsError, match=f"REDRAW_DATA_DIR: {tmp_path} is in use"):
            async with LocalDispatcher(tmp_path / "lock"):
                pass


async def test_lock_is_given_back(tmp_path: Path) -> None:
    """The next process can have the folder, and forgets what the first was offered."""
    dispatch = LocalDispatcher(tmp_path / "lock")
    async with dispatch:
        await dispatch.offer("a")
    async with LocalDispatcher(tmp_path / "lock") as again:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await again.next()


async def test_folder_that_cannot_be_written_is_a_setting_that_cannot_work(tmp_path: Path) -> None:
    """A lock that cannot be made is said in one sentence."""
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match=r"REDRAW_DATA_DIR: .* cannot be written to"):
        async with LocalDispatcher(tmp_path / "file" / "lock"):
            pass
