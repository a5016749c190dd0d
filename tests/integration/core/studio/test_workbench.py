"""What a worker does with one order, and what happens to the ones that cannot be queued."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from core.clock import SystemClock
from core.errors import SettingsError, Unreadable
from core.studio.broker import Broker, QueueUnreachable
from core.studio.envelope import Status
from core.studio.order import Order
from core.studio.painter import Painted, Painting
from core.studio.server import open_studio
from core.studio.settings import StudioSettings
from core.studio.workbench import Workbench
from tests.fakes import tiny_painter
from tests.fakes.studio_bench import FLUX_DEV, PictureHost

TASK_ID = "0b4ff0f4-6a1b-4b5c-9d43-6d6d7e1f2a3b"


def order_for(host: PictureHost, **more: Any) -> Order:
    usual: dict[str, Any] = {
        "task_id": TASK_ID,
        "app_id": FLUX_DEV,
        "model_id": "flux-dev",
        "body": {"prompt": "a woodcut", "image": host.url()},
        "accepted_at": datetime(2026, 11, 22, tzinfo=UTC),
    }
    return Order(**{**usual, **more})


def bench_for(settings: StudioSettings, paint: Any = tiny_painter.paint) -> Workbench:
    return Workbench(settings, paint=paint, clock=SystemClock(), stopping=threading.Event())


async def test_ended_task_is_left_alone(settings: StudioSettings, host: PictureHost) -> None:
    """A task that a broker hands out again after its end is not carried out again."""
    bench = bench_for(settings)
    for _ in range(2):
        await asyncio.to_thread(bench.carry_out, order_for(host))

    assert host.asked == ["/photo.jpg"]


async def test_model_that_the_worker_does_not_have(
    settings: StudioSettings, host: PictureHost
) -> None:
    """A model that the server knows and the worker does not is a service that is not found."""
    task = order_for(host, model_id="no-such-model")

    outcome = await asyncio.to_thread(bench_for(settings).perform, task)

    assert outcome.failure is not None
    assert outcome.failure.error == "Service Not Found"


async def test_picture_that_cannot_be_drawn(settings: StudioSettings, host: PictureHost) -> None:
    """A picture that the painter cannot read is the API's error for bad pictures."""

    def paint(_: Painting) -> Painted:
        raise Unreadable

    outcome = await asyncio.to_thread(bench_for(settings, paint).perform, order_for(host))

    assert (outcome.status, outcome.failure and outcome.failure.error) == (
        Status.FAILED,
        "Image URL Error",
    )


def test_broker_that_is_gone_takes_nothing(settings: StudioSettings, host: PictureHost) -> None:
    """A task that no broker takes is said not to be queued, within seconds."""
    gone = replace(settings, embedded=False, broker_url=SecretStr("redis://127.0.0.1:9/0"))
    broker = Broker(gone)

    with pytest.raises(QueueUnreachable):
        broker.send(order_for(host))
    broker.close()


@pytest.mark.parametrize(
    ("origin", "folder", "variable"),
    [
        ("ftp://127.0.0.1", "data", "REDRAW_PUBLIC_URL"),
        ("http://127.0.0.1:1", "file/data", "REDRAW_DATA_DIR"),
    ],
    ids=["origin", "folder"],
)
async def test_settings_that_cannot_work(
    settings: StudioSettings, tmp_path: Path, origin: str, folder: str, variable: str
) -> None:
    """An origin that is none, or a folder that cannot be made, names its setting."""
    (tmp_path / "file").touch()
    wrong = replace(settings, allowed_origins=(origin,), data_dir=tmp_path / folder)
    with pytest.raises(SettingsError) as caught:
        await open_studio(wrong, paint=tiny_painter.paint).__aenter__()

    assert caught.value.variable == variable
