"""
What is known of the API's answers, row by row, and what each must be taken for.

Source: docs.qolaba.ai/api-platform/image-to-image and …/task-status for the envelope;
github.com/aumritThought/qolaba_modal_docs at 3fdea31 for the error texts and the flows. Codes of
the gateway are guesses but for 200 and 500, which the page documents.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from core.errors import (
    AppError,
    Misconfiguration,
    OutcomeUnknown,
    ProviderMisconfigured,
    ProviderUnavailable,
    Rejection,
    RequestRejected,
)
from core.provider.dialect import Answer, Pending, Poll, Produced, RemoteFailed
from tests.fakes.provider_script import NSFW

TASK_ID = "1b4e28ba-2fa1-11d2-883f-0016d3cca427"
URLS = ("https://cdn.example.org/a_1.webp", "https://cdn.example.org/a_2.webp")


@dataclass(frozen=True, kw_only=True)
class Refused:
    """An expected error, and the one fact it must carry."""

    error: type[AppError]
    fact: object = None

    @classmethod
    def of(cls, error: AppError) -> Refused:
        names = ("rejection", "cause", "retry_after_s")
        facts = [getattr(error, name) for name in names if hasattr(error, name)]
        return cls(error=type(error), fact=facts[0] if facts else None)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One answer and what it means; `expected` is a task id, what a poll found, or an error."""

    name: str
    expected: str | Poll | Refused
    code: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def answer(self) -> Answer:
        return Answer(status_code=self.code, headers=self.headers, body=self.body)


def _full(**facts: object) -> bytes:
    """Return an envelope as the inference code writes it."""
    blank: dict[str, object] = {
        "time_required": {},
        "error": None,
        "error_data": None,
        "input": {},
        "output": {},
    }
    return json.dumps({**blank, "task_id": None, "status": "PENDING", **facts}).encode()


def _page(**facts: object) -> bytes:
    """Return an envelope as the page prints it: the empty text for everything."""
    keys = ("time_required", "error", "error_data", "input", "output", "app_id", "task_id")
    return json.dumps({**dict.fromkeys((*keys, "status"), ""), **facts}).encode()


def _failed(error: str | None, data: object, **facts: object) -> bytes:
    return _full(status="FAILED", error=error, error_data=data, **facts)


def _rejected(rejection: Rejection) -> Refused:
    return Refused(error=RequestRejected, fact=rejection)


def _pause(cause: Misconfiguration) -> Refused:
    return Refused(error=ProviderMisconfigured, fact=cause)


def _later(retry_after_s: float | None = None) -> Refused:
    return Refused(error=ProviderUnavailable, fact=retry_after_s)


UNKNOWN = Refused(error=OutcomeUnknown)
JSON = {"content-type": "application/json"}
HTML = {"content-type": "text/html"}
PYDANTIC = "1 validation error for FluxKontext\nbatch\n  Input should be less than or equal to 8"

ERROR_TEXTS: tuple[tuple[str, str, object, Rejection], ...] = (
    ("flux_nsfw", "Image Generation Error", NSFW, Rejection.MODERATION),
    ("ideogram_moderation", "Image Generation Error", NSFW, Rejection.MODERATION),
    ("gpt_safety", "Internal Error", NSFW, Rejection.MODERATION),
    ("gpt_other", "Internal Error", "Image Generation Error", Rejection.PROVIDER),
    ("picture", "Image URL Error", "Given image type is not supported.", Rejection.PICTURE),
    ("ratio", "Internal Error", "Invalid Height and width dimension", Rejection.PARAMETERS),
    ("pydantic", "Internal Error", PYDANTIC, Rejection.PARAMETERS),
    ("no_service", "Service Not Found", "Given APP Id 'x' is not available", Rejection.MODEL),
    ("no_app", "Internal Error", "('ap-unknown',)", Rejection.MODEL),
    ("no_args", "Internal Error", "()", Rejection.PARAMETERS),
    ("time_limit", "Internal Error", "SoftTimeLimitExceeded()", Rejection.TIME_LIMIT),
    ("upstream", "Internal Error", "Downstream service error 422: whatever", Rejection.PROVIDER),
    ("object", "Internal Error", {"detail": [{"msg": "no"}]}, Rejection.PROVIDER),
    ("nothing", "", "", Rejection.PROVIDER),
    (
        "prompt_in_pydantic",
        "Internal Error",
        "2 validation errors for X\n  input_value='detection of NSFW, insufficient credits'",
        Rejection.PARAMETERS,
    ),
)
"""Every error text that is known: name, `error`, `error_data`, and what it must be taken for."""

SUBMITS: tuple[Row, ...] = (
    Row(name="accepted", body=_full(task_id=TASK_ID), expected=TASK_ID),
    Row(name="accepted_as_page", body=_page(task_id=TASK_ID, status="PENDING"), expected=TASK_ID),
    Row(name="accepted_no_status", body=_page(task_id=TASK_ID), expected=TASK_ID),
    Row(name="accepted_202", code=202, body=_full(task_id=TASK_ID), expected=TASK_ID),
    Row(name="accepted_500", code=500, body=_full(task_id=TASK_ID), expected=TASK_ID),
    Row(name="accepted_number", body=_full(task_id=17), expected="17"),
    Row(name="accepted_bare", body=json.dumps({"task_id": TASK_ID}).encode(), expected=TASK_ID),
    Row(
        name="success_with_id",
        body=_full(task_id=TASK_ID, status="SUCCESS", output={"result": list(URLS)}),
        expected=TASK_ID,
    ),
    Row(
        name="success_without_id",
        body=_full(status="SUCCESS", output={"result": list(URLS)}),
        expected=UNKNOWN,
    ),
    Row(name="no_task_id_null", body=_full(), expected=UNKNOWN),
    Row(name="no_task_id_blank", body=_page(status="PENDING"), expected=UNKNOWN),
    Row(name="no_task_id_object", body=_full(task_id={}), expected=UNKNOWN),
    Row(name="task_id_true", body=_full(task_id=True), expected=UNKNOWN),
    Row(name="task_id_too_long", body=_full(task_id="x" * 201), expected=UNKNOWN),
    Row(name="task_id_unprintable", body=_full(task_id="a\x00b"), expected=UNKNOWN),
    Row(name="array", body=b"[]", expected=UNKNOWN),
    Row(name="empty_200", expected=UNKNOWN),
    Row(name="malformed", body=b'{"task_id": "', headers=JSON, expected=UNKNOWN),
    Row(name="deep", body=b"[" * 100_000, headers=JSON, expected=UNKNOWN),
    Row(name="no_utf8", body=b'{"task_id": "\xff"}', headers=JSON, expected=UNKNOWN),
    Row(name="html_500", code=500, body=b"<h1>Oops</h1>", headers=HTML, expected=UNKNOWN),
    Row(name="json_500", code=500, body=b'{"message": "boom"}', headers=JSON, expected=UNKNOWN),
    Row(name="html_502", code=502, body=b"<h1>Bad</h1>", headers=HTML, expected=UNKNOWN),
    Row(name="html_503", code=503, headers={"retry-after": "3"}, expected=UNKNOWN),
    Row(name="html_504", code=504, headers=HTML, expected=UNKNOWN),
    Row(name="code_408", code=408, expected=UNKNOWN),
    Row(name="see_other_303", code=303, headers={"location": "/x"}, expected=UNKNOWN),
    Row(
        name="redirect_308",
        code=308,
        headers={"location": "/x"},
        expected=_pause(Misconfiguration.ADDRESS),
    ),
    Row(name="code_429", code=429, headers={"retry-after": "7"}, expected=_later(7.0)),
    Row(name="code_429_silent", code=429, expected=_later()),
    Row(name="code_429_failed", code=429, body=_failed("Too many", ""), expected=_later()),
    Row(
        name="code_401",
        code=401,
        body=b'{"detail": "Not authenticated"}',
        expected=_pause(Misconfiguration.CREDENTIALS),
    ),
    Row(name="code_402", code=402, expected=_pause(Misconfiguration.CREDITS)),
    Row(
        name="code_403",
        code=403,
        body=_failed("Forbidden", ""),
        expected=_pause(Misconfiguration.CREDENTIALS),
    ),
    Row(name="code_404", code=404, body=b"Cannot POST", expected=_pause(Misconfiguration.ADDRESS)),
    Row(
        name="no_service_404",
        code=404,
        body=_failed("Service Not Found", ""),
        expected=_rejected(Rejection.MODEL),
    ),
    Row(
        name="moderation_403",
        code=403,
        body=_failed("Image Generation Error", NSFW),
        expected=_rejected(Rejection.MODERATION),
    ),
    Row(
        name="credits_400",
        code=400,
        body=b'{"message": "Insufficient credits"}',
        expected=_pause(Misconfiguration.CREDITS),
    ),
    Row(
        name="credits_500",
        code=500,
        body=_failed("Not enough credits", ""),
        expected=_pause(Misconfiguration.CREDITS),
    ),
    Row(
        name="key_500",
        code=500,
        body=_failed("Internal Error", "('Invalid API Key',)"),
        expected=_pause(Misconfiguration.CREDENTIALS),
    ),
    Row(
        name="code_400",
        code=400,
        body=b'{"message": "Bad"}',
        expected=_rejected(Rejection.PARAMETERS),
    ),
    Row(
        name="code_422",
        code=422,
        body=b'{"detail": [{"loc": ["body"]}]}',
        expected=_rejected(Rejection.PARAMETERS),
    ),
    Row(name="code_413", code=413, body=b"too big", expected=_rejected(Rejection.PROVIDER)),
    Row(
        name="failed_with_id",
        body=_failed("Internal Error", "()", task_id=TASK_ID),
        expected=_rejected(Rejection.PARAMETERS),
    ),
    *(
        Row(
            name=f"failed_{code}_{name}",
            code=code,
            body=_failed(error, data),
            expected=_rejected(rejection),
        )
        for name, error, data, rejection in ERROR_TEXTS
        for code in (200, 500)
    ),
)
"""Answers to a submit."""

POLLS: tuple[Row, ...] = (
    Row(name="pending", body=_full(task_id=TASK_ID), expected=Pending()),
    Row(name="pending_as_page", body=_page(status="PENDING"), expected=Pending()),
    Row(name="pending_500", code=500, body=_full(), expected=Pending()),
    Row(name="pending_lower", body=_full(status="pending"), expected=Pending()),
    Row(name="started", body=_full(status="STARTED"), expected=Pending()),
    Row(
        name="success",
        body=_full(
            status="SUCCESS",
            output={"result": list(URLS), "Has_NSFW_Content": [False, False]},
            time_required={"startup_time": 0.1, "runtime": 4.5},
        ),
        expected=Produced(urls=URLS, runtime_s=4.5),
    ),
    Row(
        name="success_500",
        code=500,
        body=_full(status="SUCCESS", output=list(URLS)),
        expected=Produced(urls=URLS),
    ),
    Row(
        name="success_list",
        body=_page(status="SUCCESS", output=list(URLS)),
        expected=Produced(urls=URLS),
    ),
    Row(
        name="success_text",
        body=_page(status="SUCCESS", output=URLS[0]),
        expected=Produced(urls=URLS[:1]),
    ),
    Row(
        name="shorter_than_batch",
        body=_full(status="SUCCESS", output={"result": [URLS[0]], "Has_NSFW_Content": [False] * 4}),
        expected=Produced(urls=URLS[:1]),
    ),
    Row(
        name="filtered",
        body=_full(status="SUCCESS", output={"result": []}),
        expected=Produced(urls=()),
    ),
    Row(name="filtered_empty", body=_full(status="SUCCESS"), expected=Produced(urls=())),
    Row(name="filtered_blank", body=_page(status="SUCCESS"), expected=Produced(urls=())),
    Row(
        name="filtered_null", body=_full(status="SUCCESS", output=None), expected=Produced(urls=())
    ),
    Row(name="filtered_missing", body=b'{"status": "SUCCESS"}', expected=Produced(urls=())),
    Row(
        name="no_readable_address",
        body=_full(status="SUCCESS", output={"result": ["javascript:x", 3]}),
        expected=_later(),
    ),
    Row(
        name="some_readable",
        body=_full(status="SUCCESS", output={"result": [None, URLS[1], "x"]}),
        expected=Produced(urls=URLS[1:]),
    ),
    Row(
        name="more_than_a_batch",
        body=_full(status="SUCCESS", output={"result": [URLS[0]] * 50}),
        expected=Produced(urls=(URLS[0],) * 8),
    ),
    Row(
        name="strange_runtime",
        body=_full(status="SUCCESS", output=list(URLS), time_required={"runtime": float("nan")}),
        expected=Produced(urls=URLS),
    ),
    Row(
        name="huge_runtime",
        body=_full(status="SUCCESS", output=list(URLS), time_required={"runtime": 10**400}),
        expected=Produced(urls=URLS),
    ),
    Row(
        name="true_runtime",
        body=_full(status="SUCCESS", output=list(URLS), time_required={"runtime": True}),
        expected=Produced(urls=URLS),
    ),
    Row(
        name="failure_as_celery",
        body=_full(status="FAILURE"),
        expected=RemoteFailed(rejection=Rejection.PROVIDER),
    ),
    Row(
        name="failed_400",
        code=400,
        body=_failed("Image URL Error", ""),
        expected=RemoteFailed(rejection=Rejection.PICTURE),
    ),
    *(
        Row(
            name=f"failed_{code}_{name}",
            code=code,
            body=_failed(error, data),
            expected=RemoteFailed(rejection=rejection),
        )
        for name, error, data, rejection in ERROR_TEXTS
        for code in (200, 500)
    ),
    Row(
        name="failed_page",
        code=500,
        body=_page(status="FAILED"),
        expected=RemoteFailed(rejection=Rejection.PROVIDER),
    ),
    Row(
        name="key_500",
        code=500,
        body=_failed("Internal Error", "('Invalid API Key',)"),
        expected=_pause(Misconfiguration.CREDENTIALS),
    ),
    Row(name="no_status", body=_page(task_id=TASK_ID), expected=_later()),
    Row(name="strange_status", body=_full(status="DANCING"), expected=_later()),
    Row(name="status_number", body=_full(status=3), expected=_later()),
    Row(name="array", body=b"[1]", expected=_later()),
    Row(name="empty", expected=_later()),
    Row(name="malformed", body=b'{"status"', headers=JSON, expected=_later()),
    Row(name="html_500", code=500, body=b"<h1>Oops</h1>", headers=HTML, expected=_later()),
    Row(name="html_502", code=502, body=b"<h1>Bad</h1>", headers=HTML, expected=_later()),
    Row(name="code_503", code=503, headers={"retry-after": "3"}, expected=_later(3.0)),
    Row(name="code_504", code=504, body=_failed("gateway", ""), expected=_later()),
    Row(name="code_408", code=408, expected=_later()),
    Row(
        name="code_429",
        code=429,
        headers={"retry-after": "11"},
        body=_failed("", ""),
        expected=_later(11.0),
    ),
    Row(name="code_404", code=404, body=b"Cannot POST", expected=_later()),
    Row(name="redirect", code=302, headers={"location": "/x"}, expected=_later()),
    Row(name="code_401", code=401, expected=_pause(Misconfiguration.CREDENTIALS)),
    Row(name="code_402", code=402, expected=_pause(Misconfiguration.CREDITS)),
    Row(
        name="code_403",
        code=403,
        body=_failed("", ""),
        expected=_pause(Misconfiguration.CREDENTIALS),
    ),
)
"""Answers to a poll."""
