"""What finished jobs teach."""

from __future__ import annotations

import random

import pytest

from core.jobs.learning import ENOUGH, KEPT, Learned, duration_s, quantile, window_of


def test_quantile_interpolates() -> None:
    """Between two values lies what lies between them."""
    assert [quantile([0.0, 5.0, 10.0], q) for q in (0.0, 0.5, 0.75, 1.0)] == [0.0, 5.0, 7.5, 10.0]


def test_window_needs_enough_jobs() -> None:
    """Nine durations say nothing, ten do."""
    assert window_of([1.0] * (ENOUGH - 1)) is None
    assert window_of([1.0] * ENOUGH) is not None


def test_window_is_the_middle_of_the_durations() -> None:
    """94 of 100 durations lie inside."""
    window = window_of(float(n) for n in range(101))

    assert window is not None
    assert (window.first_s, window.last_s) == pytest.approx((3.0, 97.0))


@pytest.mark.parametrize(
    ("pending_s", "seen_s", "expected_s"),
    [
        pytest.param(10.0, 12.0, 11.0, id="between-two-polls"),
        pytest.param(0.0, 10.0, 9.7, id="ready-at-the-first-poll"),
        pytest.param(None, 500.0, None, id="taken-over-late"),
        pytest.param(10.0, 60.0, None, id="after-an-outage"),
        pytest.param(0.5, 2.5, 1.5, id="short-and-young"),
    ],
)
def test_duration_is_what_is_known(
    pending_s: float | None, seen_s: float, expected_s: float | None
) -> None:
    """A job ended between two looks; a vague look teaches nothing."""
    assert duration_s(pending_s=pending_s, seen_s=seen_s) == expected_s


def test_learned_keeps_the_newest() -> None:
    """Old durations are forgotten once there are enough newer ones."""
    learned = Learned()
    learned.load("m", [1000.0] * KEPT)
    for _ in range(KEPT):
        learned.add("m", 5.0)

    window = learned.window("m")

    assert window is not None
    assert (window.first_s, window.last_s) == (5.0, 5.0)


def test_learned_loads_the_past_behind_what_it_saw_itself() -> None:
    """What was learned before the past was loaded stays the newest."""
    learned = Learned()
    learned.add("m", 5.0)
    learned.load("m", [9.0] * KEPT)
    for _ in range(KEPT - 1):
        learned.add("m", 5.0)

    window = learned.window("m")

    assert window is not None
    assert window.last_s == 5.0


def test_learned_tells_models_apart() -> None:
    """What one model teaches says nothing about another."""
    learned = Learned()
    learned.load("m", [5.0] * ENOUGH)

    assert (learned.knows("m"), learned.knows("n"), learned.window("n")) == (True, False, None)


def test_learning_from_first_looks_does_not_drift() -> None:
    """Generations that learn from what polls saw keep asking first at about the 3rd percentile."""
    rng = random.Random(7)
    learned = Learned()
    true_s = [rng.lognormvariate(2.5, 0.35) for _ in range(4000)]
    learned.load("m", true_s[:50])
    for took_s in true_s:
        window = learned.window("m")
        assert window is not None
        first_s, seen_s, pending_s = window.first_s, window.first_s, 0.0
        while seen_s < took_s:
            pending_s, seen_s = seen_s, seen_s + 2.0
        seen_s += 0.1
        guess_s = duration_s(pending_s=pending_s, seen_s=seen_s)
        learned.add("m", guess_s if guess_s is not None else seen_s)

    true_first_s = quantile(sorted(true_s), 0.03)
    assert 0.75 * true_first_s < first_s < 1.25 * true_first_s
