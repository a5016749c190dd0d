"""Conductor: the `Deliverer` for Slack: card, result, notice and the card's last edit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import assert_never

from adapters.precedence import Precedence
from adapters.slack import origin, refusals
from adapters.slack.cards import Cards
from adapters.slack.edits import Edits
from adapters.slack.errand import Errand, errand, latest
from adapters.slack.files import Files
from adapters.slack.notices import Notices
from adapters.slack.removal import Removal
from adapters.slack.results import Results
from adapters.slack.sending import Sending
from adapters.slack.sharing import Sharing
from adapters.slack.showing import Showing
from adapters.slack.uploads import Uploads
from adapters.slack.wire import Wire
from core.catalogue.catalogue import Catalogue
from core.clock import Clock
from core.errors import DeliveryRefused
from core.jobs.delivery import Note
from core.jobs.job import Delivery, Job, Receipt
from core.jobs.lifecycle import DeliveryKind
from core.media.decoding import Decoder
from core.media.item import MediaItem
from core.media.spool import Spool


class SlackDeliverer:
    """Fetches what a user gave, and says what there is to say, on Slack."""

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
        """
        Take the doers.

        `expected_s` says how long a job of a model is expected to take; `precedence` who goes
        first: those who wait for an answer.
        """
        self._files = files
        self._clock = clock
        self._precedence = precedence
        self._edits = Edits(wire, clock)
        self._showing = Showing(catalogue=catalogue, clock=clock, expected_s=expected_s)
        self._cards = Cards(wire=wire, edits=self._edits, showing=self._showing, clock=clock)
        uploads = Uploads(spool=spool, decoder=decoder, clock=clock)
        self._results = Results(
            wire=wire,
            sending=Sending(wire=wire, uploads=uploads, showing=self._showing),
            sharing=Sharing(wire=wire, clock=clock),
            showing=self._showing,
            clock=clock,
        )
        self._notices = Notices(wire=wire, showing=self._showing)
        self._removal = Removal(wire=wire, showing=self._showing)

    async def was_acknowledged(self, job: Job) -> bool:  # noqa: ARG002  # the port's signature
        """
        Yes: Slack cannot be asked, and its user did ask for it.

        Most of the time between the row and its note of the acknowledgement comes after that was
        sent: a form is closed by then, and dropping the job would say nothing to anybody. Whoever
        was shown an error instead sends the same form again, which finds this job, or cancels it on
        its card.
        """
        return True

    async def fetch(self, job: Job) -> tuple[MediaItem, ...]:
        """Bring the user's pictures into the spool; raises MediaError."""
        await self._precedence.calm()
        return await self._files.fetch(origin.of(job.origin).sources)

    async def deliver(
        self, job: Job, delivery: Delivery, sent: tuple[Delivery, ...], note: Note
    ) -> Receipt:
        """Say one thing once; raises DeliveryRetryable, DeliveryRefused and DeliveryGone."""
        began_at = self._clock.now()
        await self._precedence.calm()
        told = origin.of(job.origin)
        task = errand(job, delivery, told, sent, now=began_at, commit=note)
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
        message = self._showing.card(job, origin.of(job.origin).user_id, None)
        await self._edits.show(card.posted, message)

    async def reference_urls(
        self,
        job: Job,  # noqa: ARG002 - no file of Slack's is open to a provider
        sent: tuple[Delivery, ...],  # noqa: ARG002 - the same
    ) -> tuple[str, ...] | None:
        """Return None: whoever fetches the pictures takes them from our own links."""
        return None

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
            if why in refusals.PLACE_LOST and "message" not in task.facts:
                await self._notices.tell_in_private(task, why)
            raise
