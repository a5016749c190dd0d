"""Each way to ask Redraw for pictures on Slack: who asks, where, and what was sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from adapters.slack.registration import COMMAND, GLOBAL_SHORTCUT, MESSAGE_SHORTCUT
from tests.acceptance.slack_process import PICTURE, Bot
from tests.fakes.pictures import jpeg
from tests.fakes.slack_shown import Shown
from tests.fakes.slack_user import Person
from tests.fakes.slack_values import Channel, Message

KONTEXT = "flux-kontext-max"
"""The model that takes up to four pictures."""


@dataclass(kw_only=True)
class Asked:
    """
    An order, and where its answer belongs.

    `root` is the thread that it was asked in, `source` the message whose picture is meant.
    """

    who: Person
    sent: Shown
    place: Channel
    prompt: str
    root: Message | None = None
    source: Message | None = None


def pictures(count: int) -> dict[str, bytes]:
    """Return so many pictures by name, each a little wider than the one before."""
    return {f"{number}.jpg": jpeg("coffee", (320 + 16 * number, 240)) for number in range(count)}


async def _by_command(bot: Bot, prompt: str, place: Channel) -> Asked:
    who = bot.slack.user(prompt.replace(" ", "-"), channel=place)
    return Asked(who=who, sent=await bot.order(prompt, by=who), place=place, prompt=prompt)


async def command(bot: Bot) -> Asked:
    """Use `/redraw` in a channel, and fill in its form."""
    return await _by_command(bot, "by command", bot.channel)


async def command_in_private_channel(bot: Bot) -> Asked:
    """Use `/redraw` in a private channel."""
    place = bot.slack.world.channel("secret", private=True)
    return await _by_command(bot, "by command in a private channel", place)


async def command_in_direct_message(bot: Bot) -> Asked:
    """Use `/redraw` in the direct message with Redraw."""
    who = bot.slack.user("dora")
    prompt = "by command in a direct message"
    sent = await bot.order(prompt, by=who)
    return Asked(who=who, sent=sent, place=who.channel, prompt=prompt)


async def typed_command(bot: Bot) -> Asked:
    """Type the words and settings after `/redraw`, and add a picture in the form."""
    who, prompt = bot.slack.user("tess", channel=bot.channel), "by typed command"
    opened = await who.command(COMMAND, f"{prompt} model:gpt-image size:1536x1024 batch:2")
    sent = await who.submit(await bot.form(opened), {"Picture": PICTURE})
    return Asked(who=who, sent=sent, place=bot.channel, prompt=prompt)


async def shortcut(bot: Bot) -> Asked:
    """Use the shortcut of somebody else's message with one picture."""
    who, prompt = bot.slack.user("sam", channel=bot.channel), "by shortcut"
    message = bot.ann.upload(pictures(1), text="look at this")
    view = await bot.form(await who.message_shortcut(MESSAGE_SHORTCUT, message))
    sent = await who.submit(view, {"Prompt": prompt})
    return Asked(who=who, sent=sent, place=bot.channel, prompt=prompt, root=message)


async def shortcut_in_thread(bot: Bot) -> Asked:
    """Use the shortcut of a reply with three pictures, and choose the last."""
    who, prompt = bot.slack.user("thea", channel=bot.channel), "by shortcut in a thread"
    root = bot.ann.say("which one?")
    message = bot.ann.upload(pictures(3), thread=root)
    view = await bot.form(await who.message_shortcut(MESSAGE_SHORTCUT, message))
    sent = await who.submit(view, {"Prompt": prompt, "Picture": "2"})
    return Asked(who=who, sent=sent, place=bot.channel, prompt=prompt, root=root, source=message)


async def shortcut_with_several(bot: Bot) -> Asked:
    """Choose a model that takes several pictures, and two of a message's three."""
    who, prompt = bot.slack.user("sue", channel=bot.channel), "by shortcut with several"
    message = bot.ann.upload(pictures(3))
    view = await bot.form(await who.message_shortcut(MESSAGE_SHORTCUT, message))
    view = await bot.form(await who.choose(view, "Model", KONTEXT), updates=1)
    sent = await who.submit(view, {"Prompt": prompt, "Pictures": ["0", "2"]})
    return Asked(who=who, sent=sent, place=bot.channel, prompt=prompt, root=message, source=message)


async def global_shortcut(bot: Bot) -> Asked:
    """Use the shortcut that belongs to no channel, and choose one in its form."""
    who, prompt = bot.slack.user("gus", channel=bot.channel), "by global shortcut"
    view = await bot.form(await who.global_shortcut(GLOBAL_SHORTCUT))
    filled = {"Prompt": prompt, "Picture": PICTURE, "Where to post": bot.channel.id}
    sent = await who.submit(view, filled)
    return Asked(who=who, sent=sent, place=bot.channel, prompt=prompt)


async def mention(bot: Bot) -> Asked:
    """Mention Redraw with settings and a picture in the same message."""
    who, prompt = bot.slack.user("mia", channel=bot.channel), "by mention"
    said = f'{prompt} model:"Ideogram Remix" size:1280x720 strength:0.4 negative:"no people"'
    sent = await who.mention(said, files=pictures(1))
    return Asked(who=who, sent=sent, place=bot.channel, prompt=prompt, root=sent.source)


async def mention_in_thread(bot: Bot) -> Asked:
    """Mention Redraw in a reply with a picture."""
    who, prompt = bot.slack.user("max", channel=bot.channel), "by mention in a thread"
    root = bot.ann.say("who can redraw this?")
    sent = await who.mention(prompt, files=pictures(1), thread=root)
    return Asked(who=who, sent=sent, place=bot.channel, prompt=prompt, root=root)


WAYS: dict[str, Callable[[Bot], Awaitable[Asked]]] = {
    way.__name__: way
    for way in (
        command,
        command_in_private_channel,
        command_in_direct_message,
        typed_command,
        shortcut,
        shortcut_in_thread,
        shortcut_with_several,
        global_shortcut,
        mention,
        mention_in_thread,
    )
}
