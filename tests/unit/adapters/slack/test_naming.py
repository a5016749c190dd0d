"""Names and words of pictures: honest, short, and given only where Slack takes them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters import presentation
from adapters.presentation import JobCard
from adapters.slack import naming
from core.media.item import Kind
from tests.fakes.clock import START
from tests.fakes.jobs import SHADE, job
from tests.fakes.slack_rendered import uploads


def card(prompt: str = "a woodcut", *, preview: bool = False) -> JobCard:
    of = job(request_prompt=prompt, preview=preview)
    return presentation.card(of, SHADE, now=START + timedelta(seconds=1), expected_s=None)


@settings(max_examples=50, deadline=None)
@given(st.text(min_size=1, max_size=4000), st.lists(st.sampled_from(Kind), min_size=1, max_size=8))
def test_any_result_can_go_up(prompt: str, kinds: list[Kind]) -> None:
    """Whatever was asked for, Slack takes the file with its words."""
    for picture in naming.results(card(prompt), kinds):
        assert uploads(picture.name, picture.alt)


def test_words_tell_what_was_asked_of_which_model() -> None:
    """Which of how many, drawn by what, from which words."""
    one, two = naming.results(card(), [Kind.PNG, Kind.JPEG])

    assert one.name == "redrawn-1.png"
    assert two.name == "redrawn-2.jpg"
    assert two.alt == "Redrawn (2 of 2) by Shade: a woodcut"
    (alone,) = naming.results(card(preview=True), [Kind.GIF])
    assert alone.alt == "Redrawn by Shade (local preview): a woodcut"


@pytest.mark.parametrize("kind", sorted(set(Kind) - naming.TAKES_ALT))
def test_kind_that_would_never_be_shared_gets_no_words(kind: Kind) -> None:
    """Slack loses such a file when it comes with words."""
    (picture,) = naming.results(card(), [kind])

    assert picture.alt is None


def test_references_are_named_by_their_number() -> None:
    """One alone needs none."""
    assert [each.alt for each in naming.references(["F1"])] == ["The reference image"]
    assert [each.alt for each in naming.references(["F1", "F2"])] == [
        "The reference image (1 of 2)",
        "The reference image (2 of 2)",
    ]
