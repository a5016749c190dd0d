"""Decider: one delivery under way on Slack, with what earlier tries and deliveries recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from adapters.slack.origin import SlackOrigin
from adapters.slack.outgoing import Mark
from adapters.slack.posted import Posted
from core.jobs.delivery import Note
from core.jobs.job import Delivery, Job
from core.jobs.lifecycle import DeliveryKind


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """A message of ours, as its delivery recorded it."""

    seq: int
    """The round of deliveries it was posted in."""
    posted: Posted

    @property
    def root_ts(self) -> str | None:
        """The first message of the thread that a reply goes to; never a reply itself."""
        return self.posted.thread_ts or self.posted.message_ts


def said(delivery: Delivery) -> Said | None:
    """Return where a delivery is, or None when it recorded no place."""
    data = delivery.data
    if "channel" not in data:
        return None
    files = cast("list[Mapping[str, object]]", data.get("attachments") or [])
    posted = Posted(
        channel_id=str(data["channel"]),
        message_ts=_text(data.get("message")),
        thread_ts=_text(data.get("thread")),
        file_ids=tuple(str(each["id"]) for each in files),
    )
    return Said(seq=delivery.seq, posted=posted)


def latest(sent: tuple[Delivery, ...], kind: DeliveryKind) -> Said | None:
    """Return the last message of a kind."""
    messages = [where for row in sent if row.kind is kind and (where := said(row))]
    return max(messages, key=lambda where: where.seq, default=None)


def recorded(posted: Posted, **more: object) -> dict[str, object]:
    """Return what a delivery keeps of its message."""
    return {
        "channel": posted.channel_id,
        "message": posted.message_ts,
        "thread": posted.thread_ts,
        "attachments": [{"id": file_id} for file_id in posted.file_ids],
        **more,
    }


@dataclass(kw_only=True, slots=True)
class Errand:
    """What a delivery is about; `note` commits a fact and remembers it here."""

    job: Job = field(repr=False)
    delivery: Delivery
    told: SlackOrigin
    card: Said | None
    result: Said | None
    now: datetime
    """When this try began."""
    commit: Note = field(repr=False)
    facts: dict[str, object]
    """What is recorded of the delivery so far."""

    @property
    def mark(self) -> Mark:
        """What says which delivery the message belongs to."""
        return Mark(job_id=self.job.job_id, kind=self.delivery.kind, seq=self.delivery.seq)

    @property
    def home(self) -> str:
        """The channel that the card is in, or was to be in."""
        return self.card.posted.channel_id if self.card else self.told.channel_id

    @property
    def thread_ts(self) -> str | None:
        """The thread to post in: the card's, or the one it was asked in; None for the channel."""
        if self.facts.get("left_thread"):
            return None
        return self.card.root_ts if self.card else self.told.thread_ts

    async def note(self, **facts: object) -> None:
        """Commit facts to the delivery's row, so that a later try knows them."""
        await self.commit(facts)
        self.facts |= facts


def errand(
    job: Job,
    delivery: Delivery,
    told: SlackOrigin,
    sent: tuple[Delivery, ...],
    *,
    now: datetime,
    commit: Note,
) -> Errand:
    """Return the errand of one try."""
    return Errand(
        job=job,
        delivery=delivery,
        told=told,
        card=latest(sent, DeliveryKind.CARD),
        result=latest(sent, DeliveryKind.RESULT),
        now=now,
        commit=commit,
        facts=dict(delivery.data),
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)
