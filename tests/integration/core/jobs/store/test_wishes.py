"""What chats ask of the ledger: the job of an act, lists with places, pictures that are shared."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from core.jobs.deliveries import DeliveryEvent
from core.jobs.job import DeliveryState, Facts, Job
from core.jobs.lifecycle import DeliveryKind, Event, Reason, State
from core.jobs.store.ledger import Ledger
from core.media.item import MediaItem
from tests.fakes.clock import START
from tests.fakes.ledger_jobs import OUTPUT, PREPARED, SOON, admitted, brought_to

NOBODY = "no-such-job"


async def _told(ledger: Ledger, job: Job, *, refused: DeliveryKind | None = None) -> Job:
    for row in await ledger.deliveries(job.job_id):
        begun = await ledger.record_delivery(job, row, DeliveryEvent.BEGUN, SOON)
        last = DeliveryEvent.REFUSED if row.kind is refused else DeliveryEvent.SENT
        await ledger.record_delivery(job, begun, last, SOON, data={"message": row.kind.value})
    return job


async def test_job_of_an_act_is_found(ledger: Ledger) -> None:
    """An event that comes twice finds what it made the first time."""
    job = await admitted(ledger, dedupe_key="discord:1")
    await admitted(ledger, dedupe_key="discord:2")

    assert await ledger.find_act("discord:1") == job
    assert await ledger.find_act("discord:3") is None


async def test_jobs_are_listed_with_what_was_said_of_them(ledger: Ledger) -> None:
    """Newest first, in the order of sending, with what the adapter recorded; nobody else's."""
    ready = await _told(ledger, await brought_to(ledger, State.READY))
    later = START + timedelta(seconds=5)
    running = await brought_to(ledger, State.RUNNING, now=later)
    await brought_to(ledger, State.RUNNING, requester="terminal:you")

    listed = await ledger.list_with_deliveries("terminal:me", 9)

    assert [job for job, _ in listed] == [running, ready]
    for job, rows in listed:
        assert rows == await ledger.deliveries(job.job_id)
    assert [row.data for row in listed[1][1]] == [
        {"message": "card"}, {"message": "result"}, {"message": "card_final"},
    ]  # fmt: skip
    assert [job for job, _ in await ledger.list_with_deliveries("terminal:me", 1)] == [running]


async def test_list_of_somebody_without_jobs_is_empty(ledger: Ledger) -> None:
    """No jobs, no deliveries."""
    await admitted(ledger)

    assert await ledger.list_with_deliveries("terminal:nobody", 9) == ()


async def test_refused_result_is_seen_in_the_list(ledger: Ledger) -> None:
    """So that it can be offered again."""
    job = await brought_to(ledger, State.READY)
    await _told(ledger, job, refused=DeliveryKind.RESULT)

    ((_, rows),) = await ledger.list_with_deliveries("terminal:me", 9)

    refused = [row.kind for row in rows if row.state is DeliveryState.REFUSED]
    assert refused == [DeliveryKind.RESULT]


@pytest.mark.parametrize("picture", [PREPARED, OUTPUT])
async def test_picture_is_known_to_the_job_that_has_it(ledger: Ledger, picture: MediaItem) -> None:
    """As prepared or as made; the job that asks does not count."""
    job = await brought_to(ledger, State.READY)

    assert await ledger.is_referred_to(picture, besides=NOBODY)
    assert not await ledger.is_referred_to(picture, besides=job.job_id)
    assert not await ledger.is_referred_to(replace(picture, sha256="e" * 64), besides=NOBODY)


async def test_picture_is_known_to_the_job_that_was_ordered_with_it(ledger: Ledger) -> None:
    """A job that runs again has its picture in what its adapter keeps, until it is prepared."""
    data = {"pictures": [{"sha256": "c" * 64}]}
    job = await admitted(ledger, data=data)
    picture = replace(PREPARED, sha256="c" * 64)

    assert await ledger.is_referred_to(picture, besides=NOBODY)
    assert await ledger.is_awaited(picture, besides=NOBODY)
    assert not await ledger.is_referred_to(picture, besides=job.job_id)
    assert not await ledger.is_awaited(picture, besides=job.job_id)
    await ledger.record_as_user(job.job_id, Event.ACK_REFUSED, SOON)
    assert not await ledger.is_referred_to(picture, besides=NOBODY)
    assert not await ledger.is_awaited(picture, besides=NOBODY)


async def test_picture_is_known_to_the_job_that_has_just_fetched_it(ledger: Ledger) -> None:
    """Before its row says so, its card does; once it has ended, its row alone counts."""
    job = await admitted(ledger)
    (card,) = await ledger.deliveries(job.job_id)
    await ledger.record_delivery(
        job, card, DeliveryEvent.BEGUN, SOON, data={"pictures": [PREPARED.sha256]}
    )

    assert await ledger.is_referred_to(PREPARED, besides=NOBODY)
    assert await ledger.is_awaited(PREPARED, besides=NOBODY)
    assert not await ledger.is_referred_to(OUTPUT, besides=NOBODY)
    await ledger.record(job, Event.PREPARATION_GAVE_UP, SOON)
    assert not await ledger.is_referred_to(PREPARED, besides=NOBODY)


async def test_previews_that_are_downloaded_may_be_any_picture(ledger: Ledger) -> None:
    """Until they are there; what the hosted API makes is never the same twice."""
    await brought_to(ledger, State.COLLECTING)
    assert not await ledger.is_awaited(OUTPUT, besides=NOBODY)
    job = await brought_to(ledger, State.COLLECTING, preview=True)

    assert await ledger.is_awaited(OUTPUT, besides=NOBODY)
    assert await ledger.is_referred_to(OUTPUT, besides=NOBODY)
    assert not await ledger.is_awaited(OUTPUT, besides=job.job_id)
    await ledger.record(job, Event.COLLECTED, SOON, facts=Facts(outputs=(OUTPUT,)))
    assert not await ledger.is_awaited(OUTPUT, besides=NOBODY)
    assert await ledger.is_referred_to(OUTPUT, besides=NOBODY)


async def test_emptied_job_knows_no_picture(ledger: Ledger) -> None:
    """What was taken out of a row is not held by it."""
    job = await _told(ledger, await brought_to(ledger, State.READY))
    await ledger.forget_job(job.job_id)

    assert not await ledger.is_referred_to(PREPARED, besides=NOBODY)


async def test_messages_of_a_forgotten_job_count_as_deleted(ledger: Ledger) -> None:
    """Those that were sent; what was refused stays so, and the history says what happened."""
    job = await brought_to(ledger, State.FAILED, Reason.FILTERED)
    await _told(ledger, job, refused=DeliveryKind.NOTICE)
    await ledger.forget_job(job.job_id, at=SOON)

    states = {row.kind: row.state for row in await ledger.deliveries(job.job_id)}
    changes = [
        (change.event, change.before, change.after, change.delivery)
        for change in await ledger.history(job.job_id)
        if change.event == DeliveryEvent.DELETED
    ]
    assert states == {
        DeliveryKind.CARD: DeliveryState.DELETED,
        DeliveryKind.NOTICE: DeliveryState.REFUSED,
        DeliveryKind.CARD_FINAL: DeliveryState.SENT,
    }
    assert changes == [("deleted", "sent", "deleted", DeliveryKind.CARD)]


async def test_deleted_messages_of_other_jobs_stay(ledger: Ledger) -> None:
    """Only the forgotten job's own messages count as deleted."""
    forgotten = await _told(ledger, await brought_to(ledger, State.READY))
    kept = await _told(ledger, await brought_to(ledger, State.READY))
    await ledger.forget_job(forgotten.job_id)

    states = {row.state for row in await ledger.deliveries(kept.job_id)}
    assert states == {DeliveryState.SENT}


async def test_job_with_something_to_say_keeps_its_messages(ledger: Ledger) -> None:
    """What cannot be forgotten is left alone, deliveries included."""
    job = await brought_to(ledger, State.READY)
    row = (await ledger.deliveries(job.job_id))[0]
    begun = await ledger.record_delivery(job, row, DeliveryEvent.BEGUN, SOON)
    sent = await ledger.record_delivery(job, begun, DeliveryEvent.SENT, SOON)

    assert await ledger.forget_job(job.job_id) is None
    assert (await ledger.deliveries(job.job_id))[0] == sent


async def test_prepared_pictures_of_several_are_told_apart(ledger: Ledger) -> None:
    """A digest that stands in one job's list is found there, whatever stands beside it."""
    job = await admitted(ledger)
    two = (PREPARED, replace(PREPARED, sha256="d" * 64))
    await ledger.record(job, Event.PREPARED, SOON, facts=Facts(prepared=two))

    assert [await ledger.is_referred_to(each, besides=NOBODY) for each in two] == [True, True]
