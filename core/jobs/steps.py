"""Conductor: the bounded pieces of work on a job; each records nothing and can be done again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

import structlog

from core.catalogue.catalogue import Catalogue
from core.catalogue.model import Model
from core.errors import (
    AppError,
    Gone,
    MediaError,
    MediaUnavailable,
    Rejection,
    RequestRejected,
)
from core.jobs.delivery import Deliverer
from core.jobs.foreign import within
from core.jobs.job import Delivery, DeliveryState, Facts, Job
from core.jobs.lifecycle import Event
from core.jobs.verdicts import Verdict
from core.media.decoding import Decoder
from core.media.download import Downloader
from core.media.fit import probe_picture
from core.media.item import MediaItem
from core.media.spool import Spool
from core.provider import dialect
from core.provider.dialect import Call, Poll, Produced
from core.request import fitting_size

log = structlog.get_logger()

T = TypeVar("T")

ReferenceUrls = Callable[[Job], Awaitable[tuple[str, ...]]]
"""Makes public addresses for a job's prepared pictures: signed links of ours, or a bucket's."""


class Provider(Protocol):
    """What is needed of the API's client."""

    async def submit(self, call: Call) -> str:
        """Send a paid call, once, and return the remote task id; raises ProviderError."""
        ...

    async def poll(self, remote_task_id: str) -> Poll:
        """Ask once how a remote task stands; raises ProviderError."""
        ...


OUTPUT_MAX_BYTES = 32 * 1024 * 1024
"""Largest result that is downloaded; the models' largest PNGs are below 8 MB."""
OUTPUTS_MAX = 16
"""How many results of one job are looked at; the API makes 8 at most."""
PREPARATIONS = 4
"""How many users' pictures are held in memory at once, over all jobs."""
FETCH_MAX_S = 120.0
"""How long a platform may take to bring the pictures or to name their addresses, in seconds."""
DOWNLOADS = 8
"""How many results are downloaded and held in memory at once, over all jobs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Collected:
    """What came of downloading one job's results, in the order of their addresses."""

    outputs: tuple[MediaItem, ...]
    gone: int = 0
    """How many will not come by trying the same address again."""
    unavailable: int = 0
    """How many may."""


class Steps:
    """Prepares, submits and collects; what it is handed does the actual work."""

    def __init__(
        self,
        *,
        client: Provider,
        deliverers: Mapping[str, Deliverer],
        decoder: Decoder,
        spool: Spool,
        downloader: Downloader,
        catalogue: Catalogue,
        reference_urls: ReferenceUrls | None,
        deliveries: Callable[[str], Awaitable[tuple[Delivery, ...]]],
        fetch_max_s: float = FETCH_MAX_S,
    ) -> None:
        """
        Take the doers; `reference_urls` is None where only the platforms can host pictures.

        `deliveries` is the ledger's: where a platform hosts them, its messages hold the addresses.
        """
        self._client = client
        self._deliverers = deliverers
        self._decoder = decoder
        self._spool = spool
        self._downloader = downloader
        self._catalogue = catalogue
        self._reference_urls = reference_urls
        self._deliveries = deliveries
        self._preparations = asyncio.Semaphore(PREPARATIONS)
        self._fetch_max_s = fetch_max_s
        self._downloads = asyncio.Semaphore(DOWNLOADS)

    async def fetch(self, job: Job) -> tuple[MediaItem, ...]:
        """
        Have the platform bring the job's pictures into the spool, unprepared.

        Raises:
            MediaError: a picture cannot be had; MediaUnavailable may be tried again.
        """
        return await self._in_time(self._deliverers[job.origin.platform].fetch(job))

    async def prepare(self, fetched: tuple[MediaItem, ...]) -> Facts:
        """
        Prepare what was fetched and put that into the spool.

        Raises:
            MediaError: a picture cannot be used, or is gone; MediaUnavailable may be tried again.
        """
        prepared: list[MediaItem] = []
        notices: dict[str, None] = {}
        for item in fetched:
            async with self._preparations:
                made = await self._decoder.prepare(await self._spool.read(item))
                kept = await self._spool.put(
                    made.data, kind=made.kind, width_px=made.width_px, height_px=made.height_px
                )
            notices.update(dict.fromkeys(made.notes))
            prepared.append(kept)
        if not prepared:
            raise Gone("there is no picture")
        return Facts(prepared=tuple(prepared), notices=tuple(notices))

    async def has_prepared(self, job: Job) -> bool:
        """Whether the job's pictures are prepared, and still kept; raises MediaUnavailable."""
        try:
            await self._check_kept(job)
        except Gone:
            return False
        return bool(job.prepared)

    async def compose(self, job: Job) -> Call:
        """
        Return the call to submit, with addresses made for it now; before the submit fence.

        Raises:
            RequestRejected: the catalogue does not have the model any more.
            MediaError: there is no address; MediaUnavailable may be tried again.
        """
        model = self._model(job)
        urls = await self._public_urls(job)
        first = job.prepared[0]
        size = fitting_size(job.request, model, width_px=first.width_px, height_px=first.height_px)
        return dialect.encode_submit(job.request, model, image_urls=urls, size=size)

    async def submit(self, job: Job, call: Call) -> Verdict:
        """
        Make the paid call, once; raises ProviderError.

        The task id is logged at once: a trace of it outside the store.
        """
        remote_task_id = await self._client.submit(call)
        log.info("submit_accepted", job_id=job.job_id, remote_task_id=remote_task_id)
        return Event.ACCEPTED, Facts(remote_task_id=remote_task_id)

    async def collect(self, job: Job, *, is_last: bool) -> Verdict:
        """
        Download the job's results into the spool.

        Addresses that are dead are asked for once more: the provider may name others.

        Raises:
            MediaUnavailable: some are still missing and may come; never when `is_last`.
        """
        found = await self._download(job, job.result_urls)
        if not found.outputs and not found.unavailable:
            found = await self._download(job, await self._fresh_urls(job))
        if found.unavailable and not is_last:
            raise MediaUnavailable(f"{found.unavailable} results could not be downloaded yet")
        facts = Facts(outputs=found.outputs)
        if not found.outputs:
            return Event.OUTPUTS_LOST, facts
        if len(found.outputs) < job.request.batch:
            return Event.COLLECTED_IN_PART, facts
        return Event.COLLECTED, facts

    def _model(self, job: Job) -> Model:
        try:
            return self._catalogue[job.request.model_id]
        except KeyError as exc:
            raise RequestRejected(Rejection.MODEL, "no longer in the catalogue") from exc

    async def _public_urls(self, job: Job) -> tuple[str, ...]:
        if self._reference_urls is not None:
            await self._check_kept(job)
            return await self._reference_urls(job)
        sent = tuple(
            row for row in await self._deliveries(job.job_id) if row.state is DeliveryState.SENT
        )
        urls = await self._in_time(self._deliverers[job.origin.platform].reference_urls(job, sent))
        if not urls:
            raise MediaUnavailable("the picture has no public address")
        await self._downloader.fetch(urls[0], limit_bytes=OUTPUT_MAX_BYTES)
        return urls

    async def _check_kept(self, job: Job) -> None:
        """Raise Gone rather than pay for a call whose picture nobody could fetch."""
        for item in job.prepared:
            if not await self._spool.exists(item):
                raise Gone("a prepared picture is no longer kept")

    async def _in_time(self, call: Awaitable[T]) -> T:
        """Await a platform; raises MediaUnavailable when it takes too long."""
        try:
            return await within(self._fetch_max_s, call)
        except TimeoutError as exc:
            raise MediaUnavailable("the platform took too long") from exc

    async def _fresh_urls(self, job: Job) -> tuple[str, ...]:
        try:
            answer = await self._client.poll(job.remote_task_id or "")
        except AppError as exc:
            log.info("results_not_found_anew", job_id=job.job_id, error=str(exc))
            return ()
        return answer.urls if isinstance(answer, Produced) else ()

    async def _download(self, job: Job, urls: tuple[str, ...]) -> Collected:
        async with asyncio.TaskGroup() as tasks:
            under_way = [
                tasks.create_task(self._download_one(job, url)) for url in urls[:OUTPUTS_MAX]
            ]
        results = [task.result() for task in under_way]
        unavailable = sum(isinstance(result, MediaUnavailable) for result in results)
        outputs = tuple(result for result in results if isinstance(result, MediaItem))
        return Collected(
            outputs=outputs, unavailable=unavailable, gone=len(results) - len(outputs) - unavailable
        )

    async def _download_one(self, job: Job, url: str) -> MediaItem | MediaError:
        try:
            async with self._downloads:
                data = await self._downloader.fetch(url, limit_bytes=OUTPUT_MAX_BYTES)
                kind, width_px, height_px = await self._decoder.run(probe_picture, data)
                return await self._spool.put(
                    data, kind=kind, width_px=width_px, height_px=height_px
                )
        except MediaError as exc:
            log.info("result_not_downloaded", job_id=job.job_id, error=str(exc))
            return exc
