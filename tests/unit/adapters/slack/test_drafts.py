"""What a draft keeps of a form, and what is made of what came back."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.slack import drafts
from adapters.slack.drafts import Sketch
from adapters.slack.interactions import Interaction, read
from adapters.slack.ordering import Place
from adapters.slack.origin import Entry, Kept, Upload
from core.errors import InvalidRequest
from core.jobs.draft import checked
from tests.fakes import jobs

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PLACE = Place(
    entry=Entry.MESSAGE,
    channel_id="C1",
    thread_ts="1.1",
    response_url="https://hooks.slack.com/x",
    response_url_expires_at=NOW,
)
SOURCES = (Upload(file_id="F1", name="a.png"), Kept(item=jobs.item(), file_id="F2"))
SKETCH = Sketch(place=PLACE, sources=SOURCES, values={"prompt": "ink"}, pick=True)


def sent(**more: Any) -> Interaction:
    view = {"id": "V1", "callback_id": "redraw1:form:redraw", "private_metadata": "D"}
    about = {"team": {"id": "T1"}, "user": {"id": "U1"}}
    payload = {"type": "view_submission", "view": view, **about, **more}
    return read(payload, act_id="1", received_at=NOW, received_s=0.0)


def state(**fields: Any) -> dict[str, Any]:
    return {"values": {name: {f"redraw1:field:{name}": each} for name, each in fields.items()}}


def test_sketch_comes_back_as_it_was_kept() -> None:
    kept = checked(drafts.to_json(SKETCH))
    assert drafts.from_json(json.loads(json.dumps(kept))) == SKETCH


def test_several_pictures_have_to_be_chosen_from() -> None:
    chosen = state(picture={"selected_option": {"value": "1"}})
    assert drafts.wanted(SKETCH, chosen, sent()).sources == (SOURCES[1],)
    for wrong in (state(), state(picture={"selected_option": {"value": "7"}})):
        with pytest.raises(InvalidRequest):
            drafts.wanted(SKETCH, wrong, sent())


def test_place_of_a_form_comes_with_an_answer() -> None:
    """A form that asks for a channel lets us answer there in private."""
    asking = Sketch(
        place=Place(entry=Entry.SHORTCUT, channel_id=None), values={}, asks_channel=True
    )
    answers = [{"response_url": "https://hooks.slack.com/y", "channel_id": "C2"}]
    chosen = state(channel={"selected_conversation": "C2"})
    place = drafts.wanted(asking, chosen, sent(response_urls=answers)).place
    assert (place.channel_id, place.response_url) == ("C2", "https://hooks.slack.com/y")
    assert place.response_url_expires_at is not None
    assert drafts.wanted(asking, chosen, sent()).place.response_url is None


def test_chosen_channel_is_not_taken_where_none_was_asked_for() -> None:
    """A state can say anything; the place is the draft's."""
    forged = state(channel={"selected_conversation": "C2"}, prompt={"value": "ink"})
    one = Sketch(place=PLACE, sources=SOURCES[:1], values={})
    assert drafts.wanted(one, forged, sent()).place == PLACE
    assert drafts.filled_in(one, forged).place == PLACE
