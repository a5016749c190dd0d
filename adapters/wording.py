"""Decider: every error of the tree in words: what happened, what it cost, what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from core.errors import (
    AddressRefused,
    AppError,
    DeliveryError,
    DeliveryGone,
    DeliveryRefused,
    DeliveryRetryable,
    Gone,
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
    Unreadable,
    WrongType,
)

NOT_CHARGED = "Nothing was charged."
PERHAPS_CHARGED = "It may have been charged."
IN_DOUBT = "We could not make sure that your order was kept."
"""True of an order that runs, and of one that does not; so is what follows."""
IF_IT_APPEARS = (
    "If a card for it appears within a few minutes, it goes on; if none does, ask again."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """
    What a person is told: plain sentences, without markup and without the provider's own text.

    They may quote what the user wrote; whoever renders them escapes for its own markup.
    """

    what_happened: str
    charged: str
    """Whether it cost anything, or may have."""
    what_to_do: str

    @property
    def text(self) -> str:
        """All three, as one line."""
        return f"{self.what_happened} {self.charged} {self.what_to_do}"


def wording(error: AppError) -> Words:
    """Return what to tell the user about `error`."""
    match error:
        case ProviderError():
            return _provider(error)
        case MediaError():
            return _picture(error)
        case DeliveryError():
            return _delivery(error)
        case OrderInDoubt():
            return Words(
                what_happened=IN_DOUBT,
                charged="If it was not, nothing was charged.",
                what_to_do=IF_IT_APPEARS,
            )
        case _:
            return _ours(error)


def _free(what_happened: str, what_to_do: str) -> Words:
    return Words(what_happened=what_happened, charged=NOT_CHARGED, what_to_do=what_to_do)


def _ours(error: AppError) -> Words:
    match error:
        case InvalidRequest(problems=problems):
            text = f"This cannot be asked for. {'; '.join(map(problem, problems))}."
            to_do = "Change it and ask again."
        case QuotaExceeded():
            text, to_do = _used_up(error), _when(error)
        case UnknownJob():
            text, to_do = "There is no such job here.", "Look at the list of your jobs."
        case StaleJob():
            text, to_do = "The job has moved on in the meantime.", "Look at where it stands now."
        case StoreUnavailable():
            text, to_do = "We are too busy to keep your order just now.", "Try again in a minute."
        case SettingsError(variable=variable, reason=reason):
            text, to_do = (
                f"The setting {variable} cannot work: {reason}.",
                "Change it, start again.",
            )
        case _:
            text, to_do = "Something went wrong here.", "Try again; tell the operator if it stays."
    return _free(text, to_do)


def problem(found: Problem) -> str:
    """Return one thing that is wrong with a request, in words."""
    name = found.parameter.replace("_", " ")
    return f"{name}: {found.reason} (allowed: {found.allowed})"


def _used_up(error: QuotaExceeded) -> str:
    match error.limit:
        case Limit.ACTIVE_JOBS:
            text = f"You have {error.used} jobs under way; {error.allowed} at a time are allowed."
        case Limit.PICTURES_PER_DAY:
            text = f"{error.used} of your {error.allowed} pictures for these 24 hours are used up."
        case Limit.CREDITS_PER_MONTH:
            text = f"This month's budget of {error.allowed} credits does not cover it."
        case Limit.BATCH:
            text = f"You asked for {error.used} pictures; {error.allowed} at once are allowed here."
        case Limit.QUEUE:
            text = f"The queue is full: {error.used} jobs are waiting."
        case Limit.PLACE:
            text = "Redraw may not be used in this place."
        case Limit.DRAINING:
            text = "No new orders are taken just now; what is under way is finished."
        case _:
            assert_never(error.limit)
    return text


def _when(error: QuotaExceeded) -> str:
    if error.resets_in_s is not None:
        return f"Try again in {span(error.resets_in_s)}."
    match error.limit:
        case Limit.ACTIVE_JOBS:
            to_do = "Wait until one of them has ended, or cancel one."
        case Limit.PICTURES_PER_DAY:
            to_do = "Ask for fewer pictures, or try again tomorrow."
        case Limit.CREDITS_PER_MONTH:
            to_do = "Ask for fewer pictures, or ask the operator for a larger budget."
        case Limit.BATCH:
            to_do = "Ask for fewer pictures at once."
        case Limit.QUEUE:
            to_do = "Try again in a few minutes."
        case Limit.PLACE:
            to_do = "Use it in a place where it is allowed; the operator has the list."
        case Limit.DRAINING:
            to_do = "Try again later; the operator knows when."
        case _:
            assert_never(error.limit)
    return to_do


def _provider(error: ProviderError) -> Words:
    match error:
        case ProviderUnavailable(retry_after_s=retry_after_s):
            when = "in a few minutes" if retry_after_s is None else f"in {span(retry_after_s)}"
            return _free("The image service cannot be reached just now.", f"Try again {when}.")
        case RequestRejected(rejection=rejection):
            return rejected(rejection)
        case ProviderMisconfigured(cause=cause):
            return misconfigured(cause)
        case OutcomeUnknown():
            return Words(
                what_happened="The line broke while the request was being sent, so nobody can "
                "tell from here whether it arrived.",
                charged=PERHAPS_CHARGED,
                what_to_do="It is not sent again by itself. Running it again may pay twice.",
            )
        case _:
            return Words(
                what_happened="The image service answered in a way that is not understood.",
                charged=PERHAPS_CHARGED,
                what_to_do="Tell the operator.",
            )


def rejected(rejection: Rejection) -> Words:
    """Return what to say when the provider refused a request before it began."""
    return Words(
        what_happened=why_rejected(rejection),
        charged="A refused request is not counted, and as far as is known not charged.",
        what_to_do=after_rejection(rejection),
    )


def why_rejected(rejection: Rejection) -> str:
    """Return in words why the provider would not carry a request out."""
    match rejection:
        case Rejection.MODERATION:
            return "The image service's safety filter stopped the prompt or the picture."
        case Rejection.PICTURE:
            return "The image service could not fetch or read the reference picture."
        case Rejection.PARAMETERS:
            return "The image service did not accept the settings, although they looked right here."
        case Rejection.MODEL:
            return "The image service does not know this model."
        case Rejection.TIME_LIMIT:
            return "The image service ran out of time over it."
        case Rejection.PROVIDER:
            return "The image service could not do it and gave no reason that helps."
        case _:
            assert_never(rejection)


def after_rejection(rejection: Rejection) -> str:
    """Return what may help after `rejection`."""
    match rejection:
        case Rejection.MODERATION:
            return "Say it in other words, or take another picture."
        case Rejection.PICTURE:
            return "Try another picture; if that fails too, tell the operator."
        case Rejection.PARAMETERS:
            return "Run it with fewer settings, and tell the operator."
        case Rejection.MODEL:
            return "Choose another model, and tell the operator."
        case Rejection.TIME_LIMIT:
            return "Run it again, perhaps with fewer pictures."
        case Rejection.PROVIDER:
            return "Run it again, or choose another model."
        case _:
            assert_never(rejection)


def misconfigured(cause: Misconfiguration) -> Words:
    """Return what to say while nothing can be submitted for anybody."""
    match cause:
        case Misconfiguration.CREDENTIALS:
            return _free("The image service refused our key.", "The operator has to renew it.")
        case Misconfiguration.CREDITS:
            return _free("Our account has no credits left.", "The operator has to top it up.")
        case Misconfiguration.ADDRESS:
            return _free(
                "The image service is not at the address we were given.",
                "The operator has to correct it.",
            )
        case _:
            assert_never(cause)


def _picture(error: MediaError) -> Words:
    match error:
        case TooLarge(limit=limit, unit=unit):
            text, to_do = f"The picture is too large: {_bound(limit, unit)}.", "Take a smaller one."
        case WrongType(found=found):
            text = f"That is no picture that can be read; it looks like {found}."
            to_do = "Take a JPEG, PNG, WebP, GIF, AVIF, BMP or HEIC file."
        case Unreadable():
            text, to_do = "The picture is damaged and cannot be read.", "Take an undamaged copy."
        case Gone():
            text, to_do = "The picture is no longer where it was.", "Give it once more."
        case AddressRefused():
            text, to_do = "Pictures are not fetched from that address.", "Give the picture itself."
        case MediaUnavailable(retry_after_s=retry_after_s):
            when = "in a minute" if retry_after_s is None else f"in {span(retry_after_s)}"
            text, to_do = "The picture cannot be fetched just now.", f"Try again {when}."
        case _:
            text, to_do = "The picture cannot be used.", "Take another one."
    return _free(text, to_do)


def _bound(limit: int, unit: str) -> str:
    match unit:
        case "bytes":
            return f"more than {limit / 2**20:.3g} MiB"
        case "pixels":
            return f"more than {limit / 1e6:.3g} megapixels"
        case "seconds":
            return f"reading it takes more than {limit} seconds"
        case _:
            return f"more than {limit} {unit}"


def _delivery(error: DeliveryError) -> Words:
    kept = "Whatever was made is kept and was charged as usual."
    match error:
        case DeliveryRetryable():
            return Words(
                what_happened="This could not be said here just now.",
                charged=kept,
                what_to_do="Nothing: it is tried again by itself.",
            )
        case DeliveryRefused(reason=reason):
            return Words(
                what_happened=f"The result could not be handed over: {reason}.",
                charged=kept,
                what_to_do="Mend that, then ask for the result again.",
            )
        case DeliveryGone():
            return Words(
                what_happened="The message that was to be changed is gone.",
                charged=kept,
                what_to_do="Look at the list of your jobs.",
            )
        case _:
            return Words(
                what_happened="The result could not be handed over.",
                charged=kept,
                what_to_do="Look at the list of your jobs.",
            )


_STEPS_S = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def span(duration_s: float) -> str:
    """Return a duration in words, rounded up: `2 minutes`, `1 hour`."""
    size_s, word = next((step for step in _STEPS_S if duration_s > 0.99 * step[0]), _STEPS_S[-1])
    count = max(1, -int(-duration_s // size_s))
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
