"""Manifests as they should be, over Socket Mode and over HTTP, and ways to get one wrong."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]
Wrong = tuple[str, str, Json]
"""Rule, where in the manifest, and the manifest."""
URL = "https://redraw.example.org/slack/events"

SOCKET: Json = {
    "_metadata": {"major_version": 2},
    "display_information": {"name": "Redraw", "description": "Redraws pictures"},
    "features": {
        "bot_user": {"display_name": "redraw", "always_online": True},
        "slash_commands": [
            {
                "command": "/redraw",
                "description": "Redraw a picture",
                "usage_hint": "[prompt]",
                "should_escape": False,
            }
        ],
        "shortcuts": [
            {
                "name": "Redraw this image",
                "type": "message",
                "callback_id": "redraw_this",
                "description": "Redraw the pictures of this message",
            }
        ],
    },
    "oauth_config": {
        "scopes": {
            "bot": ["commands", "chat:write", "files:read", "files:write", "app_mentions:read"]
        }
    },
    "settings": {
        "event_subscriptions": {"bot_events": ["app_mention", "app_uninstalled", "tokens_revoked"]},
        "interactivity": {"is_enabled": True},
        "org_deploy_enabled": False,
        "socket_mode_enabled": True,
        "token_rotation_enabled": False,
    },
}


def changed(manifest: Json, **values: object) -> Json:
    """Return a manifest with other values, by the keys on the way (`settings__is_x`)."""
    found = copy.deepcopy(manifest)
    for place, value in values.items():
        *way, last = place.split("__")
        holder: Any = found
        for key in way:
            holder = holder[int(key) if key.isdecimal() else key]
        if value is None:
            del holder[last]
        else:
            holder[last] = value
    return found


HTTP = changed(
    SOCKET,
    settings__socket_mode_enabled=False,
    settings__event_subscriptions__request_url=URL,
    settings__interactivity__request_url=URL,
    features__slash_commands__0__url=URL,
)
FIRST = changed(SOCKET, _metadata__major_version=1)
PLAIN: Json = changed(FIRST, _metadata=None)
SMALL = changed(
    SOCKET,
    features__slash_commands=None,
    features__shortcuts=None,
    settings__event_subscriptions=None,
    oauth_config__scopes__bot=["chat:write", "files:read", "files:write"],
)
RIGHT: Mapping[str, Json] = {
    "socket": SOCKET,
    "http": HTTP,
    "version 1": FIRST,
    "no version": PLAIN,
    "neither commands nor mentions": SMALL,
}

BOT = "oauth_config__scopes__bot"
SCOPES: list[str] = SOCKET["oauth_config"]["scopes"]["bot"]
EVENTS = "settings__event_subscriptions__bot_events"
FOUND = "oauth_config/scopes"
COMMAND = "features/slash_commands/0"
HISTORY = [*SCOPES, "im:history"]

WRONG: list[Wrong] = [
    ("scope needless", f"{FOUND}/bot/5", changed(SOCKET, **{BOT: [*SCOPES, "channels:history"]})),
    ("scope needless", f"{FOUND}/bot/5", changed(SOCKET, **{BOT: [*SCOPES, "users:read"]})),
    ("scope needless", f"{FOUND}/bot/4", changed(SOCKET, **{EVENTS: ["app_uninstalled"]})),
    ("scope needless", f"{FOUND}/bot/3", changed(SMALL, **{
        BOT: ["chat:write", "files:read", "files:write", "commands"]})),
    ("scope needless", f"{FOUND}/user", changed(SOCKET, oauth_config__scopes__user=["files:read"])),
    ("scope needless", "settings/event_subscriptions/user_events", changed(
        SOCKET, settings__event_subscriptions__user_events=["file_shared"])),
    ("scope missing", f"{FOUND}/bot", changed(SOCKET, **{BOT: SCOPES[1:]})),
    ("scope missing", f"{FOUND}/bot", changed(SOCKET, **{BOT: SCOPES[:-1]})),
    ("scope missing", f"{FOUND}/bot", changed(SMALL, **{BOT: ["chat:write", "files:read"]})),
    ("address missing", f"{COMMAND}/url", changed(HTTP, features__slash_commands__0__url=None)),
    ("address missing", "settings/interactivity/request_url", changed(
        HTTP, settings__interactivity__request_url="http://redraw.example.org/slack/events")),
    ("address missing", "settings/event_subscriptions/request_url", changed(
        HTTP, settings__event_subscriptions__request_url=None)),
    ("address needless", f"{COMMAND}/url", changed(SOCKET, features__slash_commands__0__url=URL)),
    ("bot missing", "features/bot_user", changed(SOCKET, features__bot_user=None)),
    ("interactivity", "settings/interactivity/is_enabled", changed(
        SOCKET, settings__interactivity__is_enabled=False)),
]  # fmt: skip

DOCUMENTED: list[Wrong] = [
    ("manifest", "_metadata/major_version", changed(SOCKET, _metadata__major_version=3)),
    ("manifest", "the call", changed(SOCKET, display_information=None)),
    ("manifest", "the call", changed(SOCKET, scopes=["commands"])),
    ("manifest", "display_information/name", changed(
        SOCKET, display_information__name="x" * 36)),
    ("manifest", COMMAND, changed(SOCKET, features__slash_commands__0__description=None)),
    ("manifest", f"{COMMAND}/command", changed(
        SOCKET, features__slash_commands__0__command="redraw")),
    ("manifest", "features/shortcuts/0/name", changed(
        SOCKET, features__shortcuts__0__name="Redraw all of these images")),
    ("manifest", "features/shortcuts/0/type", changed(
        FIRST, features__shortcuts__0__type="channel")),
    ("manifest", "settings/socket_mode_enabled", changed(
        SOCKET, settings__socket_mode_enabled="yes", features__slash_commands__0__url=URL,
        settings__event_subscriptions__request_url=URL, settings__interactivity__request_url=URL)),
    ("event unknown", "settings/event_subscriptions/bot_events/1", changed(
        SOCKET, **{EVENTS: ["app_mention", "app_removed"]})),
    ("scope missing", "settings/event_subscriptions/bot_events/1", changed(
        SOCKET, **{EVENTS: ["app_mention", "message.im"]})),
]  # fmt: skip
