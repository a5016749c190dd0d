"""Redraw on Discord as a process: started, killed, stopped, started again; the fakes outlive it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from core.clock import Clock
from tests.acceptance.bot_process import (
    ASKS_MAX,
    PATIENCE_S,
    STARTS_WITHIN_S,
    BotProcess,
    was_held_up,
)
from tests.acceptance.discord_marks import Kind, job_of, messages_of, nothing_twice
from tests.fakes.discord_server import DiscordServer
from tests.fakes.discord_shown import Shown
from tests.fakes.discord_user import Person
from tests.fakes.discord_values import Channel, Guild, Message
from tests.fakes.pictures import jpeg
from tests.fakes.provider_server import ProviderServer

__all__ = ["PATIENCE_S", "PICTURE", "Bot", "bot_of"]

Way = Literal["command", "card"]
"""`redraw run` itself, which hands out pictures by links of its own; or its bot with no web server,
which leads the provider to the pictures on the cards. See `tests.fakes.discord_bot`."""

PICTURE = ("harbour.jpg", jpeg("astronaut", (320, 240)))


@dataclass(kw_only=True)
class Bot(BotProcess):
    """The process between the two fakes, if it runs, and a server to use it in."""

    FAKE: ClassVar[str] = "tests.fakes.discord_bot"

    discord: DiscordServer

    def __post_init__(self) -> None:
        world = self.discord.world
        self.guild: Guild = world.guild()
        self.channel: Channel = world.channel(self.guild)
        self.ann: Person = self.discord.user("ann", channel=self.channel)

    def _watch(self) -> Callable[[], Awaitable[None]]:
        """Return what waits until the process is connected and its commands are known."""
        gateway, application = self.discord.gateway, self.discord.application
        before = len(gateway.identifies)

        def is_connected() -> bool:
            is_new = len(gateway.identifies) > before and gateway.connections > 0
            return is_new and bool(application.commands)

        async def connected() -> None:
            await self.discord.until(is_connected, "the bot to start", within_s=STARTS_WITHIN_S)

        return connected

    async def _gone(self) -> None:
        await self.discord.gateway.until_disconnected()

    def _settings(self) -> dict[str, str]:
        return {
            "DISCORD_TOKEN": self.discord.token,
            "DISCORD_API_URL": self.discord.api_url,
            "DISCORD_GATEWAY_URL": self.discord.gateway_url,
            "DISCORD_CDN_URL": self.discord.cdn_url,
        }

    async def order(
        self, prompt: str, *, by: Person | None = None, channel: Channel | None = None
    ) -> Shown:
        """
        Have somebody use `/redraw` with a picture, and return once that is acknowledged.

        Who was held up, and told to try again, does.
        """
        who = by or self.ann
        options, files = {"prompt": prompt}, {"image": PICTURE}
        shown = await who.slash("redraw", options, channel=channel, attachments=files)
        for _ in range(1, ASKS_MAX):
            if not (shown.ephemeral and await _is_to_be_repeated(shown)):
                break
            self.discord.world.delete_message(shown.message)  # as its reader may
            shown = await who.slash("redraw", options, channel=channel, attachments=files)
        return shown

    async def running(
        self, prompt: str, *, channel: Channel | None = None
    ) -> tuple[Shown, Message]:
        """Order, and return it with its card once it runs: until its prompt is released."""
        self.hold(prompt)
        shown = await self.order(prompt, channel=channel)
        card = await self.card(shown)
        await self.submitted(prompt)
        return shown, card

    async def card(self, shown: Shown) -> Message:
        """Return the card that came of an order, once it is filled in."""
        return await shown.settled(lambda message: bool(job_of(message)), within_s=PATIENCE_S)

    async def said(self, job_id: str, kind: Kind, *, seq: int | None = None) -> Message:
        """Return the one message of a job of this kind, once it is there."""

        def found() -> Message | None:
            return next(iter(messages_of(self.discord, job_id, kind, seq=seq)), None)

        what = f"the {kind} of {job_id}"
        return await self.discord.until(found, what, within_s=PATIENCE_S)

    async def done(self, shown: Shown, title: str = "Redrawn") -> tuple[Message, Message]:
        """Return card and result of an order, once the card says how it ended."""
        card = await self.card(shown)
        job_id = job_of(card)
        await self.titled(card, title)
        return card, await self.said(job_id, "result" if title == "Redrawn" else "notice")

    async def titled(self, message: Message, *titles: str) -> None:
        """Return once a message has one of these titles."""
        await self.discord.until(
            lambda: any(f"### {title}" in message.text for title in titles),
            f"{titles} of {message.text}",
            within_s=PATIENCE_S,
        )


async def _is_to_be_repeated(shown: Shown) -> bool:
    """Whether a private answer says to try again, because too much time had passed."""
    told = await shown.settled(within_s=PATIENCE_S)
    return was_held_up(told.text, shown.ack_s)


@contextlib.asynccontextmanager
async def bot_of(
    folder: Path,
    way: Way = "command",
    *,
    clock: Clock | None = None,
    environ: Mapping[str, str] | None = None,
    behind_s: float = 0.0,
    rate: float = 1.0,
) -> AsyncIterator[Bot]:
    """Open the fakes and start the process; at the end nothing may be there twice."""
    folder.mkdir()
    async with (
        DiscordServer(clock=clock) as discord,
        ProviderServer(fetches_references=True) as provider,
    ):
        bot = Bot(
            folder=folder,
            discord=discord,
            provider=provider,
            way=way,
            environ=environ or {},
            behind_s=behind_s,
            rate=rate,
        )
        try:
            await bot.start()
            yield bot
        finally:
            await bot.close()
        nothing_twice(discord)
