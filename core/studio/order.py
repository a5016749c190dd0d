"""
Decider: what a submit's body asks for.

As at the hosted API only the app id and the inference type are looked at before a task is
accepted; whether the rest makes sense is found out by the worker, and told to whoever polls.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from core.catalogue import sizes
from core.catalogue.catalogue import Catalogue
from core.catalogue.model import Model, Size, Sizing
from core.catalogue.parameters import (
    BATCH_MAX,
    GUIDANCE_SCALE_MAX,
    GUIDANCE_SCALE_MIN,
    INFERENCE_TYPES,
    PROMPT_MAX,
    STRENGTH_MAX,
)
from core.errors import AddressRefused
from core.media import addresses
from core.studio import envelope
from core.studio.envelope import Failure

FILE_URLS_MAX = 4
"""
Most pictures in `file_urls`.

Source: github.com/aumritThought/qolaba_modal_docs, the first schema of the model (2025-06-10).
"""
_SIDE_MAX = 20_480
"""Source: github.com/aumritThought/qolaba_modal_docs since 2025-04-17."""
_USUAL = Size(width_px=1024, height_px=1024)
"""Source: the same; the size when none is sent."""
_BESIDE_PARAMETERS = ("app_id", "celery", "ref_id", "inference_type", "upscale")


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """One accepted request, as it travels to a worker."""

    task_id: str
    app_id: str
    model_id: str
    body: Mapping[str, Any]
    """What was sent, unchecked."""
    accepted_at: datetime
    fault: str | None = None
    """The fault that this task commits, see `core.studio.faults`."""
    origins: tuple[str, ...] = ()
    """The origins that references could be fetched from when it was accepted."""
    trusts_loopback: bool = False
    """Whether references may come from any port of this machine."""

    def to_json(self) -> dict[str, Any]:
        """Return the order as JSON can hold it."""
        return {
            "task_id": self.task_id,
            "app_id": self.app_id,
            "model_id": self.model_id,
            "body": dict(self.body),
            "accepted_at": self.accepted_at.isoformat(),
            "fault": self.fault,
            "origins": list(self.origins),
            "trusts_loopback": self.trusts_loopback,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return the order that `to_json` wrote."""
        accepted_at = datetime.fromisoformat(data["accepted_at"])
        return cls(**{**data, "accepted_at": accepted_at, "origins": tuple(data["origins"])})

    @property
    def echo(self) -> dict[str, object]:
        """The `input` of answers about this task."""
        body = self.body
        return {
            "app_id": self.model_id,
            "parameters": {k: v for k, v in body.items() if k not in _BESIDE_PARAMETERS},
            "init_parameters": {},
            "ref_id": body.get("ref_id"),
            "celery": body.get("celery", False),
            "inference_type": body.get("inference_type", INFERENCE_TYPES[0]),
            "upscale": body.get("upscale", False),
            "check_copyright_content": body.get("check_copyright_content", True),
        }


def model_for(body: Mapping[str, Any], models: Catalogue) -> Model | Failure:
    """Return the model that a body asks for, or what is wrong with it at first sight."""
    app_id = body.get("app_id")
    gpu = body.get("inference_type")
    queued = body.get("celery", False)
    if not isinstance(app_id, str) or gpu not in (None, *INFERENCE_TYPES):
        return envelope.UNREADABLE_REQUEST
    if not isinstance(queued, bool):
        return envelope.UNREADABLE_REQUEST
    found = next((model for model in models.models if model.app_id == app_id), None)
    return found or envelope.unknown_app(app_id)


def _as_list(value: object) -> object:
    """Return a list for the text that the API's page says `file_urls` is."""
    if not isinstance(value, str):
        return value
    try:
        inside = json.loads(value)
    except ValueError:
        return [value]
    return inside if isinstance(inside, list) else [value]


class Parameters(BaseModel):
    """The parameters of a model that takes one picture; other keys are let through unread."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    prompt: str = Field(max_length=PROMPT_MAX)
    image: str = ""
    batch: int = Field(default=1, ge=1, le=BATCH_MAX)
    strength: float | None = Field(default=None, gt=0, le=STRENGTH_MAX)
    guidance_scale: float | None = Field(default=None, ge=GUIDANCE_SCALE_MIN, le=GUIDANCE_SCALE_MAX)
    width: int | None = Field(default=None, ge=1, le=_SIDE_MAX)
    height: int | None = Field(default=None, ge=1, le=_SIDE_MAX)
    negative_prompt: str | None = Field(default=None, max_length=PROMPT_MAX)

    @property
    def image_urls(self) -> tuple[str, ...]:
        """Where the reference images are."""
        return (self.image,) if self.image else ()


class SeveralPictures(Parameters):
    """The parameters of a model that reads `file_urls`, and `image` not at all."""

    file_urls: Annotated[
        list[str], BeforeValidator(_as_list), Field(min_length=1, max_length=FILE_URLS_MAX)
    ]

    @property
    def image_urls(self) -> tuple[str, ...]:
        """Where the reference images are."""
        return tuple(self.file_urls)


def parameters(order: Order, model: Model) -> Parameters | Failure:
    """Return what the task is to do, or what is wrong with it."""
    shape = SeveralPictures if model.sends_file_urls else Parameters
    try:
        read = shape.model_validate(dict(order.body))
    except ValidationError as exc:
        return Failure(error="Internal Error", error_data=str(exc))
    if not read.image_urls:
        return envelope.BAD_PICTURE
    return _bad_size(read, model) or read


def size_of(read: Parameters, model: Model) -> Size | None:
    """Return the size that the result is to have; None takes the reference image's."""
    if model.sizing is Sizing.INPUT:
        return None
    if read.width is None and read.height is None and model.sizing is Sizing.FREE:
        return None
    return Size(width_px=read.width or _USUAL.width_px, height_px=read.height or _USUAL.height_px)


def _bad_size(read: Parameters, model: Model) -> Failure | None:
    size = size_of(read, model)
    is_gpt = model.model_id == "gpt-image"
    is_missing = is_gpt and (read.width is None or read.height is None)
    if size is None or (_is_allowed(size, model) and not is_missing):
        return None
    return envelope.REFUSED_BY_GPT if is_gpt else envelope.BAD_SIZE


def _is_allowed(size: Size, model: Model) -> bool:
    if model.sizing is Sizing.LISTED:
        return size in model.sizes
    return sizes.is_within_bounds(size)


def rebased(order: Order, origins: Sequence[str]) -> Order:
    """
    Return the order with its references moved to the origins of this run.

    What was fetched from the first allowed origin of the run that accepted it is now fetched
    from the first of this one, and so on: a server of ours has another port after a restart.
    """
    moved = {
        str(addresses.origin_of(old)): new for old, new in zip(order.origins, origins, strict=False)
    }
    body = dict(order.body)
    if isinstance(body.get("image"), str):
        body["image"] = _moved(body["image"], moved)
    urls = _as_list(body.get("file_urls"))
    if isinstance(urls, list):
        body["file_urls"] = [_moved(url, moved) if isinstance(url, str) else url for url in urls]
    return replace(order, body=body, origins=tuple(origins))


def _moved(url: str, moved: Mapping[str, str]) -> str:
    try:
        new = moved.get(str(addresses.origin_of(url)))
    except AddressRefused:
        return url
    if new is None:
        return url
    target = urlsplit(new)
    return urlsplit(url)._replace(scheme=target.scheme, netloc=target.netloc).geturl()
