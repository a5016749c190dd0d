"""Decider: what of a job can be found again on Slack: its messages, and the files in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import repeat

from adapters.slack.errand import Said, said
from adapters.slack.origin import PLATFORM, Kept, Source, Upload, of
from adapters.slack.posted import Posted
from core.jobs.job import Delivery, DeliveryState, Job
from core.jobs.lifecycle import DeliveryKind

_RESULTS = frozenset({DeliveryKind.RESULT, DeliveryKind.NOTICE})


def is_emptied(job: Job) -> bool:
    """Whether words, pictures and place of a job are not kept any more."""
    return not job.request.prompt or not job.origin.data


def is_of(job: Job, channel_id: str | None) -> bool:
    """Whether a job was asked for in this channel, where its messages are."""
    is_ours = job.origin.platform == PLATFORM and channel_id is not None
    return is_ours and of(job.origin).channel_id == channel_id


def references(job: Job) -> tuple[Source, ...]:
    """Return the pictures that the job was given: as prepared, else as they came."""
    came = of(job.origin).sources
    if not job.prepared:
        return came
    held = [each.file_id for each in came] if len(came) == len(job.prepared) else repeat(None)
    return tuple(
        Kept(item=item, file_id=file_id) for item, file_id in zip(job.prepared, held, strict=False)
    )


def outputs(job: Job, deliveries: Iterable[Delivery]) -> tuple[Source, ...]:
    """Return the pictures that the job made, each with its file in Slack if it has one."""
    files = _files(deliveries)
    return tuple(
        Kept(item=item, file_id=files.get(index)) for index, item in enumerate(job.outputs)
    )


def posted_of(job: Job, deliveries: Sequence[Delivery]) -> Posted | None:
    """Return the message of a job's result, else its card; None when there is neither."""
    if is_emptied(job):
        return None
    found = _newest(deliveries, DeliveryKind.RESULT) or _newest(deliveries, DeliveryKind.CARD)
    return None if found is None else found.posted


def was_refused(deliveries: Iterable[Delivery]) -> bool:
    """Whether a place refused what came of the job, the last time that it was to be shown."""
    shown = sorted((each for each in deliveries if each.kind in _RESULTS), key=lambda d: d.seq)
    return bool(shown) and shown[-1].state is DeliveryState.REFUSED


def names(sources: Iterable[Source]) -> tuple[str, ...]:
    """Return what the users called these pictures; nothing of those that we made."""
    return tuple(each.name if isinstance(each, Upload) else "" for each in sources)


def _newest(deliveries: Iterable[Delivery], kind: DeliveryKind) -> Said | None:
    sent = [each for each in deliveries if each.kind is kind and each.state is DeliveryState.SENT]
    places = [where for each in sent if (where := said(each)) and where.posted.message_ts]
    return max(places, key=lambda where: where.seq, default=None)


def _files(deliveries: Iterable[Delivery]) -> dict[int, str]:
    """Return the files of the newest result, by which of the job's pictures each is."""
    sent = [
        each
        for each in deliveries
        if each.kind is DeliveryKind.RESULT and each.state is DeliveryState.SENT
    ]
    newest = max(sent, key=lambda each: each.seq, default=None)
    where = None if newest is None else said(newest)
    if newest is None or where is None:
        return {}
    shown = newest.data.get("shown")
    numbers = shown if isinstance(shown, list) else range(len(where.posted.file_ids))
    return dict(zip(map(int, numbers), where.posted.file_ids, strict=False))
