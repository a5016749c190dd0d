"""Decider: the lists that one person asks for: help, the models on offer, and their own jobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, assert_never

from adapters import allowance
from adapters.presentation import LOCAL_PREVIEW, JobCard
from adapters.slack import blocks, ids, markup
from adapters.slack.blocks import Button, Json, Message
from adapters.slack.markup import escaped, shortened
from core.catalogue.catalogue import Catalogue
from core.catalogue.model import Model, Sizing
from core.catalogue.sizes import SIDE_MAX_PX, SIDE_MIN_PX
from core.jobs.lifecycle import ACTIVE, State
from core.jobs.quota import Limits, Usage

JOBS_MAX: Final = 10
"""How many jobs are listed, the newest first; each takes up to four of a message's 50 blocks."""
MODELS_MAX: Final = 20
"""How many models are described; of the others, only the names are told."""

_NAME_MAX, _GOOD_FOR_MAX, _SIZES_MAX = 60, 200, 120
_MODELS_TEXT_MAX, _OTHERS_MAX = 8000, 600
_TITLE_MAX, _MODEL_MAX, _PROMPT_MAX, _HAPPENED_MAX = 40, 40, 90, 100
_ALLOWANCE_MAX = 400

_WAYS: Final = (
    ("/redraw", " opens a form: pictures, words and settings. Words after it are filled in."),
    ("Redraw this image", ", in the menu of a message with a picture, also inside threads."),
    ("Redraw an image", ", among the shortcuts, asks for the channel too."),
    (
        "@Redraw as a woodcut model:flux-dev strength:0.4",
        " with a picture in the same message, also inside threads.",
    ),
    ("/redraw models", " tells what each model is good for, takes and costs."),
    ("/redraw jobs", " lists your latest jobs, and what is left of your limits."),
)
_KNOW: Final = (
    "Slash commands do not work inside threads, by Slack's own rule: use the shortcut there.",
    "Redraw posts where it was asked, so it has to be in that channel: /invite @Redraw.",
    "Everybody in the channel sees prompt and pictures; a direct message with Redraw is private.",
    'Settings in a mention: model, size, strength, guidance, negative:"…", batch.',
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A job in a list."""

    card: JobCard
    link: str | None
    """Where its message is, or None when there is none any more."""
    can_show_again: bool
    """Whether a place had refused its result, which is kept."""


def help_message(*, preview: bool) -> Message:
    """Return what works where."""
    ways = [[blocks.words(name, bold=True), blocks.words(does)] for name, does in _WAYS]
    head = "Redraw" + (f" ({LOCAL_PREVIEW})" if preview else "")
    shown = (blocks.header(head), blocks.bullets(ways), *blocks.lines(_KNOW))
    return Message(text="How to use Redraw", blocks=shown)


def models_message(catalogue: Catalogue, *, preview: bool) -> Message:
    """Return what each model is good for, takes and costs."""
    described = _fitting(
        [_model(model, preview=preview) for model in catalogue.models[:MODELS_MAX]]
    )
    others = [shortened(model.name, _NAME_MAX) for model in catalogue.models[len(described) :]]
    also = [shortened(f"Also: {', '.join(others)}", _OTHERS_MAX)] if others else []
    head = blocks.header("Models" + (f" ({LOCAL_PREVIEW})" if preview else ""))
    listed = (block for entry in described for block in entry)
    return Message(text="Models", blocks=(head, *listed, *blocks.lines(also)))


def jobs_message(
    entries: Sequence[Entry], usage: Usage, limits: Limits, *, now: datetime
) -> Message:
    """Return the newest of a user's jobs, newest first, and what is left of the limits."""
    left = markup.clipped(" ".join(allowance.left(usage, limits, now=now)), _ALLOWANCE_MAX)
    listed = [block for entry in entries[:JOBS_MAX] for block in _entry(entry)]
    none = blocks.paragraph(blocks.words("There are none so far. Ask with /redraw."))
    head = (blocks.header("Your jobs"), *blocks.lines([left]))
    return Message(text="Your jobs", blocks=(*head, *(listed or [none])))


def _fitting(entries: Sequence[tuple[Json, ...]]) -> list[tuple[Json, ...]]:
    """Return the entries from the first on that fit into one message."""
    taken: list[tuple[Json, ...]] = []
    room = _MODELS_TEXT_MAX
    for entry in entries:
        room -= len(str(entry))
        if room < 0:
            break
        taken.append(entry)
    return taken


def _model(model: Model, *, preview: bool) -> tuple[Json, ...]:
    name = blocks.words(shortened(model.name, _NAME_MAX), bold=True)
    about = blocks.words(f"\n{shortened(model.good_for, _GOOD_FOR_MAX)}")
    details = " · ".join((_sizes(model), _reads(model), _cost(model, preview=preview)))
    return (blocks.paragraph(name, about), *blocks.lines([details]))


def _sizes(model: Model) -> str:
    match model.sizing:
        case Sizing.INPUT:
            return "takes the picture's own size"
        case Sizing.FREE:
            return f"any size of {SIDE_MIN_PX} to {SIDE_MAX_PX} pixels a side"
        case Sizing.LISTED:
            return shortened(", ".join(map(str, model.sizes)), _SIZES_MAX)
        case _:
            assert_never(model.sizing)


def _reads(model: Model) -> str:
    known = sorted(parameter.value.replace("_", " ") for parameter in model.reads)
    several = [f"up to {model.images_max} pictures"] if model.images_max > 1 else []
    return (
        f"reads {', '.join([*known, *several])}" if known or several else "reads the prompt alone"
    )


def _cost(model: Model, *, preview: bool) -> str:
    if preview:
        return f"nothing is charged ({LOCAL_PREVIEW})"
    if not model.credits_per_picture:
        return "cost not known"
    guess = "" if model.credits_are_published else ", a guess"
    return f"about {model.credits_per_picture} credits a picture{guess}"


def _entry(entry: Entry) -> tuple[Json, ...]:
    card = entry.card
    head = (
        f"*{escaped(card.title, _TITLE_MAX)}*",
        escaped(card.model, _MODEL_MAX),
        markup.ago(card.asked_at),
        *([markup.link(entry.link, "open")] if entry.link else []),
    )
    ended_otherwise = card.state not in ACTIVE | {State.READY}
    happened = shortened(card.words.what_happened, _HAPPENED_MAX) if ended_otherwise else ""
    again = Button(label="Show again", action_id=ids.step(ids.Step.SHOW_AGAIN), value=card.job_id)
    return (
        blocks.section(" · ".join(head)),
        blocks.quoted(shortened(card.prompt, _PROMPT_MAX)),
        *blocks.lines([happened]),
        *blocks.buttons([again] if entry.can_show_again else []),
    )
