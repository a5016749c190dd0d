"""Discord: what is refused in private, and what a hostile prompt does not do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.acceptance.discord_marks import jobs
from tests.acceptance.discord_process import PICTURE, Bot, bot_of
from tests.fakes.discord_shown import Shown
from tests.fakes.discord_values import Permission
from tests.fakes.provider_script import Script

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bot]:
    async with bot_of(tmp_path_factory.mktemp("discord") / "bot", "card") as process:
        yield process


def _refused(shown: Shown) -> str:
    """Return what was answered, once it is sure that only the one who asked can read it."""
    assert (shown.kind, shown.ephemeral) == ("message", True)
    assert shown.message.seen_by is shown.interaction.user
    return shown.message.text


async def test_everything_that_is_wrong_is_named_at_once(bot: Bot) -> None:
    """Place, permissions, file and parameters: one private answer, and no job."""
    channel = bot.discord.world.channel(bot.guild)
    bot.discord.world.forbid(channel, Permission.ATTACH_FILES | Permission.EMBED_LINKS)
    before = jobs(bot.discord)
    given = {"prompt": " ", "model": "flux-dve", "size": "wide", "strength": 0.0, "batch": 8}
    notes = {"image": ("notes.txt", b"words")}
    shown = await bot.ann.slash("redraw", given, channel=channel, attachments=notes)

    text = _refused(shown)
    for name in ("Permissions", "Image", "Prompt", "Model", "Size", "Strength"):
        assert f"**{name}**" in text
    for words in ("Attach Files and Embed Links", "no picture", "Nothing"):
        assert words in text
    assert "flux-dev" in text
    assert jobs(bot.discord) == before
    assert [message.ephemeral for message in bot.discord.messages(channel)] == [True]


async def test_places_where_nothing_could_be_posted_are_refused(bot: Bot) -> None:
    """As an app of the user's own it says why it cannot work, in a server and in a group."""
    world = bot.discord.world
    elsewhere = world.channel(world.guild("not ours", has_bot=False))
    group = world.group_dm(bot.ann.user, world.user("bob"))
    (command,) = [each for each in bot.discord.application.commands if each["name"] == "redraw"]
    contexts, command["contexts"] = command["contexts"], None  # as an older version had it
    in_server = await bot.order("not here", channel=elsewhere)
    in_group = await bot.order("not here", channel=group)
    command["contexts"] = contexts

    assert "added to your account" in _refused(in_server)
    assert "group of direct messages" in _refused(in_group)
    assert bot.provider.count(prompt="not here") == 0


@pytest.mark.parametrize(
    ("lost", "name"),
    [
        (Permission.SEND_MESSAGES, "Send Messages"),
        (Permission.ATTACH_FILES, "Attach Files"),
        (Permission.EMBED_LINKS, "Embed Links"),
        (Permission.READ_MESSAGE_HISTORY, "Read Message History"),
    ],
)
async def test_missing_permission_is_named(bot: Bot, lost: Permission, name: str) -> None:
    """Who may mend it reads which one it is."""
    channel = bot.discord.world.channel(bot.guild)
    bot.discord.world.forbid(channel, lost)

    assert name in _refused(await bot.order("not here", channel=channel))


async def test_thread_needs_its_own_permission(bot: Bot) -> None:
    """In a thread it is Send Messages in Threads that counts."""
    thread = bot.discord.world.thread(bot.channel)
    bot.discord.world.forbid(thread, Permission.SEND_MESSAGES_IN_THREADS)

    text = _refused(await bot.order("not here", channel=thread))
    assert "Send Messages in Threads" in text


async def test_hostile_words_do_nothing(bot: Bot) -> None:
    """Markup shows itself, and nobody is pinged but the one who asked."""
    eve = bot.discord.user("eve", channel=bot.channel)
    prompt = f"@everyone {eve.mention} **loud** [free](https://evil.example) `x` ||y|| \u202eabc"
    card, result = await bot.done(await bot.order(prompt))

    for message in (card, result):
        for words in ("@everyone", eve.mention, "**loud**", " [free]", " `x`", " ||y", "\u202e"):
            assert words not in message.text
        assert "https\\://evil" in message.text
    assert result.pings == {bot.ann.id}
    assert (card.pings, result.pinged_everyone) == (frozenset(), False)
    assert bot.provider.count(prompt=prompt) == 1


async def test_limits_of_the_operator(tmp_path: Path) -> None:
    """Only the listed places take orders, and nobody has more jobs under way than allowed."""
    environ = {"REDRAW_ALLOWED_PLACES": "discord:1", "REDRAW_JOBS_PER_USER": "1"}
    async with bot_of(tmp_path / "bot", environ=environ) as bot:
        nowhere = await bot.order("not here")
        bot.environ = {**environ, "REDRAW_ALLOWED_PLACES": f"discord:{bot.channel.id}"}
        await bot.restart()
        bot.provider.default = Script(held=True)
        first = await bot.order("the first")
        await bot.submitted("the first")
        second = await bot.order("the second")
        elsewhere = await bot.order("not here", channel=bot.discord.world.channel(bot.guild))
        bot.provider.release()
        await bot.done(first)

        assert "may not be used in this place" in _refused(nowhere)
        assert "may not be used in this place" in _refused(elsewhere)
        assert "1 at a time" in _refused(second)
        assert [submit.prompt for submit in bot.provider.submits] == ["the first"]


async def test_broken_picture_is_told_on_the_card(bot: Bot) -> None:
    """What only the bytes tell is said where everybody sees it, and nothing is paid."""
    options = {"prompt": "a broken one"}
    broken = {"image": ("broken.jpg", PICTURE[1][:100])}
    shown = await bot.ann.slash("redraw", options, attachments=broken)
    card, notice = await bot.done(shown, "Not redrawn")

    assert notice.pings <= {bot.ann.id}
    assert "Nothing was charged" in card.text
    assert bot.provider.count(prompt="a broken one") == 0
