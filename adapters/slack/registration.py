"""Decider: our app as Slack is told of it: what it answers to, and the least that it may do."""

from __future__ import annotations

from typing import Final

from adapters.slack.access import SCOPES
from adapters.slack.blocks import Json

COMMAND: Final = "/redraw"
MESSAGE_SHORTCUT: Final = "redraw_message"
"""The callback id of the shortcut on a message."""
GLOBAL_SHORTCUT: Final = "redraw_global"
EVENTS: Final = ("app_mention", "app_uninstalled", "tokens_revoked")
EVENTS_PATH: Final = "/slack/events"
"""Where our web server takes everything that Slack sends over HTTP."""
NAME: Final = "Redraw"


def manifest(*, http_url: str | None = None) -> Json:
    """
    Return the app's manifest: for Socket Mode, or for HTTP at the public address `http_url`.

    Source: docs.slack.dev/reference/app-manifest.
    """
    return {
        "_metadata": {"major_version": 2},
        "display_information": {
            "name": NAME,
            "description": "Redraws a picture as you say, with the model you choose.",
            "background_color": "#1f2430",
        },
        "features": _features(_ways_in(http_url)),
        "oauth_config": {"scopes": {"bot": [scope.name for scope in SCOPES]}},
        "settings": _settings(_ways_in(http_url)),
    }


def _ways_in(http_url: str | None) -> str | None:
    return None if http_url is None else f"{http_url.rstrip('/')}{EVENTS_PATH}"


def _features(address: str | None) -> Json:
    return {
        "app_home": {
            "home_tab_enabled": False,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": False,
        },
        "bot_user": {"display_name": NAME, "always_online": True},
        "slash_commands": [
            {
                "command": COMMAND,
                "description": "Redraw a picture as you say",
                "usage_hint": "[what it should become] | help | models | jobs",
                "should_escape": False,
                **_at("url", address),
            }
        ],
        "shortcuts": [
            _shortcut("Redraw this image", "message", MESSAGE_SHORTCUT, "Redraw its picture"),
            _shortcut("Redraw an image", "global", GLOBAL_SHORTCUT, "Redraw a picture of yours"),
        ],
    }


def _shortcut(name: str, kind: str, callback_id: str, description: str) -> Json:
    return {"name": name, "type": kind, "callback_id": callback_id, "description": description}


def _settings(address: str | None) -> Json:
    return {
        "event_subscriptions": {**_at("request_url", address), "bot_events": list(EVENTS)},
        "interactivity": {"is_enabled": True, **_at("request_url", address)},
        "org_deploy_enabled": False,
        "socket_mode_enabled": address is None,
        "token_rotation_enabled": False,
    }


def _at(key: str, address: str | None) -> Json:
    """Return where Slack is to call; over Socket Mode nowhere."""
    return {} if address is None else {key: address}
