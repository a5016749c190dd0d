"""Values survive being rows."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from core.catalogue.model import Size
from core.jobs.job import Change, Delivery, DeliveryState, Job, Origin
from core.jobs.lifecycle import DeliveryKind, Reason, State
from core.jobs.store import codec
from core.media.item import Kind, MediaItem
from core.request import GenerationRequest

WORDS = st.text(max_size=20)
COUNTS = st.integers(0, 9)
INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 -- hypothesis adds the zone
MAYBE_AT = st.none() | INSTANTS
DATA = st.dictionaries(WORDS, st.none() | st.booleans() | st.integers() | WORDS, max_size=3)
ITEMS = st.builds(
    MediaItem,
    sha256=st.text("0123456789abcdef", min_size=64, max_size=64),
    kind=st.sampled_from(Kind),
    size_bytes=st.integers(0),
    width_px=st.integers(1),
    height_px=st.integers(1),
)
ORIGINS = st.builds(Origin, platform=WORDS, place=WORDS, requester=WORDS, data=DATA)
REQUESTS = st.builds(
    GenerationRequest,
    model_id=WORDS,
    prompt=WORDS,
    image_count=st.integers(1, 4),
    batch=st.integers(1, 8),
    size=st.none()
    | st.builds(Size, width_px=st.integers(64, 2048), height_px=st.integers(64, 2048)),
    strength=st.none() | st.floats(0.01, 1.0),
    guidance_scale=st.none() | st.floats(1.0, 30.0),
    negative_prompt=st.none() | WORDS,
    inference_type=st.none() | WORDS,
)
PICTURES = st.lists(ITEMS, max_size=3).map(tuple)
LINES = st.lists(WORDS, max_size=3).map(tuple)
JOBS = st.builds(
    Job,
    job_id=WORDS,
    dedupe_key=WORDS,
    origin=ORIGINS,
    request=REQUESTS,
    credits=COUNTS,
    preview=st.booleans(),
    state=st.sampled_from(State),
    reason=st.none() | st.sampled_from(Reason),
    detail=WORDS,
    cancel_wanted=st.booleans(),
    fence=COUNTS,
    owner=st.none() | WORDS,
    attempt=COUNTS,
    seq=COUNTS,
    remote_task_id=st.none() | WORDS,
    prepared=PICTURES,
    result_urls=LINES,
    outputs=PICTURES,
    notices=LINES,
    created_at=INSTANTS,
    updated_at=INSTANTS,
    acked_at=MAYBE_AT,
    not_before_at=MAYBE_AT,
    deadline_at=INSTANTS,
    submitted_at=MAYBE_AT,
    produced_at=MAYBE_AT,
    finished_at=MAYBE_AT,
)
DELIVERIES = st.builds(
    Delivery,
    job_id=WORDS,
    kind=st.sampled_from(DeliveryKind),
    seq=COUNTS,
    state=st.sampled_from(DeliveryState),
    nonce=WORDS,
    attempt=COUNTS,
    data=DATA,
    not_before_at=MAYBE_AT,
    first_attempt_at=MAYBE_AT,
    last_attempt_at=MAYBE_AT,
)


def kept(columns: dict[str, Any]) -> dict[str, Any]:
    """Return columns as they come back: what is kept as JSON has been text in between."""
    return {
        name: json.loads(json.dumps(value)) if isinstance(value, dict | list) else value
        for name, value in columns.items()
    }


@given(JOBS)
def test_a_job_survives(job: Job) -> None:
    """A job comes back from its row as it was."""
    assert codec.job_from_row(kept(codec.job_to_columns(job))) == job


@given(DELIVERIES)
def test_a_delivery_survives(delivery: Delivery) -> None:
    """A delivery comes back from its row as it was."""
    assert codec.delivery_from_row(kept(codec.delivery_to_columns(delivery))) == delivery


@given(ITEMS)
def test_a_picture_survives(item: MediaItem) -> None:
    """A picture comes back from its JSON as it was."""
    assert codec.item_from_json(json.loads(json.dumps(codec.item_to_json(item)))) == item


@given(JOBS)
def test_the_words_of_a_user_have_columns_of_their_own(job: Job) -> None:
    """Taking out two columns takes out what the user wrote, and the rest can be read on."""
    row = kept(codec.job_to_columns(job)) | {"prompt": None, "negative_prompt": None}

    read = codec.job_from_row(row).request

    assert (read.prompt, read.negative_prompt, read.batch) == ("", None, job.request.batch)
    assert "prompt" not in row["request"]


def test_a_line_of_history_tells_jobs_from_deliveries() -> None:
    """Only the change of a delivery names one."""
    at = datetime(2026, 11, 22, tzinfo=UTC) + timedelta(seconds=1)
    row = {"at": at, "event": "sent", "before": "sending", "after": "sent", "reason": None}

    read = codec.change_from_row(row | {"fence": 2, "delivery": "card", "seq": 1})

    assert read == Change(
        at=at,
        event="sent",
        before="sending",
        after="sent",
        fence=2,
        delivery=DeliveryKind.CARD,
        seq=1,
    )
    assert codec.change_from_row(row | {"fence": 2, "delivery": None, "seq": 0}).delivery is None
