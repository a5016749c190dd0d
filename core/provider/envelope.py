"""Decider: what the envelope of an answer holds, whichever way it writes "nothing"."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from core.catalogue.parameters import BATCH_MAX

_TASK_ID_MAX = 200
_URL_MAX = 4096


class Status(Enum):
    """What an envelope says of its task."""

    PENDING = auto()
    SUCCESS = auto()
    FAILED = auto()
    OTHER = auto()
    """Nothing, or a word that is not known."""


_STATUSES = {
    "PENDING": Status.PENDING,
    "STARTED": Status.PENDING,
    "RETRY": Status.PENDING,
    "SUCCESS": Status.SUCCESS,
    "FAILED": Status.FAILED,
    "FAILURE": Status.FAILED,
}
"""
The three words of the API, and Celery's own for the same.

Source: github.com/aumritThought/qolaba_modal_docs at 3fdea31, `APITaskResponse`; docs.celeryq.dev,
"States".
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    """The parts of an answer that mean something to us."""

    status: Status
    task_id: str | None
    urls: tuple[str, ...]
    """Addresses of pictures, in the order given; at most as many as a batch can hold."""
    has_strange_output: bool
    """Whether the output holds something, but no address that can be read."""
    runtime_s: float | None
    """How long the remote task ran, in seconds, when it says so."""
    error: str
    """The short category of a failure; empty for none."""
    error_detail: str
    """What is said about a failure besides, as one text; for deciding and for the log."""


def read(body: bytes) -> Envelope | None:
    """Return the envelope in `body`, or None when it is no JSON object, or too deep a one."""
    try:
        data = json.loads(body)
        return _envelope(data) if isinstance(data, dict) else None
    except (ValueError, RecursionError):
        return None


def _envelope(data: Mapping[str, object]) -> Envelope:
    urls = _urls(data.get("output"))
    return Envelope(
        status=_STATUSES.get(_text(data.get("status")).upper(), Status.OTHER),
        task_id=_task_id(data.get("task_id")),
        urls=urls,
        has_strange_output=not urls and _holds_something(data.get("output")),
        runtime_s=_runtime_s(data.get("time_required")),
        error=_text(data.get("error")),
        error_detail=" ".join(
            text for key in ("error_data", "message", "detail") if (text := _text(data.get(key)))
        ),
    )


def _text(value: object) -> str:
    """Return a value as text; what an answer writes for "nothing" becomes the empty text."""
    if isinstance(value, str):
        return value.strip()
    return "" if value in (None, {}, []) else json.dumps(value, ensure_ascii=False)


def _task_id(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    text = str(value).strip()
    return text if 0 < len(text) <= _TASK_ID_MAX and text.isprintable() else None


def _urls(output: object) -> tuple[str, ...]:
    found = output.get("result") if isinstance(output, Mapping) else output
    several = [found] if isinstance(found, str) else found
    if not isinstance(several, list):
        return ()
    return tuple(url for url in several if _is_url(url))[:BATCH_MAX]


def _is_url(value: object) -> bool:
    return (
        isinstance(value, str)
        and value.startswith(("https://", "http://"))
        and len(value) <= _URL_MAX
        and value.isprintable()
    )


def _holds_something(output: object) -> bool:
    found = output.get("result") if isinstance(output, Mapping) else output
    return found not in (None, "", [], {})


def _runtime_s(time_required: object) -> float | None:
    value = time_required.get("runtime") if isinstance(time_required, Mapping) else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        runtime_s = float(value)
    except OverflowError:
        return None
    return runtime_s if math.isfinite(runtime_s) and runtime_s >= 0 else None
