"""Decider: the link by which somebody adds the bot to a server."""

from __future__ import annotations

from urllib.parse import urlencode

from adapters.discord.access import INVITE_PERMISSIONS

AUTHORIZE = "https://discord.com/oauth2/authorize"
"""Source: discord.com/developers/docs/topics/oauth2#bot-authorization-flow."""
SCOPES = ("bot", "applications.commands")
"""Be a member of the server, and have commands in it. Source: the same page, on scopes."""
_TO_A_SERVER = 0
"""The kind of installation. Source: the same page, on `integration_type`."""


def link(application_id: int) -> str:
    """Return the address at which Discord asks for a server and for exactly our permissions."""
    asked = {
        "client_id": application_id,
        "scope": " ".join(SCOPES),
        "permissions": INVITE_PERMISSIONS,
        "integration_type": _TO_A_SERVER,
    }
    return f"{AUTHORIZE}?{urlencode(asked)}"
