"""What a page of metrics says."""

from __future__ import annotations

from datetime import timedelta

from prometheus_client.parser import text_string_to_metric_families

from bot.metrics import Metrics
from core.errors import Misconfiguration
from core.jobs.dispatch import Upkeep
from core.jobs.job import Pile
from core.jobs.lifecycle import State
from tests.fakes.clock import START


def samples(metrics: Metrics) -> dict[tuple[str, tuple[str, ...]], float]:
    """Return the numbers of a page by name and values of labels, these by their names."""
    families = text_string_to_metric_families(metrics.page().decode())
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


def test_jobs_are_shown_by_state_and_only_unended_ones_by_age() -> None:
    """An ended job's age tells nothing."""
    metrics, since = Metrics(), START - timedelta(seconds=30)
    piles = {state: Pile() for state in State}
    piles[State.QUEUED] = Pile(jobs=3, oldest_at=since)
    piles[State.READY] = Pile(jobs=9, oldest_at=since)

    metrics.show_ledger(piles, START)
    found = samples(metrics)

    assert found["redraw_jobs", ("queued",)] == 3
    assert found["redraw_jobs", ("ready",)] == 9
    assert found["redraw_jobs", ("uncertain",)] == 0
    assert found["redraw_oldest_job_seconds", ("queued",)] == 30
    assert found["redraw_oldest_job_seconds", ("running",)] == 0
    assert ("redraw_oldest_job_seconds", ("ready",)) not in found


def test_health_is_shown_as_nought_and_one() -> None:
    """Each chat has a line of its own."""
    metrics = Metrics()
    metrics.show_health(
        store_is_up=True,
        worker_is_up=False,
        chats={"discord": True, "slack": False},
    )
    metrics.show_standing(START - timedelta(minutes=2), (), START)
    found = samples(metrics)

    assert (found["redraw_store_up", ()], found["redraw_worker_up", ()]) == (1, 0)
    assert found["redraw_chat_up", ("discord",)] == 1
    assert found["redraw_chat_up", ("slack",)] == 0
    assert found["redraw_oldest_unfinished_seconds", ()] == 120


def test_clock_set_back_makes_no_negative_age() -> None:
    """A job that seems to come from the future is new."""
    metrics = Metrics()
    piles = {State.RUNNING: Pile(jobs=1, oldest_at=START + timedelta(seconds=5))}
    metrics.show_ledger(piles, START)

    assert samples(metrics)["redraw_oldest_job_seconds", ("running",)] == 0


def test_alarms_are_counted_by_cause() -> None:
    """Each time that something to mend is noticed counts."""
    metrics = Metrics()
    metrics.alarmed(Misconfiguration.CREDITS)
    metrics.alarmed(Misconfiguration.CREDITS)

    assert samples(metrics)["redraw_alarms_total", ("credits",)] == 2


def test_two_processes_in_one_interpreter_count_apart() -> None:
    """Numbers belong to what was opened, not to the interpreter."""
    one, other = Metrics(), Metrics()
    one.polls.labels("pending").inc()

    assert samples(one)["redraw_polls_total", ("pending",)] == 1
    assert ("redraw_polls_total", ("pending",)) not in samples(other)


def test_first_alarm_is_an_increase() -> None:
    """Prometheus sees none in a number that was not there before: it begins with nought."""
    before = samples(Metrics())

    assert [before["redraw_alarms_total", (cause,)] for cause in Misconfiguration] == [0, 0, 0]


def test_acknowledgements_are_timed_by_platform() -> None:
    """What took longer than a platform waits is in no bucket but the last."""
    metrics = Metrics()
    metrics.acknowledged("slack", 0.2)
    metrics.acknowledged("slack", 60.0)
    found = samples(metrics)

    assert found["redraw_acknowledgement_seconds_count", ("slack",)] == 2
    assert found["redraw_acknowledgement_seconds_bucket", ("0.25", "slack")] == 1
    assert found["redraw_acknowledgement_seconds_bucket", ("5.0", "slack")] == 1


def test_looking_after_dead_replicas_is_shown_where_there_are_replicas() -> None:
    """One process alone has nobody to look after: every number stays 0."""
    alone, shared = Metrics(), Metrics()
    alone.show_upkeep(None)
    shared.show_upkeep(Upkeep(last_swept_at=None, is_overdue=True, stuck=3, held_back=2))

    names = ("redraw_sweep_overdue", "redraw_rows_stuck", "redraw_rows_held_back")
    assert [samples(alone)[name, ()] for name in names] == [0, 0, 0]
    assert [samples(shared)[name, ()] for name in names] == [1, 3, 2]
