"""Conductor: the Celery task, which is nothing but an order handed to the workbench."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog

from core.studio.broker import TASK_NAME, Broker
from core.studio.order import Order
from core.studio.shelf import FOREIGN
from core.studio.workbench import Interrupted, Workbench

_log = structlog.get_logger()


def register(broker: Broker, workbench: Workbench) -> None:
    """Make the broker's workers carry out tasks at `workbench`."""

    def draw(data: Mapping[str, Any]) -> None:
        task = Order.from_json(data)
        try:
            workbench.carry_out(task)
        except Interrupted:
            _log.info("studio.task_interrupted", task_id=task.task_id, preview=True)

    def on_failure(error: BaseException, task_id: str, args: tuple[Any, ...], *_: object) -> None:
        _log.error("studio.task_crashed", task_id=task_id, preview=True, exc_info=error)
        try:
            task = Order.from_json(args[0])
        except (*FOREIGN, IndexError):  # raised here it would end the worker, and then the next
            _log.warning("studio.task_unreadable", task_id=task_id, preview=True)
        else:
            workbench.give_up(task, error)

    broker.app.task(draw, name=TASK_NAME, shared=False, on_failure=staticmethod(on_failure))
    broker.app.finalize()
