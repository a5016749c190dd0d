"""
Redraw as a process of its own, in the fake chat of `tests.fakes.chat_server`.

    python -m tests.fakes.chat_bot --folder F --chat URL --provider URL

It is wired by `bot.running`, like any chat. Orders come in over HTTP: `POST /orders`
`{key, prompt, picture}` is answered 200 once the job is committed and acknowledged; a client that
gets no answer sends the same key again. The first line it prints is where it listens.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path

import aiohttp
from aiohttp import web
from pydantic import SecretStr

from adapters.lead import Presence
from bot import logs, plans, running
from bot.plans import Hosted, Plan, Web
from bot.wiring import Materials, Works
from core import request as requests
from core.catalogue import loader
from core.clock import SystemClock
from core.errors import DeliveryGone, DeliveryRetryable, Gone, MediaUnavailable
from core.jobs.delivery import Deliverer, Note
from core.jobs.job import Delivery, Job, Order, Origin, Receipt
from core.jobs.lifecycle import DeliveryKind
from core.jobs.schedule import Pace
from core.media import fit
from core.media.item import MediaItem
from tests.fakes.provider_server import API_KEY

PLATFORM = "plain"
PACE = Pace(interval_s=0.1, late_min_s=0.1, late_max_s=0.5)
KEEP_WITHIN_S = 20.0
"""A disk that stalls for a second decides no test, but those of this limit itself."""


class PlainDeliverer:
    """Says things in the fake chat, under their nonces."""

    def __init__(self, materials: Materials, chat_url: str) -> None:
        self._materials = materials
        self._chat_url = chat_url

    async def was_acknowledged(self, job: Job) -> bool:
        """Say no: who gets no answer to an order sends it again."""
        return False

    async def fetch(self, job: Job) -> tuple[MediaItem, ...]:
        data = await self._picture(str(job.origin.data["picture"]))
        kind, width_px, height_px = await self._materials.decoder.run(fit.probe_picture, data)
        item = await self._materials.spool.put(
            data, kind=kind, width_px=width_px, height_px=height_px
        )
        return (item,)

    async def deliver(
        self, job: Job, delivery: Delivery, sent: tuple[Delivery, ...], note: Note
    ) -> Receipt:
        text = f"{job.state} {job.reason or ''} {len(job.outputs)}"
        if delivery.kind is not DeliveryKind.CARD_FINAL:
            facts = {"nonce": delivery.nonce, "job_id": job.job_id, "seq": delivery.seq}
            body = {**facts, "kind": delivery.kind, "text": text}
            return Receipt(data=await self._call("POST", "/messages", body))
        card = next((d for d in sent if d.kind is DeliveryKind.CARD), None)
        if card is None:
            raise DeliveryGone("there is no card")
        await self._call("PATCH", f"/messages/{card.data['message_id']}", {"text": text})
        return Receipt()

    async def progress(self, job: Job, sent: tuple[Delivery, ...]) -> None:
        """The plain chat shows no progress."""

    async def reference_urls(self, job: Job, sent: tuple[Delivery, ...]) -> tuple[str, ...] | None:
        return None

    async def _picture(self, name: str) -> bytes:
        try:
            async with _session() as http, http.get(f"{self._chat_url}/pictures/{name}") as answer:
                if answer.status != 200:
                    raise Gone(name)
                return await answer.read()
        except (aiohttp.ClientError, TimeoutError) as exc:
            raise MediaUnavailable(str(exc)) from exc

    async def _call(self, method: str, path: str, body: object) -> dict[str, object]:
        url = self._chat_url + path
        try:
            async with _session() as http, http.request(method, url, json=body) as answer:
                if answer.status == 404:
                    raise DeliveryGone(path)
                answer.raise_for_status()
                data: dict[str, object] = await answer.json()
                return data
        except (aiohttp.ClientError, TimeoutError) as exc:
            raise DeliveryRetryable(str(exc)) from exc


def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60))


class PlainChat:
    """The chat as `bot.running` sees it."""

    platform = PLATFORM
    mounts = ()
    presence = Presence.CONNECTED

    def __init__(self, chat_url: str) -> None:
        self._chat_url = chat_url
        self._works: Works | None = None

    def deliverer(self, materials: Materials) -> Deliverer:
        return PlainDeliverer(materials, self._chat_url)

    async def serve(self, works: Works, stop: asyncio.Event) -> None:
        self._works = works
        app = web.Application()
        app.router.add_post("/orders", self._order)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        sys.stdout.write(f"http://{host}:{port}\n")
        sys.stdout.flush()
        await stop.wait()
        await runner.cleanup()

    async def close(self) -> None:
        """Close nothing: each call to the chat has a connection of its own."""

    async def _order(self, request: web.Request) -> web.Response:
        assert self._works is not None
        body = await request.json()
        wanted = requests.validate(
            {"prompt": body["prompt"]},
            self._works.materials.catalogue,
            image_count=1,
            default_model="flux-dev",
        )
        order = Order(
            dedupe_key=body["key"],
            origin=Origin(
                platform=PLATFORM,
                place="plain:room",
                requester=f"plain:{body['key']}",
                data={"picture": body["picture"]},
            ),
            request=wanted,
            credits=9,
            preview=False,
        )
        admission = await self._works.queue.submit(order)
        await self._works.queue.acknowledged(admission.job.job_id)
        return web.json_response({"job_id": admission.job.job_id})


def plan(folder: Path, provider_url: str) -> Plan:
    """Return what the process is made of: a folder of its own, and links over loopback."""
    return Plan(
        folder=folder,
        database=plans.sqlite_in(folder),
        media_url=None,
        media_folder=folder / "media",
        provider=Hosted(api_url=provider_url, api_key=SecretStr(API_KEY)),
        preview=False,
        web=Web(host="127.0.0.1", port=0),
        limits=plans.NO_LIMITS,
        default_model="flux-dev",
        deadline_s=120,
        retention_days=0,
        pace=PACE,
        keep_within_s=KEEP_WITHIN_S,
    )


async def _run(folder: Path, chat_url: str, provider_url: str) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await running.serve(
        plan(folder, provider_url), loader.load(), SystemClock(), [PlainChat(chat_url)], stop
    )


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--folder", type=Path, required=True)
    arguments.add_argument("--chat", required=True)
    arguments.add_argument("--provider", required=True)
    options = arguments.parse_args()
    logs.configure("json", [])
    asyncio.run(_run(options.folder, options.chat, options.provider))
