"""
Root: puts the parts together that a plan asks for; closed in the reverse order.

Store, pictures, web server, studio, then those who work with them. This module, `bot.storage` and
`bot.studio_process` are the only ones that name concrete doers.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import structlog
from pydantic import SecretStr

from bot import storage, web
from bot.link_key import link_key
from bot.plans import Hosted, Plan, Web, is_bucket
from bot.pulse import Pulse
from core.catalogue.catalogue import Catalogue
from core.clock import Clock
from core.errors import Gone, SettingsError
from core.jobs.delivery import Deliverer
from core.jobs.dispatch import Dispatcher, LocalDispatcher
from core.jobs.job import Job
from core.jobs.poller import Poller
from core.jobs.queue import JobQueue
from core.jobs.retention import Retention
from core.jobs.steps import ReferenceUrls, Steps
from core.jobs.store.ledger import Ledger
from core.jobs.worker import Worker
from core.media import links
from core.media.decoding import Decoder
from core.media.download import Downloader
from core.media.item import MediaItem
from core.media.spool import Spool
from core.provider.client import ProviderClient, open_http

LINK_SLACK_S = 600.0
"""How much longer than its job's deadline a link works, in seconds: providers fetch it late."""

_log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class Materials:
    """What a place to use Redraw from is built of."""

    catalogue: Catalogue
    clock: Clock
    spool: Spool
    decoder: Decoder


@dataclass(frozen=True, kw_only=True, slots=True)
class Works:
    """A process that is put together; `run` sets it to work."""

    plan: Plan
    materials: Materials
    queue: JobQueue
    ledger: Ledger
    poller: Poller
    worker: Worker
    retention: Retention
    deliverers: Mapping[str, Deliverer]
    pulse: Pulse
    web_origin: str | None
    """Where our web server is reachable from this machine; None when there is none."""

    async def run(self, stop: asyncio.Event) -> None:
        """Drive jobs until `stop` is set and what must not be cut short has ended."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.retention.run(stop))
            with self.pulse.beating():
                await self.worker.run(stop)


MakeDeliverers = Callable[[Materials], Mapping[str, Deliverer]]


@asynccontextmanager
async def open_works(
    plan: Plan,
    catalogue: Catalogue,
    clock: Clock,
    make_deliverers: MakeDeliverers,
    dispatch: Dispatcher | None = None,
) -> AsyncIterator[Works]:
    """
    Open everything; whoever holds the lock of the plan's folder already passes its `dispatch`.

    Raises:
        SettingsError: something cannot be opened; names the setting.
    """
    async with AsyncExitStack() as stack:
        if dispatch is None:
            storage.make_folder(plan.folder)
            dispatch = await stack.enter_async_context(LocalDispatcher(plan.lock))
        ledger = await stack.enter_async_context(storage.open_jobs(plan.database, clock))
        await _check_kinds(ledger, preview=plan.preview)
        materials = Materials(
            catalogue=catalogue,
            clock=clock,
            spool=storage.open_pictures(plan.media_url, plan.media_folder, clock),
            decoder=await stack.enter_async_context(Decoder(clock=clock)),
        )
        pulse = Pulse(ledger, clock)
        key = await asyncio.to_thread(link_key, plan.folder)
        site = web.Site(
            find_media=wanted_by(ledger),
            spool=materials.spool,
            key=key,
            clock=clock,
            readiness=pulse.readiness,
        )
        origin = await _open_web(stack, plan.web, site)
        provider = plan.provider or await _open_studio(stack, plan, catalogue, origin)
        deliverers = make_deliverers(materials)
        client, downloader = await _open_ways_out(stack, provider, clock)
        poller = Poller(
            client, clock, durations=partial(ledger.durations, preview=plan.preview), pace=plan.pace
        )
        steps = Steps(
            client=client,
            deliverers=deliverers,
            decoder=materials.decoder,
            spool=materials.spool,
            downloader=downloader,
            catalogue=catalogue,
            reference_urls=references(plan, materials.spool, key, origin),
            deliveries=ledger.deliveries,
        )
        yield Works(
            plan=plan,
            materials=materials,
            ledger=ledger,
            poller=poller,
            deliverers=deliverers,
            pulse=pulse,
            web_origin=origin,
            queue=JobQueue(ledger, dispatch, plan.limits, clock, deadline_s=plan.deadline_s),
            worker=Worker(
                ledger, steps, poller, dispatch, deliverers, clock, deadline_s=plan.deadline_s
            ),
            retention=Retention(ledger, materials.spool, clock, days=plan.retention_days),
        )


async def _check_kinds(ledger: Ledger, *, preview: bool) -> None:
    """Refuse to send to a paid API what was asked for as a preview, and the other way round."""
    for job_id in await ledger.unfinished():
        job = await ledger.load(job_id)
        if job.preview != preview:
            asked = "as local previews" if job.preview else "of the hosted API"
            reason = f"leads to unfinished jobs that were asked for {asked}: finish those first"
            raise SettingsError("REDRAW_DATABASE_URL", reason)


def wanted_by(ledger: Ledger) -> web.FindMedia:
    """Return how the web server asks the ledger for a picture that a job still wants."""

    async def find(job_id: str, name: str) -> MediaItem | None:
        if not await ledger.wants_media(job_id, name):
            return None
        job = await ledger.load(job_id)
        return next((item for item in job.prepared if item.name == name), None)

    return find


async def _open_web(stack: AsyncExitStack, plan: Web | None, site: web.Site) -> str | None:
    if plan is None:
        return None
    served = web.serve(web.application(site), host=plan.host, port=plan.port)
    return await stack.enter_async_context(served)


async def _open_studio(
    stack: AsyncExitStack, plan: Plan, catalogue: Catalogue, origin: str | None
) -> Hosted:
    """Start the studio inside this process; nobody else has its token."""
    from core.studio.server import open_studio
    from core.studio.settings import StudioSettings

    token = SecretStr(secrets.token_urlsafe(32))
    settings = StudioSettings(
        token=token,
        data_dir=plan.folder / "studio",
        models=catalogue,
        allowed_origins=(origin,) if origin else (),
    )
    studio = await stack.enter_async_context(open_studio(settings))
    return Hosted(api_url=studio.api_url, api_key=token)


async def _open_ways_out(
    stack: AsyncExitStack, provider: Hosted, clock: Clock
) -> tuple[ProviderClient, Downloader]:
    http = await stack.enter_async_context(open_http(connections=32))
    downloader = Downloader(trusted_origins=frozenset({provider.api_url}), clock=clock)
    return (
        ProviderClient(http, api_url=provider.api_url, api_key=provider.api_key),
        await stack.enter_async_context(downloader),
    )


def references(plan: Plan, spool: Spool, key: bytes, origin: str | None) -> ReferenceUrls | None:
    """
    Return how a job's prepared pictures get addresses that its provider can fetch.

    None when there is no host of our own: then the platform of the job has to have one.
    """
    base_url = plan.web.base_url or origin if plan.web and plan.web.makes_links else None
    if base_url is None and not is_bucket(plan.media_url):
        return None

    async def urls(job: Job) -> tuple[str, ...]:
        expires_at = job.deadline_at + timedelta(seconds=LINK_SLACK_S)

        async def url(item: MediaItem) -> str:
            public = await spool.public_url(item, expires_at=expires_at)
            if public is None and base_url is None:
                raise Gone("the place of the pictures makes no links")
            return public or links.link(
                str(base_url), key, job_id=job.job_id, name=item.name, expires_at=expires_at
            )

        return tuple([await url(item) for item in job.prepared])

    return urls
