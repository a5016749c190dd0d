"""Decider: where a job stands or how it ended, in words, for every state and every reason."""

from __future__ import annotations

import dataclasses
from enum import StrEnum
from typing import TypeVar, assert_never

from adapters import wording
from adapters.wording import PERHAPS_CHARGED, Words
from core.errors import (
    AddressRefused,
    Gone,
    MediaUnavailable,
    Misconfiguration,
    Rejection,
    TooLarge,
    Unreadable,
    WrongType,
)
from core.jobs.gate import BY_OPERATOR
from core.jobs.job import Job
from core.jobs.lifecycle import Reason, State

_FREE_PREVIEW = "Nothing is charged for a local preview."


def outcome(job: Job) -> Words:
    """Return what happened to the job, whether it may have been charged, and what to do."""
    words = _ended(job, job.reason) if job.is_terminal and job.reason else _standing(job)
    if job.is_terminal and not job.request.prompt:
        words = _forgotten(job, words)
    return dataclasses.replace(words, charged=_FREE_PREVIEW) if job.preview else words


def _forgotten(job: Job, words: Words) -> Words:
    """Return what is left to say of a job whose words and pictures are not kept any more."""
    if job.state is State.READY:
        words = dataclasses.replace(words, what_happened="Its pictures are not kept any more.")
    return dataclasses.replace(words, what_to_do="To redraw once more, give the picture anew.")


def _standing(job: Job) -> Words:
    match job.state:
        case State.RECEIVED | State.QUEUED | State.SUBMITTING | State.RUNNING | State.COLLECTING:
            return Words(
                what_happened=_under_way(job), charged=_charged_so_far(job), what_to_do=_wait(job)
            )
        case State.READY:
            return Words(
                what_happened=f"{_made(job)}.",
                charged=_charged(job),
                what_to_do="Run it again for others, or use one as the next input.",
            )
        case State.FAILED:
            return _maybe("It did not work.", "Run it again, or choose another model.")
        case State.CANCELLED:
            return _maybe("It was cancelled.", "Run it again whenever you like.")
        case State.EXPIRED:
            return _maybe("It took too long.", _ask_again(job))
        case State.UNCERTAIN:
            return _uncertain(job)
        case _:
            assert_never(job.state)


def _under_way(job: Job) -> str:
    match job.state:
        case State.RECEIVED:
            return (
                "The picture cannot be had just now; trying again."
                if job.attempt
                else ("The picture is being prepared.")
            )
        case State.QUEUED:
            return _queued(job)
        case State.SUBMITTING:
            return (
                "It is being sent; it will be cancelled once the answer is here."
                if (job.cancel_wanted)
                else "It is being sent."
            )
        case State.RUNNING:
            return "It is being redrawn."
        case _:
            return "It is done; the pictures are being fetched."


def _queued(job: Job) -> str:
    paused = paused_by(job)
    if paused is not None:
        return f"It waits: {_lower_first(wording.misconfigured(paused).what_happened)}"
    if is_halted(job):
        return "It waits: the operator has paused submitting."
    if job.attempt:
        return "The image service cannot take it just now; it is tried again by itself."
    return "It waits for its turn."


def paused_by(job: Job) -> Misconfiguration | None:
    """Return what the operator has to mend before a queued job can be sent, or None."""
    return _member(Misconfiguration, job.detail) if job.state is State.QUEUED else None


def is_halted(job: Job) -> bool:
    """Whether a queued job waits because the operator wants nothing to be sent."""
    return job.state is State.QUEUED and job.detail == BY_OPERATOR


def _charged_so_far(job: Job) -> str:
    if job.state in {State.RECEIVED, State.QUEUED}:
        return "Nothing has been charged so far."
    if job.state is State.SUBMITTING:
        return "It is charged as soon as the image service takes it."
    return "The image service has taken it, so it is charged as usual."


def _wait(job: Job) -> str:
    if job.state is State.COLLECTING:
        return "Wait a moment."
    if job.state in {State.SUBMITTING, State.RUNNING} and not job.preview:
        return "Wait, or cancel it; it may be charged all the same."
    return "Wait, or cancel it at no cost."


def _ended(job: Job, reason: Reason) -> Words:
    match reason:
        case Reason.UNACKED | Reason.WITHDRAWN | Reason.NOT_SUBMITTED | Reason.NOT_PREPARED:
            words = _never_sent(job, reason)
        case Reason.PICTURE | Reason.NO_PLACE:
            words = _never_sent(job, reason)
        case Reason.REJECTED:
            words = wording.rejected(_rejection(job))
        case Reason.REMOTE_FAILED | Reason.FILTERED | Reason.OUTPUTS_LOST:
            words = _broke_over_there(job, reason)
        case Reason.MAY_BE_BILLED | Reason.DEADLINE:
            words = _not_watched(job, reason)
        case Reason.PARTIAL:
            words = _some(job)
        case Reason.OUTCOME_UNKNOWN:
            words = _uncertain(job)
        case _:
            assert_never(reason)
    return words


def _some(job: Job) -> Words:
    return Words(
        what_happened=f"{_made(job)}; the others were held back by a filter or lost.",
        charged=_charged(job),
        what_to_do="Run it again for the missing ones."
        if job.preview
        else "Run it again for the missing ones; that costs again.",
    )


def _never_sent(job: Job, reason: Reason) -> Words:
    match reason:
        case Reason.UNACKED:
            text, to_do = "The order could not be confirmed, so it was dropped.", "Ask once more."
        case Reason.WITHDRAWN:
            text = "It was cancelled before it was sent."
            to_do = "Run it again whenever you like."
        case Reason.NOT_SUBMITTED:
            text = "It could not be sent in time, so it was given up."
            to_do = "Run it again later."
        case Reason.NOT_PREPARED:
            text = "The picture could not be got ready in time."
            to_do = "Run it again; if that fails too, give the picture in another way."
        case Reason.NO_PLACE:
            text = "Redraw may not post in that place, so nothing was sent."
            to_do = "Let it in there, or ask in another place."
        case _:
            text, to_do = _of_the_picture(job.detail)
    return Words(what_happened=text, charged=wording.NOT_CHARGED, what_to_do=to_do)


def _broke_over_there(job: Job, reason: Reason) -> Words:
    match reason:
        case Reason.REMOTE_FAILED:
            rejection = _rejection(job)
            return _maybe(wording.why_rejected(rejection), wording.after_rejection(rejection))
        case Reason.FILTERED:
            return _maybe(
                "The image service made the pictures, but its filter held all of them back.",
                "Say it in other words, or take another picture.",
            )
        case _:
            return Words(
                what_happened="The pictures were made, but could not be fetched.",
                charged=_charged(job),
                what_to_do=_ask_again(job),
            )


def _not_watched(job: Job, reason: Reason) -> Words:
    if reason is Reason.DEADLINE:
        return _maybe("The image service took longer than we wait.", _ask_again(job))
    return Words(
        what_happened="It was cancelled after it had been sent; it is no longer watched.",
        charged="It may be charged all the same, since a sent request cannot be called back.",
        what_to_do=_ask_again(job),
    )


def _uncertain(job: Job) -> Words:
    return Words(
        what_happened="The line broke while it was being sent, so nobody can tell from here "
        "whether the image service took it.",
        charged=PERHAPS_CHARGED,
        what_to_do="Run it again."
        if job.preview
        else "It is not sent again by itself. Running it again may pay twice.",
    )


def _maybe(what_happened: str, what_to_do: str) -> Words:
    return Words(what_happened=what_happened, charged=PERHAPS_CHARGED, what_to_do=what_to_do)


def _ask_again(job: Job) -> str:
    if job.remote_task_id is None:
        return "Run it again." if job.preview else "Run it again; that is charged anew."
    return "Check again asks for the result once more, free of charge, for four hours."


def _made(job: Job) -> str:
    wanted, found = job.request.batch, len(job.outputs)
    if job.reason is Reason.PARTIAL:
        return f"{found} of {wanted} pictures {'is' if found == 1 else 'are'} ready"
    return "The picture is ready" if found == 1 else f"{found} pictures are ready"


def _charged(job: Job) -> str:
    if not job.credits:
        return "It was charged; nobody has told us how much."
    return f"It was charged: about {job.credits} credits by our estimate."


def _rejection(job: Job) -> Rejection:
    return _member(Rejection, job.detail) or Rejection.PROVIDER


_PICTURES: dict[str, tuple[str, str]] = {
    TooLarge.__name__: ("The picture is too large.", "Take a smaller one."),
    WrongType.__name__: (
        "That is no picture that can be read.",
        "Take a JPEG, PNG, WebP, GIF, AVIF, BMP or HEIC file.",
    ),
    **{
        type(error).__name__: (
            wording.wording(error).what_happened,
            wording.wording(error).what_to_do,
        )
        for error in (Unreadable(), Gone(), AddressRefused(), MediaUnavailable())
    },
}
"""What to say of a picture by the name of its error; its figures are not kept on the job."""


def _of_the_picture(detail: str) -> tuple[str, str]:
    plain = detail.replace("_", "").casefold()
    for name, said in _PICTURES.items():
        if name.casefold() == plain:
            return said
    return "The picture cannot be used.", "Take another one."


Word = TypeVar("Word", bound=StrEnum)


def _member(closed: type[Word], word: str) -> Word | None:
    return closed(word) if word in {member.value for member in closed} else None


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
