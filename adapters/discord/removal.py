"""Conductor: takes back what was said of a job: pictures, notices, and what its card shows."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from dataclasses import replace
from typing import Protocol, TypeVar

import structlog

from adapters.discord import refusals
from adapters.discord.errand import Said, said
from adapters.discord.origin import DiscordOrigin
from adapters.discord.refusals import Refusal
from adapters.discord.render import Mark
from adapters.discord.showing import Showing
from adapters.discord.wire import Wire
from core.errors import DeliveryRefused, DeliveryRetryable
from core.jobs.job import Delivery, DeliveryState, Job
from core.jobs.lifecycle import DeliveryKind

T = TypeVar("T")

_KINDS = frozenset({DeliveryKind.CARD, DeliveryKind.RESULT, DeliveryKind.NOTICE})
"""What posts a message."""
_GONE = frozenset({Refusal.MESSAGE_GONE, Refusal.CHANNEL_GONE})

log = structlog.get_logger()


class Remove(Protocol):
    """Takes back what was said of a job."""

    async def __call__(
        self, job: Job, deliveries: tuple[Delivery, ...], *, is_forgotten: bool = False
    ) -> None:
        """Delete its messages but for one to ask again on; then that; raises DeliveryError."""
        ...


class Removal:
    """
    Deletes results and notices, and empties the card, which others may have answered.

    Until what we keep is forgotten something is left to ask again on: the card, or where that is
    gone or takes no edit, the newest of the other messages. A thread goes too if it is bare and
    the bot may delete it; else it loses the prompt from its name, last of all, since names may be
    changed but twice in ten minutes. What is gone already, or may not be touched any more, is left
    as it is.
    """

    def __init__(self, *, wire: Wire, showing: Showing) -> None:
        self._wire = wire
        self._showing = showing

    async def remove(self, job: Job, told: DiscordOrigin, deliveries: tuple[Delivery, ...]) -> None:
        """
        Take everything back, and leave Delete: what we keep is yet to be forgotten.

        Raises DeliveryRetryable, after which it is to be done again.
        """
        emptied, messages = _emptied(job), _messages(deliveries)
        left = await self._leave(emptied, told, messages)
        for row, where in reversed(messages):  # a card that takes no edit has Delete until then
            if row not in left:
                await _leniently(self._wire.delete(where.channel_id, where.message_id))
        for thread_id in _threads(deliveries):
            if not await _leniently(self._delete_bare(thread_id)):
                name = self._showing.thread_name(emptied)
                await _leniently(self._wire.rename_thread(thread_id, name))

    async def close(self, job: Job, told: DiscordOrigin, deliveries: tuple[Delivery, ...]) -> None:
        """Take the last button of a job away that is forgotten, if that can be done now."""
        try:
            await self._close(_emptied(job), told, deliveries)
        except DeliveryRetryable as exc:
            log.info("discord_message_kept_its_button", job_id=job.job_id, error=str(exc))

    async def _close(
        self, emptied: Job, told: DiscordOrigin, deliveries: tuple[Delivery, ...]
    ) -> None:
        messages = _messages(deliveries)
        for row, where in messages:
            if row.kind is DeliveryKind.CARD:
                why_not = await self._empty(emptied, told, row, where, asks=False)
                if why_not is None:
                    return
        for _, where in messages:
            await _leniently(self._wire.delete(where.channel_id, where.message_id))
        for thread_id in _threads(deliveries):
            await _leniently(self._delete_bare(thread_id))

    async def _leave(
        self, emptied: Job, told: DiscordOrigin, messages: list[tuple[Delivery, Said]]
    ) -> list[Delivery]:
        """Leave one message to ask again on; return it, and those before it that are gone."""
        left: list[Delivery] = []
        for row, where in messages:
            why_not = await self._empty(emptied, told, row, where, asks=True)
            if why_not is None or why_not in _GONE:
                left.append(row)
            if why_not is None:
                break
        return left

    async def _empty(
        self, emptied: Job, told: DiscordOrigin, row: Delivery, where: Said, *, asks: bool
    ) -> Refusal | None:
        """Leave of a message that there was one; return why it does not take that, or None."""
        mark = Mark(kind=row.kind, seq=row.seq)
        message = self._showing.emptied(emptied, mark, told.user_id, asks=asks)
        try:
            await self._wire.edit(where.channel_id, where.message_id, message, keep=())
        except DeliveryRefused as exc:
            return refusals.of(exc)
        return None

    async def _delete_bare(self, thread_id: int) -> bool:
        if not await self._wire.is_bare(thread_id):
            return False
        await self._wire.delete_thread(thread_id)
        return True


def _emptied(job: Job) -> Job:
    """Return what is shown of a job that was deleted: no prompt and no picture."""
    request = replace(job.request, prompt="", negative_prompt=None)
    return replace(job, request=request, prepared=(), outputs=(), result_urls=())


def _messages(deliveries: Iterable[Delivery]) -> list[tuple[Delivery, Said]]:
    """Return the messages that are there: the card first, then the others, newest first."""
    rows = [row for row in deliveries if row.state is DeliveryState.SENT and row.kind in _KINDS]
    rows.sort(key=lambda row: (row.kind is not DeliveryKind.CARD, -row.seq))
    return [(row, where) for row in rows if (where := said(row))]


def _threads(deliveries: Iterable[Delivery]) -> set[int]:
    """Return every thread that was started for a job, also where it took no result then."""
    noted = (row.data.get(name) for row in deliveries for name in ("thread", "left_thread"))
    return {int(thread) for thread in noted if isinstance(thread, str)}


async def _leniently(call: Awaitable[T]) -> T | None:
    """Return what a call returns, or None when it is refused."""
    try:
        return await call
    except DeliveryRefused:
        return None
