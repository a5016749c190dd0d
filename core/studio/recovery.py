"""
Doer: gets a worker going again whose acknowledgement was lost with its connection to Redis.

Celery notes such a loss and goes on, but still counts the task as in hand: the worker, which has
one at a time, would ask for no other, and so never find out that its connection is gone.
"""

from __future__ import annotations

from typing import Any, Final

from celery import bootsteps
from celery.worker import state

LOOK_EVERY_S: Final = 5.0
"""How often a worker looks, in seconds; it never looks while it draws."""


class Recovery(bootsteps.StartStopStep):  # type: ignore[misc]  # celery has no types
    """Part of a worker's consumer: has it connect anew when it waits for nothing."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, consumer: Any, **options: Any) -> None:
        super().__init__(consumer, **options)
        self._looking: Any = None

    def start(self, consumer: Any) -> None:
        """Look from now on."""
        self._looking = consumer.timer.call_repeatedly(LOOK_EVERY_S, _look, (consumer,))

    def stop(self, consumer: Any) -> None:  # noqa: ARG002 - Celery's signature
        """Look no longer."""
        if self._looking is not None:
            self._looking.cancel()


def _look(consumer: Any) -> None:
    """Raise what Celery takes for a lost connection when a task counts that nobody has in hand."""
    in_hand = state.active_requests or state.reserved_requests
    if not in_hand and not consumer.task_consumer.channel.qos.can_consume():
        raise ConnectionResetError("an acknowledgement was lost")
