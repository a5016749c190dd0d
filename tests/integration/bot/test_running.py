"""How chats are served in one process, whatever chat it is."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.lead import Presence
from bot import plans, running
from bot.served import Served
from bot.settings import Settings
from bot.wiring import Materials, Works
from core.catalogue import loader
from core.clock import SystemClock
from core.errors import SettingsError
from core.jobs.delivery import Deliverer
from core.jobs.job import Order, Origin
from core.jobs.lifecycle import State
from core.jobs.store.ledger import open_ledger
from core.media.item import Kind
from core.request import GenerationRequest
from tests.fakes.chat_bot import KEEP_WITHIN_S
from tests.fakes.deliverer import RecordingDeliverer
from tests.fakes.jobs import picture_bytes
from tests.fakes.provider_script import Fault
from tests.fakes.provider_server import API_KEY, ProviderServer


class Line:
    """A chat that notes what is asked of it, and may fail once it serves."""

    platform = "line"
    mounts = ()
    presence = Presence.CONNECTED

    def __init__(self, failure: SettingsError | None = None) -> None:
        self.noted: list[str] = []
        self._failure = failure

    def deliverer(self, materials: Materials) -> Deliverer:
        self.noted.append("deliverer")
        return RecordingDeliverer()

    async def serve(self, works: Works, stop: asyncio.Event) -> None:
        self.noted.append("serve")
        if self._failure is not None:
            raise self._failure
        stop.set()

    async def close(self) -> None:
        self.noted.append("close")


class Ordering(Line):
    """A chat that takes one order, and fails while that is being submitted."""

    def __init__(self, failure: SettingsError, provider: ProviderServer) -> None:
        super().__init__(failure)
        self._provider = provider

    def deliverer(self, materials: Materials) -> Deliverer:
        self.place = RecordingDeliverer()
        return self.place

    async def serve(self, works: Works, stop: asyncio.Event) -> None:
        picture = await works.materials.spool.put(
            picture_bytes(), kind=Kind.PNG, width_px=64, height_px=48
        )
        self.place.pictures = (picture,)
        order = Order(
            dedupe_key="act",
            origin=Origin(platform=self.platform, place="line:here", requester="line:me"),
            request=GenerationRequest(model_id="flux-dev", prompt="a woodcut", image_count=1),
            credits=1,
            preview=False,
        )
        job = (await works.queue.submit(order)).job
        await works.queue.acknowledged(job.job_id)
        await self._provider.arrived()
        await super().serve(works, stop)


async def served(folder: Path, *chats: Line, api_url: str = "http://127.0.0.1:9") -> None:
    settings = Settings.read(
        {
            "REDRAW_DATA_DIR": str(folder),
            "REDRAW_HTTP_PORT": "0",
            "REDRAW_PUBLIC_URL": "https://pictures.example",
            "QOLABA_API_KEY": API_KEY,
            "QOLABA_API_URL": api_url,
        }
    )
    plan = replace(plans.for_run(settings, Served.HOSTED), keep_within_s=KEEP_WITHIN_S)
    await running.serve(plan, loader.load(), SystemClock(), chats, asyncio.Event())


async def test_chat_is_closed_when_everything_has_been_said(tmp_path: Path) -> None:
    """First it makes what the worker delivers through, then it serves, and last it is closed."""
    chat = Line()

    await served(tmp_path, chat)

    assert chat.noted == ["deliverer", "serve", "close"]


async def test_refused_chat_ends_all_of_them(tmp_path: Path) -> None:
    """What one chat's token is refused with ends the command; every chat is closed."""
    refused, other = Line(SettingsError("LINE_TOKEN", "is refused")), Line()

    with pytest.raises(SettingsError, match="LINE_TOKEN"):
        await served(tmp_path, refused, other)

    assert refused.noted == other.noted == ["deliverer", "serve", "close"]


async def test_paid_call_under_way_is_answered_before_a_failed_chat_ends_all(
    tmp_path: Path,
) -> None:
    """A token that is taken back while jobs are under way costs nobody a picture."""
    async with ProviderServer() as provider:
        provider.fail_submits(Fault(ending="pass", delay_s=0.5))
        refused = Ordering(SettingsError("LINE_TOKEN", "is refused"), provider)

        with pytest.raises(SettingsError, match="LINE_TOKEN"):
            await served(tmp_path, refused, api_url=provider.api_url)

    async with open_ledger(plans.sqlite_in(tmp_path), SystemClock()) as ledger:
        (job,) = await ledger.list_all(9)
        assert (job.state, job.remote_task_id) == (State.RUNNING, provider.submits[0].task_id)


async def test_chats_are_closed_when_nothing_could_be_opened(tmp_path: Path) -> None:
    """A folder that is a file is found before any chat is asked, and nothing is left open."""
    (tmp_path / "file").write_text("")
    chat = Line()

    with pytest.raises(SettingsError, match="REDRAW_DATA_DIR"):
        await served(tmp_path / "file", chat)

    assert chat.noted == ["close"]
