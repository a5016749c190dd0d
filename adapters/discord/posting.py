"""
Conductor: posts one message once, whatever became of earlier tries.

Inside the window of the nonce Discord recognises a repetition itself; later the channel's history
is read first, and where that cannot be read nothing is posted a second time.
"""

from __future__ import annotations

from adapters.discord import refusals
from adapters.discord.errand import Errand
from adapters.discord.refusals import Refusal
from adapters.discord.wire import Outgoing, Posted, Wire
from core.errors import DeliveryRefused

CANNOT_TELL = "it may have been posted, and the channel's history cannot be read to make sure"

_NO_REPLY = frozenset({Refusal.MESSAGE_GONE, Refusal.NO_HISTORY})
"""What says that only the reference to another message is not taken."""

_SHUT = frozenset({Refusal.CHANNEL_GONE, Refusal.NO_ACCESS})
"""What says of a search that a post would not be taken either."""

UNANSWERABLE = frozenset({Refusal.TOKEN_DEAD, Refusal.NO_ANSWER, Refusal.MESSAGE_GONE})
"""What says that nothing can be said under the interaction's token any more."""


async def fill(wire: Wire, errand: Errand, message: Outgoing) -> Posted | None:
    """
    Fill the answer to the interaction, or return None when that cannot be done any more.

    It is an edit and may be repeated. Raises as `post_once` does.
    """
    told = errand.told
    if "by" in errand.facts or not told.token_is_alive(errand.now):
        return None
    try:
        return await wire.edit_original(told.application_id, told.token, message)
    except DeliveryRefused as exc:
        if refusals.of(exc) in UNANSWERABLE:
            return None
        raise


async def post_unfilled(wire: Wire, errand: Errand, message: Outgoing) -> Posted:
    """
    Post what cannot be filled in, unless an earlier try did fill it in; raises as `post_once`.

    No nonce covers the filling: where that may have been done, the history is read first.
    """
    channel_id = errand.told.channel_id
    if "by" not in errand.facts:
        if errand.is_repeated and errand.has_nonce:
            found = await find(wire, errand, channel_id)
            if found is not None:
                return found
        await errand.note(by="bot")
    return await post_once(wire, errand, channel_id, message)


async def post_once(
    wire: Wire, errand: Errand, channel_id: int, message: Outgoing, *, reply_to: int | None = None
) -> Posted:
    """
    Post the errand's message in a channel, or return it if an earlier try did.

    Raises:
        DeliveryRetryable: perhaps it was posted.
        DeliveryRefused: not here, or it cannot be told; `refusals.of` says why.
        TooLarge: the files are more than the place takes.
    """
    if not errand.has_nonce:  # also on a first try: one that was stopped may have been overtaken
        found = await find(wire, errand, channel_id)
        if found is not None:
            return found
    nonce = errand.delivery.nonce
    try:
        return await wire.post(channel_id, message, nonce=nonce, reply_to=reply_to)
    except DeliveryRefused as exc:
        if reply_to is None or refusals.of(exc) not in _NO_REPLY:
            raise
    return await wire.post(channel_id, message, nonce=nonce)


async def find(wire: Wire, errand: Errand, channel_id: int) -> Posted | None:
    """
    Return the errand's message if an earlier try posted it in a channel.

    Raises:
        DeliveryRetryable: not just now.
        DeliveryRefused: it cannot be told; or nothing can be posted there now either way, since
            the channel is gone or shut.
    """
    try:
        return await wire.find(channel_id, errand.marker, after=errand.begun_after)
    except DeliveryRefused as exc:
        if refusals.of(exc) in _SHUT:
            raise
        raise DeliveryRefused(CANNOT_TELL) from exc
