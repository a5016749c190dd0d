"""When a thing is tried next."""

from __future__ import annotations

import random

import pytest

from core.jobs.schedule import (
    PREPARE_BACKOFF,
    RETRY_AFTER_MAX_S,
    Backoff,
    Pace,
    Slowdown,
    Window,
    first_poll_s,
    next_poll_s,
)

WINDOW = Window(first_s=6.0, last_s=24.0)


@pytest.mark.parametrize(
    ("age_s", "expected_s"),
    [
        pytest.param(0.0, 6.0, id="before-the-window"),
        pytest.param(5.5, 0.5, id="just-before-the-window"),
        pytest.param(6.0, 2.0, id="window-begins"),
        pytest.param(23.9, 2.0, id="window-ends"),
        pytest.param(24.0, 2.4, id="after-the-window"),
        pytest.param(100.0, 10.0, id="long-after-the-window"),
        pytest.param(800.0, 30.0, id="capped"),
    ],
)
def test_next_poll_follows_the_window(age_s: float, expected_s: float) -> None:
    """Nothing before the 3rd percentile, then every 2 s, after the 97th a tenth of the age."""
    assert expected_s == pytest.approx(next_poll_s(age_s, WINDOW, Pace()))


def test_next_poll_of_an_unknown_model_is_every_two_seconds() -> None:
    """Without a window the interval is constant, whatever the age."""
    assert [next_poll_s(age_s, None, Pace()) for age_s in (0.0, 30.0, 600.0)] == [2.0, 2.0, 2.0]


def test_next_poll_of_a_very_fast_model_is_not_below_the_floor() -> None:
    """A tenth of a second's age is no pause between two questions."""
    fast = Window(first_s=0.5, last_s=1.0)

    assert next_poll_s(1.2, fast, Pace()) == 0.5


@pytest.mark.parametrize(
    ("age_s", "window", "expected_s"),
    [
        pytest.param(0.0, WINDOW, 6.0, id="fresh"),
        pytest.param(7.0, WINDOW, 0.0, id="may-be-ready"),
        pytest.param(0.0, None, 2.0, id="fresh-unknown"),
        pytest.param(60.0, None, 0.0, id="old-unknown"),
        pytest.param(3000.0, WINDOW, 0.0, id="checked-again"),
    ],
)
def test_first_poll_does_not_wait_for_what_may_be_ready(
    age_s: float, window: Window | None, expected_s: float
) -> None:
    """A job taken over late, or checked again, is asked for at once."""
    assert first_poll_s(age_s, window, Pace()) == expected_s


def test_backoff_grows_by_two_and_is_capped() -> None:
    """2 s, 4 s, … within a fifth either way, never above the cap and its fifth."""
    rng = random.Random(1)
    delays = [PREPARE_BACKOFF.delay_s(attempt, rng) for attempt in range(40)]

    assert all(
        0.8 * min(2.0 * 2**n, 32.0) <= delay <= 1.2 * min(2.0 * 2**n, 32.0)
        for n, delay in enumerate(delays)
    )


@pytest.mark.parametrize(
    ("asked_s", "expected_s"),
    [
        pytest.param(60.0, 60.0, id="longer-than-ours"),
        pytest.param(0.1, 2.0, id="shorter-than-ours"),
        pytest.param(1e9, RETRY_AFTER_MAX_S, id="absurd"),
    ],
)
def test_backoff_honours_retry_after(asked_s: float, expected_s: float) -> None:
    """The other side may ask for more patience than ours, up to a limit."""
    backoff = Backoff(first_s=2.0, max_s=60.0)

    assert backoff.delay_s(0, random.Random(1), retry_after_s=asked_s) == pytest.approx(
        expected_s, rel=0.21
    )


def test_slowdown_doubles_and_recovers() -> None:
    """Each 429 doubles every interval up to eightfold; quiet half minutes halve it again."""
    slowdown = Slowdown()

    seen = [slowdown.factor(0.0)]
    for now_s in (0.0, 10.0, 20.0, 30.0):
        slowdown.slow_down(now_s, 5.0)
        seen.append(slowdown.factor(now_s + 5.0))
    seen += [slowdown.factor(35.0 + calm_s) for calm_s in (29.0, 31.0, 61.0, 91.0, 1000.0)]

    assert seen == [1.0, 2.0, 4.0, 8.0, 8.0, 8.0, 4.0, 2.0, 1.0, 1.0]


def test_slowdown_counts_a_burst_once() -> None:
    """Answers that were under way when the first 429 came do not slow down further."""
    slowdown = Slowdown()
    for _ in range(20):
        slowdown.slow_down(1.0, 5.0)

    assert (slowdown.until_s, slowdown.factor(6.0)) == (6.0, 2.0)
