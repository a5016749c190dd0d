"""Doer: the changes of deliveries, guarded so that they share a transaction and cannot spoil it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from core.errors import StaleJob, UnknownJob
from core.jobs import deliveries
from core.jobs.deliveries import DeliveryEvent
from core.jobs.job import Delivery, DeliveryState, Job
from core.jobs.lifecycle import DeliveryKind
from core.jobs.store import codec, direct, enqueuing, lines, queries, rows, statements

SHOWN_AGAIN = (DeliveryKind.RESULT, DeliveryKind.NOTICE)
"""Deliveries that a requester may ask for again after the place had refused them."""


def open_all(connection: sa.Connection, job: Job, kinds: Iterable[DeliveryKind]) -> None:
    """Open what the job's present round has to say; what is open already stays as it is."""
    opened = rows_of(job, kinds)
    if opened:
        direct.insert(connection, statements.open_delivery(connection), opened)


def rows_of(job: Job, kinds: Iterable[DeliveryKind]) -> list[dict[str, object]]:
    """Return the rows of what the job's present round has to say."""
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
    return [codec.delivery_to_columns(each) for each in opened]


def close(connection: sa.Connection, job: Job, kinds: Iterable[DeliveryKind]) -> None:
    """Skip what the job has to say no more, where its sending has not begun."""
    for kind in sorted(kinds):
        values = {"of_job": job.job_id, "of_kind": kind}
        for row in direct.every(connection, statements.SKIP_PENDING, values):
            _write_line(
                connection,
                codec.delivery_from_row(row),
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
    transition = deliveries.advance(delivery.state, event, delivery.kind)
    if transition is None or transition.raises_seq:
        _check_held(connection, job)
    if transition is None:
        return delivery
    if transition.raises_seq:
        raise ValueError(f"{event} opens a delivery of its own")
    changed = _write_move(
        connection,
        job,
        delivery,
        replace(
            delivery,
            state=transition.to,
            attempt=delivery.attempt + transition.counts_attempt,
            data={**delivery.data, **(data or {})},
            not_before_at=not_before_at,
            first_attempt_at=delivery.first_attempt_at
            or (at if transition.counts_attempt else None),
            last_attempt_at=at if transition.counts_attempt else delivery.last_attempt_at,
        ),
    )
    _write_line(connection, changed, event, fence=job.fence, before=delivery.state, at=at)
    return changed


def _check_held(connection: sa.Connection, job: Job) -> None:
    held = {"job_id": job.job_id, "fence": job.fence}
    if direct.one(connection, queries.JOB_HELD, held) is None:
        raise StaleJob(job.job_id)


def _write_move(connection: sa.Connection, job: Job, before: Delivery, after: Delivery) -> Delivery:
    values = statements.move_delivery_values(job.fence, before, after)
    row = direct.one(connection, statements.MOVE_DELIVERY, values)
    if row is None:
        raise StaleJob(before.job_id)
    return after if after.data == row["data"] else replace(after, data=row["data"])


def _write_line(
    connection: sa.Connection,
    delivery: Delivery,
    event: DeliveryEvent,
    *,
    fence: int,
    before: DeliveryState,
    at: datetime,
) -> None:
    line = {
        "job_id": delivery.job_id,
        "at": at,
        "event": event,
        "before": before,
        "after": delivery.state,
        "reason": None,
        "fence": fence,
        "delivery": delivery.kind,
        "seq": delivery.seq,
    }
    lines.add(connection, line)


def show_again(connection: sa.Connection, job_id: str, at: datetime) -> Job | None:
    """
    Open again, in a new round, what a place had refused; None when nothing had been, or is left.

    Raises:
        UnknownJob: there is no such job.
    """
    job = rows.job(connection, job_id, to_change=True)
    if job is None:
        raise UnknownJob(job_id)
    refused = _refused(connection, job)
    if not (
        job.is_terminal and refused and job.request.prompt
    ):  # nothing is left of an emptied job
        return None
    row = rows.the_one(connection, statements.RAISE_SEQ, {"of_job": job_id, "at": at})
    shown = codec.job_from_row(row)
    enqueuing.add(connection, job_id)
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
    latest = {each.kind: each for each in rows.deliveries(connection, job.job_id)}
    last = [latest[kind] for kind in SHOWN_AGAIN if kind in latest]
    return [each for each in last if each.state is DeliveryState.REFUSED]
