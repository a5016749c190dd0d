"""Decider: every change of the ledger, as guarded statements made once."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.dialects import postgresql, sqlite

from core.jobs.job import Delivery, DeliveryState, Job
from core.jobs.store import codec, queries
from core.jobs.store.tables import CONTROL, COST, DELIVERY, HISTORY, JOB

_ORDERED = frozenset(
    {
        "job_id", "dedupe_key", "platform", "place", "requester", "origin_data", "model_id",
        "pictures", "prompt", "negative_prompt", "request", "credits", "preview", "created_at",
    }
)  # fmt: skip
"""Columns that are set when an order is taken in, and by no event."""
_OTHERWISE = frozenset({"acked_at", "owner", "emptied_at"})
"""Columns with a statement of their own, below."""
_MOVED = tuple(column.name for column in JOB.c if column.name not in _ORDERED | _OTHERWISE)
_MOVED_AS_IT_IS = tuple(name for name in _MOVED if name in codec.AS_IT_IS)
_KEPT = (JOB.c.owner, JOB.c.acked_at, JOB.c.detail, JOB.c.remote_task_id)
"""What may be otherwise in the row that MOVE_JOB wrote than in the value it was written from."""
_DELIVERED = ("state", "attempt", "data", "not_before_at", "first_attempt_at", "last_attempt_at")

MOVE_JOB = (
    sa.update(JOB)
    .where(
        JOB.c.job_id == bindparam("of_job"),
        JOB.c.state == bindparam("from_state"),
        JOB.c.fence == bindparam("under_fence"),
        JOB.c.cancel_wanted == bindparam("was_cancel_wanted"),
    )
    .values({name: bindparam(name) for name in _MOVED})
    .returning(*_KEPT)
)

CLAIM = (
    sa.update(JOB)
    .where(
        JOB.c.job_id == bindparam("of_job"), sa.or_(queries.IS_ACTIVE, queries.HAS_OPEN_DELIVERY)
    )
    .values(fence=JOB.c.fence + 1, owner=bindparam("owner"), updated_at=bindparam("at"))
    .returning(JOB)
)

ACKNOWLEDGE = (
    sa.update(JOB)
    .where(JOB.c.job_id == bindparam("of_job"), JOB.c.acked_at.is_(None), queries.IS_ACTIVE)
    .values(acked_at=bindparam("at"), updated_at=bindparam("at"))
    .returning(JOB)
)

REFILL = (
    sa.update(JOB)
    .where(JOB.c.job_id == bindparam("of_job"))
    .values({name: bindparam(name) for name in _ORDERED - {"job_id", "dedupe_key", "created_at"}})
    .values(acked_at=None, emptied_at=None)
)
"""Put the order anew into a job whose acknowledgement had failed."""

RAISE_SEQ = (
    sa.update(JOB)
    .where(JOB.c.job_id == bindparam("of_job"))
    .values(seq=JOB.c.seq + 1, updated_at=bindparam("at"))
    .returning(JOB)
)


def _all_of(table: sa.Table, *left_out: str) -> dict[str, sa.BindParameter[Any]]:
    return {
        column.name: bindparam(column.name) for column in table.c if column.name not in left_out
    }


INSERT_JOB = sa.insert(JOB).inline().values(_all_of(JOB, "emptied_at"))
INSERT_LINE = sa.insert(HISTORY).inline().values(_all_of(HISTORY, "line"))

_HELD = (
    sa.select(JOB.c.job_id)
    .where(JOB.c.job_id == bindparam("of_job"), JOB.c.fence == bindparam("under_fence"))
    .with_for_update()
)
"""The job of a delivery if it is held; nobody takes it until the transaction ends."""

MOVE_DELIVERY = (
    sa.update(DELIVERY)
    .where(
        DELIVERY.c.job_id == bindparam("of_job"),
        DELIVERY.c.kind == bindparam("of_kind"),
        DELIVERY.c.seq == bindparam("of_seq"),
        DELIVERY.c.state == bindparam("from_state"),
        DELIVERY.c.attempt == bindparam("after_attempt"),
        _HELD.exists(),
    )
    .values({name: bindparam(name) for name in _DELIVERED})
    .returning(DELIVERY.c.data)
)

SKIP_PENDING = (
    sa.update(DELIVERY)
    .where(
        DELIVERY.c.job_id == bindparam("of_job"),
        DELIVERY.c.kind == bindparam("of_kind"),
        DELIVERY.c.state == DeliveryState.PENDING.value,
    )
    .values(state=DeliveryState.SKIPPED.value)
    .returning(DELIVERY)
)


def _unless_there(table: sa.Table) -> dict[str, sa.Insert]:
    return {
        kind.__name__.rpartition(".")[2]: kind.insert(table)
        .inline()
        .values(_all_of(table))
        .on_conflict_do_nothing()
        for kind in (sqlite, postgresql)
    }


OPEN_DELIVERY = _unless_there(DELIVERY)
"""The insert of deliveries that leaves alone what is there, by the name of the dialect."""
_CHARGE = _unless_there(COST)
_HALT = _unless_there(CONTROL)


def open_delivery(connection: sa.Connection) -> sa.Insert:
    """Return the insert of deliveries that leaves alone what is there."""
    return OPEN_DELIVERY[connection.dialect.name]


def charge(connection: sa.Connection) -> sa.Insert:
    """Return the insert of a cost that leaves alone what is there."""
    return _CHARGE[connection.dialect.name]


def halt(connection: sa.Connection) -> sa.Insert:
    """Return the insert of what is halted that leaves alone what is there."""
    return _HALT[connection.dialect.name]


def move_values(before: Job, after: Job) -> dict[str, Any]:
    """Return what MOVE_JOB is executed with."""
    return {
        **{name: getattr(after, name) for name in _MOVED_AS_IT_IS},
        **codec.standing_to_columns(after),
        "of_job": before.job_id,
        "from_state": before.state,
        "under_fence": before.fence,
        "was_cancel_wanted": before.cancel_wanted,
    }


def move_delivery_values(fence: int, before: Delivery, after: Delivery) -> dict[str, Any]:
    """Return what MOVE_DELIVERY is executed with."""
    columns = codec.delivery_to_columns(after)
    return {name: columns[name] for name in _DELIVERED} | {
        "of_job": before.job_id,
        "under_fence": fence,
        "of_kind": before.kind,
        "of_seq": before.seq,
        "from_state": before.state,
        "after_attempt": before.attempt,
    }


def refill_values(job: Job) -> dict[str, Any]:
    """Return what REFILL is executed with."""
    columns = codec.job_to_columns(job)
    return {name: columns[name] for name in _ORDERED} | {"of_job": job.job_id}
