"""Decider: what a form is about, as the JSON that its draft keeps, and what came back with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast

from adapters.slack import fields, forms, markup, trail
from adapters.slack.forms import Pictures
from adapters.slack.interactions import Interaction
from adapters.slack.ordering import Place, Wanted
from adapters.slack.origin import (
    RESPONSE_URL_LIVES_S,
    Entry,
    Source,
    source_from_json,
    source_to_json,
)
from core.errors import InvalidRequest, Problem

_LONG = frozenset({"prompt", "negative_prompt"})
_SHORT_MAX = 100
"""Characters of any other value: no name of a model and no number is longer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sketch:
    """An order that is not complete yet."""

    place: Place
    sources: tuple[Source, ...] = ()
    """None: the form asks for files."""
    values: Mapping[str, object]
    pick: bool = False
    """Whether it is to be chosen which of the sources are meant."""
    chosen: tuple[int, ...] = ()
    """Which of them were chosen before the form was reshaped, from 0."""
    left_out: tuple[str, ...] = ()
    """What those files of the message are called that are not among the sources."""
    asks_channel: bool = False

    @property
    def pictures(self) -> Pictures | None:
        """What the form shows of its pictures."""
        if not self.sources:
            return None
        names = trail.names(self.sources)
        return Pictures(names=names, pick=self.pick, chosen=self.chosen, left_out=self.left_out)


def to_json(sketch: Sketch) -> dict[str, object]:
    """Return a sketch as JSON values."""
    place, ends_at = sketch.place, sketch.place.response_url_expires_at
    return {
        "entry": place.entry.value,
        "channel": place.channel_id,
        "thread": place.thread_ts,
        "response_url": place.response_url,
        "response_url_expires_at": None if ends_at is None else ends_at.isoformat(),
        "sources": [source_to_json(source) for source in sketch.sources],
        "values": {name: _held(name, value) for name, value in sketch.values.items()},
        "pick": sketch.pick,
        "chosen": list(sketch.chosen),
        "left_out": list(sketch.left_out),
        "asks_channel": sketch.asks_channel,
    }


def from_json(data: Mapping[str, object]) -> Sketch:
    """Return the sketch that `to_json` wrote."""
    ends_at = data["response_url_expires_at"]
    sources = cast("Sequence[Mapping[str, object]]", data["sources"])
    return Sketch(
        place=Place(
            entry=Entry(str(data["entry"])),
            channel_id=cast("str | None", data["channel"]),
            thread_ts=cast("str | None", data["thread"]),
            response_url=cast("str | None", data["response_url"]),
            response_url_expires_at=None
            if ends_at is None
            else datetime.fromisoformat(str(ends_at)),
        ),
        sources=tuple(map(source_from_json, sources)),
        values=cast("Mapping[str, object]", data["values"]),
        pick=bool(data["pick"]),
        chosen=tuple(cast("Sequence[int]", data.get("chosen", ()))),
        left_out=tuple(cast("Sequence[str]", data.get("left_out", ()))),
        asks_channel=bool(data["asks_channel"]),
    )


def _held(name: str, value: object) -> object:
    """Return a value cut to what a form could show of it, so that a draft is never too large."""
    most = fields.INPUT_MAX if name in _LONG else _SHORT_MAX
    return markup.clipped(value, most) if isinstance(value, str) else value


def filled_in(sketch: Sketch, state: Mapping[str, Any]) -> Sketch:
    """Return a sketch with what an open form has; Slack itself keeps the files."""
    form = forms.filled(state)
    place = sketch.place
    if sketch.asks_channel and form.channel is not None:
        place = replace(place, channel_id=form.channel)
    values = forms.merged(sketch.values, form)
    return replace(sketch, values=values, chosen=form.chosen, place=place)


def wanted(sketch: Sketch, state: Mapping[str, Any], told: Interaction) -> Wanted:
    """
    Return what a form that was sent asks for.

    Raises:
        InvalidRequest: no such picture can be chosen.
    """
    form = forms.filled(state)
    place = _placed(sketch, form.channel, told) if sketch.asks_channel else sketch.place
    sources = _chosen(sketch, form.chosen) if sketch.sources else form.files
    return Wanted(place=place, sources=sources, values=form.values)


def _placed(sketch: Sketch, channel_id: str | None, told: Interaction) -> Place:
    """Return the place that a form asked for, where Slack lets us answer for a while."""
    answers = told.payload.get("response_urls") or ()
    url = next((each.get("response_url") for each in answers), None)
    expires_at = told.received_at + timedelta(seconds=RESPONSE_URL_LIVES_S)
    return replace(
        sketch.place,
        channel_id=channel_id,
        response_url=str(url) if url else None,
        response_url_expires_at=expires_at if url else None,
    )


def _chosen(sketch: Sketch, chosen: tuple[int, ...]) -> tuple[Source, ...]:
    if not sketch.pick or len(sketch.sources) == 1:
        return sketch.sources
    count = len(sketch.sources)
    found = tuple(sketch.sources[each] for each in chosen if each < count)
    if not found:
        allowed = f"one of the {count} pictures"
        raise InvalidRequest(
            (Problem(parameter="image", reason="no picture was chosen", allowed=allowed),)
        )
    return found
