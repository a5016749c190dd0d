"""
Doer: Celery's two brokers without a server, with what they lack for us.

Both look up from waiting often enough to stop at once. The one in memory stops by its own
studio's event, because Celery's stop flag belongs to the whole process. The one in a folder
writes and takes messages whole: with Celery's own a worker may read, and so lose, one that is half
written, and moves messages through the system's temporary folder, which may be another disk.
"""

from __future__ import annotations

import json
import os
import queue as queues
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from celery.concurrency.thread import TaskPool
from celery.exceptions import WorkerShutdown
from kombu.transport import filesystem, memory, virtual

LOOK_UP_S = 0.1
"""Longest wait without looking whether to stop, in seconds."""


def _drain(transport: virtual.Transport, connection: Any, timeout: float | None) -> None:
    """Deliver the next message; raises TimeoutError when none came soon."""
    soon = LOOK_UP_S if timeout is None else min(timeout, LOOK_UP_S)
    virtual.Transport.drain_events(transport, connection, timeout=soon)  # type: ignore[no-untyped-call]  # kombu has none


class MemoryTransport(memory.Transport):
    """Queues in this process; the transport option `stopping` is the event that ends a worker."""

    def drain_events(self, connection: Any, timeout: float | None = None, **_: Any) -> None:
        """Deliver the next message; raises TimeoutError when none came, WorkerShutdown to stop."""
        client: Any = self.client
        if client.transport_options["stopping"].is_set():
            raise WorkerShutdown(0)
        _drain(self, connection, timeout)


class FolderChannel(filesystem.Channel):
    """Queues as files in a folder."""

    def _put(self, *args: Any, **_: Any) -> None:
        """Add a message under its final name only when all of it is there."""
        queue, message = args
        folder = Path(self.data_folder_out)
        name = f"{time.monotonic_ns() // 1_000_000:015d}_{uuid.uuid4()}.{queue}.msg"
        part = folder / f"{name}.part"
        part.write_text(json.dumps(message))
        part.replace(folder / name)

    def _get(self, queue: str, timeout: float | None = None) -> Any:  # noqa: ARG002 - kombu's
        """Take the oldest message; renaming decides which of several workers has it."""
        for path in sorted(Path(self.data_folder_in).glob(f"*.{queue}.msg")):
            taken = path.with_suffix(".taken")
            try:
                path.rename(taken)
            except FileNotFoundError:
                continue
            message = json.loads(taken.read_text())
            taken.unlink()
            return message
        raise queues.Empty

    def _queue_bind(self, *_: object) -> None:
        """Note nothing: messages go to their queue by its name, never through an exchange."""


class FolderTransport(filesystem.Transport):
    """Queues in a folder that several processes share."""

    Channel = FolderChannel

    def drain_events(self, connection: Any, timeout: float | None = None, **_: Any) -> None:
        """Deliver the next message; raises TimeoutError when none came."""
        _drain(self, connection, timeout)


class StudioThreads(TaskPool):  # type: ignore[misc]  # celery has no types
    """Worker threads that know which of a process's studios they belong to."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.executor = ThreadPoolExecutor(
            max_workers=self.limit,
            thread_name_prefix=f"studio-{os.getpid()}",
            initializer=self.app.set_current,
        )
