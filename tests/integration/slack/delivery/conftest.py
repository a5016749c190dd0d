"""A deliverer that speaks to the fake Slack, which judges every call at the end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes.slack_errands import Bench, open_bench


@pytest.fixture
def rate() -> float:
    """Seconds of the clock in one of the machine's; tests of times let it all but stand still."""
    return 1.0


@pytest.fixture
async def bench(tmp_path: Path, rate: float) -> AsyncIterator[Bench]:
    async with open_bench(tmp_path, rate=rate) as opened:
        yield opened
