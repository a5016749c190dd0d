"""Asking after running tasks."""

from __future__ import annotations

import asyncio
import gc
import random
import tracemalloc
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from core.errors import (
    Misconfiguration,
    ProviderMisconfigured,
    ProviderUnavailable,
    Rejection,
    StoreUnavailable,
)
from core.jobs.job import Job
from core.jobs.learning import ENOUGH
from core.jobs.lifecycle import State
from core.jobs.poller import CONNECTIONS, SHOW_EVERY_S, Poller
from core.jobs.watch import Finding, Overdue
from core.provider.dialect import Pending, Produced, RemoteFailed
from tests.fakes import jobs
from tests.fakes.clock import START, VirtualClock

Answer = Pending | Produced | RemoteFailed
PICTURE = Produced(urls=("https://example.com/a.webp",))


class Provider:
    """Answers polls as `answer` says, and remembers when it was asked for what."""

    def __init__(self, clock: VirtualClock, answer: Callable[[str, float], Answer]) -> None:
        self.clock = clock
        self.answer = answer
        self.asked: list[tuple[float, str]] = []
        self.open = 0
        self.open_max = 0

    async def poll(self, remote_task_id: str) -> Answer:
        self.asked.append((self.clock.monotonic_s(), remote_task_id))
        self.open += 1
        self.open_max = max(self.open, self.open_max)
        try:
            await self.clock.sleep(0.1)
            return self.answer(remote_task_id, self.clock.monotonic_s())
        finally:
            self.open -= 1

    @property
    def instants(self) -> list[float]:
        return [round(at_s, 2) for at_s, _ in self.asked]


class Ear:
    """Remembers what the poller said."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.running: list[str] = []
        self.alarms: list[Misconfiguration] = []

    def found(self, finding: Finding) -> None:
        self.findings.append(finding)

    def still_running(self, job_id: str) -> None:
        self.running.append(job_id)

    def alarmed(self, cause: Misconfiguration) -> None:
        self.alarms.append(cause)


def running(number: int = 0, *, age_s: float = 0.0, left_s: float = 900.0) -> Job:
    """Return a running job, submitted `age_s` before the clock starts."""
    return jobs.job(
        job_id=f"J{number}",
        state=State.RUNNING,
        remote_task_id=f"T{number}",
        submitted_at=START - timedelta(seconds=age_s),
        deadline_at=START + timedelta(seconds=left_s),
    )


async def no_past(_: str) -> Sequence[float]:
    return ()


@asynccontextmanager
async def polling(
    clock: VirtualClock,
    answer: Callable[[str, float], Answer],
    *,
    past: Sequence[float] = (),
    connections: int = 32,
) -> AsyncIterator[tuple[Poller, Provider, Ear]]:
    """Run a poller against answers by task id and time."""

    async def durations(_: str) -> Sequence[float]:
        return past

    provider, ear = Provider(clock, answer), Ear()
    poller = Poller(
        provider, clock, durations=durations, connections=connections, rng=random.Random(1)
    )
    async with asyncio.TaskGroup() as tasks:
        run = tasks.create_task(poller.run(ear))
        yield poller, provider, ear
        run.cancel()


def ready_at(done_s: float) -> Callable[[str, float], Answer]:
    return lambda _, now_s: PICTURE if now_s >= done_s else Pending()


async def test_unknown_model_is_asked_for_every_two_seconds() -> None:
    """The interval counts from question to question, until the picture is there."""
    clock = VirtualClock()
    async with polling(clock, ready_at(7.0)) as (poller, provider, ear):
        poller.watch(running())
        await clock.advance(30.0)

    assert provider.instants == [2.0, 4.0, 6.0, 8.0]
    assert [finding.outcome for finding in ear.findings] == [PICTURE]


async def test_known_model_is_asked_for_from_its_window_on() -> None:
    """The ledger's durations say when the first question is worth it."""
    clock = VirtualClock()
    async with polling(clock, ready_at(11.0), past=[10.0] * 5 + [20.0] * 5) as (
        poller,
        provider,
        _,
    ):
        poller.watch(running())
        await clock.advance(30.0)

    assert provider.instants == [10.0, 12.0]


async def test_job_taken_over_late_is_asked_for_at_once() -> None:
    """After a restart nobody waits for what has probably happened meanwhile."""
    clock = VirtualClock()
    async with polling(clock, ready_at(0.0)) as (poller, provider, ear):
        poller.watch(running(age_s=100.0))
        await clock.advance(1.0)

    assert provider.instants == [0.0]
    assert ear.findings[0].took_s is None


async def test_finding_says_how_long_the_job_probably_took() -> None:
    """It ended between the last PENDING and the answer."""
    clock = VirtualClock()
    async with polling(clock, ready_at(5.0)) as (poller, _, ear):
        poller.watch(running())
        await clock.advance(30.0)

    took_s = ear.findings[0].took_s
    assert took_s is not None
    assert 4.2 < took_s < 6.3


async def test_errors_do_not_end_a_job() -> None:
    """An outage of minutes only makes questions rarer."""
    clock = VirtualClock()

    def answer(_: str, now_s: float) -> Answer:
        if now_s < 300.0:
            raise ProviderUnavailable("502")
        return PICTURE

    async with polling(clock, answer) as (poller, provider, ear):
        poller.watch(running())
        await clock.advance(400.0)

    assert [finding.outcome for finding in ear.findings] == [PICTURE]
    assert len(provider.asked) < 14


async def test_a_bug_in_one_answer_does_not_stop_the_others() -> None:
    """What nobody foresaw is logged and asked again."""
    clock = VirtualClock()

    def answer(task_id: str, _: float) -> Answer:
        if task_id == "T0":
            raise ZeroDivisionError
        return PICTURE

    async with polling(clock, answer) as (poller, _, ear):
        poller.watch(running(0))
        poller.watch(running(1))
        await clock.advance(30.0)

        assert [finding.job_id for finding in ear.findings] == ["J1"]
        assert "J0" in poller


async def test_stray_cancellations_end_no_watch() -> None:
    """More questions are cut off inside the client than are open at once, and all are repeated."""
    clock = VirtualClock()

    def answer(_: str, now_s: float) -> Answer:
        if now_s < 60.0:
            raise asyncio.CancelledError
        return PICTURE

    async with polling(clock, answer) as (poller, _, ear):
        for number in range(2 * CONNECTIONS):
            poller.watch(running(number))
        await clock.advance(300.0)

    assert {type(finding.outcome) for finding in ear.findings} == {Produced}
    assert len(ear.findings) == 2 * CONNECTIONS


async def test_deadline_ends_a_job_after_a_last_question() -> None:
    """A task that stays PENDING for ever is overdue at our deadline, not before."""
    clock = VirtualClock()
    async with polling(clock, lambda *_: Pending()) as (poller, provider, ear):
        poller.watch(running(left_s=60.0))
        await clock.advance(59.0)
        assert ear.findings == []
        await clock.advance(2.0)

    assert isinstance(ear.findings[0].outcome, Overdue)
    assert provider.instants[-1] == 60.0


async def test_job_found_past_its_deadline_gets_one_question() -> None:
    """What finished while nobody looked is not thrown away."""
    clock = VirtualClock()
    async with polling(clock, ready_at(0.0)) as (poller, provider, ear):
        poller.watch(running(age_s=5000.0, left_s=-4000.0))
        await clock.advance(1.0)

    assert (len(provider.asked), ear.findings[0].outcome) == (1, PICTURE)


async def test_failure_is_an_outcome() -> None:
    """A task that failed is not asked for again."""
    clock = VirtualClock()
    failed = RemoteFailed(rejection=Rejection.MODERATION)
    async with polling(clock, lambda *_: failed) as (poller, provider, ear):
        poller.watch(running())
        await clock.advance(60.0)

    assert (len(provider.asked), ear.findings[0].outcome) == (1, failed)


async def test_throttling_slows_everybody_down() -> None:
    """After a 429 nobody asks until Retry-After is over, and then at double the interval."""
    clock = VirtualClock()

    def answer(task_id: str, now_s: float) -> Answer:
        if task_id == "T0" and now_s < 3.0:
            raise ProviderUnavailable("429", retry_after_s=10.0, is_throttled=True)
        return Pending()

    async with polling(clock, answer) as (poller, provider, _):
        poller.watch(running(0))
        await clock.advance(1.0)
        poller.watch(running(1))
        await clock.advance(30.0)

    others = [round(at_s, 1) for at_s, task_id in provider.asked if task_id == "T1"]
    assert min(at_s for at_s in provider.instants if at_s > 2.0) >= 12.1
    assert others[1] - others[0] == pytest.approx(4.0)


async def test_refused_key_alarms_once_and_keeps_asking() -> None:
    """401 on a poll is for the operator; the job lives on."""
    clock = VirtualClock()

    def answer(_: str, now_s: float) -> Answer:
        if now_s < 60.0:
            raise ProviderMisconfigured(Misconfiguration.CREDENTIALS)
        return PICTURE

    async with polling(clock, answer) as (poller, _, ear):
        poller.watch(running())
        await clock.advance(200.0)

    assert ear.alarms == [Misconfiguration.CREDENTIALS]
    assert [finding.outcome for finding in ear.findings] == [PICTURE]


async def test_forgotten_job_is_asked_for_no_more() -> None:
    """An answer that was under way is dropped."""
    clock = VirtualClock()
    async with polling(clock, ready_at(0.0)) as (poller, provider, ear):
        poller.watch(running())
        await clock.advance(2.05)
        poller.forget("J0")
        await clock.advance(30.0)

        assert (len(provider.asked), ear.findings, len(poller)) == (1, [], 0)


async def test_watching_again_takes_over_the_new_fence() -> None:
    """A job claimed anew is watched once, under its newest fence."""
    clock = VirtualClock()
    async with polling(clock, ready_at(5.0)) as (poller, _, ear):
        poller.watch(running())
        poller.watch(replace(running(), fence=7))
        await clock.advance(30.0)

    assert [finding.fence for finding in ear.findings] == [7]


async def test_connections_are_bounded() -> None:
    """A hundred jobs that are due at once share four connections."""
    clock = VirtualClock()
    async with polling(clock, ready_at(0.0), connections=4) as (poller, provider, ear):
        for number in range(100):
            poller.watch(running(number, age_s=50.0))
        await clock.advance(10.0)

    assert (provider.open_max, len(ear.findings)) == (4, 100)


async def test_running_jobs_are_reported_now_and_then() -> None:
    """At most every few seconds, however often they are asked for."""
    clock = VirtualClock()
    async with polling(clock, lambda *_: Pending()) as (poller, provider, ear):
        poller.watch(running())
        await clock.advance(60.0)

    assert 60.0 / SHOW_EVERY_S / 2 < len(ear.running) <= 60.0 / SHOW_EVERY_S < len(provider.asked)


async def test_past_is_learned_before_anything_is_watched() -> None:
    """Whoever asks how long a model takes need not wait for a job of it."""
    clock = VirtualClock()
    async with polling(clock, ready_at(11.0), past=[10.0] * 5 + [20.0] * 5) as (
        poller,
        provider,
        _,
    ):
        await poller.learn(["shade", "tint"])
        await poller.learn(["shade"])
        assert (poller.expected_s("shade"), poller.expected_s("tint")) == (20.0, 20.0)
        poller.watch(running())
        await clock.advance(30.0)

    assert provider.instants == [10.0, 12.0]


async def test_past_that_could_not_be_learned_is_read_again() -> None:
    """A store that was away for a moment costs no knowledge."""
    clock = VirtualClock()
    pasts: list[Sequence[float] | None] = [None, [10.0] * ENOUGH]

    async def durations(_: str) -> Sequence[float]:
        past = pasts.pop(0)
        if past is None:
            raise StoreUnavailable
        return past

    poller = Poller(Provider(clock, ready_at(0.0)), clock, durations=durations)
    await poller.learn(["shade"])
    assert poller.expected_s("shade") is None
    await poller.learn(["shade"])

    assert poller.expected_s("shade") == 10.0


async def test_past_that_cannot_be_read_is_no_past() -> None:
    """While the store is away, the model counts as unknown."""
    clock = VirtualClock()

    async def unreadable(_: str) -> Sequence[float]:
        raise StoreUnavailable

    provider, ear = Provider(clock, ready_at(0.0)), Ear()
    poller = Poller(provider, clock, durations=unreadable)
    async with asyncio.TaskGroup() as tasks:
        run = tasks.create_task(poller.run(ear))
        poller.watch(running())
        await clock.advance(3.0)
        run.cancel()

    assert (provider.instants, poller.expected_s("shade")) == ([2.0], None)


async def test_waiting_job_takes_at_most_a_kilobyte() -> None:
    """Ten thousand watched jobs cost less than 10 MB, ids included."""
    clock = VirtualClock()
    poller = Poller(Provider(clock, ready_at(0.0)), clock, durations=no_past)
    poller._learned.load("shade", ())
    template = running()
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for number in range(10_000):
        job = replace(
            template,
            job_id=f"01J{number:023d}",
            remote_task_id=f"00000000-0000-4000-8000-{number:012d}",
        )
        poller.watch(job)
    del job
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert (after - before) / 10_000 < 1024
