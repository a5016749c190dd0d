"""Doer: the changes of deliveries, guarded so that they share a transaction and cannot spoil it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.errors import StaleJob, UnknownJob
from core.jobs import deliveries
from core.jobs.deliveries import DeliveryEvent
from core.jobs.job import Delivery, DeliveryState, Job
from core.jobs.lifecycle import DeliveryKind
from core.jobs.store import codec, queries, rows
from core.jobs.store.tables import DELIVERY, HISTORY, JOB

SHOWN_AGAIN = (DeliveryKind.RESULT, DeliveryKind.NOTICE)
"""Deliveries that a requester may ask for again after the place had refused them."""


def open_all(connection: sa.Connection, job: Job, kinds: Iterable[DeliveryKind]) -> None:
    """Open what the job's present round has to say; what is open already stays as it is."""
    opened = [
        Delivery(
            job_id=job.job_id,
            kind=kind,
            seq=job.seq,
            state=DeliveryState.PENDING,
            nonce=deliveries.nonce(job.job_id, kind, job.seq),
        )
        for kind in kinds
    ]
    if opened:
        columns = [codec.delivery_to_columns(each) for each in opened]
        connection.execute(rows.insert_once(connection, DELIVERY), columns)


def close(connection: sa.Connection, job: Job, kinds: Iterable[DeliveryKind]) -> None:
    """Skip what the job has to say no more, where its sending has not begun."""
    if not kinds:
        return
    closed = (
        sa.update(DELIVERY)
        .where(
            DELIVERY.c.job_id == job.job_id,
            DELIVERY.c.kind.in_(list(kinds)),
            DELIVERY.c.state == DeliveryState.PENDING,
        )
        .values(state=DeliveryState.SKIPPED)
        .returning(DELIVERY)
    )
    for row in rows.many(connection, closed):
        skipped = codec.delivery_from_row(row)
        _write_line(
            connection,
            skipped,
            DeliveryEvent.SUPERSEDED,
            fence=job.fence,
            before=DeliveryState.PENDING,
            at=job.updated_at,
        )


def move(
    connection: sa.Connection,
    job: Job,
    delivery: Delivery,
    event: DeliveryEvent,
    at: datetime,
    *,
    data: Mapping[str, object] | None,
    not_before_at: datetime | None,
) -> Delivery:
    """
    Do what `event` does to a delivery of a job that the caller holds.

    Raises:
        StaleJob: the job is held by somebody else, or the delivery is in another state.
        ValueError: the event opens a new delivery; `show_again` does that.
    """
    if rows.one(connection, queries.held(job.job_id, job.fence)) is None:
        raise StaleJob(job.job_id)
    transition = deliveries.advance(delivery.state, event, delivery.kind)
    if transition is None:
        return delivery
    if transition.raises_seq:
        raise ValueError(f"{event} opens a delivery of its own")
    values: dict[str, Any] = {"state": transition.to, "data": {**delivery.data, **(data or {})}}
    values["not_before_at"] = not_before_at
    if transition.counts_attempt:
        first_at = delivery.first_attempt_at or at
        values |= {"attempt": delivery.attempt + 1, "first_attempt_at": first_at}
        values["last_attempt_at"] = at
    changed = _update(connection, delivery, values)
    _write_line(connection, changed, event, fence=job.fence, before=delivery.state, at=at)
    return changed


def _update(connection: sa.Connection, delivery: Delivery, values: Mapping[str, Any]) -> Delivery:
    guarded = (
        sa.update(DELIVERY)
        .where(
            DELIVERY.c.job_id == delivery.job_id,
            DELIVERY.c.kind == delivery.kind,
            DELIVERY.c.seq == delivery.seq,
            DELIVERY.c.state == delivery.state,
            DELIVERY.c.attempt == delivery.attempt,
        )
        .values(values)
        .returning(DELIVERY)
    )
    row = rows.one(connection, guarded)
    if row is None:
        raise StaleJob(delivery.job_id)
    return codec.delivery_from_row(row)


def _write_line(
    connection: sa.Connection,
    delivery: Delivery,
    event: DeliveryEvent,
    *,
    fence: int,
    before: DeliveryState,
    at: datetime,
) -> None:
    connection.execute(
        sa.insert(HISTORY).values(
            job_id=delivery.job_id,
            at=at,
            event=event,
            before=before,
            after=delivery.state,
            fence=fence,
            delivery=delivery.kind,
            seq=delivery.seq,
        )
    )


def show_again(connection: sa.Connection, job_id: str, at: datetime) -> Job | None:
    """
    Open again, in a new round, what a place had refused; None when nothing had been.

    Raises:
        UnknownJob: there is no such job.
    """
    job = rows.find(connection, job_id, to_change=True)
    if job is None:
        raise UnknownJob(job_id)
    refused = _refused(connection, job)
    if not (job.is_terminal and refused):
        return None
    raised = sa.update(JOB).where(JOB.c.job_id == job_id).returning(JOB)
    row = rows.the_one(connection, raised.values(seq=job.seq + 1, updated_at=at))
    shown = codec.job_from_row(row)
    open_all(connection, shown, [each.kind for each in refused])
    for each in refused:
        opened = replace(each, state=DeliveryState.PENDING, seq=shown.seq)
        _write_line(
            connection,
            opened,
            DeliveryEvent.SHOW_AGAIN,
            fence=shown.fence,
            before=each.state,
            at=at,
        )
    return shown


def _refused(connection: sa.Connection, job: Job) -> list[Delivery]:
    found = rows.many(connection, queries.deliveries(job.job_id))
    latest = {each.kind: each for each in map(codec.delivery_from_row, found)}
    last = [latest[kind] for kind in SHOWN_AGAIN if kind in latest]
    return [each for each in last if each.state is DeliveryState.REFUSED]
