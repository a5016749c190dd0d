"""People in the fake Discord do what its client offers, and see what they would see."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.fakes import discord_news
from tests.fakes.clock import START
from tests.fakes.discord_forms import submitted
from tests.fakes.discord_options import options_of
from tests.fakes.discord_raw import Raw
from tests.fakes.discord_server import DiscordServer
from tests.fakes.discord_shown import Unanswered
from tests.fakes.discord_user import Person
from tests.fakes.discord_values import Channel, Guild, Permission

COMMAND: dict[str, Any] = {
    "name": "redraw",
    "options": [
        {"name": "prompt", "type": 3, "required": True, "max_length": 5},
        {"name": "batch", "type": 4, "min_value": 1, "max_value": 8},
        {"name": "size", "type": 3, "choices": [{"name": "Small", "value": "s"}]},
        {"name": "image", "type": 11},
    ],
}
FORM: dict[str, Any] = {
    "components": [
        {"type": 10, "content": "words"},
        {
            "type": 18,
            "label": "Prompt",
            "component": {"type": 4, "custom_id": "p", "value": "old", "max_length": 5},
        },
        {
            "type": 18,
            "label": "Model",
            "component": {
                "type": 3,
                "custom_id": "m",
                "options": [
                    {"label": "A", "value": "a", "default": True},
                    {"label": "B", "value": "b"},
                ],
            },
        },
        {
            "type": 18,
            "label": "Files",
            "component": {"type": 19, "custom_id": "f", "required": False, "max_values": 2},
        },
        {
            "type": 18,
            "label": "Size",
            "component": {
                "type": 21,
                "custom_id": "s",
                "required": False,
                "options": [{"label": "S", "value": "s"}, {"label": "L", "value": "l"}],
            },
        },
        {"type": 18, "label": "Paid", "component": {"type": 23, "custom_id": "c"}},
        {
            "type": 1,
            "components": [{"type": 4, "custom_id": "r", "label": "Row", "required": False}],
        },
    ]
}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "asks for the options"),
        ({"prompt": "ink", "colour": "x"}, "no options"),
        ({"prompt": "a long one"}, "characters"),
        ({"prompt": "ink", "batch": 9}, "is not in"),
        ({"prompt": "ink", "size": "xl"}, "none of"),
    ],
)
def test_client_refuses_options(given: dict[str, object], words: str) -> None:
    """What Discord's client would not send is a mistake of the test."""
    with pytest.raises(AssertionError, match=words):
        options_of(COMMAND, given, {})


def test_options_are_typed() -> None:
    """Options have the type that the command says, or that of their value."""
    known = options_of(COMMAND, {"prompt": "ink", "size": "s"}, {"image": "7"})
    guessed = options_of(None, {"n": 1, "f": 0.5, "b": True}, {"image": "7"})

    assert [one["type"] for one in known] == [3, 3, 11]
    assert [one["type"] for one in guessed] == [4, 10, 5, 11]


def test_form_keeps_what_is_not_filled_in() -> None:
    """Fields keep their defaults; named ones take what is given, by label or custom id."""
    sent = submitted(
        FORM, {"Model": "b", "f": [("a.png", b"x")], "Paid": True}, lambda file: file[0]
    )
    fields = [one["component"] for one in sent if "component" in one]

    assert [one.get("value", one.get("values")) for one in fields] == [
        "old",
        ["b"],
        ["a.png"],
        None,
        True,
    ]
    assert sent[-1]["components"][0]["value"] == ""
    assert [one["id"] for one in sent] == [1, 2, 4, 6, 8, 10, 12]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"Colour": "x"}, "no fields"),
        ({"Prompt": ""}, "asks for Prompt"),
        ({"Prompt": "a long one"}, "characters"),
        ({"Model": []}, "1 to 1 of them"),
        ({"Model": ["c"]}, "is not in"),
        ({"Size": "xl"}, "is not in"),
        ({"Files": [("a", b"")] * 3}, "to 2 of them"),
    ],
)
def test_client_refuses_forms(given: dict[str, object], words: str) -> None:
    """A form that Discord's client would not send is a mistake of the test."""
    with pytest.raises(AssertionError, match=words):
        submitted(FORM, given, lambda _: "1")


def _buttons(**more: object) -> list[dict[str, Any]]:
    one = {"type": 2, "style": 1, "label": "Go", "custom_id": "go", **more}
    return [{"type": 1, "components": [one]}]


async def test_buttons_of_old_messages_work(
    discord: DiscordServer, channel: Channel, ann: Person
) -> None:
    """A button of a month ago is pressed like a new one; the press is of now."""
    old = START - timedelta(days=30)
    message = discord.world.message(channel, discord.world.bot, "x", components=_buttons(), at=old)
    shown = await ann.click(message, "Go", waits=False)

    assert (message.created_at, message.id < shown.interaction_id) == (old, True)
    assert shown.interaction.pushed_at == START


@pytest.mark.parametrize(
    ("more", "words"),
    [({"disabled": True}, "disabled"), ({"style": 5, "url": "https://x"}, "link")],
)
async def test_useless_buttons(
    discord: DiscordServer, channel: Channel, ann: Person, more: dict[str, object], words: str
) -> None:
    """Nobody presses a disabled button, a link, one that is not there, or on what is gone."""
    message = discord.world.message(channel, discord.world.bot, "x", components=_buttons(**more))
    with pytest.raises(AssertionError, match=words):
        await ann.click(message, "go")
    with pytest.raises(AssertionError, match="0 controls"):
        await ann.click(message, "Stop")
    discord.world.delete_message(message)
    with pytest.raises(AssertionError, match="deleted"):
        await ann.click(message, "go")


async def test_command_has_to_be_registered(call: Raw, discord: DiscordServer, ann: Person) -> None:
    """Once commands are registered only those are there, where they are offered."""
    path = f"/applications/{discord.application_id}/commands"
    await call("PUT", path, [{"name": "redraw", "description": "x", "contexts": [0]}])

    assert (await ann.slash("redraw", waits=False)).kind is None
    with pytest.raises(AssertionError, match="no command paint"):
        await ann.slash("paint", waits=False)
    with pytest.raises(AssertionError, match="does not offer"):
        await ann.slash("redraw", channel=discord.world.dm(ann.user), waits=False)


async def test_unanswered(
    ann: Person, monkeypatch: pytest.MonkeyPatch, discord: DiscordServer
) -> None:
    """Without an answer a person is told so, and whoever waits for more fails in words."""
    monkeypatch.setattr(discord_news, "PATIENCE_S", 0.02)
    with pytest.raises(Unanswered, match="an answer to"):
        await ann.slash("redraw")
    shown = await ann.slash("redraw", waits=False)
    with pytest.raises(AssertionError, match="the answer to"):
        await shown.settled()
    with pytest.raises(AssertionError, match="no form"):
        _ = shown.modal


async def test_payload_says_who_and_where(
    discord: DiscordServer, guild: Guild, channel: Channel, ann: Person
) -> None:
    """An interaction tells the user's and the bot's permissions, and who installed the bot."""
    discord.world.forbid(channel, Permission.ATTACH_FILES)
    guild.upload_limit_bytes = 5
    here = ann._desk.payload((await ann.slash("redraw", waits=False)).interaction)
    dm = discord.world.dm(ann.user)
    private = await ann.slash("redraw", channel=dm, waits=False)
    there = ann._desk.payload(private.interaction)
    discord.world.remove_bot(guild)
    alone = ann._desk.payload((await ann.slash("redraw", waits=False)).interaction)

    assert not int(here["app_permissions"]) & Permission.ATTACH_FILES
    assert (here["attachment_size_limit"], here["context"], there["context"]) == (5, 0, 1)
    assert here["member"]["user"]["id"] == there["user"]["id"] == str(ann.id)
    owners = [one["authorizing_integration_owners"] for one in (here, there, alone)]
    assert owners == [{"0": str(guild.id)}, {"0": "0"}, {"1": str(ann.id)}]


async def test_said_once(call: Raw, discord: DiscordServer, channel: Channel) -> None:
    """What the bot said once is found, what it said twice or never fails."""
    path = f"/channels/{channel.id}/messages"
    for words in ("one", "two", "two"):
        await call("POST", path, {"content": words})

    assert discord.said_once("one").text == "one"
    assert discord.said_once(lambda message: message.text.startswith("o")).text == "one"
    for words in ("two", "three"):
        with pytest.raises(AssertionError, match="times"):
            discord.said_once(words)


async def test_illegal_calls_fail_the_test(channel: Channel) -> None:
    """At the end of a test every call is judged, unless it says that it knows."""
    from tests.fakes.discord_raw import calling

    async def break_rules(server: DiscordServer) -> None:
        place = server.world.channel(server.world.guild())
        async with calling(server) as call:
            await call("POST", f"/channels/{place.id}/messages", {"content": "x" * 2001})

    with pytest.raises(AssertionError, match="would not take"):
        async with DiscordServer() as strict:
            await break_rules(strict)
    async with DiscordServer(allow_illegal=True) as lax:
        await break_rules(lax)
    assert [call.route for call, _ in lax.illegal] == ["POST /channels/{channel}/messages"]
