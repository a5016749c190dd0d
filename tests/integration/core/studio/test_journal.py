"""What a studio notes on disk about tasks and its queue, for itself and for its workers."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from core.clock import SystemClock
from core.errors import SettingsError
from core.studio.broker import Broker
from core.studio.journal import Journal
from core.studio.settings import StudioSettings
from tests.conformance.conftest import settings_for

TASK_ID = "0b5f9c1e-6a52-4d5e-8f0e-8a5d6f0a1b2c"


def folder_settings(folder: Path) -> StudioSettings:
    return settings_for("folder", data_dir=folder, origin="http://127.0.0.1:9", queue=None)


def queue_of(settings: StudioSettings) -> str:
    with closing(Broker(settings)) as broker:
        return str(broker.app.conf.task_default_queue)


def test_beginnings_are_counted_across_processes(tmp_path: Path) -> None:
    """Whoever begins a task hears how often it was begun, by whomever, until it has ended."""
    first, second = [Journal(tmp_path, clock=SystemClock()) for _ in range(2)]

    assert [first.begin(TASK_ID), second.begin(TASK_ID), first.begin(TASK_ID)] == [1, 2, 3]
    first.drop(TASK_ID)
    assert second.begin(TASK_ID) == 1


def test_interruption_is_no_beginning(tmp_path: Path) -> None:
    """A task that was put back because the studio stops has lost nothing."""
    journal = Journal(tmp_path, clock=SystemClock())
    journal.begin(TASK_ID)
    journal.unbegin(TASK_ID)

    assert journal.begin(TASK_ID) == 1


def test_old_beginnings_are_swept(tmp_path: Path) -> None:
    """What is left of a task that never ended goes a day later."""
    journal = Journal(tmp_path, clock=SystemClock())
    journal.begin(TASK_ID)
    young = journal.sweep()
    os.utime(tmp_path / "begun" / TASK_ID, (0, 0))

    assert (young, journal.sweep()) == (0, 1)


def test_queue_belongs_to_the_folder(tmp_path: Path) -> None:
    """Many at once that share a folder agree on a name; another folder has another."""
    with ThreadPoolExecutor(8) as threads:
        settings = folder_settings(tmp_path / "one")
        names = set(threads.map(queue_of, [settings] * 16))
    other = queue_of(folder_settings(tmp_path / "other"))

    assert len(names) == 1
    assert other not in names
    assert other.startswith("redraw-studio-")


def test_folder_that_cannot_be_used_is_a_setting(tmp_path: Path) -> None:
    """A data folder that is a file is named."""
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(SettingsError, match="file") as caught:
        queue_of(folder_settings(tmp_path / "file"))

    assert caught.value.variable == "REDRAW_DATA_DIR"
