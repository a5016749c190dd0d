"""
Conductor: posts one message, whatever became of earlier tries.

Slack recognises no repetition, and what a channel says may not be read: of what may have been
posted nobody can tell. A card is posted again then, and anything else is not.
"""

from __future__ import annotations

from adapters.slack import refusals
from adapters.slack.blocks import Message
from adapters.slack.errand import Errand
from adapters.slack.refusals import Refusal
from adapters.slack.wire import Posted, Wire
from core.errors import DeliveryRefused, DeliveryRetryable

CANNOT_TELL = "it may have been posted, and Slack cannot be asked whether it was"


async def post(wire: Wire, errand: Errand, message: Message) -> Posted:
    """
    Post the errand's message in its thread, or where that takes nothing, in its channel.

    Raises:
        DeliveryRetryable: perhaps it was posted.
        DeliveryRefused: not here; `refusals.of` says why.
    """
    thread_ts = errand.thread_ts
    try:
        return await wire.post(errand.home, message, mark=errand.mark, thread_ts=thread_ts)
    except DeliveryRefused as exc:
        if thread_ts is None or refusals.of(exc) is not Refusal.NO_THREAD:
            raise
    await errand.note(left_thread=True)
    return await wire.post(errand.home, message, mark=errand.mark)


async def post_once(wire: Wire, errand: Errand, message: Message) -> Posted:
    """Post the errand's message unless an earlier try may have; raises as `post` does."""
    if errand.facts.get("posting"):
        raise DeliveryRefused(CANNOT_TELL)
    await errand.note(posting=True)
    try:
        return await post(wire, errand, message)
    except DeliveryRetryable as exc:
        if refusals.is_undone(exc):
            await errand.note(posting=False)
        raise
