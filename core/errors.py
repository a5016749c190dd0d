"""
Decider: the closed tree of errors, named by what the reader of one does next.

```
AppError
├─ InvalidRequest(problems)             tell the user what to change
├─ QuotaExceeded(limit, resets_in_s)    tell the user when it works again
├─ UnknownJob(job_id)                   it is not in the ledger: say so
├─ StaleJob(job_id)                     somebody else moved it: drop it, do nothing
├─ StoreUnavailable                     nothing was kept: say "busy", try again
│  └─ OrderInDoubt                      perhaps kept: say so, look before asking again
├─ ProviderError
│  ├─ ProviderUnavailable(retry_after_s)   certainly not carried out: try again later
│  ├─ RequestRejected(rejection)           will never work as it is: tell the user
│  ├─ ProviderMisconfigured(cause)         ours: pause submitting, call the operator
│  └─ OutcomeUnknown                       perhaps carried out and charged: never send again
├─ MediaError
│  ├─ TooLarge(limit, unit)             ask for a smaller picture
│  ├─ WrongType(found)                  ask for another kind of file
│  ├─ Unreadable                        ask for an undamaged picture
│  ├─ Gone                              ask for the picture again
│  ├─ AddressRefused                    we will not fetch from there
│  └─ MediaUnavailable(retry_after_s)   try the same fetch again later
├─ DeliveryError
│  ├─ DeliveryRetryable(retry_after_s)  same delivery again later
│  ├─ DeliveryRefused(reason)           this place will not take it: keep the result
│  └─ DeliveryGone                      what was to be edited is gone: skip it
└─ SettingsError(variable, reason)      tell the operator before start-up completes
```

Foreign exceptions are turned into these once, at the boundary that meets them, `from` the
original. The text of an exception is for the log; the words a user reads are in
`adapters.presentation`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """
    One thing that is wrong with a request.

    `parameter` is the wire name of the parameter, `reason` says in words what is wrong with the
    value given, and `allowed` what would be accepted.
    """

    parameter: str
    reason: str
    allowed: str


class Rejection(StrEnum):
    """Why the provider will not carry out a request, as far as its answer tells."""

    MODERATION = "moderation"
    """The prompt or the picture was refused by a safety filter."""
    PICTURE = "picture"
    """The reference image could not be fetched or decoded over there."""
    PARAMETERS = "parameters"
    """A parameter was refused although our own validation let it through: our bug."""
    MODEL = "model"
    """The provider does not know the model's app id."""
    TIME_LIMIT = "time_limit"
    """The remote task ran into the provider's own time limit."""
    PROVIDER = "provider"
    """Anything else; the provider's text is for the log only."""


class Misconfiguration(StrEnum):
    """What the operator has to mend before anything can be submitted."""

    CREDENTIALS = "credentials"
    """The API key was refused (401 or 403)."""
    CREDITS = "credits"
    """The account has no credits left (402, or a body that says so)."""
    ADDRESS = "address"
    """The API is not at the configured address (404)."""


class AppError(Exception):
    """Anything that Redraw itself can say went wrong."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message or (type(self).__doc__ or "").strip().splitlines()[0])


class InvalidRequest(AppError):
    """The request cannot be carried out as it was given."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(f"{p.parameter}: {p.reason}" for p in problems))
        self.problems = problems


class Limit(StrEnum):
    """Which limit a request ran into."""

    ACTIVE_JOBS = "active_jobs"
    PICTURES_PER_DAY = "pictures_per_day"
    CREDITS_PER_MONTH = "credits_per_month"
    BATCH = "batch"
    QUEUE = "queue"
    PLACE = "place"
    DRAINING = "draining"
    """The operator has halted new orders; what is under way goes on."""


class QuotaExceeded(AppError):
    """
    A limit is used up.

    `limit` says which, `allowed` how much it allows and `used` how much is taken; `resets_in_s`
    is when it frees itself by the clock, or None when something else must happen first.
    """

    def __init__(
        self, limit: Limit, *, allowed: int, used: int, resets_in_s: float | None = None
    ) -> None:
        super().__init__(f"{limit}: {used} of {allowed} used")
        self.limit = limit
        self.allowed = allowed
        self.used = used
        self.resets_in_s = resets_in_s


class UnknownJob(AppError):
    """There is no such job."""

    def __init__(self, job_id: str) -> None:
        super().__init__(f"no job {job_id}")
        self.job_id = job_id


class StaleJob(AppError):
    """Somebody else moved this job; whoever sees this drops it without any side effect."""

    def __init__(self, job_id: str) -> None:
        super().__init__(f"job {job_id} was moved by somebody else")
        self.job_id = job_id


class StoreUnavailable(AppError):
    """The store did not take a write in time, or cannot be reached."""


class OrderInDoubt(StoreUnavailable):
    """The store went away, or took too long, while it kept an order: perhaps it did."""


class ProviderError(AppError):
    """The image-to-image API did not do what was asked of it."""


class ProviderUnavailable(ProviderError):
    """
    The call was certainly not carried out, or was a free one: it may be made again.

    `is_throttled` says that we call too often (429): everybody is to slow down, not this one alone.
    """

    def __init__(
        self,
        message: str = "",
        *,
        retry_after_s: float | None = None,
        is_throttled: bool = False,
    ) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
        self.is_throttled = is_throttled


class RequestRejected(ProviderError):
    """The provider refused this request; the same request will be refused again."""

    def __init__(self, rejection: Rejection, message: str = "") -> None:
        super().__init__(message or str(rejection))
        self.rejection = rejection


class ProviderMisconfigured(ProviderError):
    """Nothing can be submitted until the operator mends something."""

    def __init__(self, cause: Misconfiguration, message: str = "") -> None:
        super().__init__(message or str(cause))
        self.cause = cause


class OutcomeUnknown(ProviderError):
    """The request may have reached the provider and may have been charged; it is never re-sent."""


class MediaError(AppError):
    """A picture could not be used."""


class TooLarge(MediaError):
    """
    The picture is over a limit, which is counted in `unit`.

    Units are "bytes", "pixels", "pixels a side", "frames", "seconds" and "bytes of memory".
    """

    def __init__(self, limit: int, unit: str, message: str = "") -> None:
        super().__init__(message or f"over {limit} {unit}")
        self.limit = limit
        self.unit = unit


class WrongType(MediaError):
    """The file is no picture that can be read; `found` names what it looks like."""

    def __init__(self, found: str, message: str = "") -> None:
        super().__init__(message or f"found {found}")
        self.found = found


class Unreadable(MediaError):
    """The file says that it is a picture, but it cannot be decoded."""


class Gone(MediaError):
    """The picture is no longer where it was."""


class AddressRefused(MediaError):
    """The address is not one that pictures are fetched from."""


class MediaUnavailable(MediaError):
    """The picture could not be fetched just now; the same fetch may work later."""

    def __init__(self, message: str = "", *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class DeliveryError(AppError):
    """Something could not be said where it was to be said."""


class DeliveryRetryable(DeliveryError):
    """The place did not take it just now."""

    def __init__(self, message: str = "", *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class DeliveryRefused(DeliveryError):
    """The place will not take it: no access, no channel, no permission."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class DeliveryGone(DeliveryError):
    """The message that was to be edited does not exist any more."""


class SettingsError(AppError):
    """A setting cannot work; `variable` is its name in the environment."""

    def __init__(self, variable: str, reason: str) -> None:
        super().__init__(f"{variable}: {reason}")
        self.variable = variable
        self.reason = reason
