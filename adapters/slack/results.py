"""Conductor: posts a job's pictures as one reply in the thread of its card."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from adapters.slack import posting, refusals
from adapters.slack.errand import Errand, recorded
from adapters.slack.refusals import Refusal
from adapters.slack.sending import Sending, Sent, file_ids, numbers
from adapters.slack.sharing import Sharing
from adapters.slack.showing import Showing
from adapters.slack.wire import Posted, Wire
from core.clock import Clock
from core.errors import DeliveryRefused, DeliveryRetryable, TooLarge
from core.jobs.job import Receipt

NEVER_POSTED_AFTER_S: Final = 120.0
"""How long Slack may take to post files whose upload was completed, in seconds; ours."""
LOOK_AGAIN_S: Final = 10.0
"""After how many seconds a later try looks for files again."""
TOO_LARGE: Final = "the pictures are too large"


class Results:
    """
    Uploads the pictures, completes the upload, and makes sure that it was posted.

    The files' ids are committed before a byte is sent, and that completion is asked for before it
    is: a later try finds out by them whether an earlier one arrived.
    """

    def __init__(
        self, *, wire: Wire, sending: Sending, sharing: Sharing, showing: Showing, clock: Clock
    ) -> None:
        self._clock = clock
        self._wire = wire
        self._sending = sending
        self._sharing = sharing
        self._showing = showing

    async def post(self, errand: Errand) -> Receipt:
        """Post the pictures; raises DeliveryRetryable and DeliveryRefused."""
        posted = await self._earlier(errand)
        while posted is None and not errand.facts.get("without_files"):
            posted = await self._try(errand)
        if posted is None:
            return await self._in_words(errand)
        return _receipt(posted, errand)

    async def _earlier(self, errand: Errand) -> Posted | None:
        """Return the message if an earlier try posted it, or does now; None to begin anew."""
        if not errand.facts.get("completing"):
            return None
        if await self._sharing.look(file_ids(errand)[0]) is None:
            await self._complete_again(errand)
            if not errand.facts.get("completing"):
                return None
        return await self._confirmed(errand)

    async def _complete_again(self, errand: Errand) -> None:
        """Complete an upload that seems not to be; what is refused as gone may have been before."""
        try:
            await self._complete(errand)
        except DeliveryRefused as exc:
            if refusals.of(exc) is not Refusal.FILE_GONE:
                await self._take_less(errand, exc)
        else:
            await errand.note(completing=self._clock.now().isoformat())

    async def _confirmed(self, errand: Errand) -> Posted | None:
        """Return the message with the files; None when they never came and are withdrawn."""
        ids = file_ids(errand)
        posted = await self._sharing.confirm(ids, errand.home)
        if posted is None and _may_still_come(errand, self._clock.now()):
            raise DeliveryRetryable("the files are not posted yet", retry_after_s=LOOK_AGAIN_S)
        if posted is None:
            await self._sharing.withdraw(ids)
            await errand.note(completing=None)
        return posted

    async def _try(self, errand: Errand) -> Posted | None:
        """Post once; None when less is to be tried, which has been committed."""
        sent = Sent()
        try:
            await self._sending.send(errand, sent)
            if not sent.file_ids:
                why = _nothing_to_send(errand, sent)
                await errand.note(without_files=why, lost=sent.lost)
                return None
            await errand.note(completing=self._clock.now().isoformat(), lost=sent.lost)
            await self._complete(errand)
        except TooLarge:
            await self._halve(errand, sent.largest_bytes)
            return None
        except DeliveryRefused as exc:
            await self._take_less(errand, exc)
            return None
        return await self._confirmed(errand)

    async def _complete(self, errand: Errand) -> None:
        """Have the files posted with their words, in the thread or where that takes nothing."""
        links, missing = await self._sending.others(errand)
        ids, home, thread_ts = file_ids(errand), errand.home, errand.thread_ts
        comment = self._showing.comment(errand, pictures=len(ids), links=links, missing=missing)
        try:
            await self._wire.complete_upload(
                ids, channel_id=home, thread_ts=thread_ts, comment=comment
            )
        except DeliveryRefused as exc:
            if thread_ts is None or refusals.of(exc) is not Refusal.NO_THREAD:
                raise
        else:
            return
        await errand.note(left_thread=True)
        await self._wire.complete_upload(ids, channel_id=home, thread_ts=None, comment=comment)

    async def _halve(self, errand: Errand, largest_bytes: int) -> None:
        if "each_bytes" in errand.facts:
            await errand.note(without_files=TOO_LARGE, completing=None)
        else:
            await errand.note(each_bytes=largest_bytes // 2, completing=None)

    async def _take_less(self, errand: Errand, refused: DeliveryRefused) -> None:
        """Commit what is to be tried instead; raises what was refused when nothing is."""
        why = refusals.of(refused)
        if why is Refusal.TYPE_NOT_ALLOWED and not errand.facts.get("as_jpeg"):
            await errand.note(as_jpeg=True, completing=None)
        elif why in refusals.FILES_REFUSED:
            await errand.note(without_files=str(why), completing=None)
        else:
            raise refused

    async def _in_words(self, errand: Errand) -> Receipt:
        """Say where the pictures are; without any of them to be had this is no delivery."""
        why = str(errand.facts["without_files"])
        links, missing = await self._sending.others(errand)
        message = self._showing.in_words(errand, links, missing, why)
        posted = await posting.post_once(self._wire, errand, message)
        if missing:
            await errand.note(**recorded(posted))
            raise DeliveryRefused(why)
        return Receipt(data=recorded(posted, shown=[]))


def _receipt(posted: Posted, errand: Errand) -> Receipt:
    """Return what to keep; `shown` says which of the job's pictures the message's files are."""
    of_file = dict(zip(file_ids(errand), numbers(errand, "shown"), strict=True))
    return Receipt(data=recorded(posted, shown=[of_file[each] for each in posted.file_ids]))


def _nothing_to_send(errand: Errand, sent: Sent) -> str:
    """Return why there is no file; raises DeliveryRefused when there is no picture either."""
    if len(sent.lost) == len(errand.job.outputs):
        raise DeliveryRefused("the pictures are no longer kept here")
    return TOO_LARGE


def _may_still_come(errand: Errand, now: datetime) -> bool:
    """Whether files that are not posted yet may still be."""
    asked_at = datetime.fromisoformat(str(errand.facts["completing"]))
    return (now - asked_at).total_seconds() < NEVER_POSTED_AFTER_S
