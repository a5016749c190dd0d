"""Conductor: posts a job's pictures: in a thread on the card, else in reply to it."""

from __future__ import annotations

from adapters.discord import naming, posting, refusals
from adapters.discord.errand import Errand, recorded
from adapters.discord.outgoing import Outgoing
from adapters.discord.refusals import Refusal
from adapters.discord.showing import Showing
from adapters.discord.uploads import Fitted, Uploads
from adapters.discord.wire import Posted, Wire
from core.errors import DeliveryRefused, DeliveryRetryable, MediaError, TooLarge
from core.jobs.job import Receipt


class Results:
    """
    Posts the one message with the pictures.

    The thread, and how much is sent, are committed as they become known: a later try goes on
    where the last one was.
    """

    def __init__(self, *, wire: Wire, uploads: Uploads, showing: Showing) -> None:
        self._wire = wire
        self._uploads = uploads
        self._showing = showing

    async def post(self, errand: Errand) -> Receipt:
        """Post the pictures; raises DeliveryRetryable and DeliveryRefused."""
        receipt = None
        while receipt is None:
            receipt = await self._try(errand)
        return receipt

    async def _try(self, errand: Errand) -> Receipt | None:
        """
        Post once; None when that was too large, and less has been committed.

        The pictures are read before a thread is started: nothing would stand in it without them.
        """
        async with self._uploads.room:
            fitted = await self._fitted(errand)
            message = await self._message(errand, fitted)
            thread_id = await self._thread(errand)
            try:
                posted = await self._place(errand, thread_id, message)
                return _receipt(posted, thread_id, fitted)
            except TooLarge:
                files = message.files
        if errand.is_halved:
            await errand.note(without_files=True)
        else:
            await errand.halve(files)
        return None

    async def _fitted(self, errand: Errand) -> Fitted:
        outputs = errand.job.outputs
        if "without_files" in errand.facts:
            return Fitted(left_out=outputs)
        try:
            fitted = await self._uploads.fit(outputs, errand.allowed, stem=naming.RESULT)
        except MediaError as exc:
            raise DeliveryRetryable(str(exc)) from exc
        if fitted.gone == len(outputs):
            raise DeliveryRefused("the pictures are no longer kept here")
        return fitted

    async def _message(self, errand: Errand, fitted: Fitted) -> Outgoing:
        try:
            links = await self._uploads.links(fitted.left_out)
        except MediaError as exc:
            raise DeliveryRetryable(str(exc)) from exc
        return self._showing.result(errand, fitted, links)

    async def _thread(self, errand: Errand) -> int | None:
        """Return the thread on the card, started now if need be; None where there is none."""
        if "thread" not in errand.facts:
            thread_id = await self._start(errand)
            await errand.note(thread=None if thread_id is None else str(thread_id))
        thread = errand.facts["thread"]
        return None if thread is None else int(str(thread))

    async def _start(self, errand: Errand) -> int | None:
        card = errand.card
        if card is None or not errand.told.starts_threads:
            return None
        name = self._showing.thread_name(errand.job)
        try:
            return await self._wire.start_thread(card.channel_id, card.message_id, name)
        except DeliveryRefused as exc:
            return card.message_id if refusals.of(exc) is Refusal.THREAD_EXISTS else None

    async def _place(self, errand: Errand, thread_id: int | None, message: Outgoing) -> Posted:
        """Post in the thread, or where that takes nothing, in its channel."""
        if thread_id is not None and "left_thread" not in errand.facts:
            try:
                return await posting.post_once(self._wire, errand, thread_id, message)
            except DeliveryRefused as exc:
                if refusals.of(exc) not in refusals.PLACE_LOST:
                    raise
                found = await self._found(errand, thread_id, refusals.of(exc))
            if found is not None:
                return found
            await errand.note(left_thread=str(thread_id))
        card = errand.card
        return await posting.post_once(
            self._wire,
            errand,
            errand.home,
            message,
            reply_to=None if card is None else card.message_id,
        )

    async def _found(self, errand: Errand, thread_id: int, why: Refusal) -> Posted | None:
        """Return the message if an earlier try left it in a thread that takes no more."""
        if why is Refusal.CHANNEL_GONE or not errand.is_repeated:
            return None
        return await posting.find(self._wire, errand, thread_id)


def _receipt(posted: Posted, thread_id: int | None, fitted: Fitted) -> Receipt:
    """Return what to keep; `shown` says which of the job's pictures the message's files are."""
    is_there = thread_id is not None and posted.channel_id == thread_id
    thread = str(thread_id) if is_there else None
    return Receipt(data=recorded(posted, thread=thread, shown=list(fitted.shown)))
