"""
Decider: the body of every answer, and the texts a task fails with.

Source: docs.qolaba.ai/api-platform/image-to-image for the keys; for what is in them
github.com/aumritThought/qolaba_modal_docs at 3fdea31, `APITaskResponse` and the services.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Self
from uuid import NAMESPACE_URL, uuid5

NOTICE = "local preview"
"""Said wherever the studio says anything: nothing here came from a hosted model."""

_PICTURE_NAME = re.compile(r"\d{14}_[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.webp")
_TASK_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Status(StrEnum):
    """The three words a task's status can be."""

    PENDING = "PENDING"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """Why a task came to nothing: a short category and what is said besides."""

    error: str
    error_data: str


_MODERATED = (
    "Request cancelled due to detection of NSFW content. "
    "Please try again with another prompt or picture."
)
BAD_PICTURE = Failure(
    error="Image URL Error",
    error_data="Given image type is not supported. Please try with JPG or PNG.",
)
"""The picture cannot be fetched or decoded; said of a 404 too."""
BAD_SIZE = Failure(error="Internal Error", error_data="Invalid Height and width dimension")
REFUSED_BY_GPT = Failure(error="Internal Error", error_data="Image Generation Error")
"""Whatever goes wrong with GPT Image, a wrong size included."""
UNREADABLE_REQUEST = Failure(error="Internal Error", error_data="()")
"""`app_id` is missing or `inference_type` is none of the three."""
TIME_LIMIT = Failure(error="Internal Error", error_data="SoftTimeLimitExceeded()")
WORKERS_LOST = Failure(error="Internal Error", error_data="WorkerLostError()")
"""A task that no worker survives; the class is what Celery raises for the same."""
PROVIDER_REFUSED = Failure(error="Internal Error", error_data="Unexpected status code 422: refused")
"""The texts of the models' own providers come through as they are; this one is made up."""


def moderated(model_id: str) -> Failure:
    """Return what a safety filter's refusal looks like for this model."""
    error = "Internal Error" if model_id == "gpt-image" else "Image Generation Error"
    return Failure(error=error, error_data=_MODERATED)


def unknown_app(app_id: str) -> Failure:
    """Return what an app id that is in no table is answered with."""
    return Failure(error="Internal Error", error_data=repr((app_id,)))


def unknown_service(app_id: str) -> Failure:
    """Return what a model that the worker does not have is answered with."""
    return Failure(
        error="Service Not Found", error_data=f"Given APP Id '{app_id}' is not available"
    )


def crashed(error: BaseException) -> Failure:
    """Return what an unexpected exception is answered with: its class, not its text."""
    return Failure(error="Internal Error", error_data=f"{type(error).__name__}()")


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """How a task ended; kept until it expires."""

    status: Status
    app_id: str
    input: Mapping[str, object]
    """The echo of the request."""
    finished_at: datetime
    runtime_s: float
    files: tuple[str, ...] = ()
    """Names of the pictures, without those that were withheld."""
    small_files: tuple[str, ...] = ()
    """Names of their small copies."""
    batch: int = 0
    """How many pictures were made, withheld ones included."""
    understood: tuple[str, ...] = ()
    """The words of the prompt that made a difference."""
    ignored: tuple[str, ...] = ()
    """The words that meant nothing to the studio."""
    failure: Failure | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the outcome as JSON can hold it."""
        return asdict(self) | {"finished_at": self.finished_at.isoformat()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return the outcome that `to_json` wrote."""
        failure = data["failure"]
        lists = ("files", "small_files", "understood", "ignored")
        return cls(
            **{
                **data,
                **{name: tuple(data[name]) for name in lists},
                "status": Status(data["status"]),
                "finished_at": datetime.fromisoformat(data["finished_at"]),
                "failure": failure and Failure(**failure),
            }
        )


def answer(
    *,
    status: Status,
    task_id: str | None,
    echo: Mapping[str, object],
    app_id: str | None,
    output: Mapping[str, object] | None = None,
    time_required: Mapping[str, float] | None = None,
    failure: Failure | None = None,
) -> dict[str, object]:
    """Return an envelope, its keys in the order of the API's page."""
    return {
        "time_required": dict(time_required or {}),
        "error": failure and failure.error,
        "error_data": failure and failure.error_data,
        "input": dict(echo),
        "output": dict(output or {}),
        "app_id": app_id,
        "task_id": task_id,
        "status": status.value,
    }


def pending(task_id: str, ref_id: object) -> dict[str, object]:
    """Return the answer for a task that is queued, running, unknown or expired."""
    echo = {"task_id": task_id, "ref_id": ref_id}
    return answer(status=Status.PENDING, task_id=task_id, echo=echo, app_id=None)


def refused(failure: Failure, body: Mapping[str, object]) -> dict[str, object]:
    """Return the answer for a request that was not accepted."""
    app_id = body.get("app_id")
    return answer(
        status=Status.FAILED,
        task_id=None,
        echo={"parameters": dict(body)},
        app_id=app_id if isinstance(app_id, str) else None,
        failure=failure,
    )


def ended(outcome: Outcome, *, pictures_url: str) -> dict[str, object]:
    """Return the answer for a task that ended; its pictures are below `pictures_url`."""
    time_required = {"startup_time": 0.0, "runtime": round(outcome.runtime_s, 3)}
    is_done = outcome.status is Status.SUCCESS
    return answer(
        status=outcome.status,
        task_id=None,
        echo=outcome.input,
        app_id=outcome.app_id,
        output=_output(outcome, pictures_url) if is_done else None,
        time_required=time_required if is_done else None,
        failure=outcome.failure,
    )


def _output(outcome: Outcome, pictures_url: str) -> dict[str, object]:
    """Return the result; `preview` is the studio's own, hosted answers have no such key."""
    return {
        "result": _urls(outcome.files, pictures_url),
        "Has_NSFW_Content": [False] * outcome.batch,
        "low_res_urls": _urls(outcome.small_files, pictures_url),
        "preview": {
            "notice": NOTICE,
            "understood": list(outcome.understood),
            "ignored": list(outcome.ignored),
        },
    }


def _urls(names: Sequence[str], pictures_url: str) -> list[str]:
    return [f"{pictures_url}/{name}" for name in names]


def is_task_id(text: str) -> bool:
    """Whether `text` is written like an id that the studio gives; nothing else names a file."""
    return _TASK_ID.fullmatch(text) is not None


def picture_name(task_id: str, part: str, accepted_at: datetime) -> str:
    """
    Return a picture's name, shaped like those of the hosted API.

    It ends in `.webp` whatever the bytes are. A task that is carried out twice gives the same.
    """
    return f"{accepted_at:%Y%m%d%H%M%S}_{uuid5(NAMESPACE_URL, f'{task_id}/{part}')}.webp"


def is_picture_name(text: str) -> bool:
    """Whether `text` is written like a picture's name."""
    return _PICTURE_NAME.fullmatch(text) is not None
