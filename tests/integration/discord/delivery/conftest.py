"""A deliverer that is logged in to the fake Discord; at the end every call has to be legal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes import discord_legality as legality
from tests.fakes.discord_errands import Bench, open_bench


@pytest.fixture
def rate() -> float:
    """Seconds of the clock in one of the machine's; tests of times let it all but stand still."""
    return 1.0


@pytest.fixture
async def bench(tmp_path: Path, rate: float) -> AsyncIterator[Bench]:
    async with open_bench(tmp_path, rate=rate) as opened:
        yield opened
        wrong = {
            call.route: said for call in opened.server.calls if (said := legality.problems(call))
        }
        assert not wrong
