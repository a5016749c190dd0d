"""How commands end."""

from __future__ import annotations

import pytest

from bot import exits
from core import errors
from core.errors import AppError, Problem, SettingsError


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (SettingsError("REDRAW_HTTP_PORT", "expected a whole number"), 2),
        (errors.InvalidRequest((Problem(parameter="batch", reason="9", allowed="1 to 8"),)), 2),
        (errors.UnknownJob("01J"), 2),
        (errors.WrongType("a PDF"), 2),
        (errors.StoreUnavailable(), 1),
        (errors.ProviderUnavailable(), 1),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, AppError) else str(value),
)
def test_exit_code_says_who_can_mend_it(error: AppError, expected: int) -> None:
    """What the one who typed can mend is 2; everything else that goes wrong is 1."""
    assert exits.exit_code(error) == expected


def test_sentence_is_one_line_without_markup() -> None:
    """Whatever the reason holds, one line comes out."""
    text = exits.sentence(SettingsError("REDRAW_MODELS_FILE", "line one\n  line two"))

    assert text == "REDRAW_MODELS_FILE: line one line two"
    assert exits.sentence(errors.UnknownJob("01J")).startswith("There is no such job")
