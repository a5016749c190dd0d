"""Conductor: Delete: takes out of the ledger and out of the spool what a user gave and got."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import cast

import structlog

from core.errors import MediaUnavailable, StoreUnavailable
from core.jobs.job import Delivery, Job
from core.jobs.store.ledger import Ledger
from core.media import item as items
from core.media.item import MediaItem
from core.media.spool import Spool

log = structlog.get_logger()

LEFT_MAX = 10_000
"""How many pictures wait to be removed at most; more of them are swept a day later."""
FETCHED = "redraw.fetched"
"""Under this a delivery keeps which pictures its job had fetched, and prepared, before it."""


def fetched_facts(pictures: Iterable[MediaItem]) -> dict[str, object]:
    """Return what a delivery keeps of the pictures that were put into the spool for its job."""
    return {FETCHED: [items.to_json(picture) for picture in pictures]}


def pictures_of(job: Job, rows: Iterable[Delivery]) -> tuple[MediaItem, ...]:
    """Return every picture of a job: as fetched, as prepared, as made; each once."""
    fetched = [
        items.from_json(each)
        for row in rows
        for each in cast("list[Mapping[str, object]]", row.data.get(FETCHED, []))
    ]
    return tuple(dict.fromkeys((*fetched, *job.prepared, *job.outputs)))


class Forgetting:
    """
    Empties jobs on request and removes the pictures that no other job has.

    A picture that cannot be removed just now, or that a job under way may come to have, is looked
    at again by `finish`; should the process end before that, it goes with the stray ones.
    """

    def __init__(self, ledger: Ledger, spool: Spool) -> None:
        self._ledger = ledger
        self._spool = spool
        self._left: dict[str, tuple[MediaItem, str]] = {}
        self._under_way: set[asyncio.Task[Job | None]] = set()

    @property
    def left(self) -> int:
        """How many pictures could not be removed just now."""
        return len(self._left)

    async def forget(self, job_id: str, at: datetime) -> Job | None:
        """
        Remove words and pictures of a job; return what is left of it.

        None when it has not ended, has something left to say, or is empty already. Goes on when
        the wait is cancelled: once the words are gone, nobody can ask for the pictures to go.

        Raises:
            UnknownJob: there is no such job.
            StoreUnavailable: nothing was removed.
        """
        task = asyncio.get_running_loop().create_task(self._forget(job_id, at))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return await asyncio.shield(task)

    async def _forget(self, job_id: str, at: datetime) -> Job | None:
        job, rows = await self._ledger.load(job_id), await self._ledger.deliveries(job_id)
        forgotten = await self._ledger.forget_job(job_id, at=at)
        if forgotten is not None:
            await self.remove(pictures_of(job, rows), of_job=job_id)
        return forgotten

    async def remove(self, pictures: Iterable[MediaItem], *, of_job: str) -> None:
        """Remove the pictures of a job that has ended, but for those that another job has."""
        for picture in pictures:
            await self._remove(picture, of_job)

    async def finish(self) -> None:
        """Try again to remove what could not be removed before, or was awaited."""
        left, self._left = self._left, {}
        for picture, job_id in left.values():
            await self._remove(picture, job_id)

    async def _remove(self, picture: MediaItem, job_id: str) -> None:
        try:
            if await self._ledger.is_awaited(picture, besides=job_id):
                self._leave(picture, job_id)
            elif not await self._ledger.is_referred_to(picture, besides=job_id):
                await self._spool.delete(picture)
        except (MediaUnavailable, StoreUnavailable) as exc:
            log.warning("picture_left_for_now", job_id=job_id, error=str(exc))
            self._leave(picture, job_id)

    def _leave(self, picture: MediaItem, job_id: str) -> None:
        if len(self._left) < LEFT_MAX:
            self._left[picture.name] = (picture, job_id)
