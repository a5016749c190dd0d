"""Doer: the `Deliverer` for somebody at a terminal: it says little and writes picture files."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import assert_never

import structlog

from adapters.terminal import files, names, origin, sheets
from adapters.terminal.written import Written
from core.catalogue.catalogue import Catalogue
from core.errors import DeliveryRefused, Gone, MediaError
from core.jobs.delivery import Note
from core.jobs.job import Delivery, Job, Receipt
from core.jobs.lifecycle import DeliveryKind, State
from core.media.decoding import Decoder
from core.media.item import MediaItem
from core.media.spool import Spool

log = structlog.get_logger()


class TerminalDeliverer:
    """
    Fetches from the spool and writes below the folder that the job names.

    A file's name follows from the job alone and it appears whole or not at all, so that a delivery
    which is repeated after a crash finds its files there and writes nothing twice.
    """

    def __init__(self, *, spool: Spool, decoder: Decoder, catalogue: Catalogue) -> None:
        self._spool = spool
        self._decoder = decoder
        self._catalogue = catalogue
        self.changed = asyncio.Event()
        """Set whenever there may be something new to show; whoever waits for it clears it."""
        self._pauses: dict[str, str] = {}

    async def was_acknowledged(self, job: Job) -> bool:  # noqa: ARG002  # the port's signature
        """Return False: whoever typed the order is gone with the process that took it."""
        return False

    async def fetch(self, job: Job) -> tuple[MediaItem, ...]:
        """Return the user's pictures, which were put into the spool before the job was made."""
        pictures = origin.of(job.origin).pictures
        for picture in pictures:
            if not await self._spool.exists(picture):
                raise Gone
        return pictures

    async def deliver(
        self,
        job: Job,
        delivery: Delivery,
        sent: tuple[Delivery, ...],  # noqa: ARG002  # the port's signature
        note: Note,  # noqa: ARG002  # names tell whether a file was written before
    ) -> Receipt:
        """Write the result, or have the card or the sentence shown by whoever watches."""
        match delivery.kind:
            case DeliveryKind.RESULT:
                receipt = (await self.write(job)).to_receipt()
            case DeliveryKind.CARD | DeliveryKind.NOTICE | DeliveryKind.CARD_FINAL:
                receipt = Receipt(data={"state": job.state.value})
            case _:
                assert_never(delivery.kind)
        self.changed.set()
        return receipt

    async def progress(self, job: Job, sent: tuple[Delivery, ...]) -> None:  # noqa: ARG002  # the port's signature
        """Wake whoever watches, and keep why a queued job is not sent: its row does not say."""
        if job.state is State.QUEUED and job.detail:
            self._pauses[job.job_id] = job.detail
        else:
            self._pauses.pop(job.job_id, None)
        self.changed.set()

    def as_told(self, job: Job) -> Job:
        """Return the job with what its progress told beyond its row."""
        pause = self._pauses.get(job.job_id, "") if job.state is State.QUEUED else ""
        return replace(job, detail=pause) if pause else job

    async def reference_urls(
        self,
        job: Job,  # the port's signature
        sent: tuple[Delivery, ...],  # the port's signature
    ) -> None:
        """Return None: a terminal publishes nothing."""

    async def write(self, job: Job) -> Written:
        """
        Write the job's pictures, a sheet of several, the comparison; files there already stay.

        Raises:
            DeliveryRefused: the pictures are gone, or the folder does not take them.
        """
        out = origin.of(job.origin).out
        pictures = [await self._read(item) for item in job.outputs]
        paths = [
            out / names.output(job, number, item.kind)
            for number, item in enumerate(job.outputs, start=1)
        ]
        for path, data in zip(paths, pictures, strict=True):
            await files.write(path, data)
        return Written(
            outputs=tuple(map(str, paths)),
            sheet=await self._sheet(job, pictures, out / names.sheet(job)),
            before_after=await self._before_after(job, pictures, out / names.before_after(job)),
        )

    def _name(self, model_id: str) -> str:
        """Return the model's name; an old job's model may have left the catalogue."""
        try:
            return self._catalogue[model_id].name
        except KeyError:
            return model_id

    async def _read(self, item: MediaItem) -> bytes:
        try:
            return await self._spool.read(item)
        except MediaError as exc:
            raise DeliveryRefused("the pictures are no longer kept here") from exc

    async def _sheet(self, job: Job, pictures: Sequence[bytes], path: Path) -> str | None:
        if len(pictures) < 2:  # noqa: PLR2004  # a sheet shows several pictures
            return None
        name = self._name(job.request.model_id)
        try:
            data = await self._decoder.run(sheets.of_one_model, tuple(pictures), name, job.preview)
            return await self._written(path, data)
        except MediaError as exc:
            log.warning("sheet_left_out", job_id=job.job_id, error=str(exc))
            return None

    async def _before_after(self, job: Job, pictures: Sequence[bytes], path: Path) -> str | None:
        if not (job.prepared and pictures):
            return None
        try:
            before = await self._spool.read(job.prepared[0])
            data = await self._decoder.run(sheets.of_both, before, pictures[0], job.preview)
            return await self._written(path, data)
        except MediaError as exc:
            log.warning("before_after_left_out", job_id=job.job_id, error=str(exc))
            return None

    async def _written(self, path: Path, data: bytes) -> str:
        await files.write(path, data)
        return str(path)
