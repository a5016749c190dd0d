"""Jobs, models and pictures by the dozen, for tests of what is said about them."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from PIL import Image

from adapters.terminal import origin
from adapters.terminal.origin import Run
from core.catalogue.catalogue import Catalogue
from core.catalogue.model import Model, Parameter, Size, Sizing
from core.jobs.job import Delivery, DeliveryState, Job
from core.jobs.lifecycle import TERMINAL, DeliveryKind, Reason, State
from core.media.item import Kind, MediaItem
from core.request import GenerationRequest
from tests.fakes.clock import START

SHADE = Model(
    model_id="shade",
    app_id="ap-shade",
    name="Shade",
    good_for="Tests.",
    sizing=Sizing.INPUT,
    reads=frozenset({Parameter.STRENGTH}),
    credits_per_picture=9,
    credits_are_published=True,
    typical_s=8.0,
)
TINT = Model(
    model_id="tint",
    app_id="ap-tint",
    name="Tint",
    good_for="Tests.",
    sizing=Sizing.LISTED,
    sizes=(Size(width_px=1280, height_px=720), Size(width_px=720, height_px=1280)),
    reads=frozenset({Parameter.NEGATIVE_PROMPT}),
)
MODELS = Catalogue((SHADE, TINT))

REASONS: dict[State, tuple[Reason | None, ...]] = {
    State.READY: (None, Reason.PARTIAL),
    State.FAILED: (
        Reason.PICTURE,
        Reason.NO_PLACE,
        Reason.NOT_PREPARED,
        Reason.REJECTED,
        Reason.REMOTE_FAILED,
        Reason.FILTERED,
        Reason.OUTPUTS_LOST,
    ),
    State.CANCELLED: (Reason.UNACKED, Reason.WITHDRAWN, Reason.MAY_BE_BILLED),
    State.EXPIRED: (Reason.NOT_SUBMITTED, Reason.DEADLINE),
    State.UNCERTAIN: (Reason.OUTCOME_UNKNOWN,),
}
"""Which reasons each way to end has."""

ENDS = [(state, reason) for state, reasons in REASONS.items() for reason in reasons]


def picture_bytes(
    colour: str = "teal", size: tuple[int, int] = (64, 48), form: str = "PNG"
) -> bytes:
    """Return a real picture of one colour."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, form)
    return out.getvalue()


def item(name: str = "a", kind: Kind = Kind.JPEG) -> MediaItem:
    """Return what stands for a picture that nobody has."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    return MediaItem(sha256=digest, kind=kind, size_bytes=1, width_px=64, height_px=48)


def run(**changes: Any) -> Run:
    """Return a run of the terminal."""
    plain = Run(run_id="RUN", out=Path("/out"), pictures=(item("given", Kind.PNG),))
    return replace(plain, **changes)


def job(**changes: Any) -> Job:
    """Return a job of the terminal that has just been received; `request_…` changes its request."""
    request = GenerationRequest(model_id="shade", prompt="a woodcut", image_count=1)
    asked = {
        name.removeprefix("request_"): changes.pop(name)
        for name in list(changes)
        if name.startswith("request_")
    }
    plain = Job(
        job_id="01J00000000000000000000000",
        dedupe_key="key",
        origin=origin.to_origin(changes.pop("run", run())),
        request=replace(request, **asked),
        credits=9,
        preview=False,
        state=State.RECEIVED,
        created_at=START,
        updated_at=START,
        deadline_at=START + timedelta(seconds=900),
    )
    if changes.get("state") in TERMINAL:
        changes.setdefault("finished_at", START + timedelta(seconds=12))
    return replace(plain, **changes)


def delivery(kind: DeliveryKind, state: DeliveryState, /, **data: object) -> Delivery:
    """Return a delivery of a job."""
    return Delivery(job_id="J", kind=kind, seq=0, state=state, nonce="n", data=data)
