"""What may be kept of an open form."""

from __future__ import annotations

import math

import pytest

from core.jobs.draft import DATA_MAX_BYTES, checked


def test_largest_form_fits() -> None:
    """Two texts of 4000 characters fit, whatever script they are in."""
    data = {"prompt": "\U0001f600" * 4000, "negative_prompt": "\u4e00" * 4000}

    assert checked(data) == data


def test_half_of_a_character_is_counted_too() -> None:
    """Text that is no text is measured like any other."""
    assert checked({"prompt": "\ud800"}) == {"prompt": "\ud800"}


def test_data_of_just_the_limit_is_taken_and_a_byte_more_is_not() -> None:
    """The limit is of the whole, braces and names included."""
    room = DATA_MAX_BYTES - len('{"a": ""}')

    assert checked({"a": "x" * room})
    with pytest.raises(ValueError, match=f"{DATA_MAX_BYTES + 1} bytes"):
        checked({"a": "x" * (room + 1)})


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_number_that_json_does_not_have_is_refused(number: float) -> None:
    """What one database takes and another refuses is kept by neither."""
    with pytest.raises(ValueError, match="JSON"):
        checked({"strength": number})
