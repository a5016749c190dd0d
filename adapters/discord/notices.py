"""Conductor: says that a job ended without pictures, and tells in private what no place takes."""

from __future__ import annotations

import structlog

from adapters.discord import posting
from adapters.discord.errand import Errand, recorded
from adapters.discord.outgoing import Outgoing
from adapters.discord.render import escaped, private_view
from adapters.discord.showing import Showing
from adapters.discord.wire import Posted, Wire
from core.errors import DeliveryError, DeliveryRefused, TooLarge
from core.jobs.job import Receipt
from core.jobs.lifecycle import DeliveryKind, Reason

log = structlog.get_logger()

NONCE_MAX = 25
"""Source: discord.com/developers/docs/resources/message#create-message, `nonce`."""


class Notices:
    """Replies to the card; where there is none, fills the answer to the interaction."""

    def __init__(self, *, wire: Wire, showing: Showing) -> None:
        self._wire = wire
        self._showing = showing

    async def post(self, errand: Errand) -> Receipt:
        """Say how the job ended; raises DeliveryRetryable and DeliveryRefused."""
        message = self._showing.notice(errand)
        posted = None
        if errand.card is None:
            posted = await posting.fill(self._wire, errand, message)
        if posted is None and errand.job.reason is Reason.NO_PLACE:
            raise DeliveryRefused("the place takes no message of the bot")
        return Receipt(data=recorded(posted or await self._post(errand, message)))

    async def tell_in_private(self, errand: Errand, why: str) -> None:
        """Tell the requester, once and if they take it, what could not be said in the place."""
        told = errand.told
        if told.guild_id is None or "told_in_private" in errand.facts:
            return
        await errand.note(told_in_private=True)
        message = Outgoing(view=private_view(_words(errand, self._showing, why)))
        nonce = f"d{errand.delivery.nonce}"[:NONCE_MAX]
        try:
            channel_id = await self._wire.open_dm(told.user_id)
            await self._wire.post(channel_id, message, nonce=nonce)
        except (DeliveryError, TooLarge) as exc:
            log.info("requester_not_told", job_id=errand.job.job_id, error=str(exc))

    async def _post(self, errand: Errand, message: Outgoing) -> Posted:
        card = errand.card
        if card is None:
            return await posting.post_unfilled(self._wire, errand, message)
        return await posting.post_once(
            self._wire, errand, card.channel_id, message, reply_to=card.message_id
        )


def _words(errand: Errand, showing: Showing, why: str) -> str:
    card = showing.of(errand.job)
    where = f"<#{errand.told.channel_id}>"
    if errand.delivery.kind is DeliveryKind.RESULT:
        kept = "The pictures are kept for now: **Show again** in `/redraw-jobs` tries once more."
        return f"**Your pictures are ready, but {where} does not take them:** {why}.\n{kept}"
    return f"**{escaped(card.sentence)}**\nThis could not be said in {where}: {why}."
