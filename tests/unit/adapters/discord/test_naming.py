"""What the pictures of our messages are called."""

from __future__ import annotations

from adapters import presentation
from adapters.discord import naming
from core.jobs.lifecycle import State
from tests.fakes import jobs
from tests.fakes.clock import START


def words(count: int, **changes: object) -> list[str]:
    job = jobs.job(state=State.READY, **changes)
    card = presentation.card(job, jobs.SHADE, now=START, expected_s=None)
    return [each.alt for each in naming.results(card, [f"{n}.png" for n in range(count)])]


def test_results_are_described_by_their_prompt() -> None:
    assert words(1) == ["Redrawn by Shade: a woodcut"]
    assert words(2)[1] == "Redrawn (2 of 2) by Shade: a woodcut"


def test_a_local_preview_says_so() -> None:
    assert "local preview" in words(1, preview=True)[0]


def test_long_prompts_are_cut_to_what_discord_takes() -> None:
    assert len(words(1, request_prompt="a woodcut of 😀 " * 400)[0]) <= naming.ALT_MAX


def test_references_are_numbered_as_they_were_posted() -> None:
    assert naming.reference_names(2) == ("reference-1.jpg", "reference-2.jpg")
    assert [each.alt for each in naming.references(naming.reference_names(1))] == [
        "The reference image"
    ]
