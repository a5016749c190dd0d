"""Reports of progress: the newest state, now and then, in nobody's way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest

from core.errors import DeliveryError, DeliveryGone, DeliveryRefused, DeliveryRetryable
from core.jobs.afterword import LOOK_S, LOOKS, Afterword
from core.jobs.herald import FRESH_S, Herald
from core.jobs.job import Delivery, DeliveryState, Job
from core.jobs.lifecycle import DeliveryKind, State
from tests.fakes import jobs
from tests.fakes.clock import VirtualClock
from tests.fakes.deliverer import RecordingDeliverer

JOB = jobs.job(job_id="J", state=State.QUEUED)
OURS = "this process"


@dataclass(kw_only=True)
class Ledger:
    """One row, and how often it was read."""

    job: Job
    reads: int = 0

    async def load(self, _: str) -> Job:
        self.reads += 1
        return self.job


def _now(clock: VirtualClock, state: State) -> Job:
    """Return the job as it was recorded just now."""
    return replace(JOB, state=state, updated_at=clock.now())


async def _nothing(_: str) -> tuple[Delivery, ...]:
    return ()


@asynccontextmanager
async def telling(
    clock: VirtualClock,
    stored: Job = JOB,
    ledger: Ledger | None = None,
    sent: Callable[[str], Awaitable[tuple[Delivery, ...]]] | None = None,
    said: Callable[[str], Awaitable[tuple[Delivery, ...]]] | None = None,
) -> AsyncIterator[tuple[Herald, RecordingDeliverer]]:
    """Run a herald whose ledger holds one job; others may drive it where there is `said`."""
    load = (ledger or Ledger(job=stored)).load

    deliverer = RecordingDeliverer()
    places = {JOB.origin.platform: deliverer}
    afterword = Afterword(places, clock, load=load, said=said or _nothing, owner=OURS)
    herald = Herald(
        places,
        clock,
        load=load,
        sent=sent or _nothing,
        afterword=afterword if said else None,
        gap_s=2.0,
    )
    async with asyncio.TaskGroup() as tasks:
        run = tasks.create_task(herald.run())
        yield herald, deliverer
        run.cancel()


def _states(deliverer: RecordingDeliverer) -> list[State]:
    return [job.state for job in deliverer.shown]


async def test_first_state_is_shown_at_once() -> None:
    """Nobody waits for the first report."""
    clock = VirtualClock()
    async with telling(clock) as (herald, deliverer):
        herald.say(JOB)
        await clock.advance(0.0)

        assert _states(deliverer) == [State.QUEUED]


async def test_states_that_follow_quickly_become_one_report() -> None:
    """Within the gap only the newest is shown, at its end."""
    clock = VirtualClock()
    async with telling(clock) as (herald, deliverer):
        herald.say(JOB)
        await clock.advance(0.5)
        herald.say(replace(JOB, state=State.SUBMITTING))
        herald.say(replace(JOB, state=State.RUNNING))
        await clock.advance(1.0)
        assert _states(deliverer) == [State.QUEUED]
        await clock.advance(1.0)

        assert _states(deliverer) == [State.QUEUED, State.RUNNING]


async def test_jobs_do_not_wait_for_each_other() -> None:
    """A report that takes long holds up its own job's next alone."""
    clock = VirtualClock()
    async with telling(clock) as (herald, deliverer):
        let_go_on = deliverer.hold("progress")
        herald.say(JOB)
        herald.say(replace(JOB, job_id="K"))
        await clock.advance(0.0)
        let_go_on()

        assert [job.job_id for job in deliverer.shown] == ["J", "K"]


async def test_report_that_fails_is_dropped() -> None:
    """An error of the place, or a bug, does not end the next report."""
    clock = VirtualClock()
    async with telling(clock) as (herald, deliverer):
        deliverer.fail("progress", DeliveryRetryable())
        herald.say(JOB)
        await clock.advance(3.0)
        deliverer.fail("progress", ZeroDivisionError())
        herald.say(JOB)
        await clock.advance(3.0)
        herald.say(_now(clock, State.RUNNING))
        await clock.advance(3.0)

        assert _states(deliverer) == [State.QUEUED, State.QUEUED, State.RUNNING]


async def test_report_without_room_comes_round_with_what_is_newest_then() -> None:
    """A platform that says when to come again is asked again, and nothing waits meanwhile."""
    clock = VirtualClock()
    async with telling(clock) as (herald, deliverer):
        deliverer.fail("progress", DeliveryRetryable(retry_after_s=1.0), times=2)
        herald.say(JOB)
        await clock.advance(2.0)
        herald.say(_now(clock, State.RUNNING))
        await clock.advance(9.0)

        assert _states(deliverer) == [State.QUEUED, State.QUEUED, State.RUNNING]


@pytest.mark.parametrize(("asked_s", "left_alone_s"), [(1.0, 2.0), (12.0, 12.0), (900.0, 60.0)])
async def test_platform_is_left_alone_for_as_long_as_it_asks(
    asked_s: float, left_alone_s: float
) -> None:
    """With many jobs in one channel each would come for every turn; within reason, and no less."""
    clock = VirtualClock()
    async with telling(clock) as (herald, deliverer):
        deliverer.fail("progress", DeliveryRetryable(retry_after_s=asked_s))
        herald.say(JOB)
        await clock.advance(left_alone_s - 0.1)
        assert _states(deliverer) == [State.QUEUED]

        await clock.advance(0.2)
        assert _states(deliverer) == [State.QUEUED, State.QUEUED]


async def test_silence_ends_what_comes_round() -> None:
    """What there was no room for is not shown after the final word."""
    clock = VirtualClock()
    async with telling(clock) as (herald, deliverer):
        deliverer.fail("progress", DeliveryRetryable(retry_after_s=1.0))
        herald.say(JOB)
        await clock.advance(1.0)
        await herald.silence(JOB.job_id)
        await clock.advance(9.0)

        assert _states(deliverer) == [State.QUEUED]


async def test_tick_reads_the_job_and_shows_it_while_it_runs() -> None:
    """Of a running job it is said that it still runs."""
    clock = VirtualClock()
    async with telling(clock, replace(JOB, state=State.RUNNING)) as (herald, deliverer):
        herald.tick("J")
        await clock.advance(0.0)

        assert _states(deliverer) == [State.RUNNING]


async def test_tick_of_a_job_that_has_moved_on_says_nothing() -> None:
    """What was read late is not shown late."""
    clock = VirtualClock()
    async with telling(clock, replace(JOB, state=State.CANCELLED)) as (herald, deliverer):
        herald.tick("J")
        await clock.advance(0.0)

        assert deliverer.shown == []


async def test_what_was_recorded_just_now_is_shown_without_a_read() -> None:
    """Also at the end of a gap, and a moment later."""
    clock, ledger = VirtualClock(), Ledger(job=JOB)
    async with telling(clock, ledger=ledger) as (herald, deliverer):
        herald.say(JOB)
        await clock.advance(FRESH_S)
        herald.say(JOB)
        await clock.advance(0.0)

        assert (_states(deliverer), ledger.reads) == ([State.QUEUED] * 2, 0)


async def test_old_state_that_still_stands_is_shown() -> None:
    """Of a queued job it is told why it waits, however long ago it was recorded."""
    clock, ledger = VirtualClock(), Ledger(job=JOB)
    async with telling(clock, ledger=ledger) as (herald, deliverer):
        await clock.advance(FRESH_S + 1.0)
        herald.say(replace(JOB, detail="credentials"))
        await clock.advance(0.0)

        assert [job.detail for job in deliverer.shown] == ["credentials"]
        assert ledger.reads == 1


@pytest.mark.parametrize(
    "now",
    [replace(JOB, fence=1), replace(JOB, state=State.CANCELLED), replace(JOB, state=State.RUNNING)],
)
async def test_process_that_slept_shows_nothing_that_is_over(now: Job) -> None:
    """Another process has the job, or it has ended: the card is not set back."""
    clock = VirtualClock()
    async with telling(clock, now) as (herald, deliverer):
        herald.say(JOB)
        clock.sleep_through(FRESH_S + 1.0)
        await clock.advance(0.0)

        assert deliverer.shown == []


async def test_process_that_slept_after_reading_reads_again() -> None:
    """What a tick read is old, too, when the process slept in between."""
    clock, ledger = VirtualClock(), Ledger(job=replace(JOB, state=State.RUNNING))

    async def sent(_: str) -> tuple[Delivery, ...]:
        clock.sleep_through(FRESH_S + 1.0)
        ledger.job = replace(JOB, state=State.READY)
        return ()

    async with telling(clock, ledger=ledger, sent=sent) as (herald, deliverer):
        herald.tick("J")
        await clock.advance(0.0)

        assert (deliverer.shown, ledger.reads) == ([], 2)


async def test_ticks_are_few_however_many_jobs_run() -> None:
    """A thousand jobs at once cost a handful of reads a second."""
    clock = VirtualClock()
    async with telling(clock, replace(JOB, state=State.RUNNING)) as (herald, deliverer):
        for number in range(1000):
            herald.tick(f"J{number}")
            await clock.advance(0.001)

        assert len(deliverer.shown) <= 6


async def test_silence_drops_what_was_not_shown_yet() -> None:
    """After silence nothing of the job is shown."""
    clock = VirtualClock()
    async with telling(clock) as (herald, deliverer):
        herald.say(JOB)
        await clock.advance(0.5)
        herald.say(replace(JOB, state=State.RUNNING))
        await herald.silence("J")
        await clock.advance(10.0)

        assert _states(deliverer) == [State.QUEUED]


async def test_card_of_a_job_that_another_process_took_is_looked_after() -> None:
    """It ended the job and said so while a report of ours, which was true at first, was shown."""
    clock, ledger = VirtualClock(), Ledger(job=_now(VirtualClock(), State.RUNNING))
    rows: list[Delivery] = []

    async def said(_: str) -> tuple[Delivery, ...]:
        return tuple(rows)

    async with telling(clock, ledger=ledger, said=said) as (herald, deliverer):
        let_go_on = deliverer.hold("progress")
        herald.say(ledger.job)
        await clock.advance(0.0)
        ledger.job = replace(JOB, state=State.READY, owner="another")
        let_go_on()
        await clock.advance(0.0)
        assert not deliverer.said  # the other one is about to say it

        rows.append(jobs.delivery(DeliveryKind.CARD_FINAL, DeliveryState.SENT))
        deliverer.fail(DeliveryKind.CARD_FINAL, DeliveryRetryable("not now"))
        for _ in range(LOOKS):
            await clock.advance(LOOK_S)

        assert [said.kind for said in deliverer.said] == [DeliveryKind.CARD_FINAL]
        assert deliverer.calls[DeliveryKind.CARD_FINAL] == 2


@pytest.mark.parametrize("error", [DeliveryGone(), DeliveryRefused("no such channel")])
async def test_card_that_is_gone_is_looked_after_no_longer(error: DeliveryError) -> None:
    """Nobody can put it right."""
    clock, ledger = VirtualClock(), Ledger(job=_now(VirtualClock(), State.RUNNING))
    final = jobs.delivery(DeliveryKind.CARD_FINAL, DeliveryState.SENT)

    async def said(_: str) -> tuple[Delivery, ...]:
        return (final,)

    async with telling(clock, ledger=ledger, said=said) as (herald, deliverer):
        deliverer.fail(DeliveryKind.CARD_FINAL, error)
        herald.say(ledger.job)
        ledger.job = replace(ledger.job, state=State.READY, owner="another")
        await clock.advance(LOOK_S * 3)

        assert deliverer.calls[DeliveryKind.CARD_FINAL] == 1


@pytest.mark.parametrize("state", [State.RUNNING, State.READY])
async def test_card_of_a_job_of_ours_is_left_alone(state: State) -> None:
    """The next report, or the last word, comes after this one anyway."""
    clock, ledger = VirtualClock(), Ledger(job=_now(VirtualClock(), State.RUNNING))
    final = jobs.delivery(DeliveryKind.CARD_FINAL, DeliveryState.SENT)

    async def said(_: str) -> tuple[Delivery, ...]:
        return (final,)

    async with telling(clock, ledger=ledger, said=said) as (herald, deliverer):
        herald.say(ledger.job)
        ledger.job = replace(ledger.job, state=state, fence=7, owner=OURS)
        await clock.advance(LOOK_S)

        assert (deliverer.said, ledger.reads) == ([], 1)


async def test_looks_come_to_an_end() -> None:
    """Whoever has the job by then says more, if it ever goes on."""
    clock, ledger = VirtualClock(), Ledger(job=_now(VirtualClock(), State.RUNNING))
    async with telling(clock, ledger=ledger, said=_nothing) as (herald, deliverer):
        herald.say(ledger.job)
        ledger.job = replace(ledger.job, owner="another")
        await clock.advance(LOOK_S * (LOOKS + 5))

        assert (deliverer.said, ledger.reads) == ([], LOOKS + 1)


async def test_silence_waits_for_the_report_under_way() -> None:
    """So that it cannot come after what is said next."""
    clock = VirtualClock()
    async with telling(clock) as (herald, deliverer), asyncio.TaskGroup() as tasks:
        let_go_on = deliverer.hold("progress")
        herald.say(JOB)
        await clock.advance(0.0)
        silence = tasks.create_task(herald.silence("J"))
        await clock.advance(1.0)
        assert not silence.done()
        let_go_on()
        await clock.advance(0.0)

        assert silence.done()


async def test_herald_forgets_jobs_it_has_nothing_to_say_of() -> None:
    """What was shown is remembered for the gap, and no longer."""
    clock = VirtualClock()
    async with telling(clock) as (herald, _):
        herald.say(JOB)
        await clock.advance(5.0)

        assert herald._reports == {}
