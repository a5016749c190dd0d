"""Conductor: shows one person what a picture was and what became of it."""

from __future__ import annotations

from functools import partial

from adapters.desk import Desk
from adapters.discord import trail
from adapters.discord.blocks import Picture
from adapters.discord.files import Files
from adapters.discord.private import picture_view
from adapters.discord.reply import Reply
from adapters.discord.wire import Attached, Outgoing
from adapters.presentation import LOCAL_PREVIEW
from core.jobs.job import Job
from core.media import sheet
from core.media.fit import Prepared

_NAME = "before-after.jpg"


class Comparing:
    """Draws before and after, in another process."""

    def __init__(self, desk: Desk, files: Files) -> None:
        self._desk = desk
        self._files = files

    async def show(self, reply: Reply, job: Job) -> None:
        """
        Show the first reference beside what was made of it, to whoever asked alone.

        Raises:
            MediaError: a picture is gone, or cannot be had just now.
        """
        await reply.think()
        deliveries = await self._desk.queue.deliveries(job.job_id)
        before = trail.references(job, deliveries)[:1]
        items = await self._files.fetch((*before, *trail.outputs(job, deliveries)))
        pictures = [await self._desk.spool.read(item) for item in items]
        drawn = await self._drawn(pictures, footer=LOCAL_PREVIEW if job.preview else None)
        shown = Picture(name=_NAME, alt="The reference picture beside what was made of it")
        file = Attached(name=_NAME, data=drawn.data)
        await reply.show(Outgoing(view=picture_view(shown, "### Before and after"), files=(file,)))

    async def _drawn(self, pictures: list[bytes], *, footer: str | None) -> Prepared:
        """Draw it by functions of core alone: a decoder's process has no business with Discord."""
        before, *after = pictures
        if len(after) == 1:
            split = partial(sheet.before_after, footer=footer)
            return await self._desk.decoder.run(split, before, after[0])
        labels = ["before", *(f"after {number}" for number in range(1, len(pictures)))]
        rows = partial(sheet.contact_sheet, labels=labels, footer=footer)
        return await self._desk.decoder.run(rows, pictures)
