"""
Redraw on Discord as a process that no setting of `redraw run` asks for.

    python -m tests.fakes.discord_bot --behind-s 0 --rate 1

It reads the same environment and is wired by `bot.running`, like the command. But there is no web
server, as when nothing has a public address, so that the provider gets pictures from their cards;
finished tasks are noticed sooner; and its clock may show a time in the past, or run fast.
"""

from __future__ import annotations

from adapters.discord.app import DiscordApp
from bot import platforms
from bot.chats import Chat, DiscordChat
from bot.settings import Settings
from core.clock import Clock
from tests.fakes import clocked


def _chat(settings: Settings, clock: Clock) -> Chat:
    assert settings.discord_token is not None
    app = DiscordApp(
        token=settings.discord_token, endpoints=platforms.discord_endpoints(settings), clock=clock
    )
    return DiscordChat(app, settings.admins)


if __name__ == "__main__":
    clocked.main(_chat, has_web=False)
