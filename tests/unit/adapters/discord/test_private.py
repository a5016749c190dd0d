"""Private answers say everything that is wrong, and obey nothing of what a user wrote."""

from __future__ import annotations

import discord
import pytest

from adapters.discord import ids
from adapters.discord.private import PrivateButton, picture_view, private_error, private_view
from adapters.discord.render import Picture
from core.errors import (
    AppError,
    InvalidRequest,
    Limit,
    Problem,
    QuotaExceeded,
    StoreUnavailable,
    UnknownJob,
)
from tests.fakes.discord_rendered import buttons, components, legal, posted, rendered, texts

DRAFT = "01J00000000000000000000000"
EDIT = PrivateButton(label="Edit again", custom_id=ids.step(ids.Step.EDIT_DRAFT, DRAFT))
STRENGTH = Problem(parameter="strength", reason="“2*” does not work", allowed="a number up to 1")
SIZE = Problem(parameter="negative_prompt", reason="is 5000 characters long", allowed="up to 4000")


def error(of: AppError, *offered: PrivateButton) -> discord.ui.LayoutView:
    view = rendered(lambda: private_error(of, buttons=offered))
    assert legal(posted(view))
    assert view.is_finished()
    return view


def test_every_problem_is_listed() -> None:
    """A request with two mistakes is answered with both, and with the way on."""
    view = error(InvalidRequest((STRENGTH, SIZE)), EDIT)

    assert texts(view).splitlines() == [
        "**This cannot be asked for as it is.**",
        r"- **Strength**: “2\*” does not work. Allowed: a number up to 1.",
        "- **Negative prompt**: is 5000 characters long. Allowed: up to 4000.",
        "Nothing was charged. Change it and ask again.",
    ]
    assert [each["label"] for each in buttons(view)] == ["Edit again"]


def test_problems_without_end_still_fit() -> None:
    """However many and long they are, the message is legal and says how many it leaves out."""
    long = Problem(parameter="x" * 200, reason="*" * 3000, allowed="@everyone " * 500)
    said = texts(error(InvalidRequest((long,) * 40)))

    assert "more\nNothing was charged. Change it and ask again." in said
    assert "@everyone" not in said


@pytest.mark.parametrize(
    "of",
    [
        QuotaExceeded(Limit.PICTURES_PER_DAY, allowed=50, used=50, resets_in_s=3600.0),
        StoreUnavailable(),
        UnknownJob("J"),
    ],
)
def test_errors_say_what_it_cost_and_what_to_do(of: AppError) -> None:
    """Every error is told in the words of the house, in two lines."""
    happened, rest = texts(error(of)).splitlines()

    assert happened.startswith("**")
    assert rest.startswith("Nothing was charged. ")


def test_private_answer_offers_its_buttons() -> None:
    """Six buttons take two rows."""
    offered = [
        PrivateButton(
            label=str(each), custom_id=f"redraw1:{each}", style=discord.ButtonStyle.danger
        )
        for each in range(6)
    ]
    view = rendered(lambda: private_view("Sure?", buttons=offered))

    assert legal(posted(view))
    assert [each["label"] for each in buttons(view)] == ["0", "1", "2", "3", "4", "5"]
    assert {each["style"] for each in buttons(view)} == {4}


def test_private_answer_of_any_length_is_legal() -> None:
    """A text that is too long is cut."""
    assert legal(posted(rendered(lambda: private_view("a" * 9000))))


def test_picture_is_shown_below_its_words() -> None:
    """Before/after comes as one picture with words for it."""
    picture = Picture(name="before-after.jpg", alt="Left: before. Right: after.")
    view = rendered(lambda: picture_view(picture, "Before and after"))

    assert legal(posted(view, [picture.name]))
    assert [each["type"] for each in components(view)] == [10, 12]
    assert components(view)[1]["items"][0]["description"] == picture.alt
