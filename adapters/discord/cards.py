"""Conductor: posts a job's card with its reference images, and edits it for the last time."""

from __future__ import annotations

from dataclasses import replace

from adapters.discord import naming, posting, refusals
from adapters.discord.edits import Edits
from adapters.discord.errand import Errand, recorded
from adapters.discord.outgoing import Outgoing
from adapters.discord.refusals import Refusal
from adapters.discord.showing import Showing, link_to
from adapters.discord.uploads import Uploads
from adapters.discord.wire import Wire
from core.errors import DeliveryGone, DeliveryRefused, DeliveryRetryable, MediaError, TooLarge
from core.jobs.job import Receipt

UNEDITABLE = refusals.PLACE_LOST | {
    Refusal.MESSAGE_GONE,
    Refusal.NOT_OURS,
    Refusal.TOO_MANY_EDITS,
    Refusal.TOKEN_DEAD,
    Refusal.BLOCKED,
}
"""What says that a card stays as it is for good."""


class Cards:
    """Fills the answer to the interaction; without that, posts a card under the bot's token."""

    def __init__(self, *, wire: Wire, uploads: Uploads, edits: Edits, showing: Showing) -> None:
        self._wire = wire
        self._uploads = uploads
        self._edits = edits
        self._showing = showing

    async def post(self, errand: Errand) -> Receipt:
        """Post the card; raises DeliveryRetryable and DeliveryRefused."""
        if errand.told.is_by_invitation:
            await self._wire.check_open(errand.told.channel_id)
        message = await self._message(errand)
        try:
            return await self._post(errand, message)
        except TooLarge as exc:
            if errand.is_halved:
                raise DeliveryRefused("the reference image is too large for the place") from exc
        await errand.halve(message.files)
        return await self.post(errand)

    async def finish(self, errand: Errand) -> Receipt:
        """Edit the card for the last time; raises DeliveryRetryable and DeliveryGone."""
        card = errand.card
        if card is None:
            raise DeliveryGone
        message = self._showing.card(
            errand.job,
            errand.mark,
            errand.told.user_id,
            naming.reference_names(len(card.files)),
            link_to(errand.told.guild_id, errand.result),
        )
        self._edits.is_shown_otherwise(card.message_id)
        try:
            posted = await self._wire.edit(
                card.channel_id, card.message_id, message, keep=card.file_ids
            )
        except DeliveryRefused as exc:
            if refusals.of(exc) in UNEDITABLE:
                raise DeliveryGone(exc.reason) from exc
            raise
        return Receipt(data=recorded(posted))

    async def _message(self, errand: Errand) -> Outgoing:
        try:
            fitted = await self._uploads.fit(
                errand.job.prepared, errand.allowed, stem=naming.REFERENCE
            )
        except MediaError as exc:
            raise DeliveryRetryable(str(exc)) from exc
        names = [file.name for file in fitted.files]
        told = errand.told
        plain = self._showing.card(errand.job, errand.mark, told.user_id, names, None)
        return replace(plain, files=fitted.files)

    async def _post(self, errand: Errand, message: Outgoing) -> Receipt:
        posted = await posting.fill(self._wire, errand, message)
        by = "token"
        if posted is None:
            posted, by = await posting.post_unfilled(self._wire, errand, message), "bot"
        self._edits.is_shown(posted.message_id, message)
        return Receipt(data=recorded(posted, by=by))
