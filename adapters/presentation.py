"""Decider: what there is to say about a job, as meaning: no markup, no buttons, no layout."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from adapters.outcomes import is_halted, outcome, paused_by
from adapters.wording import Words, wording
from core.catalogue.catalogue import Catalogue
from core.catalogue.model import Model, Parameter, Sizing
from core.jobs.job import Job
from core.jobs.lifecycle import ACTIVE, Reason, State
from core.media.item import MediaItem
from core.request import GenerationRequest, ignored_parameters

__all__ = [
    "Action",
    "Fact",
    "JobCard",
    "Words",
    "card",
    "model_of",
    "outcome",
    "warning",
    "wording",
]

LOCAL_PREVIEW = "local preview"
"""Said on every card, log line and file that the studio had a hand in."""

FORGOTTEN = "(deleted)"
"""Stands for a prompt that is not kept any more."""


class Action(StrEnum):
    """What a user may do about a job; each adapter decides how, or says that it offers it not."""

    CANCEL = "cancel"
    RUN_AGAIN = "run_again"
    EDIT_AND_RUN = "edit_and_run"
    USE_AS_INPUT = "use_as_input"
    BEFORE_AFTER = "before_after"
    DELETE = "delete"
    CHECK_AGAIN = "check_again"


@dataclass(frozen=True, kw_only=True, slots=True)
class Fact:
    """One line of a card: what it is about, and what is the case."""

    label: str
    value: str


@dataclass(frozen=True, kw_only=True, slots=True)
class JobCard:
    """Everything there is to say about one job at one moment; text is plain and unescaped."""

    job_id: str
    title: str
    prompt: str
    """What the user wrote, as written."""
    model: str
    """The model's name as people read it."""
    facts: tuple[Fact, ...]
    """In the order in which they are worth reading."""
    state: State
    words: Words
    is_held_up: bool
    """Whether something outside keeps it from going on; `words` says what."""
    asked_at: datetime
    elapsed_s: float
    """Since the order, or from the order to its end."""
    expected_s: float | None
    """How long such a job is expected to take; None when nobody knows, or it has ended."""
    preview: bool
    notices: tuple[str, ...]
    actions: tuple[Action, ...]
    """What is legal now, in the order in which it is worth offering."""
    references: tuple[MediaItem, ...]
    """The pictures given, as prepared."""
    outputs: tuple[MediaItem, ...]
    """The pictures made."""

    @property
    def sentence(self) -> str:
        """What happened and what to do, as one line."""
        return self.words.text


def card(job: Job, model: Model, *, now: datetime, expected_s: float | None) -> JobCard:
    """Return what there is to say about `job` at the moment `now`."""
    end = job.finished_at if job.is_terminal and job.finished_at else now
    return JobCard(
        job_id=job.job_id,
        title=_title(job),
        prompt=job.request.prompt or FORGOTTEN,
        model=model.name,
        facts=_facts(job, model),
        state=job.state,
        words=outcome(job),
        is_held_up=_is_held_up(job),
        asked_at=job.created_at,
        elapsed_s=max(0.0, (end - job.created_at).total_seconds()),
        expected_s=None if job.is_terminal else expected_s,
        preview=job.preview,
        notices=_notices(job, model),
        actions=tuple(action for action in Action if _is_legal(action, job, now)),
        references=job.prepared,
        outputs=job.outputs,
    )


def model_of(catalogue: Catalogue, model_id: str) -> Model:
    """Return a job's model; one that has left the catalogue is known by its id alone."""
    try:
        return catalogue[model_id]
    except KeyError:
        return Model(
            model_id=model_id,
            app_id="",
            name=model_id,
            good_for="",
            sizing=Sizing.INPUT,
            reads=frozenset(Parameter),
        )


def warning(action: Action, job: Job) -> str | None:
    """Return what a user should hear before `action` is carried out, or None."""
    if action in {Action.RUN_AGAIN, Action.EDIT_AND_RUN} and not job.preview:
        if job.state is State.UNCERTAIN:
            return "The first request may have been charged; running it again may pay twice."
        if job.reason in {Reason.MAY_BE_BILLED, Reason.DEADLINE}:
            return "The first request may be charged too; Check again is free."
    if action is Action.CANCEL and job.state in {State.SUBMITTING, State.RUNNING}:
        return None if job.preview else "It has been sent, so it may be charged all the same."
    if action is Action.DELETE and not job.preview:
        return "The image service keeps its own copies; those cannot be deleted from here."
    return None


def _title(job: Job) -> str:
    match job.state:
        case State.RECEIVED | State.QUEUED | State.SUBMITTING | State.RUNNING | State.COLLECTING:
            text = "Redrawing"
        case State.READY:
            text = "Redrawn"
        case State.FAILED:
            text = "Not redrawn"
        case State.CANCELLED:
            text = "Cancelled"
        case State.EXPIRED:
            text = "Took too long"
        case State.UNCERTAIN:
            text = "Nobody knows"
        case _:
            assert_never(job.state)
    return f"{text} ({LOCAL_PREVIEW})" if job.preview else text


def _facts(job: Job, model: Model) -> tuple[Fact, ...]:
    request = job.request
    settings = {
        "Model": model.name,
        "Pictures": str(request.batch),
        "Size": request.size and str(request.size),
        "Strength": _number(request.strength),
        "Guidance scale": _number(request.guidance_scale),
        "Negative prompt": request.negative_prompt,
        "Inference type": request.inference_type,
        "Reference pictures": str(request.image_count) if request.image_count > 1 else None,
        "Estimated cost": _cost(job, request, model),
    }
    return tuple(Fact(label=label, value=value) for label, value in settings.items() if value)


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:g}"


def _cost(job: Job, request: GenerationRequest, model: Model) -> str:
    if job.preview:
        return f"nothing ({LOCAL_PREVIEW})"
    if not job.credits:
        return "not known"
    each = f" ({job.credits // request.batch} each)" if request.batch > 1 else ""
    basis = "" if model.credits_are_published else ", a guess"
    return f"about {job.credits} credits{each}{basis}"


def _notices(job: Job, model: Model) -> tuple[str, ...]:
    ignored = tuple(
        f"{model.name} is known to ignore {parameter.value.replace('_', ' ')}."
        for parameter in ignored_parameters(job.request, model)
    )
    honest = (f"This is a {LOCAL_PREVIEW}, not {model.name} itself.",) if job.preview else ()
    missing = (outcome(job).what_happened,) if job.reason is Reason.PARTIAL else ()
    return tuple(dict.fromkeys((*honest, *missing, *ignored, *job.notices)))


def _is_held_up(job: Job) -> bool:
    waits = job.state in {State.RECEIVED, State.QUEUED}
    return waits and (job.attempt > 0 or is_halted(job) or paused_by(job) is not None)


_CANCELLABLE = ACTIVE - {State.COLLECTING}


def _is_legal(action: Action, job: Job, now: datetime) -> bool:
    kept = bool(job.request.prompt)
    match action:
        case Action.CANCEL:
            return job.state in _CANCELLABLE and not job.cancel_wanted
        case Action.RUN_AGAIN | Action.EDIT_AND_RUN | Action.DELETE:
            return job.is_terminal and kept and job.reason is not Reason.UNACKED
        case Action.USE_AS_INPUT:
            return job.state is State.READY and bool(job.outputs)
        case Action.BEFORE_AFTER:
            return job.state is State.READY and bool(job.outputs) and bool(job.prepared)
        case Action.CHECK_AGAIN:
            return job.can_check_again(now)
        case _:
            assert_never(action)
