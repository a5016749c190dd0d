"""Jobs as tables show them."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from bot import job_pages
from tests.fakes import jobs


def _shown(prompt: str) -> str:
    screen = Console(file=io.StringIO(), width=200)
    screen.print(job_pages.table([jobs.job(request_prompt=prompt)]))
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue()


@pytest.mark.parametrize("letter", ["あ", "w"])
def test_long_prompt_without_gaps_is_shown_in_part(letter: str) -> None:
    """Most prompts of some languages have no gap to be cut at."""
    shown = _shown(letter * 300)

    assert shown.count(letter) == 99
    assert "…" in shown


def test_prompt_of_several_lines_is_shown_in_one() -> None:
    """What fits is shown whole."""
    assert "a harbour at dawn" in _shown("a harbour\n\n  at dawn")
