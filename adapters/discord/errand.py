"""Conductor: one delivery under way on Discord, with what earlier tries and deliveries recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, cast

from adapters.discord import ids, places
from adapters.discord.allowance import Allowance, allowance, halved
from adapters.discord.origin import DiscordOrigin
from adapters.discord.outgoing import Attached
from adapters.discord.posted import Posted, PostedFile
from adapters.discord.render import Mark
from core.clock import Clock
from core.jobs.delivery import Note
from core.jobs.job import Delivery, Job
from core.jobs.lifecycle import DeliveryKind

NONCE_HOLDS_S: Final = 120.0
"""
For how long after the first try Discord is trusted to know a nonce, in seconds.

Source: discord.com/developers/docs/resources/message#create-message, `enforce_nonce`, which says
"in the past few minutes".
"""
CLOCKS_DIFFER: Final = timedelta(minutes=5)
"""How far our clock may be ahead of Discord's without a message of ours being missed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """A message of ours, as its delivery recorded it."""

    seq: int
    """The round of deliveries it was posted in."""
    channel_id: int
    message_id: int
    thread_id: int | None = None
    """The thread that was started for it, if any."""
    files: tuple[PostedFile, ...] = ()

    @property
    def file_ids(self) -> tuple[int, ...] | None:
        """What an edit has to list to keep the files; None when they are not known."""
        return tuple(file.id for file in self.files) or None


def said(delivery: Delivery) -> Said | None:
    """Return where a delivery is, or None when it recorded no message."""
    data = delivery.data
    if "message" not in data or "channel" not in data:
        return None
    thread = data.get("thread")
    files = cast("list[Mapping[str, object]]", data.get("attachments") or [])
    return Said(
        seq=delivery.seq,
        channel_id=int(str(data["channel"])),
        message_id=int(str(data["message"])),
        thread_id=None if thread is None else int(str(thread)),
        files=tuple(PostedFile(id=int(str(each["id"])), url=str(each["url"])) for each in files),
    )


def latest(sent: tuple[Delivery, ...], kind: DeliveryKind) -> Said | None:
    """Return the last message of a kind."""
    messages = [where for row in sent if row.kind is kind and (where := said(row))]
    return max(messages, key=lambda where: where.seq, default=None)


def recorded(posted: Posted, **more: object) -> dict[str, object]:
    """Return what a delivery keeps of its message."""
    return {
        "channel": str(posted.channel_id),
        "message": str(posted.message_id),
        "attachments": [{"id": str(file.id), "url": file.url} for file in posted.attachments],
        **more,
    }


@dataclass(kw_only=True, slots=True)
class Errand:
    """What a delivery is about; `note` commits a fact and remembers it here."""

    job: Job = field(repr=False)
    delivery: Delivery
    told: DiscordOrigin
    card: Said | None
    result: Said | None
    clock: Clock = field(repr=False)
    """What counts is when a call is made: a try may wait for long before it."""
    commit: Note = field(repr=False)
    facts: dict[str, object]
    """What is recorded of the delivery so far."""

    @property
    def now(self) -> datetime:
        """The present instant."""
        return self.clock.now()

    @property
    def is_repeated(self) -> bool:
        """Whether an earlier try may have arrived."""
        return self.delivery.attempt > 1

    @property
    def has_nonce(self) -> bool:
        """Whether Discord itself still keeps a second message from being posted."""
        now = self.now
        begun_at = self.delivery.first_attempt_at or now
        return (now - begun_at).total_seconds() <= NONCE_HOLDS_S

    @property
    def mark(self) -> Mark:
        """What the message is recognised by, for the renderer."""
        return Mark(kind=self.delivery.kind, seq=self.delivery.seq)

    @property
    def marker(self) -> str:
        """What the message is recognised by, in a channel's history."""
        return ids.marker(self.job.job_id, self.delivery.kind, self.delivery.seq)

    @property
    def begun_after(self) -> int:
        """
        An id that is older than anything this delivery can have posted.

        The answer to the interaction is as old as its acknowledgement, whenever it was filled.
        """
        if self.card is None:
            return self.told.interaction_id
        begun_at = self.delivery.first_attempt_at or self.now
        return max(self.card.message_id, places.snowflake(begun_at - CLOCKS_DIFFER))

    @property
    def allowed(self) -> Allowance:
        """How large files may be here, as far as is known by now."""
        each, together = self.facts.get("each_bytes"), self.facts.get("all_bytes")
        if isinstance(each, int) and isinstance(together, int):
            return Allowance(each_bytes=each, all_bytes=together)
        return allowance(self.told.upload_limit_bytes)

    @property
    def is_halved(self) -> bool:
        """Whether the place has refused files as too large before."""
        return "each_bytes" in self.facts

    @property
    def home(self) -> int:
        """The channel that the card is in, or was to be in."""
        return self.card.channel_id if self.card else self.told.channel_id

    async def halve(self, files: tuple[Attached, ...]) -> None:
        """Commit that these files were too large; the next are to be half as large."""
        less = halved(files)
        await self.note(each_bytes=less.each_bytes, all_bytes=less.all_bytes)

    async def note(self, **facts: object) -> None:
        """Commit facts to the delivery's row, so that a later try knows them."""
        await self.commit(facts)
        self.facts |= facts


def errand(
    job: Job,
    delivery: Delivery,
    told: DiscordOrigin,
    sent: tuple[Delivery, ...],
    *,
    clock: Clock,
    commit: Note,
) -> Errand:
    """Return the errand of one try."""
    return Errand(
        job=job,
        delivery=delivery,
        told=told,
        card=latest(sent, DeliveryKind.CARD),
        result=latest(sent, DeliveryKind.RESULT),
        clock=clock,
        commit=commit,
        facts=dict(delivery.data),
    )
