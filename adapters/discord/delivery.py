"""Conductor: the `Deliverer` for Discord: card, result, notice and the card's last edit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import assert_never

from adapters.discord import naming, origin, places, refusals
from adapters.discord.cards import Cards
from adapters.discord.edits import Edits
from adapters.discord.errand import Errand, Said, errand, latest
from adapters.discord.files import Files
from adapters.discord.notices import Notices
from adapters.discord.posted import PostedFile
from adapters.discord.refusals import Refusal
from adapters.discord.removal import Removal
from adapters.discord.render import Mark
from adapters.discord.results import Results
from adapters.discord.showing import Showing
from adapters.discord.uploads import Uploads
from adapters.discord.wire import Wire
from adapters.precedence import Precedence
from core.catalogue.catalogue import Catalogue
from core.clock import Clock
from core.errors import DeliveryRefused, DeliveryRetryable, Gone, MediaUnavailable
from core.jobs.delivery import Note
from core.jobs.job import Delivery, Job, Receipt
from core.jobs.lifecycle import DeliveryKind
from core.media.decoding import Decoder
from core.media.item import MediaItem
from core.media.spool import Spool

ADDRESS_SLACK = timedelta(minutes=10)
"""How much longer than its job's deadline an address has to work: providers fetch it late."""


class DiscordDeliverer:
    """Fetches what a user gave, and says what there is to say, on Discord."""

    def __init__(
        self,
        *,
        wire: Wire,
        files: Files,
        catalogue: Catalogue,
        spool: Spool,
        decoder: Decoder,
        clock: Clock,
        expected_s: Callable[[str], float | None],
        precedence: Precedence,
    ) -> None:
        """Take the doers; `expected_s` says how long a job of a model is expected to take."""
        self._wire = wire
        self._files = files
        self._clock = clock
        self._precedence = precedence
        self._edits = Edits(wire, clock)
        self._showing = Showing(catalogue=catalogue, clock=clock, expected_s=expected_s)
        uploads = Uploads(spool=spool, decoder=decoder, clock=clock)
        self._cards = Cards(wire=wire, uploads=uploads, edits=self._edits, showing=self._showing)
        self._results = Results(wire=wire, uploads=uploads, showing=self._showing)
        self._notices = Notices(wire=wire, showing=self._showing)
        self._removal = Removal(wire=wire, showing=self._showing)

    async def was_acknowledged(self, job: Job) -> bool:
        """
        Ask Discord whether the interaction has an answer to all; raises DeliveryRetryable.

        One in private says why the order was not taken: it is no acknowledgement of it. Once its
        token is dead only the channel can tell, and where that cannot be read it counts as not
        acknowledged: nothing is posted there then.
        """
        told = origin.of(job.origin)
        try:
            if told.token_is_alive(self._clock.now()):
                answer = await self._wire.original(told.application_id, told.token)
                return not answer.is_private
        except DeliveryRefused as exc:
            if refusals.of(exc) is not Refusal.TOKEN_DEAD:
                return False
        try:
            found = await self._wire.find_answer(told.channel_id, told.interaction_id)
        except DeliveryRefused:
            return False
        return found is not None

    async def fetch(self, job: Job) -> tuple[MediaItem, ...]:
        """Bring the user's pictures into the spool; raises MediaError."""
        await self._precedence.calm()
        return await self._files.fetch(origin.of(job.origin).sources)

    async def deliver(
        self, job: Job, delivery: Delivery, sent: tuple[Delivery, ...], note: Note
    ) -> Receipt:
        """Say one thing once; raises DeliveryRetryable, DeliveryRefused and DeliveryGone."""
        await self._precedence.calm()
        told = origin.of(job.origin)
        task = errand(job, delivery, told, sent, clock=self._clock, commit=note)
        match delivery.kind:
            case DeliveryKind.CARD:
                return await self._cards.post(task)
            case DeliveryKind.RESULT:
                return await self._or_in_private(task, self._results.post)
            case DeliveryKind.NOTICE:
                return await self._or_in_private(task, self._notices.post)
            case DeliveryKind.CARD_FINAL:
                return await self._cards.finish(task)
            case _:
                assert_never(delivery.kind)

    async def progress(self, job: Job, sent: tuple[Delivery, ...]) -> None:
        """Show the job's present state on its card, if that is new; raises DeliveryRetryable."""
        card = latest(sent, DeliveryKind.CARD)
        if card is None:
            return
        await self._precedence.calm()
        told = origin.of(job.origin)
        names = naming.reference_names(len(card.files))
        mark = Mark(kind=DeliveryKind.CARD, seq=card.seq)
        await self._edits.show(
            card.channel_id,
            card.message_id,
            self._showing.card(job, mark, told.user_id, names, None),
            keep=card.file_ids,
        )

    async def reference_urls(self, job: Job, sent: tuple[Delivery, ...]) -> tuple[str, ...] | None:
        """
        Return the addresses of the card's pictures, which the provider can fetch.

        Raises:
            Gone: the card is, and the pictures with it; or it does not show them all.
            MediaUnavailable: not just now.
        """
        card = latest(sent, DeliveryKind.CARD)
        if card is None or not job.prepared:
            return None
        until = job.deadline_at + ADDRESS_SLACK
        files = card.files
        if len(files) < len(job.prepared) or not all(_works(file.url, until) for file in files):
            fresh = await self._fresh(card)
            if fresh is None:
                return None
            files = fresh
        if len(files) < len(job.prepared):
            raise Gone("the card does not show every picture")
        return tuple(file.url for file in files[: len(job.prepared)])

    async def remove(
        self, job: Job, deliveries: tuple[Delivery, ...], *, is_forgotten: bool = False
    ) -> None:
        """Take back what was said of a job but a button, then that; raises DeliveryRetryable."""
        step = self._removal.close if is_forgotten else self._removal.remove
        await step(job, origin.of(job.origin), deliveries)

    async def _or_in_private(
        self, task: Errand, post: Callable[[Errand], Awaitable[Receipt]]
    ) -> Receipt:
        """Post in the place; tell the requester alone when the place is lost to us."""
        try:
            return await post(task)
        except DeliveryRefused as exc:
            why = refusals.of(exc)
            if why in refusals.PLACE_LOST:
                await self._notices.tell_in_private(task, why)
            raise

    async def _fresh(self, card: Said) -> tuple[PostedFile, ...] | None:
        """Return the files that the card has now; None when it may not be read."""
        try:
            return (await self._wire.read(card.channel_id, card.message_id)).attachments
        except DeliveryRetryable as exc:
            raise MediaUnavailable(str(exc), retry_after_s=exc.retry_after_s) from exc
        except DeliveryRefused as exc:
            if refusals.of(exc) in _CARD_LOST:
                raise Gone("the card that held the picture is gone") from exc
            return None


_CARD_LOST = frozenset({Refusal.MESSAGE_GONE, Refusal.CHANNEL_GONE})


def _works(url: str, until: datetime) -> bool:
    """Whether an address works until then; one that does not say when it ends is not trusted."""
    ends_at = places.works_until(url)
    return ends_at is not None and ends_at >= until
