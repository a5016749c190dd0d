"""Orders are counted and inserted in one go, in time, and once for each act of a user."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from datetime import timedelta

import psycopg
import pytest

from core.errors import Limit, QuotaExceeded, StoreUnavailable
from core.jobs.job import Admission
from core.jobs.lifecycle import DeliveryKind, Event, Reason, State
from core.jobs.quota import Limits
from core.jobs.store.engine import ADMISSION_LOCK
from core.jobs.store.ledger import Ledger, open_ledger
from tests.fakes.clock import START, VirtualClock
from tests.fakes.ledger_jobs import DEADLINE_S, NO_LIMITS, SOON, admitted, brought_to, order
from tests.fakes.rig import ADMIT_WITHIN_S


async def _tried(ledger: Ledger, limits: Limits, **changes: object) -> Admission | Limit:
    try:
        return await ledger.admit(order(**changes), limits=limits, deadline_s=DEADLINE_S, now=START)
    except QuotaExceeded as exc:
        return exc.limit


async def test_an_order_becomes_a_job_with_a_card_to_post(ledger: Ledger) -> None:
    """The job is received, has its deadline, a card to post and a first line of history."""
    given = order(prompt="a harbour", batch=3, credits=12, data={"a": [1, None]})

    job = (await ledger.admit(given, limits=NO_LIMITS, deadline_s=60.0, now=START)).job

    assert job == await ledger.load(job.job_id)
    assert (job.origin, job.request, job.credits) == (given.origin, given.request, 12)
    assert (job.state, job.deadline_at) == (State.RECEIVED, START + timedelta(seconds=60))
    assert [each.kind for each in await ledger.deliveries(job.job_id)] == [DeliveryKind.CARD]
    assert [line.event for line in await ledger.history(job.job_id)] == ["admitted"]


async def test_the_same_act_gives_the_same_job(ledger: Ledger) -> None:
    """A platform that delivers an act twice finds the job it made, whatever the limits."""
    first = await ledger.admit(order(dedupe_key="k"), limits=NO_LIMITS, deadline_s=9, now=START)
    full = Limits(jobs_per_user=1, queue_max=1)

    second = await ledger.admit(order(dedupe_key="k"), limits=full, deadline_s=9, now=SOON)

    assert (first.is_new, second.is_new) == (True, False)
    assert second.job == first.job


async def test_the_same_act_at_the_same_time_gives_one_job(url: str) -> None:
    """Of many copies of one act, in two processes, exactly one makes the job."""
    async with (
        open_ledger(url, VirtualClock(), admit_within_s=ADMIT_WITHIN_S) as one,
        open_ledger(url, VirtualClock(), admit_within_s=ADMIT_WITHIN_S) as other,
    ):
        admissions = await asyncio.gather(
            *(
                ledger.admit(order(dedupe_key="k"), limits=NO_LIMITS, deadline_s=9, now=START)
                for ledger in [one, other] * 5
            )
        )

        assert sum(each.is_new for each in admissions) == 1
        assert len({each.job.job_id for each in admissions}) == 1
        assert len(await one.list_all(10)) == 1


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        (Limits(jobs_per_user=3), Limit.ACTIVE_JOBS),
        (Limits(jobs_per_user=0, pictures_per_user_day=7), Limit.PICTURES_PER_DAY),
        (Limits(jobs_per_user=0, credits_month=17), Limit.CREDITS_PER_MONTH),
        (Limits(jobs_per_user=0, queue_max=3), Limit.QUEUE),
    ],
    ids=lambda value: value.value if isinstance(value, Limit) else "",
)
async def test_clicks_at_once_do_not_get_past_a_limit(
    url: str, limits: Limits, expected: Limit
) -> None:
    """Of ten orders at once, in two processes, as many get in as fit: three."""
    async with (
        open_ledger(url, VirtualClock(), admit_within_s=ADMIT_WITHIN_S) as one,
        open_ledger(url, VirtualClock(), admit_within_s=ADMIT_WITHIN_S) as other,
    ):
        outcomes = await asyncio.gather(
            *(_tried(ledger, limits, batch=2, credits=5) for ledger in [one, other] * 5)
        )

        refused = [outcome for outcome in outcomes if isinstance(outcome, Limit)]
        assert refused == [expected] * 7
        assert len(await one.list_all(20)) == 3


@pytest.mark.parametrize(
    ("changes", "expected"),
    [({"batch": 5}, Limit.BATCH), ({"place": "terminal:no"}, Limit.PLACE)],
    ids=["batch", "place"],
)
async def test_what_the_order_alone_decides_needs_no_room(
    ledger: Ledger, changes: dict[str, object], expected: Limit
) -> None:
    """An order that could never fit is refused and leaves nothing."""
    limits = Limits(allowed_places=frozenset({"terminal:here"}))

    assert await _tried(ledger, limits, **changes) is expected
    assert await ledger.list_all(1) == ()


@pytest.mark.parametrize(
    "reason",
    [Reason.PICTURE, Reason.NO_PLACE, Reason.NOT_PREPARED, Reason.REJECTED, Reason.REMOTE_FAILED],
)
async def test_a_failure_gives_its_pictures_back(ledger: Ledger, reason: Reason) -> None:
    """Somebody whose job failed may ask again."""
    await brought_to(ledger, State.FAILED, reason, batch=4)

    assert isinstance(await _tried(ledger, Limits(pictures_per_user_day=4), batch=4), Admission)


async def test_yesterdays_pictures_do_not_count(ledger: Ledger) -> None:
    """A picture counts for 24 hours from when it was asked for."""
    await brought_to(ledger, State.READY, now=START - timedelta(hours=24), batch=4)

    assert (await ledger.usage("terminal:me", START)).pictures_day == 0
    assert (await ledger.usage("terminal:me", START - timedelta(seconds=1))).pictures_day == 4


async def test_others_and_previews_are_not_charged_to_anybody_else(ledger: Ledger) -> None:
    """Usage is the requester's own; credits are everybody's, but for previews."""
    await brought_to(ledger, State.READY, requester="terminal:you", credits=7)
    await brought_to(ledger, State.READY, requester="terminal:you", credits=9, preview=True)
    await brought_to(ledger, State.RUNNING, requester="terminal:you", credits=2)

    usage = await ledger.usage("terminal:me", START)

    assert (usage.active_jobs, usage.pictures_day) == (0, 0)
    assert (usage.credits_month, usage.queue) == (9, 1)


def _sqlite_lock(url: str) -> AbstractContextManager[object]:
    connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    return closing(connection)


def _postgres_lock(url: str) -> AbstractContextManager[object]:
    connection = psycopg.connect(url)
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (ADMISSION_LOCK,))
    return closing(connection)


LOCKS: dict[str, Callable[[str], AbstractContextManager[object]]] = {
    "sqlite": _sqlite_lock,
    "postgresql": _postgres_lock,
}


async def test_an_order_that_takes_too_long_leaves_no_job(url: str) -> None:
    """Who was told that it did not work finds nothing done, even when the lock is let go later."""
    async with open_ledger(url, VirtualClock(), admit_within_s=0.1) as ledger:
        with LOCKS[url.partition(":")[0]](url), pytest.raises(StoreUnavailable):
            await admitted(ledger, dedupe_key="late")

    async with open_ledger(url, VirtualClock(), admit_within_s=ADMIT_WITHIN_S) as ledger:
        assert await ledger.list_all(1) == ()
        assert (await admitted(ledger, dedupe_key="late")).state is State.RECEIVED


async def test_an_order_that_is_committed_too_late_is_withdrawn(url: str) -> None:
    """A job whose commit came just after its time is cancelled, as if never acknowledged."""
    async with open_ledger(url, VirtualClock(), admit_within_s=0.0) as ledger:
        with pytest.raises(StoreUnavailable):
            await admitted(ledger, dedupe_key="late")

    async with open_ledger(url, VirtualClock()) as ledger:
        assert await ledger.unfinished() == ()
        assert [job.reason for job in await ledger.list_all(9)] in ([], [Reason.UNACKED])


async def test_a_wait_that_is_given_up_leaves_no_job_to_drive(url: str) -> None:
    """Whoever stops waiting for an order never gets a job that is driven unasked."""
    async with open_ledger(url, VirtualClock()) as ledger, asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(admitted(ledger))
        await asyncio.sleep(0)
        waiting.cancel()

    async with open_ledger(url, VirtualClock()) as ledger:
        assert await ledger.unfinished() == ()


async def test_text_that_no_database_takes_does_no_harm(ledger: Ledger) -> None:
    """NUL and half a surrogate pair in what users and platforms give do not stop an order."""
    job = await admitted(ledger, prompt="a\x00 \ud83d b", place="p\x00", data={"x": "\x00\ud83d"})

    assert (job.request.prompt, job.origin.place) == ("a ? b", "p")
    assert (await ledger.load(job.job_id)).origin.data == {"x": "\x00\ud83d"}


async def test_a_withdrawn_job_is_not_revived(ledger: Ledger) -> None:
    """Only a refused acknowledgement is made good by the same act; a cancel stays a cancel."""
    job = await admitted(ledger, dedupe_key="k")
    await ledger.record_as_user(job.job_id, Event.CANCEL, SOON)

    again = await ledger.admit(order(dedupe_key="k"), limits=NO_LIMITS, deadline_s=9, now=SOON)

    assert (again.is_new, again.job.reason) == (False, Reason.WITHDRAWN)


async def test_orders_that_come_together_are_decided_one_after_the_other(ledger: Ledger) -> None:
    """Each sees those before it, and one that does not fit takes no other with it."""
    limits = Limits(jobs_per_user=2, pictures_per_user_day=4)
    wishes = [("a", 1), ("b", 4), ("a", 4), ("a", 3), ("b", 1), ("a", 1), ("c", 5), ("c", 4)]

    outcomes = await asyncio.gather(
        *(_tried(ledger, limits, requester=who, batch=pictures) for who, pictures in wishes)
    )

    assert [outcome if isinstance(outcome, Limit) else None for outcome in outcomes] == [
        None, None, Limit.PICTURES_PER_DAY, None, Limit.PICTURES_PER_DAY, Limit.ACTIVE_JOBS,
        Limit.BATCH, None,
    ]  # fmt: skip
    assert len(await ledger.unfinished()) == 4


async def test_orders_that_come_together_keep_what_each_says(ledger: Ledger) -> None:
    """Every job is read back as it was admitted, with its own card and history."""
    admissions = await asyncio.gather(
        *(_tried(ledger, NO_LIMITS, prompt=f"harbour {n}", data={"n": n}) for n in range(300))
    )

    jobs = [each.job for each in admissions if isinstance(each, Admission)]
    assert [job.request.prompt for job in jobs] == [f"harbour {n}" for n in range(300)]
    for job in jobs[::50]:
        assert await ledger.load(job.job_id) == job
        assert [each.kind for each in await ledger.deliveries(job.job_id)] == [DeliveryKind.CARD]
        assert [line.event for line in await ledger.history(job.job_id)] == ["admitted"]
    assert len(await ledger.unfinished()) == 300


async def test_an_order_that_cannot_be_kept_takes_no_other_with_it(ledger: Ledger) -> None:
    """Of orders in one transaction, only the one that the database refuses fails."""
    outcomes = await asyncio.gather(
        *(
            ledger.admit(order(credits=cost), limits=NO_LIMITS, deadline_s=9, now=START)
            for cost in (1, -1, 2)
        ),
        return_exceptions=True,
    )

    assert [type(outcome) for outcome in outcomes] == [Admission, StoreUnavailable, Admission]
    assert sorted(job.credits for job in await ledger.list_all(9)) == [1, 2]


async def test_orders_of_two_months_in_one_transaction(ledger: Ledger) -> None:
    """Each order is counted against the month that it was given in."""
    month_later = START + timedelta(days=31)
    await brought_to(ledger, State.READY, credits=9)
    limits = Limits(jobs_per_user=0, credits_month=10)

    outcomes = await asyncio.gather(
        *(
            ledger.admit(order(credits=2), limits=limits, deadline_s=9, now=now)
            for now in (START, month_later)
        ),
        return_exceptions=True,
    )

    assert [type(outcome) for outcome in outcomes] == [QuotaExceeded, Admission]


async def test_a_refused_acknowledgement_is_made_good_once_of_many(ledger: Ledger) -> None:
    """The same act twice in one transaction brings one job back once."""
    job = await admitted(ledger, dedupe_key="k")
    await ledger.record_as_user(job.job_id, Event.ACK_REFUSED, SOON)

    admissions = await asyncio.gather(
        *(
            ledger.admit(
                order(dedupe_key="k", prompt="anew"), limits=NO_LIMITS, deadline_s=9, now=SOON
            )
            for _ in range(3)
        )
    )

    assert [each.is_new for each in admissions] == [True, False, False]
    assert {each.job.job_id for each in admissions} == {job.job_id}
    assert (await ledger.load(job.job_id)).request.prompt == "anew"


async def test_only_what_is_limited_is_counted(ledger: Ledger) -> None:
    """A preview costs no credits, and old jobs count only while they are under way."""
    old = START - timedelta(days=2)
    await brought_to(ledger, State.RUNNING, now=old, batch=4, credits=9)
    await brought_to(ledger, State.READY, now=old, batch=4, credits=1, preview=True)

    assert await _tried(ledger, Limits(jobs_per_user=1)) is Limit.ACTIVE_JOBS
    assert await _tried(ledger, Limits(queue_max=1)) is Limit.QUEUE
    assert await _tried(ledger, Limits(credits_month=10), credits=2) is Limit.CREDITS_PER_MONTH
    assert isinstance(
        await _tried(ledger, Limits(credits_month=9, pictures_per_user_day=1), preview=True),
        Admission,
    )
