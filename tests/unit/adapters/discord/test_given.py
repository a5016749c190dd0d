"""Which pictures come with a command, and which of a message are looked at."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.candidates import EXTENSIONS
from adapters.discord import given
from adapters.discord.given import PICTURES_MAX, pictures_of

CDN = "https://cdn.discordapp.com/attachments/1/2"


def attached(name: str, kind: str | None = "image/png") -> dict[str, Any]:
    return {"filename": name, "url": f"{CDN}/{name}", "size": 9, "content_type": kind}


def test_options_become_values_and_pictures_in_order() -> None:
    """Pictures go by their option, everything else as it was given."""
    data = {
        "options": [
            {"name": "image3", "type": 11, "value": "3"},
            {"name": "prompt", "type": 3, "value": "ink"},
            {"name": "image", "type": 11, "value": "1"},
            {"name": "batch", "type": 4, "value": 2},
        ],
        "resolved": {"attachments": {"1": attached("one.png"), "3": attached("three.mp3", "x/y")}},
    }
    came = given.given(data)
    assert came.values == {"prompt": "ink", "batch": 2}
    assert [each.url for each in came.pictures] == [f"{CDN}/one.png", f"{CDN}/three.mp3"]
    assert [each.parameter for each in came.files] == ["image", "image3"]


def test_option_being_typed_into_is_found() -> None:
    """And what the others hold so far."""
    data = {
        "options": [
            {"name": "model", "type": 3, "value": "flux-dev"},
            {"name": "size", "type": 3, "value": "12", "focused": True},
        ]
    }
    assert given.focused(data) == ("size", "12")
    assert given.text_of(data, "model") == "flux-dev"
    assert given.text_of(data, "prompt") == ""


def test_attachments_that_are_no_pictures_are_passed_over() -> None:
    """By what is announced, or by the extension where nothing is."""
    message = {
        "attachments": [
            attached("notes.txt", "text/plain"),
            attached("a.PNG", None),
            attached("photo", "image/heic"),
        ]
    }
    assert [each.url for each in pictures_of(message)] == [f"{CDN}/a.PNG", f"{CDN}/photo"]


@pytest.mark.parametrize("extension", sorted(EXTENSIONS))
def test_every_extension_that_a_given_file_may_have_is_one_of_a_picture(extension: str) -> None:
    """What is taken as an option of the command is found in a message as well."""
    name = f"photo.{extension.upper()}"
    message = {"attachments": [attached(name, None), attached(extension, None)]}
    assert [each.url for each in pictures_of(message)] == [f"{CDN}/{name}"]


def test_embeds_are_taken_by_discords_copy_alone() -> None:
    """Never by the page's own address; the large picture before the small one."""
    proxy = "https://images-ext-1.discordapp.net/external/x/1.png"
    message = {
        "embeds": [
            {"image": {"url": "https://page.example/1.png", "proxy_url": proxy}},
            {"thumbnail": {"url": "https://page.example/2.png"}},
            {"title": "words"},
        ]
    }
    assert [each.url for each in pictures_of(message)] == [proxy]


def test_own_messages_show_their_pictures_as_components() -> None:
    """Without a list of attachments the gallery tells."""
    media = {"url": f"{CDN}/r.png", "attachment_id": "5", "content_type": "image/png"}
    other = {"url": "https://page.example/x.png", "content_type": "image/png"}
    message = {
        "components": [
            {"type": 17, "components": [{"type": 12, "items": [{"media": media}]}]},
            {"type": 9, "accessory": {"type": 11, "media": other}},
        ]
    }
    assert [each.url for each in pictures_of(message)] == [f"{CDN}/r.png"]


def test_forwarded_pictures_count() -> None:
    """A forwarded message holds a copy of what it forwards."""
    message = {"message_snapshots": [{"message": {"attachments": [attached("f.png")]}}]}
    assert [each.url for each in pictures_of(message)] == [f"{CDN}/f.png"]


def test_no_more_than_a_message_can_have_and_each_once() -> None:
    """What is shown twice is one picture."""
    many = [attached(f"{number}.png") for number in range(15)]
    assert len(pictures_of({"attachments": many})) == PICTURES_MAX
    assert len(pictures_of({"attachments": [many[0], many[0]]})) == 1


def test_nothing_is_nothing() -> None:
    """Words alone."""
    assert pictures_of({"content": "hello"}) == ()
