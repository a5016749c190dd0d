"""Every row of both tables, as the ledger carries it out in a real database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from core.errors import StaleJob, UnknownJob
from core.jobs import quota
from core.jobs.deliveries import DeliveryEvent, advance
from core.jobs.job import CHECK_AGAIN_DEADLINE_S, Delivery, DeliveryState, Facts, Job
from core.jobs.lifecycle import DeliveryKind, Event, Reason, State
from core.jobs.store.ledger import Ledger
from tests.fakes.ledger_jobs import (
    DEADLINE_S,
    FACTS,
    NO_LIMITS,
    SOON,
    WAYS,
    admitted,
    brought_to,
    order,
    with_cancel_wanted,
)
from tests.samples.transitions import DELIVERY_ROWS, JOB_ROWS, DeliveryRow, JobRow

AT = SOON + timedelta(seconds=10)


async def _before(ledger: Ledger, row: JobRow) -> Job:
    if row.cancel_wanted:
        return await with_cancel_wanted(ledger)
    return await brought_to(ledger, row.before, row.because)


async def _put_off_twice(ledger: Ledger, row: JobRow) -> Job:
    """Bring a job to where the row begins, its step put off twice where it can be."""
    job = await admitted(ledger)
    if row.before is State.RECEIVED:
        for _ in range(2):
            job = await ledger.record(job, Event.PREPARATION_DELAYED, SOON)
        return job
    job = await ledger.record(job, Event.PREPARED, SOON)
    for _ in range(2):
        job = await ledger.record(job, Event.SUBMIT_CLAIMED, SOON)
        job = await ledger.record(job, Event.NOT_SENT, SOON)
    return (
        job if row.before is State.QUEUED else await ledger.record(job, Event.SUBMIT_CLAIMED, SOON)
    )


async def _opened(ledger: Ledger, job: Job) -> set[DeliveryKind]:
    return {
        each.kind
        for each in await ledger.deliveries(job.job_id)
        if each.state is DeliveryState.PENDING and each.seq == job.seq
    }


async def test_a_move_returns_what_the_row_holds(ledger: Ledger) -> None:
    """What came into the row behind the holder's back, or was cleaned on the way, is returned."""
    job = await brought_to(ledger, State.SUBMITTING)
    await ledger.acknowledge(job.job_id, AT)
    before = replace(job, acked_at=None, owner="somebody")

    moved = await ledger.record(before, Event.ACCEPTED, AT, facts=Facts(remote_task_id="a\x00b"))

    assert (moved.remote_task_id, moved.owner) == ("ab", job.owner)
    assert moved.acked_at is not None
    assert moved == await ledger.load(job.job_id)


async def test_a_delivery_returns_what_the_row_holds(ledger: Ledger) -> None:
    """What an adapter recorded is returned as it will be read: JSON has no tuples."""
    job = await admitted(ledger)
    card = (await ledger.deliveries(job.job_id))[0]

    begun = await ledger.record_delivery(
        job, card, DeliveryEvent.BEGUN, AT, data={"files": ("one", "two")}
    )

    assert begun.data == {"files": ["one", "two"]}
    assert (begun,) == await ledger.deliveries(job.job_id)


@pytest.mark.parametrize("row", JOB_ROWS, ids=lambda row: row.row)
async def test_row_of_the_job_table(ledger: Ledger, row: JobRow) -> None:
    """The row is committed with its reason, fence, round, line of history and deliveries."""
    job = await _before(ledger, row)
    lines = len(await ledger.history(job.job_id))
    opened = await _opened(ledger, job)

    moved = await ledger.record(job, row.event, AT, facts=FACTS.get(row.event, Facts()))

    assert moved == await ledger.load(job.job_id)
    assert (moved.state, moved.reason) == (row.to, row.reason)
    assert (moved.fence - job.fence, moved.seq - job.seq) == (row.raises_fence, row.raises_seq)
    assert row.opens <= await _opened(ledger, moved)
    assert row.opens or await _opened(ledger, moved) <= opened
    line = (await ledger.history(job.job_id))[lines]
    assert (line.event, line.before, line.after) == (row.event, row.before, row.to)


@pytest.mark.parametrize("row", JOB_ROWS, ids=lambda row: row.row)
async def test_row_counts_and_costs_as_specified(ledger: Ledger, row: JobRow) -> None:
    """Pictures count and credits are booked as the row says, once."""
    job = await _before(ledger, row)

    moved = await ledger.record(job, row.event, AT, facts=FACTS.get(row.event, Facts()))

    usage = await ledger.usage(job.origin.requester, AT)
    assert usage.pictures_day == int(row.counted)
    assert usage.active_jobs == usage.queue == int(not moved.is_terminal)
    assert usage.credits_month == (job.credits if row.cost or not moved.is_terminal else 0)


@pytest.mark.parametrize(
    "row",
    [row for row in JOB_ROWS if row.before in {State.RECEIVED, State.QUEUED, State.SUBMITTING}],
    ids=lambda row: row.row,
)
async def test_row_counts_how_often_a_step_was_put_off(ledger: Ledger, row: JobRow) -> None:
    """A step that is put off once more says so; the next step begins at nought."""
    job = await _put_off_twice(ledger, row)
    if row.cancel_wanted:
        await ledger.record_as_user(job.job_id, Event.CANCEL, SOON)

    moved = await ledger.record(job, row.event, AT, facts=FACTS.get(row.event, Facts()))

    assert (job.attempt, moved.attempt) == (2, row.attempt)


@pytest.mark.parametrize(("state", "reason"), WAYS, ids=str)
async def test_everything_else_is_ignored(
    ledger: Ledger, state: State, reason: Reason | None
) -> None:
    """Events without a row change nothing and leave no line."""
    job = await brought_to(ledger, state, reason)
    lines = await ledger.history(job.job_id)
    specified = {row.event for row in JOB_ROWS if row.before is state}
    if job.remote_task_id is None:
        specified.discard(Event.CHECK_AGAIN)

    for event in set(Event) - specified:
        assert await ledger.record(job, event, AT, facts=FACTS.get(event, Facts())) == job

    assert await ledger.history(job.job_id) == lines


@pytest.mark.parametrize(("state", "reason"), WAYS, ids=str)
async def test_a_wish_does_what_the_table_says(
    ledger: Ledger, state: State, reason: Reason | None
) -> None:
    """A user's wish needs nobody to hold the job, and is None where the table is blank."""
    for event in (Event.CANCEL, Event.CHECK_AGAIN, Event.ACK_REFUSED):
        job = await brought_to(ledger, state, reason)
        rows = [row for row in JOB_ROWS if (row.before, row.event) == (state, event)]
        if event is Event.CHECK_AGAIN and job.remote_task_id is None:
            rows = []

        moved = await ledger.record_as_user(job.job_id, event, AT)

        assert [moved.state for moved in [moved] if moved] == [row.to for row in rows[:1]]


async def test_a_wish_is_only_a_wish(ledger: Ledger) -> None:
    """What only a step can know cannot be said by a user."""
    job = await admitted(ledger)

    with pytest.raises(ValueError, match="only to a job that is held"):
        await ledger.record_as_user(job.job_id, Event.PREPARED, AT)


async def test_nothing_can_be_wished_for_a_job_that_is_not_there(ledger: Ledger) -> None:
    """An id that was never given out is unknown, whatever is asked of it."""
    for ask in (
        ledger.load("no-such-job"),
        ledger.record_as_user("no-such-job", Event.CANCEL, AT),
        ledger.acknowledge("no-such-job", AT),
        ledger.show_again("no-such-job", AT),
    ):
        with pytest.raises(UnknownJob):
            await ask


async def test_an_acknowledged_job_is_not_withdrawn_for_want_of_it(ledger: Ledger) -> None:
    """Once the platform took the acknowledgement, a late refusal does nothing."""
    job = await admitted(ledger)
    acked = await ledger.acknowledge(job.job_id, AT)

    assert acked.acked_at == AT
    assert await ledger.record_as_user(job.job_id, Event.ACK_REFUSED, AT) is None
    assert (await ledger.acknowledge(job.job_id, SOON)).acked_at == AT


async def test_an_acknowledgement_is_seen_by_who_looked_before_it(ledger: Ledger) -> None:
    """Whoever took the job before it was acknowledged cannot withdraw it for want of that."""
    await admitted(ledger, dedupe_key="k")
    job_id = (await ledger.list_all(1))[0].job_id
    seen = await ledger.claim(job_id, owner="w", at=AT)
    assert seen is not None
    await ledger.acknowledge(job_id, AT)

    assert (await ledger.record(seen, Event.ACK_REFUSED, SOON)).state is State.RECEIVED


async def test_a_late_acknowledgement_brings_the_job_back(ledger: Ledger) -> None:
    """A job that was withdrawn unacknowledged is driven all the same once its user was told."""
    job = await admitted(ledger)
    await ledger.record_as_user(job.job_id, Event.ACK_REFUSED, AT)

    back = await ledger.acknowledge(job.job_id, SOON)

    assert (back.state, back.reason, back.acked_at) == (State.RECEIVED, None, SOON)
    assert await _opened(ledger, back) == {DeliveryKind.CARD}


async def test_cancel_twice_is_cancel_once(ledger: Ledger) -> None:
    """A wish that is there already is not written again."""
    job = await with_cancel_wanted(ledger)
    lines = await ledger.history(job.job_id)

    assert await ledger.record_as_user(job.job_id, Event.CANCEL, AT) == job
    assert await ledger.history(job.job_id) == lines


async def test_a_wish_to_cancel_is_honoured_by_who_does_not_know_of_it(ledger: Ledger) -> None:
    """The step that was under way when the wish came ends in cancelled, with the task id kept."""
    job = await brought_to(ledger, State.SUBMITTING)
    await ledger.record_as_user(job.job_id, Event.CANCEL, AT)

    moved = await ledger.record(job, Event.ACCEPTED, AT, facts=FACTS[Event.ACCEPTED])

    assert (moved.state, moved.reason) == (State.CANCELLED, Reason.MAY_BE_BILLED)
    assert moved.can_check_again(AT)


async def test_check_again_ends_with_the_providers_memory(ledger: Ledger) -> None:
    """Four hours after the submit there is nothing left to ask for."""
    job = await brought_to(ledger, State.EXPIRED, Reason.DEADLINE)
    late = SOON + timedelta(hours=4, seconds=1)

    assert await ledger.record_as_user(job.job_id, Event.CHECK_AGAIN, late) is None
    again = await ledger.record_as_user(job.job_id, Event.CHECK_AGAIN, AT)
    assert again is not None
    assert again.deadline_at == AT + timedelta(seconds=CHECK_AGAIN_DEADLINE_S)


async def test_check_again_takes_back_what_has_not_been_said(ledger: Ledger) -> None:
    """A notice of the end that nobody began to send is skipped when the job runs again."""
    job = await brought_to(ledger, State.EXPIRED, Reason.DEADLINE)

    await ledger.record_as_user(job.job_id, Event.CHECK_AGAIN, AT)

    found = {each.kind: each.state for each in await ledger.deliveries(job.job_id)}
    assert found == {
        DeliveryKind.CARD: DeliveryState.PENDING,
        DeliveryKind.NOTICE: DeliveryState.SKIPPED,
        DeliveryKind.CARD_FINAL: DeliveryState.SKIPPED,
    }


async def test_a_second_end_is_told_anew_and_booked_once(ledger: Ledger) -> None:
    """Another round has deliveries of its own; the cost stays one."""
    job = await brought_to(ledger, State.EXPIRED, Reason.DEADLINE)
    again = await ledger.record_as_user(job.job_id, Event.CHECK_AGAIN, AT)
    assert again is not None

    for event in (Event.PRODUCED, Event.COLLECTED):
        again = await ledger.record(again, event, AT, facts=FACTS[event])

    rounds = {(each.kind, each.seq) for each in await ledger.deliveries(job.job_id)}
    assert {(DeliveryKind.RESULT, 1), (DeliveryKind.CARD_FINAL, 1)} <= rounds
    assert (await ledger.usage(job.origin.requester, AT)).credits_month == job.credits


async def test_a_refused_acknowledgement_posts_nothing(ledger: Ledger) -> None:
    """The card of a job that nobody was told of is skipped, and nothing is left to do."""
    job = await brought_to(ledger, State.CANCELLED, Reason.UNACKED)

    (card,) = await ledger.deliveries(job.job_id)

    assert card.state is DeliveryState.SKIPPED
    assert await ledger.unfinished() == ()
    assert await ledger.claim(job.job_id, owner="w", at=AT) is None


async def test_the_same_act_revives_a_job_that_was_not_acknowledged(ledger: Ledger) -> None:
    """The job comes back under its id, as it is ordered now, with a card to post."""
    job = await admitted(ledger, dedupe_key="view-1")
    await ledger.record_as_user(job.job_id, Event.ACK_REFUSED, SOON)

    again = await ledger.admit(
        order(dedupe_key="view-1", prompt="a lino print", data={"url": "new"}),
        limits=NO_LIMITS,
        deadline_s=DEADLINE_S,
        now=AT,
    )

    assert again.is_new
    assert (again.job.job_id, again.job.state) == (job.job_id, State.RECEIVED)
    assert (again.job.request.prompt, again.job.origin.data) == ("a lino print", {"url": "new"})
    assert again.job.deadline_at == AT + timedelta(seconds=DEADLINE_S)
    assert await _opened(ledger, again.job) == {DeliveryKind.CARD}


async def _delivery_in(
    ledger: Ledger, state: DeliveryState, kind: DeliveryKind
) -> tuple[Job, Delivery]:
    ends = State.FAILED if kind is DeliveryKind.NOTICE else State.READY
    job = await brought_to(ledger, ends, Reason.REMOTE_FAILED if ends is State.FAILED else None)
    delivery = next(each for each in await ledger.deliveries(job.job_id) if each.kind is kind)
    ways = {
        DeliveryState.PENDING: (),
        DeliveryState.SENDING: (DeliveryEvent.BEGUN,),
        DeliveryState.SENT: (DeliveryEvent.BEGUN, DeliveryEvent.SENT),
        DeliveryState.REFUSED: (DeliveryEvent.BEGUN, DeliveryEvent.REFUSED),
        DeliveryState.SKIPPED: (DeliveryEvent.SUPERSEDED,),
        DeliveryState.DELETED: (DeliveryEvent.BEGUN, DeliveryEvent.SENT, DeliveryEvent.DELETED),
    }
    for event in ways[state]:
        delivery = await ledger.record_delivery(job, delivery, event, SOON, data={"way": event})
    return job, delivery


@pytest.mark.parametrize(
    "row", [row for row in DELIVERY_ROWS if not row.opens_another], ids=lambda row: row.row
)
async def test_row_of_the_delivery_table(ledger: Ledger, row: DeliveryRow) -> None:
    """The row is committed with its tries, what the adapter recorded, and a line of history."""
    for kind in [
        kind for kind in DeliveryKind if row.only in {None, kind} and kind is not row.never
    ]:
        job, delivery = await _delivery_in(ledger, row.before, kind)

        moved = await ledger.record_delivery(
            job, delivery, row.event, AT, data={"id": 1}, not_before_at=AT
        )

        assert moved in await ledger.deliveries(job.job_id)
        assert (moved.state, moved.attempt) == (row.to, delivery.attempt + row.attempt)
        assert (moved.data, moved.not_before_at) == ({**delivery.data, "id": 1}, AT)
        line = (await ledger.history(job.job_id))[-1]
        assert (line.event, line.delivery, line.before, line.after) == (
            row.event,
            kind,
            row.before,
            row.to,
        )


@pytest.mark.parametrize("state", DeliveryState)
async def test_every_other_delivery_event_is_ignored(ledger: Ledger, state: DeliveryState) -> None:
    """Events without a row change nothing and leave no line."""
    job, delivery = await _delivery_in(ledger, state, DeliveryKind.RESULT)
    lines = await ledger.history(job.job_id)

    for event in DeliveryEvent:
        if advance(state, event, delivery.kind) is None:
            assert await ledger.record_delivery(job, delivery, event, AT, data={"x": 1}) == delivery

    assert await ledger.history(job.job_id) == lines


async def test_show_again_opens_what_was_refused(ledger: Ledger) -> None:
    """What a place refused is opened once more, in a new round; the refusal stays on record."""
    job, refused = await _delivery_in(ledger, DeliveryState.REFUSED, DeliveryKind.RESULT)

    shown = await ledger.show_again(job.job_id, AT)

    assert shown is not None
    (opened,) = [each for each in await ledger.deliveries(job.job_id) if each.seq == shown.seq]
    assert (opened.kind, opened.state, opened.seq) == (
        DeliveryKind.RESULT,
        DeliveryState.PENDING,
        1,
    )
    assert opened.nonce != refused.nonce
    assert refused in await ledger.deliveries(job.job_id)
    assert await ledger.show_again(job.job_id, AT) is None


async def test_show_again_is_no_event_of_a_step(ledger: Ledger) -> None:
    """Only `show_again` opens a new round."""
    job, refused = await _delivery_in(ledger, DeliveryState.REFUSED, DeliveryKind.RESULT)

    with pytest.raises(ValueError, match="opens a delivery of its own"):
        await ledger.record_delivery(job, refused, DeliveryEvent.SHOW_AGAIN, AT)


async def test_a_delivery_is_moved_by_who_saw_it_last(ledger: Ledger) -> None:
    """A try that was begun twice is only carried out by the one who began it last."""
    job, delivery = await _delivery_in(ledger, DeliveryState.SENDING, DeliveryKind.RESULT)
    await ledger.record_delivery(job, delivery, DeliveryEvent.BEGUN, AT)

    with pytest.raises(StaleJob):
        await ledger.record_delivery(job, delivery, DeliveryEvent.SENT, AT)


async def test_what_is_counted_is_what_the_quota_says(ledger: Ledger) -> None:
    """The ledger counts every way to end as the decider does."""
    for number, (state, reason) in enumerate(WAYS):
        requester = f"terminal:{number}"
        await brought_to(ledger, state, reason, requester=requester, batch=2)

        usage = await ledger.usage(requester, AT)

        assert usage.pictures_day == 2 * quota.is_counted(state, reason)
