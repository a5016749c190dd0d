"""
Doer: results on disk, so that they outlive a restart and workers can share them.

`results/` holds one JSON file for each task that ended, `pictures/` the pictures. Celery's own
result store is not used: of its kinds one forgets at a restart, one is written in place, so that
a poll may read half of it, and none forgets four hours after the end of the task.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from core.clock import Clock
from core.studio.envelope import Outcome
from core.studio.settings import PICTURES_FOLDER

FOREIGN = (ValueError, KeyError, TypeError)
"""What reading a file raises that another version of us wrote."""

_log = structlog.get_logger()


def write_whole(path: Path, data: bytes) -> None:
    """Write a file that is there whole or not at all, also when two write it at once."""
    part = path.with_name(f"{path.name}.{os.getpid()}.{id(data):x}.part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def write_json(path: Path, data: Mapping[str, Any]) -> None:
    """Write `data` as JSON, whole or not at all."""
    write_whole(path, json.dumps(data).encode())


def sweep(folder: Path, older_than: datetime) -> int:
    """Delete the files of `folder` that were written before; return how many."""
    gone = 0
    for path in folder.iterdir():
        if _is_older(path, older_than):
            path.unlink(missing_ok=True)
            gone += 1
    return gone


def _is_older(path: Path, than: datetime) -> bool:
    try:
        return path.stat().st_mtime < than.timestamp()
    except FileNotFoundError:
        return False


class Shelf:
    """Results and pictures in one data folder; its methods block and are called from threads."""

    def __init__(self, data_dir: Path, *, clock: Clock, life_s: float) -> None:
        self._results = data_dir / "results"
        self._pictures = data_dir / PICTURES_FOLDER
        self._clock = clock
        self._life = timedelta(seconds=life_s)
        for folder in (self._results, self._pictures):
            folder.mkdir(parents=True, exist_ok=True)

    def put_picture(self, name: str, data: bytes) -> None:
        """Keep a picture until it expires."""
        write_whole(self._pictures / name, data)

    def put(self, task_id: str, outcome: Outcome) -> None:
        """Keep how a task ended until it expires."""
        write_json(self._result(task_id), outcome.to_json())

    def find(self, task_id: str) -> Outcome | None:
        """Return how a task ended, or None when it has not, never was, or has expired."""
        try:
            data = json.loads(self._result(task_id).read_bytes())
            outcome = Outcome.from_json(data)
        except FileNotFoundError:
            return None
        except FOREIGN:
            _log.warning("studio.result_unreadable", task_id=task_id, preview=True)
            return None
        return outcome if self._clock.now() - outcome.finished_at < self._life else None

    def sweep(self) -> int:
        """Delete what has expired; return how many files."""
        older_than = self._clock.now() - self._life
        return sweep(self._results, older_than) + sweep(self._pictures, older_than)

    def _result(self, task_id: str) -> Path:
        return self._results / f"{task_id}.json"
