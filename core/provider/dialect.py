"""
Decider: what goes out to the image-to-image API and what its answers mean.

Source: docs.qolaba.ai/api-platform/image-to-image and docs.qolaba.ai/api-platform/task-status.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from core import retry_after
from core.catalogue.model import Model, Quirk, Size
from core.errors import (
    Misconfiguration,
    OutcomeUnknown,
    ProviderMisconfigured,
    ProviderUnavailable,
    Rejection,
    RequestRejected,
)
from core.provider import envelope, refusals
from core.provider.envelope import Envelope, Status
from core.request import GenerationRequest

SUBMIT_PATH = "/getImagetoImage"
"""Source: docs.qolaba.ai/api-platform/image-to-image."""
POLL_PATH = "/getImage"
"""Source: docs.qolaba.ai/api-platform/task-status."""

_STRENGTH_MIN = 0.01
"""Source: developer.ideogram.ai, remix: the image weight is 1 to 100 hundredths."""

_BY_CODE = {
    401: Misconfiguration.CREDENTIALS,
    402: Misconfiguration.CREDITS,
    403: Misconfiguration.CREDENTIALS,
    404: Misconfiguration.ADDRESS,
    301: Misconfiguration.ADDRESS,
    302: Misconfiguration.ADDRESS,
    307: Misconfiguration.ADDRESS,
    308: Misconfiguration.ADDRESS,
}
"""Codes that ask for the operator; a redirect is not followed with a paid call."""
_POLL_REFUSED = frozenset({401, 402, 403})
_THROTTLED = 429
_NOT_NOW = frozenset({408, _THROTTLED, 502, 503, 504})
_SAID_MAX = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One POST, whose body holds what the user wrote and signed links: neither is in the repr."""

    path: str
    body: Mapping[str, object] = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What came back for a call."""

    status_code: int
    headers: Mapping[str, str]
    """Header fields by lower-case name."""
    body: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Pending:
    """The task is queued, running, unknown or forgotten; the API tells none from the other."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Produced:
    """The task is done."""

    urls: tuple[str, ...]
    """Where the pictures are; fewer than the batch, or none, when some or all were filtered."""
    runtime_s: float | None = None
    """How long the task ran, in seconds, when the answer says so."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoteFailed:
    """The task came to nothing."""

    rejection: Rejection


Poll = Pending | Produced | RemoteFailed
"""What a poll can find."""


def encode_submit(
    request: GenerationRequest, model: Model, *, image_urls: Sequence[str], size: Size | None
) -> Call:
    """
    Return the call that asks for `request`; `size` is what `fitting_size` chose.

    Raises:
        ValueError: there is no picture. GPT Image would make one up from the prompt alone.
    """
    if not image_urls:
        raise ValueError("a submit needs at least one picture")
    body: dict[str, object] = {
        "app_id": model.app_id,
        "image": image_urls[0],
        "prompt": request.prompt,
        "batch": request.batch,
        "celery": True,
    }
    if model.sends_file_urls:
        body["file_urls"] = list(image_urls)
    if size is not None:
        body["width"], body["height"] = _sides(size, model)
    if request.strength is not None:
        body["strength"] = _strength(request.strength, model)
    for name in ("guidance_scale", "negative_prompt", "inference_type"):
        given = getattr(request, name)
        if given is not None:
            body[name] = given
    return Call(path=SUBMIT_PATH, body=body)


def _sides(size: Size, model: Model) -> tuple[int, int]:
    if Quirk.SWAPS_WIDTH_AND_HEIGHT in model.quirks:
        return size.height_px, size.width_px
    return size.width_px, size.height_px


def _strength(strength: float, model: Model) -> float:
    if Quirk.STRENGTH_MEANS_FIDELITY not in model.quirks:
        return strength
    return max(_STRENGTH_MIN, round(1.0 - strength, 4))


def decode_submit(answer: Answer) -> str:
    """
    Return the remote task id that a submit was answered with.

    An answer that says SUCCESS without a task id (the API would have ignored `celery`) has been
    carried out and charged, but cannot be followed: its outcome counts as unknown.

    Raises:
        ProviderUnavailable: turned away unread (429).
        RequestRejected: an envelope that says FAILED, or another 4xx.
        ProviderMisconfigured: 401, 402, 403, 404, a redirect, or a text that says as much.
        OutcomeUnknown: anything else; it may have been carried out.
    """
    said = envelope.read(answer.body)
    failed = said is not None and said.status is Status.FAILED
    if said is not None and said.task_id is not None and not failed:
        return said.task_id
    if answer.status_code == _THROTTLED:
        raise _not_now(answer)
    if failed or answer.status_code in _BY_CODE or _is_refusal(answer.status_code):
        raise _refused(answer, said)
    raise OutcomeUnknown(f"status code {answer.status_code} and no task id")


def _is_refusal(status_code: int) -> bool:
    """Whether the code alone says that nothing was done; 408 may come after the work."""
    return 400 <= status_code < 500 and status_code != 408  # noqa: PLR2004 - the class of codes


def _refused(answer: Answer, said: Envelope | None) -> RequestRejected | ProviderMisconfigured:
    """Return the error for a refused submit: the words of the answer count before its code."""
    error, detail = (said.error, said.error_detail) if said else ("", "")
    rejection = refusals.classify(error, detail)
    if rejection is Rejection.PROVIDER:
        cause = refusals.misconfiguration(error, detail) or _BY_CODE.get(answer.status_code)
        if cause is not None:
            return ProviderMisconfigured(cause, f"status code {answer.status_code}")
        if answer.status_code in {400, 422} and (said is None or said.status is Status.OTHER):
            rejection = Rejection.PARAMETERS
    return RequestRejected(rejection, f"{answer.status_code} {_for_log(error, detail)}")


def _for_log(error: str, detail: str) -> str:
    """Return the texts of a refusal on one line of bounded length that any log can take."""
    line = " ".join(f"{error} {detail}".split())[:_SAID_MAX]
    return "".join(char if char.isprintable() else "?" for char in line)


def encode_poll(remote_task_id: str) -> Call:
    """Return the call that asks how a remote task stands."""
    return Call(path=POLL_PATH, body={"id": remote_task_id})


def decode_poll(answer: Answer) -> Poll:
    """
    Return how a remote task stands; the envelope's status counts, not the code it came with.

    Raises:
        ProviderUnavailable: no answer about the task: 408, 429, 502 to 504, or no envelope.
        ProviderMisconfigured: 401, 402, 403, or a text that says as much.
    """
    if answer.status_code in _POLL_REFUSED:
        cause = _BY_CODE[answer.status_code]
        raise ProviderMisconfigured(cause, f"poll: status code {answer.status_code}")
    said = envelope.read(answer.body)
    if said is None or said.status is Status.OTHER or answer.status_code in _NOT_NOW:
        raise _not_now(answer)
    if said.status is Status.PENDING:
        return Pending()
    return _ended(answer, said)


def _ended(answer: Answer, said: Envelope) -> Produced | RemoteFailed:
    if said.status is Status.FAILED:
        if refusals.misconfiguration(said.error, said.error_detail) is Misconfiguration.CREDENTIALS:
            raise ProviderMisconfigured(Misconfiguration.CREDENTIALS, "poll: the key was refused")
        return RemoteFailed(rejection=refusals.classify(said.error, said.error_detail))
    if said.has_strange_output:
        raise ProviderUnavailable(f"poll: {answer.status_code}, SUCCESS with no readable address")
    return Produced(urls=said.urls, runtime_s=said.runtime_s)


def _not_now(answer: Answer) -> ProviderUnavailable:
    return ProviderUnavailable(
        f"status code {answer.status_code}",
        retry_after_s=retry_after_s(answer.headers),
        is_throttled=answer.status_code == _THROTTLED,
    )


def retry_after_s(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """
    Return how long the answer asks to wait, in seconds, or None when it does not say.

    `Retry-After` as a date counts from `now`; without `now`, from the answer's own `Date`.
    """
    since = now or retry_after.http_date(headers.get("date", ""))
    return retry_after.retry_after_s(headers.get("retry-after", ""), now=since)
