"""Conductor: carries a job's open deliveries, each with its intent committed before the call."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

import structlog

from core.clock import Clock
from core.errors import DeliveryGone, DeliveryRefused, DeliveryRetryable, StaleJob, StoreUnavailable
from core.jobs import lifecycle, schedule
from core.jobs.deliveries import GIVE_UP_AFTER_S, DeliveryEvent, is_needless, nonce
from core.jobs.delivery import Deliverer, Note
from core.jobs.foreign import within
from core.jobs.forgetting import fetched_facts
from core.jobs.job import OPEN_DELIVERIES, Delivery, DeliveryState, Job, Receipt
from core.jobs.lasting import lasting
from core.jobs.lifecycle import DeliveryKind
from core.jobs.recent import Recent
from core.jobs.store.ledger import Ledger
from core.media.item import MediaItem

log = structlog.get_logger()

ORDER = {
    DeliveryKind.CARD: 0,
    DeliveryKind.RESULT: 1,
    DeliveryKind.NOTICE: 1,
    DeliveryKind.CARD_FINAL: 2,
}
"""What is said first: the card, then the outcome, then the card's last edit."""

CARDS = frozenset({DeliveryKind.CARD, DeliveryKind.CARD_FINAL})

BROKEN_MAX = 6
"""How often a delivery is tried whose deliverer breaks in a way that it should not."""
DELIVER_MAX_S = 300.0
"""How long one try may take, in seconds: pictures of 24 MiB over a line of 0.7 Mbit/s."""
CARD_MAX_S = 60.0
"""The same for cards, which hold one small picture and keep others from being prepared."""


class Courier:
    """Delivers what is open, in order, and records what came of it under the job's fence."""

    def __init__(
        self,
        ledger: Ledger,
        deliverers: Mapping[str, Deliverer],
        clock: Clock,
        rng: random.Random,
        *,
        deliver_max_s: float = DELIVER_MAX_S,
        card_max_s: float = CARD_MAX_S,
    ) -> None:
        self._ledger = ledger
        self._deliverers = deliverers
        self._clock = clock
        self._rng = rng
        self._deliver_max_s = deliver_max_s
        self._card_max_s = card_max_s
        self._recent: Recent[tuple[Delivery, ...]] = Recent()
        self._fetched: Recent[tuple[MediaItem, ...]] = Recent()

    async def sent(self, job_id: str) -> tuple[Delivery, ...]:
        """Return what has been said of a job so far, as far as is known here."""
        rows = self._recent.get(job_id)
        return _sent(await self._ledger.deliveries(job_id) if rows is None else rows)

    async def said(self, job_id: str) -> tuple[Delivery, ...]:
        """Return what has been said of a job by now, by whomever."""
        return _sent(await self._ledger.deliveries(job_id))

    def remember(self, job_id: str, fetched: tuple[MediaItem, ...]) -> None:
        """Have the job's next delivery keep what was put into the spool: Delete looks there."""
        self._fetched.put(job_id, 0, fetched)

    async def post_card(self, job: Job) -> None:
        """
        Post the card of a job on its way, unless it is posted already.

        Raises:
            DeliveryRetryable: not just now.
            DeliveryRefused: never there.
        """
        rows = await self._rows_before(job)
        card = max((row for row in rows if row.kind is DeliveryKind.CARD), key=lambda row: row.seq)
        if card.state in OPEN_DELIVERIES:
            posted = await self._carry(job, card, _sent(rows), gives_up=False)
            others = tuple(row for row in rows if row is not card)
            self._recent.put(job.job_id, job.fence, (*others, posted))
            card = posted
        if card.state is not DeliveryState.SENT:
            raise DeliveryRefused("the card was refused, now or before")

    async def deliver_open(self, job: Job) -> datetime | None:
        """Deliver all that is open of an ended job; return when to go on, or None when done."""
        rows = {(row.kind, row.seq): row for row in await self._rows_after(job)}
        before = dict(rows)
        for key, row in sorted(rows.items(), key=lambda entry: (entry[1].seq, ORDER[entry[0][0]])):
            if row.state not in OPEN_DELIVERIES:
                continue
            if row.not_before_at is not None and row.not_before_at > self._clock.now():
                return row.not_before_at
            if is_needless(row, before.values(), rows.values()):
                await self._close(job, row)
                continue
            try:
                rows[key] = await self._carry(job, row, _sent(rows.values()), gives_up=True)
            except DeliveryRefused as exc:
                log.warning("delivery_refused", job_id=job.job_id, kind=row.kind, error=str(exc))
            except DeliveryRetryable as exc:
                return self._clock.now() + timedelta(seconds=exc.retry_after_s or 0.0)
        return None

    async def _rows_before(self, job: Job) -> tuple[Delivery, ...]:
        """Return the deliveries of a job on its way; one that nobody held before has its card."""
        if (job.fence, job.seq) == (1, 0):
            return (_opened(job, DeliveryKind.CARD),)
        return await self._ledger.deliveries(job.job_id)

    async def _rows_after(self, job: Job) -> tuple[Delivery, ...]:
        """Return the deliveries of an ended job; those of a job just ended are known."""
        known = self._recent.take(job.job_id, job.fence)
        if known is None or job.seq:
            return await self._ledger.deliveries(job.job_id)
        opened = lifecycle.opened_by_end(job.state, job.reason)
        return (*known, *(_opened(job, kind) for kind in opened))

    async def _close(self, job: Job, row: Delivery) -> None:
        if row.state is DeliveryState.PENDING:
            await self._record(job, row, DeliveryEvent.SUPERSEDED)
        else:
            await self._record(job, row, DeliveryEvent.GONE)

    async def _carry(
        self, job: Job, row: Delivery, sent: tuple[Delivery, ...], *, gives_up: bool
    ) -> Delivery:
        fetched = self._fetched.get(job.job_id)
        row = await self._record(
            job, row, DeliveryEvent.BEGUN, data=fetched_facts(fetched) if fetched else None
        )
        self._fetched.take(job.job_id, 0)  # kept until then: a job that was cancelled comes back

        async def note(facts: Mapping[str, object]) -> None:
            nonlocal row
            row = await self._record(job, row, DeliveryEvent.NOTED, data=facts)

        try:
            receipt = await self._call(job, row, sent, note)
        except DeliveryRetryable as exc:
            raise await self._put_off(job, row, exc, exc.retry_after_s, gives_up) from exc
        except DeliveryRefused:
            await self._record(job, row, DeliveryEvent.REFUSED)
            raise
        except DeliveryGone:
            return await self._record(job, row, DeliveryEvent.GONE)
        except (StaleJob, StoreUnavailable):
            raise
        except Exception as exc:
            log.exception("delivery_broke", job_id=job.job_id, kind=row.kind)
            raise await self._put_off(job, row, exc, None, gives_up) from exc
        return await lasting(
            lambda: self._record(job, row, DeliveryEvent.SENT, data=receipt.data), self._clock
        )

    async def _call(
        self, job: Job, row: Delivery, sent: tuple[Delivery, ...], note: Note
    ) -> Receipt:
        deliverer = self._deliverers.get(job.origin.platform)
        if deliverer is None:
            raise DeliveryRetryable(f"{job.origin.platform} is not set up")
        limit_s = self._card_max_s if row.kind in CARDS else self._deliver_max_s
        try:
            return await within(limit_s, deliverer.deliver(job, row, sent, note))
        except TimeoutError as exc:
            raise DeliveryRetryable(f"no answer within {limit_s:g} s") from exc

    async def _put_off(
        self,
        job: Job,
        row: Delivery,
        exc: Exception,
        retry_after_s: float | None,
        gives_up: bool,  # noqa: FBT001  # handed through
    ) -> DeliveryRetryable | DeliveryRefused:
        broken = not isinstance(exc, DeliveryRetryable) and row.attempt >= BROKEN_MAX
        now = self._clock.now()
        begun_at = row.first_attempt_at or now
        if gives_up and (broken or (now - begun_at).total_seconds() >= GIVE_UP_AFTER_S):
            await self._record(job, row, DeliveryEvent.GAVE_UP)
            return DeliveryRefused("a day of tries did not get it there")
        wait_s = schedule.DELIVER_BACKOFF.delay_s(
            max(row.attempt - 1, 0), self._rng, retry_after_s=retry_after_s
        )
        not_before_at = now + timedelta(seconds=wait_s)
        await self._record(job, row, DeliveryEvent.DELAYED, not_before_at=not_before_at)
        return DeliveryRetryable(str(exc), retry_after_s=wait_s)

    async def _record(
        self,
        job: Job,
        row: Delivery,
        event: DeliveryEvent,
        *,
        data: Mapping[str, object] | None = None,
        not_before_at: datetime | None = None,
    ) -> Delivery:
        return await self._ledger.record_delivery(
            job, row, event, self._clock.now(), data=data, not_before_at=not_before_at
        )


def _opened(job: Job, kind: DeliveryKind) -> Delivery:
    return Delivery(
        job_id=job.job_id,
        kind=kind,
        seq=job.seq,
        state=DeliveryState.PENDING,
        nonce=nonce(job.job_id, kind, job.seq),
    )


def _sent(rows: Iterable[Delivery]) -> tuple[Delivery, ...]:
    return tuple(row for row in rows if row.state is DeliveryState.SENT)
