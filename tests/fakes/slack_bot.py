"""
Redraw on Slack as a process that no setting of `redraw run` asks for.

    python -m tests.fakes.slack_bot --behind-s 0 --rate 1

It reads the same environment and is wired by `bot.running`, like the command, in either way of
listening. But finished tasks are noticed sooner, and its clock may show a time in the past, or run
fast.
"""

from __future__ import annotations

from adapters.slack.app import SlackApp
from bot import plans, platforms
from bot.chats import Chat, SlackChat
from bot.settings import Settings
from core.clock import Clock
from tests.fakes import clocked


def _chat(settings: Settings, clock: Clock) -> Chat:
    assert settings.slack_bot_token is not None
    app = SlackApp(
        bot_token=settings.slack_bot_token,
        app_token=settings.slack_app_token,
        signing_secret=settings.slack_signing_secret,
        api_url=platforms.slack_api_url(settings),
        clock=clock,
    )
    return SlackChat(app, settings.admins, over_http=plans.is_slack_over_http(settings))


if __name__ == "__main__":
    clocked.main(_chat, has_web=True)
