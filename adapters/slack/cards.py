"""Conductor: posts a job's card, and edits it for the last time."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

import structlog

from adapters.slack import posting
from adapters.slack.edits import Edits
from adapters.slack.errand import Errand, recorded
from adapters.slack.showing import Showing
from adapters.slack.wire import Posted, Wire
from core.clock import Clock
from core.errors import DeliveryError, DeliveryGone, StaleJob, StoreUnavailable
from core.jobs.job import Receipt

LONG_S: Final = 5.0
"""A card that took longer than this, in seconds, may be another replica's to post by now."""

_log = structlog.get_logger()


class Cards:
    """The card is a message of its own, in the thread that it was asked in if there is one."""

    def __init__(self, *, wire: Wire, edits: Edits, showing: Showing, clock: Clock) -> None:
        self._wire = wire
        self._clock = clock
        self._edits = edits
        self._showing = showing

    async def post(self, errand: Errand) -> Receipt:
        """
        Post the card, again if an earlier try may have: without it nothing goes on.

        One that is late, and others have the job, is taken back: they have posted their own.

        Raises:
            DeliveryRetryable: perhaps it was posted.
            DeliveryRefused: not here; `refusals.of` says why.
            StaleJob: others have the job.
        """
        message = self._showing.card(errand.job, errand.told.user_id, None)
        posted = await posting.post(self._wire, errand, message)
        if (self._clock.now() - errand.now).total_seconds() > LONG_S:
            await self._keep(errand, posted)
        self._edits.is_shown(posted, message)
        return Receipt(data=recorded(posted))

    async def _keep(self, errand: Errand, posted: Posted) -> None:
        """Leave a card where it is, unless this process slept and the job is not ours any more."""
        try:
            with suppress(StoreUnavailable):  # what follows finds out as well
                await errand.note(late=True)
        except StaleJob:
            await self._take_back(errand, posted)
            raise

    async def _take_back(self, errand: Errand, posted: Posted) -> None:
        try:
            if posted.message_ts is not None:
                await self._wire.delete(posted.channel_id, posted.message_ts)
        except DeliveryError as exc:
            _log.warning("slack_card_left", job_id=errand.job.job_id, error=str(exc))
        else:
            _log.info("slack_card_taken_back", job_id=errand.job.job_id)

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
