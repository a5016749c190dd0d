"""
Doer: the queue between the server and its workers, which is Celery.

Three ways: in memory, for a worker thread of this process; in a folder, for worker processes on
this machine; Redis or RabbitMQ by URL. On those two a task belongs to a worker only once it is
done, so that the task of a killed one goes to another. The folder loses the task in hand.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from celery import Celery
from filelock import FileLock
from kombu.exceptions import KombuError, OperationalError

from core.errors import SettingsError
from core.studio import shelf
from core.studio.order import Order
from core.studio.settings import StudioSettings
from core.studio.transports import FolderTransport, MemoryTransport

TASK_NAME: Final = "redraw.studio.draw"
"""The name under which servers ask for work and workers know it."""

_PREFIX: Final = "redraw-studio"
"""What the names of all queues begin with."""
SCHEMES: Final = ("redis", "rediss", "sentinel", "amqp", "amqps")
"""What the URL of a broker begins with."""
CONNECT_S: Final = 4.0
"""How long a broker may take to answer, in seconds."""

_MEMORY_POLLING_S: Final = 0.02
_FOLDER_POLLING_S: Final = 0.05
_RESTORE_EVERY_S: Final = 5
"""How often a worker looks for tasks of killed ones at Redis, in seconds."""
_RESTORE_MAX_S: Final = 10
"""After how long another worker may look when one was killed while it looked, in seconds."""
_UNREACHABLE = (KombuError, OSError, ImportError, ValueError, AttributeError)
"""What kombu and the clients below it raise for an address that cannot work."""

_ALWAYS: Final[Mapping[str, object]] = {
    "accept_content": ["json"],
    "task_serializer": "json",
    "task_ignore_result": True,
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "worker_prefetch_multiplier": 1,
    "worker_enable_remote_control": False,
    "worker_send_task_events": False,
    "worker_hijack_root_logger": False,
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    "broker_connection_retry_on_startup": True,
    "broker_connection_timeout": CONNECT_S,
    "task_publish_retry_policy": {"max_retries": 2, "interval_start": 0.1, "interval_step": 0.2},
}


class QueueUnreachable(Exception):
    """The broker did not take a task."""


class Broker:
    """One studio's queue. Its methods block; close it, or use it with `closing`."""

    def __init__(self, settings: StudioSettings) -> None:
        """Raises SettingsError for a URL that is no broker's, and a folder that cannot be used."""
        self.stopping = threading.Event()
        """Ends the worker of a queue in memory."""
        self._queue = _queue_name(settings)
        self._is_memory = settings.embedded
        recipe = _recipe(settings, self._queue, self.stopping)
        self.app = Celery("redraw-studio", set_as_current=False)
        self.app.conf.update({**_ALWAYS, "task_default_queue": self._queue, **recipe})
        # Celery's own pools of connections belong to the process, and to whoever else has the
        # same broker: closing ours there would close theirs.
        self._connection = _connection(self.app)
        self._turn = threading.Lock()

    @property
    def needs_event_loop(self) -> bool:
        """
        Whether a worker process has to run Celery's event loop.

        With Redis, because only the loop hands on the tasks of killed workers. Not with RabbitMQ,
        where the loop leaves a message that came along with another one unread until its next
        timer, up to ten seconds later.
        """
        return bool(self._connection.transport.driver_type == "redis")

    def check(self) -> None:
        """Raise SettingsError unless the broker answers."""
        try:
            with self._turn:
                self._connection.ensure_connection(max_retries=1, timeout=CONNECT_S)
        except _UNREACHABLE as exc:
            reason = f"no broker answers there ({type(exc).__name__})"
            raise SettingsError("REDRAW_BROKER_URL", reason) from exc
        except (*self._connection.connection_errors, *self._connection.channel_errors) as exc:
            reason = f"the broker there refuses us ({type(exc).__name__})"
            raise SettingsError("REDRAW_BROKER_URL", reason) from exc

    def send(self, order: Order) -> None:
        """Queue a task; raises QueueUnreachable when the broker did not take it."""
        try:
            with self._turn:
                self.app.send_task(
                    TASK_NAME,
                    args=[order.to_json()],
                    task_id=order.task_id,
                    connection=self._connection,
                )
        except (OperationalError, OSError) as exc:
            raise QueueUnreachable(str(exc)) from exc

    def close(self) -> None:
        """Close every connection, and forget a queue in memory; a broker that hangs is left."""
        closing = threading.Thread(target=self._close, name="studio-broker-close", daemon=True)
        closing.start()
        closing.join(CONNECT_S)

    def _close(self) -> None:
        """Take leave of the broker: RabbitMQ answers that, and may be waited for."""
        if self._is_memory:
            self._connection.default_channel.queue_delete(self._queue)
        self._connection.release()
        self.app.close()


def _connection(app: Celery) -> Any:
    """Return a connection that is made when it is first used."""
    try:
        return app.connection_for_write()
    except ValueError as exc:
        raise SettingsError("REDRAW_BROKER_URL", "is no address of a broker") from exc


def _queue_name(settings: StudioSettings) -> str:
    """Return the queue's name; queues in memory belong to the process, so each has its own."""
    if settings.embedded:
        return f"{_PREFIX}-{uuid.uuid4()}"
    return settings.queue_name or _noted_name(settings.data_dir / "queue-name")


def _noted_name(path: Path) -> str:
    """Return what a file names the queue; whoever comes first of several writes it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{path}.lock", timeout=CONNECT_S):
            if not path.exists():
                shelf.write_whole(path, f"{_PREFIX}-{uuid.uuid4()}".encode())
            return path.read_text()
    except OSError as exc:
        raise SettingsError("REDRAW_DATA_DIR", f"{path.parent}: {exc.strerror}") from exc


def _recipe(settings: StudioSettings, queue: str, stopping: threading.Event) -> dict[str, Any]:
    """Return the part of Celery's configuration that says which broker."""
    if settings.embedded:
        options: dict[str, object] = {"polling_interval": _MEMORY_POLLING_S, "stopping": stopping}
        return _over("memory://localhost//", options) | {"broker_transport": MemoryTransport}
    if settings.broker_url is None:
        options = _folders(settings.data_dir / "queue")
        return _over("filesystem://localhost//", options) | {"broker_transport": FolderTransport}
    url = settings.broker_url.get_secret_value()
    if urlsplit(url).scheme not in SCHEMES:
        raise SettingsError("REDRAW_BROKER_URL", f"expected one of {', '.join(SCHEMES)} and ://…")
    return _over(url, _server_options(url, settings, queue))


def _over(url: str, options: Mapping[str, object]) -> dict[str, Any]:
    return {"broker_url": url, "broker_transport_options": dict(options)}


def _folders(root: Path) -> dict[str, object]:
    for folder in (root, root / "control"):
        folder.mkdir(parents=True, exist_ok=True)
    return {
        "data_folder_in": str(root),
        "data_folder_out": str(root),
        "control_folder": str(root / "control"),
        "polling_interval": _FOLDER_POLLING_S,
    }


def _server_options(url: str, settings: StudioSettings, queue: str) -> dict[str, object]:
    if url.startswith("amqp"):
        return {"confirm_publish": True}
    return {
        "visibility_timeout": settings.visibility_timeout_s,
        "unacked_restore_interval": _RESTORE_EVERY_S,
        "unacked_restore_throttle": 1,
        "unacked_mutex_expire": _RESTORE_MAX_S,
        "global_keyprefix": f"{queue}:",
        "socket_timeout": CONNECT_S,
        "socket_connect_timeout": CONNECT_S,
    }
