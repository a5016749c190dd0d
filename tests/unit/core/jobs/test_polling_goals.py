"""Few polls and early detection: the goals of docs/performance.md, under a virtual clock."""

from __future__ import annotations

import pytest

from tests.benchmarks.polling import poll_jobs


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sigma", "requests_max", "p95_max_s"),
    [
        pytest.param(0.35, 5.0, 2.0, id="spread-0.35"),
        pytest.param(0.15, 3.3, 2.0, id="spread-0.15"),
    ],
)
async def test_known_model_is_polled_seldom_and_seen_soon(
    sigma: float, requests_max: float, p95_max_s: float
) -> None:
    """Once a model's durations are learned, few questions find its results within two seconds."""
    made = await poll_jobs(sigma, count=5000)

    assert made.requests <= requests_max
    assert made.delay_p95_s <= p95_max_s


async def test_unknown_model_is_seen_as_soon() -> None:
    """A model nobody knows costs more questions, not more waiting."""
    made = await poll_jobs(0.35, count=800, learns=False)

    assert made.delay_p95_s <= 2.0
    assert made.product <= 0.55
