"""Conductor: shows one person what a picture was and what became of it, in their own messages."""

from __future__ import annotations

from functools import partial
from typing import Final

from adapters.desk import Desk
from adapters.presentation import LOCAL_PREVIEW
from adapters.slack import trail, words
from adapters.slack.files import Files
from adapters.slack.private import private_message
from adapters.slack.reply import Reply
from adapters.slack.wire import Attached, Wire
from core.jobs.job import Job
from core.media import sheet
from core.media.fit import Prepared

NAME: Final = "before-after.jpg"
ALT: Final = "The reference picture beside what was made of it"


class Comparing:
    """
    Draws before and after, in another process.

    No file can be shown in a channel to one person alone, so it goes to their messages with us.
    """

    def __init__(self, desk: Desk, files: Files, wire: Wire) -> None:
        self._desk = desk
        self._files = files
        self._wire = wire

    async def show(self, reply: Reply, job: Job) -> None:
        """
        Show the first reference beside what was made of it, to whoever asked alone.

        Raises:
            MediaError: a picture is gone, or cannot be had just now.
            DeliveryError: Slack does not take it.
        """
        await reply.acknowledge()
        made = trail.outputs(job, await self._desk.queue.deliveries(job.job_id))
        items = await self._files.fetch((*trail.references(job)[:1], *made))
        pictures = [await self._desk.spool.read(item) for item in items]
        drawn = await self._drawn(pictures, footer=LOCAL_PREVIEW if job.preview else None)
        await self._send(reply.interaction.user_id, job, drawn)
        await reply.say(words.SENT_ALONE)

    async def _send(self, user_id: str, job: Job, drawn: Prepared) -> None:
        said = private_message(f"Before and after of job {job.job_id}:")
        direct = await self._wire.post(user_id, said)
        file = Attached(name=NAME, data=drawn.data, alt=ALT)
        ticket = await self._wire.begin_upload(file)
        await self._wire.send(ticket, file)
        await self._wire.complete_upload(
            [ticket.file_id], channel_id=direct.channel_id, thread_ts=None, comment=ALT
        )

    async def _drawn(self, pictures: list[bytes], *, footer: str | None) -> Prepared:
        """Draw it by functions of core alone: a decoder's process has no business with Slack."""
        before, *after = pictures
        if len(after) == 1:
            split = partial(sheet.before_after, footer=footer)
            return await self._desk.decoder.run(split, before, after[0])
        labels = ["before", *(f"after {number}" for number in range(1, len(pictures)))]
        rows = partial(sheet.contact_sheet, labels=labels, footer=footer)
        return await self._desk.decoder.run(rows, pictures)
