"""Decider: rows of the ledger to values, and values to rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from core import request as requests
from core.jobs.job import Change, Delivery, DeliveryState, Job, Origin
from core.jobs.lifecycle import DeliveryKind, Reason, State
from core.jobs.store.tables import mended
from core.media.item import Kind, MediaItem
from core.request import GenerationRequest

Row = Mapping[Any, Any]
"""One row by the names of its columns."""

AS_IT_IS = (
    "job_id", "dedupe_key", "credits", "preview", "detail", "cancel_wanted", "fence", "owner",
    "attempt", "seq", "remote_task_id", "created_at", "updated_at", "acked_at", "not_before_at",
    "deadline_at", "submitted_at", "produced_at", "finished_at",
)  # fmt: skip
"""Fields of a job whose columns have the same name and the same value."""


def item_to_json(item: MediaItem) -> dict[str, object]:
    """Return one picture as JSON values."""
    return {
        "sha256": item.sha256,
        "kind": item.kind.value,
        "size_bytes": item.size_bytes,
        "width_px": item.width_px,
        "height_px": item.height_px,
    }


def item_from_json(data: Mapping[str, Any]) -> MediaItem:
    """Return the picture that `item_to_json` wrote."""
    return MediaItem(**{**data, "kind": Kind(data["kind"])})


def origin_to_columns(origin: Origin) -> dict[str, Any]:
    """Return the columns that say where a job came from."""
    return {
        "platform": origin.platform,
        "place": origin.place,
        "requester": origin.requester,
        "origin_data": dict(origin.data),
    }


def origin_from_row(row: Row) -> Origin:
    """Return where the job of `row` came from."""
    return Origin(
        platform=row["platform"],
        place=row["place"],
        requester=row["requester"],
        data=row["origin_data"],
    )


def request_to_columns(request: GenerationRequest) -> dict[str, Any]:
    """Return the columns of a request; the words of the user are in columns of their own."""
    data = requests.to_json(request)
    return {
        "prompt": data.pop("prompt"),
        "negative_prompt": data.pop("negative_prompt"),
        "request": data,
        "model_id": request.model_id,
        "pictures": request.batch,
    }


def request_from_row(row: Row) -> GenerationRequest:
    """Return the request of `row`; its prompt is empty once it has been removed."""
    words = {"prompt": row["prompt"] or "", "negative_prompt": row["negative_prompt"]}
    return requests.from_json({**row["request"], **words})


def job_to_columns(job: Job) -> dict[str, Any]:
    """Return every column of a job's row, but when it was emptied."""
    return {
        **{name: getattr(job, name) for name in AS_IT_IS},
        **origin_to_columns(job.origin),
        **request_to_columns(job.request),
        **standing_to_columns(job),
    }


def as_kept(job: Job) -> Job:
    """Return a new job with its words as they come back from the database."""
    origin, request = job.origin, job.request
    words = {
        "dedupe_key": job.dedupe_key,
        "platform": origin.platform,
        "place": origin.place,
        "requester": origin.requester,
        "model_id": request.model_id,
        "prompt": request.prompt,
        "negative_prompt": request.negative_prompt,
    }
    kept = {name: mended(text) for name, text in words.items() if text is not None}
    changed = {name: text for name, text in kept.items() if text != words[name]}
    return job_from_row({**job_to_columns(job), **changed}) if changed else job


def standing_to_columns(job: Job) -> dict[str, Any]:
    """Return the columns that say where a job stands and what it came to."""
    return {
        "state": job.state.value,
        "reason": job.reason and job.reason.value,
        "prepared": [item_to_json(item) for item in job.prepared],
        "outputs": [item_to_json(item) for item in job.outputs],
        "result_urls": list(job.result_urls),
        "notices": list(job.notices),
    }


def job_from_row(row: Row) -> Job:
    """Return the job of `row`."""
    return Job(
        **{name: row[name] for name in AS_IT_IS},
        origin=origin_from_row(row),
        request=request_from_row(row),
        state=State(row["state"]),
        reason=_reason(row),
        prepared=_items(row["prepared"]),
        outputs=_items(row["outputs"]),
        result_urls=tuple(row["result_urls"]),
        notices=tuple(row["notices"]),
    )


def delivery_to_columns(delivery: Delivery) -> dict[str, Any]:
    """Return every column of a delivery's row."""
    return {
        "job_id": delivery.job_id,
        "kind": delivery.kind.value,
        "seq": delivery.seq,
        "state": delivery.state.value,
        "nonce": delivery.nonce,
        "attempt": delivery.attempt,
        "data": dict(delivery.data),
        "not_before_at": delivery.not_before_at,
        "first_attempt_at": delivery.first_attempt_at,
        "last_attempt_at": delivery.last_attempt_at,
    }


def delivery_from_row(row: Row) -> Delivery:
    """Return the delivery of `row`."""
    typed = {"kind": DeliveryKind(row["kind"]), "state": DeliveryState(row["state"])}
    return Delivery(**{**row, **typed})


def change_from_row(row: Row) -> Change:
    """Return the line of a history that `row` holds."""
    return Change(
        at=row["at"],
        event=row["event"],
        before=row["before"],
        after=row["after"],
        reason=_reason(row),
        fence=row["fence"],
        delivery=DeliveryKind(row["delivery"]) if row["delivery"] else None,
        seq=row["seq"],
    )


def _reason(row: Row) -> Reason | None:
    return Reason(row["reason"]) if row["reason"] else None


def _items(data: Iterable[Mapping[str, Any]]) -> tuple[MediaItem, ...]:
    return tuple(item_from_json(each) for each in data)
