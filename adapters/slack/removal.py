"""Conductor: takes back what was said of a job: pictures, notices, and what its card shows."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from dataclasses import replace
from typing import Protocol, cast

import structlog

from adapters.slack import refusals
from adapters.slack.blocks import Message
from adapters.slack.errand import latest, said
from adapters.slack.origin import SlackOrigin
from adapters.slack.refusals import Refusal
from adapters.slack.showing import Showing
from adapters.slack.wire import Wire
from core.errors import DeliveryRefused, DeliveryRetryable
from core.jobs.job import Delivery, DeliveryState, Job
from core.jobs.lifecycle import DeliveryKind

_POSTED = frozenset({DeliveryKind.RESULT, DeliveryKind.NOTICE})
_DONE = frozenset({DeliveryState.SENT, DeliveryState.REFUSED})
"""What was refused in the end may have said so."""
_GONE = frozenset({Refusal.MESSAGE_GONE, Refusal.CHANNEL_GONE})

log = structlog.get_logger()


class Remove(Protocol):
    """Takes back what was said of a job."""

    async def __call__(
        self, job: Job, deliveries: tuple[Delivery, ...], *, is_forgotten: bool = False
    ) -> None:
        """Delete its messages but for a card to ask again on; then that; raises DeliveryError."""
        ...


class Removal:
    """
    Deletes pictures, results and notices, and empties the card, which others may have answered.

    What is gone already, or may not be touched any more, is left as it is.
    """

    def __init__(self, *, wire: Wire, showing: Showing) -> None:
        self._wire = wire
        self._showing = showing

    async def remove(self, job: Job, told: SlackOrigin, deliveries: tuple[Delivery, ...]) -> None:
        """
        Take everything back, and leave Delete on the card: what we keep is yet to be forgotten.

        Raises DeliveryRetryable, after which it is to be done again.
        """
        rows = tuple(row for row in deliveries if row.state in _DONE)
        for row in rows:
            if row.kind in _POSTED:
                await self._delete(row)
        await self._empty(rows, self._showing.emptied(_emptied(job), told.user_id, asks=True))

    async def close(self, job: Job, told: SlackOrigin, deliveries: tuple[Delivery, ...]) -> None:
        """Take the last button off the card of a job that is forgotten, if that can be done now."""
        message = self._showing.emptied(_emptied(job), told.user_id, asks=False)
        try:
            await self._empty(deliveries, message)
        except DeliveryRetryable as exc:
            log.info("slack_card_kept_its_button", job_id=job.job_id, error=str(exc))

    async def _delete(self, row: Delivery) -> None:
        """Delete a message and all that was uploaded for it: that may be elsewhere, or come yet."""
        where = said(row)
        posted = () if where is None else where.posted.file_ids
        uploaded = cast("list[str]", row.data.get("files") or [])
        for file_id in dict.fromkeys((*posted, *uploaded)):
            await _leniently(self._wire.delete_file(file_id))
        if where is not None and where.posted.message_ts is not None:
            await _leniently(self._wire.delete(where.posted.channel_id, where.posted.message_ts))

    async def _empty(self, rows: Iterable[Delivery], message: Message) -> None:
        """Leave of the card that there was one; where it takes no edit, leave nothing."""
        card = latest(tuple(row for row in rows if row.state in _DONE), DeliveryKind.CARD)
        if card is None or card.posted.message_ts is None:
            return
        channel_id, message_ts = card.posted.channel_id, card.posted.message_ts
        try:
            await self._wire.edit(channel_id, message_ts, message)
        except DeliveryRefused as exc:
            if refusals.of(exc) not in _GONE:
                await _leniently(self._wire.delete(channel_id, message_ts))


def _emptied(job: Job) -> Job:
    """Return what is shown of a job that was deleted: no prompt and no picture."""
    request = replace(job.request, prompt="", negative_prompt=None)
    return replace(job, request=request, prepared=(), outputs=(), result_urls=())


async def _leniently(call: Awaitable[None]) -> None:
    """Let a call be refused."""
    try:
        await call
    except DeliveryRefused:
        return
