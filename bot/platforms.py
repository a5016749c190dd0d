"""Root: the chats whose tokens are set, put together; each is imported only then."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from pydantic import SecretStr

from bot.chats import Chat, DiscordChat, SlackChat
from bot.plans import is_slack_over_http
from bot.settings import Settings
from core.clock import SystemClock
from core.errors import SettingsError

if TYPE_CHECKING:
    from adapters.discord.connection import Endpoints
    from adapters.discord.inspection import Inspection
    from adapters.slack.inspection import Inspection as SlackInspection

NO_CHAT = (
    "no chat is set up: set DISCORD_TOKEN to the token of your Discord bot (docs/discord.md says "
    "where to get one) or SLACK_BOT_TOKEN to that of your Slack app (docs/slack.md), or use "
    "`redraw try` at the terminal"
)


def chats_of(settings: Settings) -> tuple[Chat, ...]:
    """
    Return the chats whose tokens are set; each is imported only then.

    Raises:
        SettingsError: a token is set that is of no use without another one.
    """
    return (*_discord(settings), *_slack(settings))


def _discord(settings: Settings) -> tuple[Chat, ...]:
    if settings.discord_token is None:
        return ()
    from adapters.discord.app import DiscordApp

    app = DiscordApp(
        token=settings.discord_token, endpoints=discord_endpoints(settings), clock=SystemClock()
    )
    return (DiscordChat(app, settings.admins),)


def _slack(settings: Settings) -> tuple[Chat, ...]:
    check_slack(settings)
    if settings.slack_bot_token is None:
        return ()
    from adapters.slack.app import SlackApp

    app = SlackApp(
        bot_token=settings.slack_bot_token,
        app_token=settings.slack_app_token,
        signing_secret=settings.slack_signing_secret,
        api_url=slack_api_url(settings),
        clock=SystemClock(),
    )
    return (SlackChat(app, settings.admins, over_http=is_slack_over_http(settings)),)


def check_slack(settings: Settings) -> None:
    """Raise SettingsError unless the settings of Slack are complete, or there are none."""
    ways_in = (settings.slack_app_token, settings.slack_signing_secret)
    if settings.slack_bot_token is None and any(ways_in):
        reason = "is not set, but another setting of Slack is: set it to the bot's token (xoxb-…)"
        raise SettingsError("SLACK_BOT_TOKEN", reason)
    if settings.slack_bot_token is not None and not any(ways_in):
        raise SettingsError(
            "SLACK_APP_TOKEN",
            "is not set: set it to an app-level token (xapp-…) to listen over Socket Mode, or "
            "set SLACK_SIGNING_SECRET to be called over HTTP",
        )


def slack_api_url(settings: Settings) -> str | None:
    """Return the base of Slack's methods, with a slash at its end; None for Slack's own."""
    return None if settings.slack_api_url is None else f"{settings.slack_api_url}/"


def inspect_discord(
    settings: Settings, token: SecretStr
) -> AbstractAsyncContextManager[Inspection]:
    """Return a look at what Discord knows of the bot; raises when it is entered."""
    from adapters.discord.inspection import inspect

    return inspect(token, discord_endpoints(settings))


def inspect_slack(
    settings: Settings, token: SecretStr
) -> AbstractAsyncContextManager[SlackInspection]:
    """Return a look at what Slack knows of the bot; raises when it is entered."""
    from adapters.slack.inspection import inspect

    return inspect(token, api_url=slack_api_url(settings), clock=SystemClock())


def discord_endpoints(settings: Settings) -> Endpoints:
    """Return where Discord is, as the settings have it."""
    from adapters.discord.connection import Endpoints

    return Endpoints(
        api_url=settings.discord_api_url,
        gateway_url=settings.discord_gateway_url,
        cdn_url=settings.discord_cdn_url,
    )
