"""Private answers: all that is wrong at once, legal whatever was typed, and a picture."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.slack import ids, markup
from adapters.slack.private import private_error, private_message, shown_message
from adapters.slack.render import Button, Shown
from core.errors import (
    AppError,
    DeliveryGone,
    InvalidRequest,
    Limit,
    OutcomeUnknown,
    Problem,
    QuotaExceeded,
    StoreUnavailable,
    UnknownJob,
)
from tests.fakes.slack_rendered import buttons, labels, legal, texts

EDIT = Button(label="Edit", action_id=ids.step(ids.Step.EDIT_DRAFT), value="0" * 26)
problems = st.builds(
    Problem,
    parameter=st.text(min_size=1, max_size=80),
    reason=st.sampled_from(["is missing", "<!channel> " * 400]),
    allowed=st.sampled_from(["1 to 4000 characters", "a, " * 2000]),
)


@settings(max_examples=50, deadline=None)
@given(st.lists(problems, min_size=1, max_size=60), st.booleans())
def test_any_problems_make_a_legal_answer(found: list[Problem], is_editable: bool) -> None:
    """However many there are and however long, they fit, and none is left out in silence."""
    message = private_error(InvalidRequest(tuple(found)), buttons=[EDIT] if is_editable else [])

    assert legal(message)
    assert len(message.text) <= markup.FALLBACK_MAX


def test_more_problems_than_can_be_read_are_counted() -> None:
    """Twenty are told, and how many more there are."""
    found = [Problem(parameter=f"p{each}", reason="r", allowed="a") for each in range(33)]
    said = texts(private_error(InvalidRequest(tuple(found))).blocks)

    assert [each for each in said if each.startswith("P")] == [f"P{each}" for each in range(20)]
    assert "… and 13 more" in said


def test_every_problem_is_told_with_what_is_allowed() -> None:
    """Each by its name; at the end, what it cost and what to do."""
    message = private_error(
        InvalidRequest(
            (
                Problem(parameter="strength", reason="“2” does not work", allowed="0 to 1"),
                Problem(parameter="negative_prompt", reason="is too long", allowed="4000"),
            )
        )
    )

    assert texts(message.blocks) == [
        "This cannot be asked for as it is.",
        "Strength",
        ": “2” does not work. Allowed: 0 to 1.",
        "Negative prompt",
        ": is too long. Allowed: 4000.",
        "Nothing was charged. Change it and ask again.",
    ]
    assert message.text.replace("\u2060", "") == (
        "This cannot be asked for as it is. Strength: “2” does not work. Allowed: 0 to 1.; "
        "Negative prompt: is too long. Allowed: 4000. Nothing was charged. Change it and ask again."
    )


@pytest.mark.parametrize(
    "error",
    [
        StoreUnavailable(),
        UnknownJob("J"),
        OutcomeUnknown(),
        DeliveryGone(),
        QuotaExceeded(limit=Limit.BATCH, used=8, allowed=4),
    ],
)
def test_any_error_is_told_in_words(error: AppError) -> None:
    """What happened, what it cost, what to do; never what went wrong inside."""
    message = private_error(error)

    assert legal(message)
    assert type(error).__name__ not in str(message.blocks)
    assert "charged" in message.text


@settings(max_examples=50, deadline=None)
@given(st.text())
def test_any_text_is_shown_as_it_is(text: str) -> None:
    """Nothing in a private answer is markup."""
    message = private_message(text, buttons=[EDIT])

    assert legal(message)
    assert labels(message.blocks) == ["Edit"]
    assert buttons(message.blocks)[0]["value"] == EDIT.value


def test_picture_is_shown_below_its_words() -> None:
    """By its file in Slack, or by an address where there is no file."""
    for shown in (
        Shown(file_id="F0123456789", alt="Before and after"),
        Shown(url="https://media.example/1", alt="Before and after"),
    ):
        message = shown_message(shown, "Before and after")
        assert legal(message)
        assert [each["type"] for each in message.blocks] == ["rich_text", "image"]
