"""Decider: the lists that one person asks for: the models on offer, and their own jobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from discord import ui

from adapters import allowance
from adapters.discord import blocks, ids, markup
from adapters.discord.markup import escaped
from adapters.presentation import LOCAL_PREVIEW, JobCard
from core.catalogue.catalogue import Catalogue
from core.catalogue.model import Model, Sizing
from core.catalogue.sizes import SIDE_MAX_PX, SIDE_MIN_PX
from core.jobs.lifecycle import ACTIVE, State
from core.jobs.quota import Limits, Usage

JOBS_MAX = 10
"""How many jobs are listed, the newest first: more do not fit into one message's 40 components."""
MODELS_MAX = 25
"""How many models are described; of the others, only the names are told."""

_NAME_MAX, _GOOD_FOR_MAX, _SIZES_MAX = 60, 200, 120
_MODELS_TEXT_MAX, _OTHERS_MAX = 3000, 600
_TITLE_MAX, _MODEL_MAX, _PROMPT_MAX, _HAPPENED_MAX = 40, 40, 90, 100
_ALLOWANCE_MAX = 400
_COLOUR = 0x5865F2


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A job in a list."""

    card: JobCard
    link: str | None
    """Where its message is, or None when there is none any more."""
    can_show_again: bool
    """Whether a place had refused its result, which is kept."""


def models_view(catalogue: Catalogue, *, preview: bool) -> ui.LayoutView:
    """Return what each model is good for, takes and costs."""
    described = _fitting([_model(model, preview=preview) for model in catalogue.models])
    others = [escaped(model.name, _NAME_MAX) for model in catalogue.models[len(described) :]]
    head = "### Models" + (f" ({LOCAL_PREVIEW})" if preview else "")
    end = markup.clipped(f"-# Also: {', '.join(others)}", _OTHERS_MAX) if others else ""
    texts = (head, *described, end)
    shown = (blocks.text(each) for each in texts if each)
    return blocks.view(blocks.Container(*shown, accent_colour=_COLOUR))


def jobs_view(
    entries: Sequence[Entry], usage: Usage, limits: Limits, *, now: datetime
) -> ui.LayoutView:
    """Return the newest of a user's jobs, newest first, and what is left of the limits."""
    listed = [_entry(each) for each in entries[:JOBS_MAX]]
    none = "There are none so far. Ask with **/redraw** and a picture."
    left = markup.clipped(" ".join(allowance.left(usage, limits, now=now)), _ALLOWANCE_MAX)
    head = blocks.text("### Your jobs", markup.small(left), none if not listed else "")
    return blocks.view(blocks.Container(head, *listed, accent_colour=_COLOUR))


def _fitting(entries: Sequence[str]) -> list[str]:
    """Return the entries from the first on that fit into one message."""
    taken: list[str] = []
    room = _MODELS_TEXT_MAX
    for entry in entries[:MODELS_MAX]:
        room -= markup.length(entry)
        if room < 0:
            break
        taken.append(entry)
    return taken


def _model(model: Model, *, preview: bool) -> str:
    details = (_sizes(model), _reads(model), _cost(model, preview=preview))
    return "\n".join(
        (
            f"**{escaped(model.name, _NAME_MAX)}**",
            escaped(model.good_for, _GOOD_FOR_MAX),
            markup.small(" · ".join(details)),
        )
    )


def _sizes(model: Model) -> str:
    match model.sizing:
        case Sizing.INPUT:
            return "takes the picture's own size"
        case Sizing.FREE:
            return f"any size of {SIDE_MIN_PX} to {SIDE_MAX_PX} pixels a side"
        case Sizing.LISTED:
            return markup.shortened(", ".join(map(str, model.sizes)), _SIZES_MAX)
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


def _entry(entry: Entry) -> blocks.Text | blocks.Section:
    again, card = entry.can_show_again, entry.card
    head = " · ".join(
        (
            f"**{escaped(card.title, _TITLE_MAX)}**",
            escaped(card.model, _MODEL_MAX),
            markup.ago(card.asked_at),
            *([markup.link("open", entry.link)] if again and entry.link else []),
        )
    )
    ended_otherwise = card.state not in ACTIVE | {State.READY}
    shown = blocks.text(
        head,
        f"> {escaped(card.prompt, _PROMPT_MAX)}",
        markup.small(escaped(card.words.what_happened, _HAPPENED_MAX)) if ended_otherwise else "",
    )
    if not again:
        return blocks.headed(shown, link=entry.link, label="Open")
    custom_id = ids.step(ids.Step.SHOW_AGAIN, card.job_id)
    return blocks.Section(shown, accessory=blocks.Button(label="Show again", custom_id=custom_id))
