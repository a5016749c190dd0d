"""What the API's answers are taken for, row by row, and that nothing else ever comes out."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import (
    AppError,
    OutcomeUnknown,
    ProviderError,
    ProviderMisconfigured,
    ProviderUnavailable,
    RequestRejected,
)
from core.provider import dialect
from core.provider.dialect import Answer, Pending, Produced, RemoteFailed
from tests.fakes.provider_rows import POLLS, SUBMITS, Refused, Row

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def _named(row: Row) -> str:
    return row.name


@pytest.mark.parametrize("row", SUBMITS, ids=_named)
def test_submit_answer_means(row: Row) -> None:
    """Each known answer to a submit is taken for what the closed table says."""
    found: object
    try:
        found = dialect.decode_submit(row.answer)
    except AppError as exc:
        found = Refused.of(exc)

    assert row.expected == found


@pytest.mark.parametrize("row", POLLS, ids=_named)
def test_poll_answer_means(row: Row) -> None:
    """Each known answer to a poll is taken for what the envelope's status says."""
    found: object
    try:
        found = dialect.decode_poll(row.answer)
    except AppError as exc:
        found = Refused.of(exc)

    assert row.expected == found


def test_row_names_are_unique() -> None:
    """No row of the tables hides another one."""
    submits, polls = [row.name for row in SUBMITS], [row.name for row in POLLS]

    assert sorted(set(submits)) == sorted(submits)
    assert sorted(set(polls)) == sorted(polls)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=8,
)
KEYS = ("status", "task_id", "output", "error", "error_data", "time_required", "message")
STATUSES = st.sampled_from(["SUCCESS", "FAILED", "PENDING", "", None])
ENVELOPES = st.fixed_dictionaries(
    {}, optional={**dict.fromkeys(KEYS, JSON_VALUES), "status": STATUSES | JSON_VALUES}
)
BODIES = st.binary(max_size=60) | ENVELOPES.map(lambda data: json.dumps(data).encode())
ANSWERS = st.builds(
    Answer,
    status_code=st.sampled_from([200, 202, 204, 301, 303, 400, 401, 404, 408, 418, 429, 500, 503])
    | st.integers(100, 599),
    headers=st.dictionaries(st.sampled_from(["retry-after", "date"]), st.text(max_size=40)),
    body=BODIES,
)


@given(ANSWERS)
def test_submit_answer_is_an_id_or_a_provider_error(answer: Answer) -> None:
    """Whatever comes back for a submit ends in a printable task id or in our own error."""
    try:
        task_id = dialect.decode_submit(answer)
    except ProviderError:
        return

    assert task_id == task_id.strip()
    assert task_id.isprintable()
    assert 0 < len(task_id) <= 200


@given(ANSWERS)
def test_poll_answer_is_a_finding_or_a_free_error(answer: Answer) -> None:
    """Whatever comes back for a poll ends in a finding, or in an error that lets us ask again."""
    try:
        found = dialect.decode_poll(answer)
    except (ProviderUnavailable, ProviderMisconfigured):
        return

    assert isinstance(found, (Pending, Produced, RemoteFailed))


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": " 12 "}, 12.0),
        ({"retry-after": "99999999999999999999"}, 3600.0),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "1.5"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "٣"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Sun, 22 Nov 2026 12:00:30 GMT"}, 30.0),
        ({"retry-after": "Sun, 22 Nov 2026 12:00:30 -0000"}, 30.0),
        ({"retry-after": "Sun, 22 Nov 2026 11:00:00 GMT"}, 0.0),
        ({"retry-after": "Fri, 22 Nov 2126 12:00:00 GMT"}, 3600.0),
        ({"retry-after": "Sun, 99 Nov 2026 12:00:00 GMT"}, None),
    ],
)
def test_retry_after_is_seconds_within_an_hour(
    headers: dict[str, str], expected: float | None
) -> None:
    """`Retry-After` is read as seconds or as a date, never negative and never over an hour."""
    assert expected == dialect.retry_after_s(headers, NOON)


def test_retry_after_as_date_counts_from_the_answers_date() -> None:
    """Without a clock, a date is measured by the other side's own."""
    headers = {
        "retry-after": "Sun, 22 Nov 2026 12:00:30 GMT",
        "date": "Sun, 22 Nov 2026 12:00:10 GMT",
    }

    assert dialect.retry_after_s(headers) == 20.0
    assert dialect.retry_after_s({"retry-after": headers["retry-after"]}) is None


@pytest.mark.parametrize("decode", [dialect.decode_submit, dialect.decode_poll])
@pytest.mark.parametrize(("code", "expected"), [(429, True), (503, False)])
def test_only_too_many_requests_slows_everybody_down(
    decode: Callable[[Answer], object], code: int, *, expected: bool
) -> None:
    """A 429 says that we call too often; any other trouble is no reason to hold everybody back."""
    with pytest.raises(ProviderError) as caught:
        decode(Answer(status_code=code, headers={}, body=b""))

    assert getattr(caught.value, "is_throttled", False) is expected


def test_answer_of_any_depth_is_judged() -> None:
    """An answer may be nested just deeply enough to be read but not to be written out again."""
    for depth in range(1, 1200):
        detail = b"[" * depth + b"]" * depth
        answer = Answer(status_code=200, headers={}, body=b'{"error_data":%s}' % detail)
        with pytest.raises(OutcomeUnknown):
            dialect.decode_submit(answer)


def test_refusal_is_one_printable_line() -> None:
    """What the provider says can be logged: no escapes for a terminal, nothing without encoding."""
    body = rb'{"status": "FAILED", "error": "a\ud800b\u001b[31m", "error_data": "c\nd"}'
    with pytest.raises(RequestRejected) as caught:
        dialect.decode_submit(Answer(status_code=200, headers={}, body=body))

    assert str(caught.value) == "200 a?b?[31m c d"
