"""The real discord.py talks to the fake Discord as it does to the real one."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator

import discord as library
import pytest
from PIL import Image

from tests.fakes.discord_server import DiscordServer
from tests.fakes.discord_small_bot import SmallBot, card, running
from tests.fakes.discord_user import Person
from tests.fakes.discord_values import Channel, Permission


def _png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(out, "PNG")
    return out.getvalue()


PNG = _png()


@pytest.fixture
async def discord() -> AsyncIterator[DiscordServer]:
    async with DiscordServer() as server:
        yield server


@pytest.fixture
def channel(discord: DiscordServer) -> Channel:
    return discord.world.channel(discord.world.guild())


@pytest.fixture
async def bot(discord: DiscordServer, channel: Channel) -> AsyncIterator[SmallBot]:
    async with running(discord) as bot:
        yield bot


@pytest.fixture
def ann(discord: DiscordServer, channel: Channel) -> Person:
    return discord.user("ann", channel=channel)


async def test_slash_is_deferred_and_filled(
    discord: DiscordServer, bot: SmallBot, ann: Person, channel: Channel
) -> None:
    """A command with a picture: deferred, read from the CDN, filled with the picture."""
    shown = await ann.slash("redraw", {"prompt": "ink"}, attachments={"image": ("a.png", PNG)})
    message = await shown.settled()

    assert (shown.kind, shown.ephemeral) == ("deferred", False)
    assert message.text == "ink by flux"
    assert [(a.filename, a.description, a.size_px) for a in message.attachments] == [
        ("before.png", "before", (40, 30))
    ]
    assert discord.messages(channel) == [message]


async def test_menu_command_opens_a_form(
    discord: DiscordServer, bot: SmallBot, ann: Person, channel: Channel
) -> None:
    """A form is opened from a message, filled in with text, choice and file, and answered."""
    target = discord.world.message(channel, ann.user, "look", files={"b.png": PNG})

    opened = await ann.message_command("Redraw this image", target)
    answer = await ann.submit_modal(
        opened, {"Prompt": "ink", "model": ["sdxl"], "More pictures": [("c.png", PNG)]}
    )

    assert (opened.kind, opened.modal["title"]) == ("modal", "Redraw")
    assert (answer.kind, answer.ephemeral) == ("message", True)
    assert answer.message.text == "ink|['sdxl']|['c.png']"


async def test_presses_are_answered(
    discord: DiscordServer, bot: SmallBot, ann: Person, channel: Channel
) -> None:
    """One press changes the message, another is deferred and followed by private words."""
    shown = await ann.slash("redraw", {"prompt": "ink"}, attachments={"image": ("a.png", PNG)})
    message = await shown.settled()

    again = await ann.click(message, "Again")
    followups = await again.followed()
    cancelled = await ann.click(message, "do:cancel")

    assert (again.kind, [m.text for m in followups]) == ("deferred_update", ["again"])
    assert followups[0].ephemeral
    assert (cancelled.kind, cancelled.message) == ("update", message)
    assert message.text == "cancelled"


async def test_autocomplete_offers(bot: SmallBot, ann: Person) -> None:
    """What is typed is answered with choices."""
    offered = await ann.autocomplete("redraw", {"model": "sd"}, focused="model")

    assert offered == [{"name": "sdxl", "value": "sdxl"}]


async def test_thread_from_an_answer(
    discord: DiscordServer, bot: SmallBot, ann: Person, channel: Channel
) -> None:
    """By the bot's token alone: a thread on the card, a post in it, and the same post once more."""
    shown = await ann.slash("redraw", {"prompt": "ink"}, attachments={"image": ("a.png", PNG)})
    message = await shown.settled()
    assert channel.guild is not None
    place = bot.get_partial_messageable(channel.id, guild_id=channel.guild.id)
    card_ = place.get_partial_message(message.id)
    thread = await card_.create_thread(name="results")
    posts = [await thread.send(view=card("here"), nonce="n1") for _ in range(2)]
    await card_.edit(view=card("done"), allowed_mentions=library.AllowedMentions.none())

    assert (thread.id, [t.name for t in discord.threads(channel)]) == (message.id, ["results"])
    assert posts[0].id == posts[1].id == discord.messages(thread.id)[0].id
    assert message.text == "done"


async def test_library_sees_what_it_may(
    discord: DiscordServer, bot: SmallBot, channel: Channel
) -> None:
    """A check of permissions by the library finds what the world says."""
    discord.world.forbid(channel, Permission.ATTACH_FILES)
    found = await bot.fetch_channel(channel.id)
    assert isinstance(found, library.TextChannel)
    guild = await bot.fetch_guild(found.guild.id)
    member = await guild.fetch_member(discord.application_id)
    there = next(one for one in await guild.fetch_channels() if one.id == channel.id)

    may = there.permissions_for(member)
    assert (may.view_channel, may.send_messages, may.attach_files) == (True, True, False)


async def test_library_meets_refusals(
    discord: DiscordServer, bot: SmallBot, channel: Channel, ann: Person
) -> None:
    """Refusals become the library's own errors, with Discord's codes."""
    place = bot.get_partial_messageable(channel.id)
    discord.world.forbid(channel, Permission.SEND_MESSAGES)
    with pytest.raises(library.Forbidden) as forbidden:
        await place.send("x")
    discord.world.delete_channel(channel)
    with pytest.raises(library.NotFound) as gone:
        await place.send("x")

    assert (forbidden.value.code, gone.value.code) == (50013, 10003)


async def test_direct_message(discord: DiscordServer, bot: SmallBot, ann: Person) -> None:
    """The bot writes to a person, and hears that it may not."""
    person = await bot.fetch_user(ann.id)
    await person.send("hello")
    ann.user.takes_dms = False
    with pytest.raises(library.Forbidden) as refused:
        await person.send("again")

    assert [m.text for m in discord.messages(discord.world.dm(ann.user))] == ["hello"]
    assert refused.value.code == 50007


async def test_history_is_read(discord: DiscordServer, bot: SmallBot, channel: Channel) -> None:
    """The library finds its own messages again, with their parts and without their nonce."""
    place = bot.get_partial_messageable(channel.id)
    await place.send(view=card("one"), nonce="n1")
    found = [message async for message in place.history(limit=10)]

    assert [(one.author.id, one.nonce) for one in found] == [(discord.application_id, None)]
    assert len(found[0].components) == 2
