"""Root: the settings of the services that Redraw talks to: where they are, and its keys there."""

from __future__ import annotations

from typing import Annotated

from pydantic_settings import BaseSettings

from bot.settings_values import (
    About,
    Address,
    GatewayAddress,
    Key,
    SlackAppToken,
    SlackBotToken,
)

HOSTED_API_URL = "https://qolaba-server-b2b.up.railway.app/api/v1/studio"
"""
Where the hosted API is served.

Source: the vendor's example calls for the sibling services; its page names no host.
"""


class Services(BaseSettings):
    """The first part of `bot.settings.Settings`, which alone is made."""

    qolaba_api_key: Annotated[
        Key | None,
        About(
            meaning="The key of the image-to-image API; also the bearer token of `redraw studio`.",
            unit="text, secret",
            off="unset: `try` draws local previews, `studio` makes a token and prints it",
            why="Nobody has one to begin with, and a first try needs none.",
        ),
    ] = None
    qolaba_api_url: Annotated[
        Address,
        About(
            meaning="Where the API is served: the hosted one, or a `redraw studio` of your own.",
            unit="http(s) address",
            off="no",
            why="The base address in the vendor's examples.",
        ),
    ] = HOSTED_API_URL
    discord_token: Annotated[
        Key | None,
        About(
            meaning="The token of your Discord bot; with it `redraw run` serves Discord.",
            unit="text, secret",
            off="unset: Discord is not served",
            why="Only its owner can make one; [discord.md](discord.md) shows where.",
        ),
    ] = None
    discord_api_url: Annotated[
        Address | None,
        About(
            meaning="Where Discord's API is, its version included, when a proxy stands before it.",
            unit="http(s) address such as `https://discord.com/api/v10`",
            off="unset: Discord's own",
            why="Hardly anybody needs another.",
        ),
    ] = None
    discord_gateway_url: Annotated[
        GatewayAddress | None,
        About(
            meaning="Where Discord's gateway is, when a proxy stands before it.",
            unit="ws(s) address",
            off="unset: Discord's own",
            why="Hardly anybody needs another.",
        ),
    ] = None
    discord_cdn_url: Annotated[
        Address | None,
        About(
            meaning="Where Discord's files are, when a proxy stands before them; pictures are "
            "then fetched from there alone.",
            unit="http(s) address",
            off="unset: Discord's own hosts",
            why="Hardly anybody needs another.",
        ),
    ] = None
    slack_bot_token: Annotated[
        SlackBotToken | None,
        About(
            meaning="The token of your Slack bot.",
            unit="text that begins with `xoxb-`, secret",
            off="unset: Slack is not served",
            why="Only who installs the app gets one.",
        ),
    ] = None
    slack_app_token: Annotated[
        SlackAppToken | None,
        About(
            meaning="The app-level token with which Redraw listens to Slack over Socket Mode.",
            unit="text that begins with `xapp-`, secret",
            off="unset: Slack has to call us over HTTP, which takes `SLACK_SIGNING_SECRET`",
            why="Only the owner of the app can make one.",
        ),
    ] = None
    slack_signing_secret: Annotated[
        Key | None,
        About(
            meaning="The secret by which calls over HTTP are known to come from Slack.",
            unit="text, secret",
            off="unset: Socket Mode alone, which takes `SLACK_APP_TOKEN`",
            why="Only the owner of the app can see it.",
        ),
    ] = None
    slack_api_url: Annotated[
        Address | None,
        About(
            meaning="Where Slack's API is, when a proxy stands before it.",
            unit="http(s) address such as `https://slack.com/api/`",
            off="unset: Slack's own",
            why="Hardly anybody needs another.",
        ),
    ] = None
