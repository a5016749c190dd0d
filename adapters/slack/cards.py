"""Conductor: posts a job's card, and edits it for the last time."""

from __future__ import annotations

from adapters.slack import posting
from adapters.slack.edits import Edits
from adapters.slack.errand import Errand, recorded
from adapters.slack.showing import Showing
from adapters.slack.wire import Wire
from core.errors import DeliveryGone
from core.jobs.job import Receipt


class Cards:
    """The card is a message of its own, in the thread that it was asked in if there is one."""

    def __init__(self, *, wire: Wire, edits: Edits, showing: Showing) -> None:
        self._wire = wire
        self._edits = edits
        self._showing = showing

    async def post(self, errand: Errand) -> Receipt:
        """
        Post the card, again if an earlier try may have: without it nothing goes on.

        Raises DeliveryRetryable and DeliveryRefused.
        """
        message = self._showing.card(errand.job, errand.told.user_id, None)
        posted = await posting.post(self._wire, errand, message)
        self._edits.is_shown(posted, message)
        return Receipt(data=recorded(posted))

    async def finish(self, errand: Errand) -> Receipt:
        """Edit the card for the last time; raises what `Edits.finish` raises."""
        card = errand.card
        if card is None:
            raise DeliveryGone
        result = errand.result
        link = None if result is None else await self._wire.link(result.posted)
        message = self._showing.card(errand.job, errand.told.user_id, link)
        await self._edits.finish(card.posted, message)
        return Receipt(data=recorded(card.posted))
