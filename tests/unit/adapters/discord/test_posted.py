"""What is read of Discord's answers, and that no answer can break the reading."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.discord import ids, posted
from adapters.discord.posted import Posted, PostedFile
from core.errors import DeliveryRetryable

MARKER = "01J00000000000000000000000:c0"

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "channel_id", "attachments", "components", "items", "media", "url"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def media(file_id: int) -> dict[str, Any]:
    return {"media": {"attachment_id": str(file_id), "url": f"https://cdn/{file_id}"}}


def test_files_are_read_from_the_attachments() -> None:
    answer = {
        "id": "2",
        "channel_id": "1",
        "attachments": [{"id": "3", "url": "https://cdn/3", "size": 7}],
        "components": [{"type": 12, "items": [media(4)]}],
    }
    file = PostedFile(id=3, url="https://cdn/3", size_bytes=7)
    assert posted.posted(answer) == Posted(channel_id=1, message_id=2, attachments=(file,))


def test_without_those_they_are_read_from_the_components() -> None:
    """In order; what is shown of somebody else's page is no file of the message."""
    elsewhere = {"media": {"url": "https://elsewhere/a.png"}}
    gallery = {"type": 12, "items": [media(5), elsewhere, media(4)]}
    answer = {
        "id": "2",
        "channel_id": "1",
        "attachments": [],
        "components": [{"type": 17, "components": [{"type": 10, "content": "x"}, gallery]}],
    }
    assert [file.id for file in posted.posted(answer).attachments] == [5, 4]


@given(JSON)
def test_no_answer_breaks_the_reading(answer: object) -> None:
    try:
        found = posted.posted(answer)
    except DeliveryRetryable:
        return
    assert isinstance(found, Posted)


@pytest.mark.parametrize(
    ("component", "has_it"),
    [
        ({"custom_id": f"redraw1:press:cancel:{MARKER}"}, True),
        ({"components": [{"accessory": {"custom_id": MARKER}}]}, True),
        ({"content": f"-# job {MARKER}"}, True),
        ({"custom_id": MARKER.replace("c0", "r0")}, False),
        ({"custom_id": f"redraw1:press:cancel:{MARKER}1"}, False),
        ({"content": f"-# job {MARKER}1"}, False),
        ({"content": f"> a fox, -# job {MARKER}"}, False),
        ({"content": f"### a fox\n-# job {MARKER}"}, False),
        ({"custom_id": None, "content": 1}, False),
    ],
)
def test_a_message_is_known_by_its_mark(component: dict[str, Any], has_it: bool) -> None:
    assert posted.has_mark({"components": [component]}, MARKER, ids.line(MARKER)) is has_it


@pytest.mark.parametrize("key", ["interaction_metadata", "interaction"])
def test_a_message_says_which_interaction_it_answers(key: str) -> None:
    assert posted.answers({key: {"id": "5"}}, 5)
    assert not posted.answers({key: {"id": "6"}}, 5)
    assert not posted.answers({key: None}, 5)


def test_an_author_may_be_missing() -> None:
    assert posted.author_id({"author": {"id": "5"}}) == 5
    assert posted.author_id({}) == 0


@pytest.mark.parametrize("answer", ["<html>", None, {}, {"id": "x"}])
def test_an_answer_without_an_id_is_none(answer: object) -> None:
    with pytest.raises(DeliveryRetryable):
        posted.own_id(answer)
