"""Decider: what of a job can be found again on Discord: its messages, and pictures in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from adapters.discord import places
from adapters.discord.origin import PLATFORM, Kept, Source, of
from core.jobs.job import Delivery, DeliveryState, Job
from core.jobs.lifecycle import DeliveryKind
from core.media.item import MediaItem

_RESULTS = frozenset({DeliveryKind.RESULT, DeliveryKind.NOTICE})


@dataclass(frozen=True, kw_only=True, slots=True)
class Spot:
    """Where a message is."""

    channel_id: int
    message_id: int
    shown: tuple[int, ...] | None = None
    """Which pictures its files are, from 0; None: all of them, in order."""


def is_emptied(job: Job) -> bool:
    """Whether words, pictures and place of a job are not kept any more."""
    return not job.request.prompt or not job.origin.data


def is_of(job: Job, guild_id: int | None) -> bool:
    """Whether a job was asked for in this server, where its messages are; in no server: never."""
    is_ours = job.origin.platform == PLATFORM and guild_id is not None
    return is_ours and of(job.origin).guild_id == guild_id


def references(job: Job, deliveries: Iterable[Delivery]) -> tuple[Source, ...]:
    """Return the pictures that the job was given: as prepared, else as they came."""
    if not job.prepared:
        return of(job.origin).sources
    return _kept(job.prepared, spot_of(deliveries, DeliveryKind.CARD))


def outputs(job: Job, deliveries: Iterable[Delivery]) -> tuple[Source, ...]:
    """Return the pictures that the job made."""
    return _kept(job.outputs, spot_of(deliveries, DeliveryKind.RESULT))


def spot_of(deliveries: Iterable[Delivery], kind: DeliveryKind) -> Spot | None:
    """Return where the newest message of this kind is; None when there is none."""
    sent = [each for each in deliveries if each.kind is kind and _is_there(each)]
    if not sent:
        return None
    data: Mapping[str, Any] = max(sent, key=lambda each: each.seq).data
    shown = data.get("shown")
    return Spot(
        channel_id=int(data["channel"]),
        message_id=int(data["message"]),
        shown=None if shown is None else tuple(map(int, shown)),
    )


def link_of(job: Job, deliveries: tuple[Delivery, ...]) -> str | None:
    """Return the address of a job's result, else of its card; None when there is neither."""
    result = spot_of(deliveries, DeliveryKind.RESULT)
    spot = result or spot_of(deliveries, DeliveryKind.CARD)
    if spot is None or is_emptied(job):
        return None
    return places.message_link(of(job.origin).guild_id, spot.channel_id, spot.message_id)


def was_refused(deliveries: Iterable[Delivery]) -> bool:
    """Whether a place refused what came of the job, the last time that it was to be shown."""
    shown = sorted((each for each in deliveries if each.kind in _RESULTS), key=lambda d: d.seq)
    return bool(shown) and shown[-1].state is DeliveryState.REFUSED


def _is_there(delivery: Delivery) -> bool:
    return delivery.state is DeliveryState.SENT and "message" in delivery.data


def _kept(items: tuple[MediaItem, ...], spot: Spot | None) -> tuple[Source, ...]:
    """Return pictures with the place of each in the message, unless it was left out there."""
    return tuple(_kept_one(item, index, spot) for index, item in enumerate(items))


def _kept_one(item: MediaItem, index: int, spot: Spot | None) -> Kept:
    if spot is None or (spot.shown is not None and index not in spot.shown):
        return Kept(item=item)
    position = index if spot.shown is None else spot.shown.index(index)
    return Kept(
        item=item, channel_id=spot.channel_id, message_id=spot.message_id, position=position
    )
