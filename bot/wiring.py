"""
Root: puts the parts together that a plan asks for; closed in the reverse order.

Store, pictures, web server, studio, then those who work with them. This module, `bot.storage`,
`bot.sharing` and `bot.studio_process` are the only ones that name concrete doers.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

import structlog
from aiohttp.web import Application
from pydantic import SecretStr

from adapters.lead import Alone, Lead, Presence
from bot import sharing, storage, web
from bot.link_key import link_key
from bot.metered import MeteredDeliverer, MeteredProvider
from bot.metrics import Metrics
from bot.picture_links import references, wanted_by
from bot.plans import Hosted, Plan, Web
from bot.pulse import Pulse
from bot.web import Mount
from core.catalogue.catalogue import Catalogue
from core.clock import Clock
from core.errors import SettingsError
from core.jobs.delivery import Deliverer
from core.jobs.dispatch import Dispatcher
from core.jobs.drafts import Drafts
from core.jobs.oversight import Oversight
from core.jobs.poller import Poller
from core.jobs.queue import JobQueue
from core.jobs.retention import Retention
from core.jobs.steps import Steps
from core.jobs.store.ledger import Ledger
from core.jobs.worker import Worker
from core.media.decoding import Decoder
from core.media.download import Downloader
from core.media.spool import Spool
from core.provider.client import ProviderClient, open_http

PREVIEW_TYPICAL_S = 2.0
"""How long a preview takes until its own durations have been learned; see docs/performance.md."""

_log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class Materials:
    """What a place to use Redraw from is built of."""

    catalogue: Catalogue
    clock: Clock
    spool: Spool
    decoder: Decoder
    default_model: str
    preview: bool
    """Whether what comes out is a local preview."""
    hosts_pictures: bool
    """Whether our own links, or a bucket's, let the provider fetch pictures; else the chat must."""
    expected_s: Callable[[str], float | None]
    """By what age a job of a model (its id) is done, in seconds; None for one that is no model."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Works:
    """A process that is put together; `run` sets it to work."""

    plan: Plan
    materials: Materials
    queue: JobQueue
    drafts: Drafts
    ledger: Ledger
    dispatch: Dispatcher
    poller: Poller
    worker: Worker
    oversight: Oversight
    retention: Retention
    deliverers: Mapping[str, Deliverer]
    pulse: Pulse
    timed: Callable[[str, float], None]
    """Told of a platform after how many seconds it had taken an order's acknowledgement."""
    web_origin: str | None
    """Where our web server is reachable from this machine; None when there is none."""
    lead: Callable[[str], Lead]
    """Returns the right to listen to what only one process may listen to, by its name."""

    async def run(self, stop: asyncio.Event) -> None:
        """Drive jobs until `stop` is set and what must not be cut short has ended."""
        if not self.plan.role.drives:
            with self.pulse.beating():
                await stop.wait()
            return
        await self.oversight.begin()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.retention.run(stop))
            tasks.create_task(self.oversight.run(stop))
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
    *,
    mounts: Sequence[Mount] = (),
    present: Callable[[], Mapping[str, Presence]] = dict,
    lead: Callable[[str], Lead] = lambda _: Alone(),
) -> AsyncIterator[Works]:
    """
    Open everything; whoever holds the lock of the plan's folder already passes its `dispatch`.

    `mounts` are pages of chats, served beside our own; `present` tells how we stand to each.

    Raises:
        SettingsError: something cannot be opened; names the setting.
    """
    async with AsyncExitStack() as stack:
        if dispatch is None:
            opening = sharing.open_dispatch(plan.database, plan.lock, clock)
            dispatch = await stack.enter_async_context(opening)
        ledger = await stack.enter_async_context(
            storage.open_jobs(
                plan.database, clock, within_s=plan.keep_within_s, enqueue=dispatch.enqueue
            )
        )
        await _check_kinds(ledger, preview=plan.preview)
        spool = storage.open_pictures(plan.media_url, plan.media_folder, clock)
        await storage.check_pictures(spool)
        decoder = await stack.enter_async_context(Decoder(clock=clock))
        pulse = Pulse(ledger, clock, chats=present, drives=plan.role.drives, upkeep=dispatch.upkeep)
        metrics = Metrics()
        key = await asyncio.to_thread(link_key, plan.key_folder, _variable_of_key(plan))
        site = web.Site(
            find_media=wanted_by(ledger),
            spool=spool,
            key=key,
            clock=clock,
            readiness=pulse.readiness,
            numbers=partial(pulse.page, metrics),
        )
        origin = await _open_web(stack, plan.web, web.application(site, mounts))
        provider = plan.provider or await _open_studio(stack, plan, catalogue, origin)
        trusted = plan.file_hosts | {provider.api_url}
        hosted, downloader = await _open_ways_out(stack, provider, trusted, clock)
        client = MeteredProvider(hosted, metrics)
        poller = Poller(
            client, clock, durations=partial(ledger.durations, preview=plan.preview), pace=plan.pace
        )
        await poller.learn(model.model_id for model in catalogue.models)
        reference_urls = references(plan, spool, key, origin)
        materials = Materials(
            catalogue=catalogue,
            clock=clock,
            spool=spool,
            decoder=decoder,
            default_model=plan.default_model,
            preview=plan.preview,
            hosts_pictures=reference_urls is not None,
            expected_s=expectation(poller, catalogue, preview=plan.preview),
        )
        places = make_deliverers(materials)
        deliverers = {
            platform: MeteredDeliverer(place, metrics, clock, platform=platform)
            for platform, place in places.items()
        }
        steps = Steps(
            client=client,
            deliverers=deliverers,
            decoder=decoder,
            spool=spool,
            downloader=downloader,
            catalogue=catalogue,
            reference_urls=reference_urls,
            deliveries=ledger.deliveries,
        )
        queue = JobQueue(
            ledger, dispatch, plan.limits, clock, spool=spool, deadline_s=plan.deadline_s
        )
        worker = Worker(
            ledger,
            steps,
            poller,
            dispatch,
            deliverers,
            clock,
            on_alarm=metrics.alarmed,
            deadline_s=plan.deadline_s,
        )
        yield Works(
            plan=plan,
            materials=materials,
            ledger=ledger,
            dispatch=dispatch,
            drafts=Drafts(ledger.drafts, clock, within_s=plan.keep_within_s),
            poller=poller,
            deliverers=places,
            pulse=pulse,
            timed=metrics.acknowledged,
            web_origin=origin,
            lead=lead,
            queue=queue,
            worker=worker,
            oversight=Oversight(ledger.control, dispatch, clock, on_mode=worker.follow),
            retention=Retention(
                ledger, spool, clock, days=plan.retention_days, forgetting=queue.forgetting
            ),
        )


def expectation(
    poller: Poller, catalogue: Catalogue, *, preview: bool
) -> Callable[[str], float | None]:
    """Return what tells how long a model takes: as learned, or else as it is said to."""

    def expected_s(model_id: str) -> float | None:
        try:
            usual_s = catalogue[model_id].typical_s
        except KeyError:
            return None
        usual_s = PREVIEW_TYPICAL_S if preview else usual_s
        learned_s = poller.expected_s(model_id)
        return usual_s if learned_s is None else learned_s

    return expected_s


def _variable_of_key(plan: Plan) -> str:
    return "REDRAW_DATA_DIR" if plan.key_folder == plan.folder else "REDRAW_MEDIA_URL"


async def _check_kinds(ledger: Ledger, *, preview: bool) -> None:
    """Refuse to send to a paid API what was asked for as a preview, and the other way round."""
    for job_id in await ledger.unfinished():
        job = await ledger.load(job_id)
        if job.preview != preview:
            asked = "as local previews" if job.preview else "of the hosted API"
            reason = f"leads to unfinished jobs that were asked for {asked}: finish those first"
            raise SettingsError("REDRAW_DATABASE_URL", reason)


async def _open_web(stack: AsyncExitStack, plan: Web | None, app: Application) -> str | None:
    if plan is None:
        return None
    return await stack.enter_async_context(web.serve(app, host=plan.host, port=plan.port))


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
    stack: AsyncExitStack, provider: Hosted, trusted: frozenset[str], clock: Clock
) -> tuple[ProviderClient, Downloader]:
    http = await stack.enter_async_context(open_http(connections=32))
    downloader = Downloader(trusted_origins=trusted, clock=clock)
    return (
        ProviderClient(http, api_url=provider.api_url, api_key=provider.api_key),
        await stack.enter_async_context(downloader),
    )
