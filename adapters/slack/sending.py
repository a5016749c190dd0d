"""Conductor: uploads a job's pictures one by one, as files that nobody sees yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from adapters.slack import lines
from adapters.slack.errand import Errand
from adapters.slack.naming import TAKES_ALT
from adapters.slack.showing import Showing
from adapters.slack.uploads import FILE_MAX_BYTES, ONLY_JPEG, Uploads
from adapters.slack.wire import Attached, Wire
from core.errors import (
    DeliveryRefused,
    DeliveryRetryable,
    Gone,
    MediaError,
    MediaUnavailable,
)
from core.media.item import MediaItem


@dataclass(kw_only=True, slots=True)
class Sent:
    """What was uploaded in this try."""

    file_ids: list[str] = field(default_factory=list)
    shown: list[int] = field(default_factory=list)
    """Which of the job's pictures each file shows, from 0."""
    lost: list[int] = field(default_factory=list)
    """Which of them are no longer kept."""
    largest_bytes: int = 0


class Sending:
    """Commits each file's id before a byte of it is sent; what is committed is in the errand."""

    def __init__(self, *, wire: Wire, uploads: Uploads, showing: Showing) -> None:
        self._wire = wire
        self._uploads = uploads
        self._showing = showing

    async def send(self, errand: Errand, sent: Sent) -> None:
        """Upload picture by picture; nobody sees one before all are completed."""
        async with self._uploads.room:
            for index, item in enumerate(errand.job.outputs):
                await self._send(errand, index, item, sent)

    async def _send(self, errand: Errand, index: int, item: MediaItem, sent: Sent) -> None:
        file = await self._file(errand, index, item, sent)
        if file is None:
            return
        sent.largest_bytes = max(sent.largest_bytes, len(file.data))
        ticket = await self._wire.begin_upload(file)
        sent.file_ids.append(ticket.file_id)
        sent.shown.append(index)
        await errand.note(files=list(sent.file_ids), shown=list(sent.shown))
        try:
            await self._wire.send(ticket, file)
        except DeliveryRefused as exc:
            raise DeliveryRetryable("Slack did not take the bytes of a file") from exc

    async def _file(
        self, errand: Errand, index: int, item: MediaItem, sent: Sent
    ) -> Attached | None:
        """Return a picture as a file; None when it is no longer kept or cannot be made to fit."""
        limit_bytes = errand.facts.get("each_bytes")
        try:
            made = await self._uploads.fit(
                item,
                limit_bytes if isinstance(limit_bytes, int) else FILE_MAX_BYTES,
                kinds=ONLY_JPEG if errand.facts.get("as_jpeg") else TAKES_ALT,
            )
        except MediaUnavailable as exc:
            raise DeliveryRetryable(str(exc)) from exc
        except Gone:
            sent.lost.append(index)
            return None
        except MediaError:
            return None
        picture = self._showing.picture(errand.job, index, made.kind)
        return Attached(name=picture.name, data=made.data, alt=picture.alt)

    async def others(self, errand: Errand) -> tuple[tuple[str, ...], int]:
        """Return links to the pictures that are no files, and how many have not even that."""
        shown, lost = numbers(errand, "shown"), numbers(errand, "lost")
        if errand.facts.get("without_files"):
            shown = ()
        outputs = errand.job.outputs
        kept = [item for at, item in enumerate(outputs) if at not in {*shown, *lost}]
        try:
            links = lines.fitting(await self._uploads.links(kept))
        except MediaError as exc:
            raise DeliveryRetryable(str(exc)) from exc
        return links, len(outputs) - len(shown) - len(links)


def file_ids(errand: Errand) -> tuple[str, ...]:
    """Return the files that were uploaded for the errand."""
    return tuple(cast("list[str]", errand.facts.get("files") or []))


def numbers(errand: Errand, name: str) -> tuple[int, ...]:
    """Return which of the job's pictures are `shown` or `lost`, from 0."""
    return tuple(cast("list[int]", errand.facts.get(name) or []))
