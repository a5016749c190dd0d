"""
Doer: Celery's workers: a thread of this process, or a process of its own.

Both are Celery's `WorkController`, without what its command line adds: signal handlers, log
handlers and warnings, none of which an application wants from a library.
"""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from typing import Any, Final

import structlog
from celery.exceptions import CPendingDeprecationWarning
from celery.worker import state

from core.clock import Clock, SystemClock
from core.errors import AddressRefused, SettingsError
from core.studio import painter, tasks
from core.studio.broker import Broker
from core.studio.recovery import Recovery
from core.studio.settings import StudioSettings
from core.studio.transports import StudioThreads
from core.studio.workbench import Paint, Workbench

READY_S: Final = 10.0
"""How long a worker thread may take to start, in seconds."""

_PLAIN: Final[Mapping[str, object]] = {
    "without_gossip": True,
    "without_mingle": True,
    "without_heartbeat": True,
    "quiet": True,
}
_CHATTY: Final = ("celery", "kombu", "amqp")

_log = structlog.get_logger()


def workbench(
    settings: StudioSettings, *, paint: Paint, clock: Clock, stopping: threading.Event
) -> Workbench:
    """Return the place where a worker works, for its owner alone; raises SettingsError."""
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Workbench(settings, paint=paint, clock=clock, stopping=stopping)
    except AddressRefused as exc:
        raise SettingsError("REDRAW_PUBLIC_URL", f"not an origin to fetch from: {exc}") from exc
    except OSError as exc:
        raise SettingsError("REDRAW_DATA_DIR", f"cannot be written to: {exc.strerror}") from exc


class WorkerThread:
    """
    Carries out tasks in threads of this process; `start` and `stop` block.

    Nothing that Celery has to say meanwhile reaches a terminal.
    """

    def __init__(self, broker: Broker, *, concurrency: int) -> None:
        self._broker = broker
        self._is_ready = threading.Event()
        self._closing = ExitStack()
        worker = _controller(
            broker,
            pool_cls=StudioThreads,
            concurrency=concurrency,
            ready_callback=lambda _: self._is_ready.set(),
        )
        self._thread = threading.Thread(target=worker.start, name="studio-worker", daemon=True)

    def start(self) -> None:
        """Return when tasks are being taken."""
        self._closing.enter_context(_silence())
        self._thread.start()
        self._is_ready.wait(READY_S)

    def stop(self) -> None:
        """Return when the tasks in hand have ended or been interrupted."""
        with self._closing:
            self._broker.stopping.set()
            self._thread.join()


def _say_nothing() -> None:
    """Tell nobody that tasks are being taken."""


def run_worker(
    settings: StudioSettings,
    stop: threading.Event,
    *,
    paint: Paint = painter.paint,
    clock: Clock | None = None,
    on_ready: Callable[[], None] = _say_nothing,
) -> None:
    """
    Carry out queued tasks one after the other until `stop` is set; the task in hand is finished.

    `on_ready` is called once, when tasks are being taken. One process for each core is right:
    start several. Raises SettingsError.
    """
    with closing(Broker(settings)) as broker:
        broker.check()
        bench = workbench(
            settings, paint=paint, clock=clock or SystemClock(), stopping=threading.Event()
        )
        tasks.register(broker, bench)
        if broker.needs_event_loop:
            broker.app.steps["consumer"].add(Recovery)
        worker = _controller(
            broker,
            pool_cls="solo",
            concurrency=1,
            use_eventloop=broker.needs_event_loop,
            ready_callback=lambda _: on_ready(),
        )
        broker.app.set_current()
        with _stopped_by(stop), warnings.catch_warnings():
            # Said whenever the broker was away, of a setting that `core.studio.broker` chose.
            warnings.simplefilter("ignore", CPendingDeprecationWarning)
            _log.info("studio.worker_started", preview=True)
            worker.start()
        _log.info("studio.worker_stopped", preview=True)
        if worker.exitcode:
            raise SettingsError("REDRAW_BROKER_URL", "the queue cannot be used, see the log")


def _controller(broker: Broker, **options: Any) -> Any:
    return broker.app.WorkController(app=broker.app, hostname="studio@local", **_PLAIN, **options)


@contextmanager
def _stopped_by(stop: threading.Event) -> Iterator[None]:
    """Raise Celery's stop flag, which belongs to the process, when `stop` is set."""
    is_over = threading.Event()

    def watch() -> None:
        stop.wait()
        if not is_over.is_set():
            state.should_stop = 0

    watcher = threading.Thread(target=watch, name="studio-stop", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        is_over.set()
        stop.set()
        watcher.join()
        state.should_stop = None


@contextmanager
def _silence() -> Iterator[None]:
    """Keep the libraries from writing over whatever a terminal shows."""
    loggers = [logging.getLogger(name) for name in _CHATTY]
    before = [logger.propagate for logger in loggers]
    nothing = logging.NullHandler()
    for logger in loggers:
        logger.addHandler(nothing)
        logger.propagate = False
    try:
        yield
    finally:
        for logger, propagates in zip(loggers, before, strict=True):
            logger.propagate = propagates
            logger.removeHandler(nothing)
