"""Alternative texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.media.wording import ALT_CHARACTERS, Shows, alt_text


@pytest.mark.parametrize(
    ("shows", "expected"),
    [
        (Shows.REFERENCE, 'The picture to be redrawn as "a woodcut"'),
        (Shows.RESULT, 'Picture 2 of 4: "a woodcut", redrawn by Flux Dev'),
        (Shows.SHEET, 'A sheet of 4 numbered pictures: "a woodcut", redrawn by Flux Dev'),
        (
            Shows.BEFORE_AFTER,
            'Left: the original picture. Right: "a woodcut", redrawn by Flux Dev',
        ),
    ],
)
def test_alt_text_says_what_is_shown(shows: Shows, expected: str) -> None:
    """The text says which picture it is, what was asked for, and who drew it."""
    assert alt_text(shows, prompt=" a\n woodcut ", model_name="Flux Dev", index=2, count=4) == (
        expected
    )


def test_a_single_result_is_not_counted() -> None:
    """One picture is not "1 of 1"."""
    assert alt_text(Shows.RESULT, prompt="a woodcut", model_name="Flux Dev") == (
        '"a woodcut", redrawn by Flux Dev'
    )


def test_a_preview_says_so() -> None:
    """A picture of the local studio is never passed off as the model's."""
    text = alt_text(Shows.RESULT, prompt="p" * 3000, model_name="Flux Dev", is_preview=True)

    assert text.endswith('...", redrawn by Flux Dev (local preview)')
    assert len(text) == ALT_CHARACTERS


@given(
    shows=st.sampled_from(Shows),
    prompt=st.text(max_size=3000),
    limit=st.integers(min_value=0, max_value=1100),
)
def test_the_limit_is_kept(shows: Shows, prompt: str, limit: int) -> None:
    """However long the prompt and however tight the limit, the text is one line within it."""
    text = alt_text(
        shows, prompt=prompt, model_name="Flux Kontext Max", index=1, count=8, limit=limit
    )

    assert len(text) <= limit
    assert len(text.splitlines()) <= 1
