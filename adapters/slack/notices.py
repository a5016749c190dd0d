"""Conductor: says that a job ended without pictures, and tells in private what no place takes."""

from __future__ import annotations

import structlog

from adapters.slack import posting
from adapters.slack.blocks import Message
from adapters.slack.errand import Errand, recorded
from adapters.slack.refusals import Refusal
from adapters.slack.showing import Showing
from adapters.slack.wire import Wire
from core.errors import DeliveryError, TooLarge
from core.jobs.job import Receipt
from core.jobs.lifecycle import DeliveryKind

log = structlog.get_logger()


class Notices:
    """Replies in the thread of the card; where there is none, in the place where it was asked."""

    def __init__(self, *, wire: Wire, showing: Showing) -> None:
        self._wire = wire
        self._showing = showing

    async def post(self, errand: Errand) -> Receipt:
        """Say how the job ended; raises DeliveryRetryable and DeliveryRefused."""
        link = None if errand.card is None else await self._wire.link(errand.card.posted)
        message = self._showing.notice(errand, link)
        return Receipt(data=recorded(await posting.post_once(self._wire, errand, message)))

    async def tell_in_private(self, errand: Errand, why: Refusal) -> None:
        """Tell the requester alone, once and if they can be reached, what no place takes."""
        if "told_in_private" in errand.facts:
            return
        await errand.note(told_in_private=True)
        is_result = errand.delivery.kind is DeliveryKind.RESULT
        message = self._showing.in_private(errand, why, is_result=is_result)
        if not await self._answer(errand, message) and not errand.told.is_direct:
            await self._write(errand, message)

    async def _answer(self, errand: Errand, message: Message) -> bool:
        """Whether it was said where only the requester sees it, beside what they did."""
        url = errand.told.response_url
        if url is None or not errand.told.can_respond(errand.now):
            return False
        try:
            await self._wire.respond(url, message)
        except (DeliveryError, TooLarge) as exc:
            log.info("act_not_answered", job_id=errand.job.job_id, error=str(exc))
            return False
        return True

    async def _write(self, errand: Errand, message: Message) -> None:
        """Send a direct message, if the requester takes any."""
        try:
            await self._wire.post(errand.told.user_id, message)
        except (DeliveryError, TooLarge) as exc:
            log.info("requester_not_told", job_id=errand.job.job_id, error=str(exc))
