"""The link that adds the bot to a server."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from adapters.discord import invitation
from adapters.discord.access import PERMISSIONS


def test_link_asks_for_what_is_needed_and_no_more() -> None:
    """The number in the link is the sum of the permissions that are explained."""
    parts = urlsplit(invitation.link(1234))
    asked = {name: value for name, (value,) in parse_qs(parts.query).items()}

    assert (parts.scheme, parts.netloc, parts.path) == ("https", "discord.com", "/oauth2/authorize")
    assert asked == {
        "client_id": "1234",
        "scope": "bot applications.commands",
        "permissions": "309237763072",
        "integration_type": "0",
    }
    assert sum(permission.bit for permission in PERMISSIONS) == int(asked["permissions"])
