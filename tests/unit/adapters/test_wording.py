"""Every error in words: what happened, what it cost, what to do."""

from __future__ import annotations

import inspect

import pytest

from adapters import wording
from adapters.wording import Words
from core import errors
from core.errors import (
    AppError,
    DeliveryError,
    DeliveryRefused,
    InvalidRequest,
    Limit,
    MediaError,
    MediaUnavailable,
    Misconfiguration,
    OrderInDoubt,
    OutcomeUnknown,
    Problem,
    ProviderError,
    ProviderMisconfigured,
    ProviderUnavailable,
    QuotaExceeded,
    Rejection,
    RequestRejected,
    SettingsError,
    StaleJob,
    StoreUnavailable,
    TooLarge,
    UnknownJob,
    WrongType,
)

PROVIDER_TEXT = "Internal Error at 0x7f"
MADE: dict[type[AppError], AppError] = {
    InvalidRequest: InvalidRequest(
        (Problem(parameter="batch", reason="9 is too many", allowed="1 to 8"),)
    ),
    QuotaExceeded: QuotaExceeded(Limit.BATCH, allowed=4, used=8),
    UnknownJob: UnknownJob("J"),
    StaleJob: StaleJob("J"),
    RequestRejected: RequestRejected(Rejection.MODERATION, PROVIDER_TEXT),
    ProviderMisconfigured: ProviderMisconfigured(Misconfiguration.CREDITS, PROVIDER_TEXT),
    TooLarge: TooLarge(10, "bytes"),
    WrongType: WrongType("a PDF"),
    DeliveryRefused: DeliveryRefused("no such channel"),
    SettingsError: SettingsError("REDRAW_HTTP_PORT", "expected a number"),
}


def leaves() -> list[type[AppError]]:
    """Return every error that is raised, which is a leaf but for one."""
    found = [
        value
        for _, value in inspect.getmembers(errors, inspect.isclass)
        if issubclass(value, AppError) and (value is StoreUnavailable or not value.__subclasses__())
    ]
    assert found
    return found


def made(error: type[AppError]) -> AppError:
    return MADE.get(error) or error(PROVIDER_TEXT)


def assert_complete(words: Words) -> None:
    for part in (words.what_happened, words.charged, words.what_to_do):
        assert part.strip() == part
        assert part.endswith(".")
        assert part[0].isupper() or part[0].isdigit() or part[0] == "'"


@pytest.mark.parametrize("error", leaves(), ids=lambda error: error.__name__)
def test_every_error_says_all_three_things(error: type[AppError]) -> None:
    """Each leaf of the tree says what happened, whether it was charged, and what to do."""
    assert_complete(wording.wording(made(error)))


@pytest.mark.parametrize("error", leaves(), ids=lambda error: error.__name__)
def test_every_error_has_words_of_its_own(error: type[AppError]) -> None:
    """No leaf falls through to the words for an error that nobody thought of."""
    fallen_through = {
        wording.wording(kind("")).what_happened
        for kind in (AppError, ProviderError, MediaError, DeliveryError)
    }

    assert wording.wording(made(error)).what_happened not in fallen_through


@pytest.mark.parametrize("error", leaves(), ids=lambda error: error.__name__)
def test_provider_text_is_never_shown(error: type[AppError]) -> None:
    """An exception's message is for the log; none of it reaches a user."""
    assert PROVIDER_TEXT not in wording.wording(made(error)).text


def test_an_order_in_doubt_is_told_as_such() -> None:
    """Its words are true whether it runs or not; who was turned down for certain reads others."""
    in_doubt, turned_down = (wording.wording(each) for each in (OrderInDoubt(), StoreUnavailable()))

    assert in_doubt.charged == "If it was not, nothing was charged."
    assert in_doubt.what_happened == wording.IN_DOUBT
    assert turned_down.charged == wording.NOT_CHARGED
    assert wording.IF_IT_APPEARS in in_doubt.text
    assert wording.IF_IT_APPEARS not in turned_down.text


@pytest.mark.parametrize("limit", Limit)
@pytest.mark.parametrize("resets_in_s", [None, 5400.0], ids=["open", "timed"])
def test_every_limit_has_words(limit: Limit, resets_in_s: float | None) -> None:
    """Each limit says how far it is used up, and when or how it frees itself."""
    words = wording.wording(QuotaExceeded(limit, allowed=3, used=3, resets_in_s=resets_in_s))

    assert_complete(words)
    assert ("2 hours" in words.what_to_do) == (resets_in_s is not None)


@pytest.mark.parametrize("rejection", Rejection)
def test_every_rejection_has_words(rejection: Rejection) -> None:
    """Each reason why the provider refused has a sentence and advice of its own."""
    words = wording.rejected(rejection)

    assert_complete(words)
    assert sum(wording.why_rejected(rejection) == wording.why_rejected(r) for r in Rejection) == 1


@pytest.mark.parametrize("cause", Misconfiguration)
def test_every_misconfiguration_calls_the_operator(cause: Misconfiguration) -> None:
    """What only the operator can mend says so, and that nothing was charged."""
    words = wording.misconfigured(cause)

    assert "operator" in words.what_to_do
    assert words.charged == wording.NOT_CHARGED


def test_all_problems_of_a_request_are_named() -> None:
    """A request with two problems names both, each with what would be allowed."""
    error = InvalidRequest(
        (
            Problem(parameter="strength", reason="0 is too low", allowed="over 0, to 1"),
            Problem(parameter="guidance_scale", reason="31 is too high", allowed="1 to 30"),
        )
    )

    assert wording.wording(error).what_happened == (
        "This cannot be asked for. strength: 0 is too low (allowed: over 0, to 1); "
        "guidance scale: 31 is too high (allowed: 1 to 30)."
    )


def test_unknown_outcome_warns_of_paying_twice() -> None:
    """A submit that may have arrived is not sent again, and running it again may pay twice."""
    words = wording.wording(OutcomeUnknown())

    assert words.charged == wording.PERHAPS_CHARGED
    assert "pay twice" in words.what_to_do


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (TooLarge(32 * 2**20, "bytes"), "more than 32 MiB"),
        (TooLarge(50_000_000, "pixels"), "more than 50 megapixels"),
        (TooLarge(15, "seconds"), "more than 15 seconds"),
        (TooLarge(1000, "frames"), "more than 1000 frames"),
    ],
    ids=["bytes", "pixels", "seconds", "frames"],
)
def test_too_large_says_how_much_is_allowed(error: TooLarge, expected: str) -> None:
    """The limit is told in the unit that people use for it."""
    assert expected in wording.wording(error).what_happened


@pytest.mark.parametrize(
    "error",
    [ProviderUnavailable(retry_after_s=90), MediaUnavailable(retry_after_s=90)],
    ids=["provider", "media"],
)
def test_retry_after_is_told(error: AppError) -> None:
    """Where the other side said when to come back, the user hears it."""
    assert "2 minutes" in wording.wording(error).what_to_do


@pytest.mark.parametrize(
    ("duration_s", "expected"),
    [
        (0.0, "1 second"),
        (0.4, "1 second"),
        (59.1, "60 seconds"),
        (60.0, "1 minute"),
        (61.0, "2 minutes"),
        (3600.0, "1 hour"),
        (86_400.0, "1 day"),
        (90_000.0, "2 days"),
    ],
)
def test_span_is_rounded_up(duration_s: float, expected: str) -> None:
    """A wait is told in the largest unit it fills, rounded up."""
    assert wording.span(duration_s) == expected
