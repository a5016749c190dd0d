"""Bodies of messages: components, files and mentions, and how illegal ones are refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.discord_parts import NOBODY, V2, button, gallery, row, text
from tests.fakes.discord_raw import Raw
from tests.fakes.discord_server import DiscordServer
from tests.fakes.discord_user import Person
from tests.fakes.discord_values import MEMBER, Channel, Guild, Permission


def _at(channel: Channel, message_id: object = None) -> str:
    path = f"/channels/{channel.id}/messages"
    return path if message_id is None else f"{path}/{message_id}"


async def test_files_come_back_with_links_and_sizes(
    call: Raw, discord: DiscordServer, channel: Channel, png: bytes
) -> None:
    """A gallery has the real address of its upload, and the attachment what Discord learnt."""
    body = {
        "flags": V2,
        "components": [gallery("a.png")],
        "attachments": [{"id": "0", "filename": "a.png", "description": "teal"}],
    }
    said = await call("POST", _at(channel), body, files={"a.png": png})

    (upload,) = said.body["attachments"]
    media = said.body["components"][0]["items"][0]["media"]
    assert upload["url"].startswith(f"{discord.cdn_url}/attachments/{channel.id}/{upload['id']}/")
    assert (upload["width"], upload["height"], upload["size"]) == (40, 30, len(png))
    assert (upload["description"], upload["content_type"]) == ("teal", "image/png")
    assert (media["url"], media["attachment_id"]) == (upload["url"], upload["id"])
    assert said.body["components"][0]["id"] == 1


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"content": "x" * 2001}, "content"),
        ({"content": "x", "nonce": "n" * 26}, "nonce"),
        ({"flags": V2, "content": "x", "components": [text("y")]}, "content"),
        ({"flags": V2, "embeds": [{"title": "x"}], "components": [text("y")]}, "embeds"),
        ({"flags": V2, "components": [text("x") for _ in range(41)]}, "components"),
        ({"flags": V2, "components": [text("x" * 2001) for _ in range(2)]}, "components"),
        ({"flags": V2, "components": [gallery(*"abcdefghijk")]}, "components.0.items"),
        ({"flags": V2, "components": [gallery("none.png")]}, "components"),
        ({"flags": V2}, "components"),
        ({"components": [text("needs the flag")]}, "components.0.type"),
        (
            {"content": "x", "components": [row(*map(button, "abcdef"))]},
            "components.0.components",
        ),
        (
            {"content": "x", "components": [row(button("same")), row(button("same"))]},
            "components.1.components.0.custom_id",
        ),
        ({"content": "x", "attachments": [{"id": "7", "filename": "a"}]}, "attachments.0.id"),
        (
            {"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}},
            "allowed_mentions",
        ),
        ({"content": "x", "message_reference": {"message_id": "12"}}, "message_reference"),
    ],
)
async def test_illegal_body_says_where(
    call: Raw, discord: DiscordServer, channel: Channel, body: object, path: str
) -> None:
    """A body that breaks a rule is refused with 50035 and the path of the field."""
    said = await call("POST", _at(channel), body)

    errors = said.body["errors"]
    for part in path.split("."):
        errors = errors[part]
    assert said.refused == (400, 50035)
    assert errors["_errors"][0]["code"]
    assert discord.messages(channel.id) == []


async def test_empty_message_is_refused(call: Raw, channel: Channel) -> None:
    """A message needs something to show."""
    assert (await call("POST", _at(channel), {"content": ""})).refused == (400, 50006)


async def test_body_has_to_be_json(call: Raw, discord: DiscordServer, channel: Channel) -> None:
    """What is no JSON has a code of its own."""
    import aiohttp

    headers = {"Authorization": f"Bot {discord.token}", "Content-Type": "application/json"}
    async with (
        aiohttp.ClientSession(headers=headers) as http,
        http.post(discord.api_url + _at(channel), data=b"{no") as answer,
    ):
        assert (answer.status, (await answer.json())["code"]) == (400, 50109)


async def test_large_files_are_refused(
    call: Raw, discord: DiscordServer, channel: Channel, guild: Guild
) -> None:
    """A file over the guild's limit, and files over 25 MiB together, are too large."""
    guild.upload_limit_bytes = 1000
    one = await call("POST", _at(channel), {}, files={"a.bin": bytes(1001)})
    fits = await call("POST", _at(channel), {}, files={"a.bin": bytes(1000)})
    guild.upload_limit_bytes = 100 * 2**20
    many = {f"{index}.bin": bytes(9 * 2**20) for index in range(3)}
    together = await call("POST", _at(channel), {}, files=many)

    assert (one.refused, fits.status, together.refused) == ((413, 40005), 200, (413, 40005))


async def test_pings_follow_allowed_mentions(
    call: Raw, discord: DiscordServer, channel: Channel, ann: Person
) -> None:
    """Words in text components count; who is pinged is who is allowed; edits count as well."""
    bob = discord.user("bob", channel=channel)
    words = f"{ann.mention} and {bob.mention} and `{bob.mention}` and @everyone"
    body: dict[str, Any] = {"flags": V2, "components": [text(words)]}
    await call("POST", _at(channel), {**body, "allowed_mentions": NOBODY})
    await call("POST", _at(channel), {**body, "allowed_mentions": {"users": [str(ann.id)]}})
    await call("POST", _at(channel), body)
    quiet, one, loud = discord.messages(channel.id)
    before = quiet.pings
    await call("PATCH", _at(channel, quiet.id), {"components": [text(words)]})

    assert [set(pings) for pings in (before, one.pings, loud.pings)] == [
        set(),
        {ann.id},
        {ann.id, bob.id},
    ]
    assert quiet.pings == {ann.id, bob.id}
    assert not loud.pinged_everyone
    await call("PATCH", _at(channel, quiet.id), {"components": [text("nobody")]})
    assert quiet.pings == {ann.id, bob.id}


async def test_everyone_needs_the_permission(
    call: Raw, discord: DiscordServer, channel: Channel
) -> None:
    """@everyone pings when the bot may, and not in code."""
    discord.world.permit(channel, MEMBER | Permission.MENTION_EVERYONE)
    await call("POST", _at(channel), {"content": "@everyone"})
    await call("POST", _at(channel), {"content": "`@everyone`"})

    assert [m.pinged_everyone for m in discord.messages(channel.id)] == [True, False]


async def test_edit_keeps_what_it_lists(
    call: Raw, discord: DiscordServer, channel: Channel, png: bytes
) -> None:
    """Attachments that an edit does not list are gone; without a list all stay."""
    posted = await call("POST", _at(channel), {}, files={"a.png": png, "b.png": png})
    path = _at(channel, posted.body["id"])
    kept = await call("PATCH", path, {"content": "x"})
    first = [{"id": posted.body["attachments"][0]["id"]}]
    fewer = await call("PATCH", path, {"attachments": first})
    new = {"attachments": [*first, {"id": "0", "filename": "c.png"}]}
    more = await call("PATCH", path, new, files={"c.png": png})

    assert [len(said.body["attachments"]) for said in (kept, fewer, more)] == [2, 1, 2]
    assert [a["filename"] for a in more.body["attachments"]] == ["a.png", "c.png"]
    assert more.body["edited_timestamp"] is not None
    assert discord.messages(channel.id)[0].edits == 3


async def test_ten_files_are_all(call: Raw, channel: Channel) -> None:
    """A message holds ten files, those that an edit keeps included."""
    posted = await call("POST", _at(channel), {}, files={f"{n}.a": b"x" for n in range(10)})
    more = await call("PATCH", _at(channel, posted.body["id"]), {}, files={"b": b"x"})
    eleven = await call("POST", _at(channel), {}, files={f"{n}.a": b"x" for n in range(11)})

    assert (posted.status, more.refused, eleven.refused) == (200, (400, 50035), (400, 50035))


async def test_other_components_are_filled_in(call: Raw, channel: Channel) -> None:
    """Files, sections and pictures elsewhere are answered with what Discord knows of them."""
    accessory = {"type": 11, "media": {"url": "https://example.org/a.png"}}
    section = {"type": 9, "components": [text("x")], "accessory": accessory}
    file = {"type": 13, "file": {"url": "attachment://a.bin"}}
    body = {"flags": V2, "components": [section, file, {"type": 14}]}
    said = await call("POST", _at(channel), body, files={"a.bin": b"12345"})

    shown = said.body["components"]
    assert shown[0]["accessory"]["media"]["url"] == "https://example.org/a.png"
    assert "/external/" in shown[0]["accessory"]["media"]["proxy_url"]
    assert (shown[1]["name"], shown[1]["size"]) == ("a.bin", 5)
    assert [part["id"] for part in shown] == [1, 4, 5]


async def test_flag_of_components_stays(call: Raw, channel: Channel) -> None:
    """A message of components takes no content later."""
    posted = await call("POST", _at(channel), {"flags": V2, "components": [text("x")]})
    said = await call("PATCH", _at(channel, posted.body["id"]), {"content": "y"})

    assert said.refused == (400, 50035)
