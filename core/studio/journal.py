"""
Doer: which tasks were accepted and have not ended, and how often each was begun, on disk.

An embedded studio has its queue in memory: what the journal holds at its start is queued again,
under the same task ids. Beside a broker that keeps tasks itself the journal only counts them.
"""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path

import structlog

from core.clock import Clock
from core.studio import shelf
from core.studio.order import Order

_log = structlog.get_logger()

_FORGOTTEN_AFTER = timedelta(hours=24)
"""A task that was lost with its worker is no longer counted then."""


class Journal:
    """Accepted tasks in one data folder; its methods block and are called from threads."""

    def __init__(self, data_dir: Path, *, clock: Clock) -> None:
        self._folder = data_dir / "accepted"
        self._begun = data_dir / "begun"
        for folder in (self._folder, self._begun):
            folder.mkdir(parents=True, exist_ok=True)
        self._clock = clock

    def keep(self, order: Order) -> None:
        """Note that a task was accepted."""
        shelf.write_json(self._path(order.task_id), order.to_json())

    def begin(self, task_id: str) -> int:
        """
        Note that a task is begun; return how often it was, this time included.

        No broker of ours counts that: RabbitMQ tells a second time from a first, Redis not even so.
        """
        with (self._begun / task_id).open("ab") as file:
            file.write(b".")
            return file.tell()

    def unbegin(self, task_id: str) -> None:
        """Take the last beginning back: whoever began was asked to stop."""
        path = self._begun / task_id
        os.truncate(path, max(0, path.stat().st_size - 1))

    def drop(self, task_id: str) -> None:
        """Forget a task, because it ended; one that is not there is forgotten already."""
        self._path(task_id).unlink(missing_ok=True)
        (self._begun / task_id).unlink(missing_ok=True)

    def count(self) -> int:
        """Return how many tasks have not ended."""
        return sum(1 for _ in self._folder.glob("*.json"))

    def unfinished(self) -> tuple[Order, ...]:
        """Return the tasks that have not ended, oldest first."""
        read = (_read(path) for path in self._folder.glob("*.json"))
        found = [order for order in read if order is not None]
        return tuple(sorted(found, key=lambda order: (order.accepted_at, order.task_id)))

    def sweep(self) -> int:
        """Forget tasks that can no longer be carried out; return how many."""
        older_than = self._clock.now() - _FORGOTTEN_AFTER
        return shelf.sweep(self._folder, older_than) + shelf.sweep(self._begun, older_than)

    def _path(self, task_id: str) -> Path:
        return self._folder / f"{task_id}.json"


def _read(path: Path) -> Order | None:
    """Return the task of a file, or None for one that another version of us wrote."""
    try:
        return Order.from_json(json.loads(path.read_bytes()))
    except shelf.FOREIGN:
        _log.warning("studio.task_unreadable", task_id=path.stem, preview=True)
        return None
