"""One REST call as the fake Discord took it: what a test counts and what legality is judged by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class FilePart:
    """One file of a multipart body; `name` is the form field (`files[0]`)."""

    name: str
    filename: str
    content_type: str
    data: bytes


@dataclass(frozen=True, kw_only=True)
class Call:
    """
    One REST call, whatever became of it.

    `path` comes without `/api/v10` (`/channels/1/messages`). `body` is the JSON body, or the parsed
    `payload_json` of a multipart one, or None. `authorised_by` is "bot" for a right bot token,
    "token" for an interaction token in the path, else None. `status` is what was answered, 0 when
    the connection was dropped instead. `at` is when the call arrived, by the fake's clock.
    """

    method: str
    path: str
    query: Mapping[str, str]
    body: object
    files: tuple[FilePart, ...]
    authorised_by: str | None
    status: int
    at: datetime

    @property
    def route(self) -> str:
        """Method and path with every id named: `POST /channels/{channel}/messages`."""
        return f"{self.method} {route_of(self.path)}"


NAMES = {
    "channels": "channel",
    "messages": "message",
    "guilds": "guild",
    "users": "user",
    "applications": "application",
    "webhooks": "application",
    "interactions": "interaction",
    "commands": "command",
    "members": "user",
    "thread-members": "user",
}
"""What the id after a literal is called in a route."""

WITH_TOKEN = ("webhooks", "interactions")
"""Literals whose id is followed by an interaction token."""

LITERAL = ("@me", "@original")


def route_of(path: str) -> str:
    """Return `path` with names for its ids: `/channels/1` becomes `/channels/{channel}`."""
    parts = path.strip("/").split("/")
    named: list[str] = []
    for index, part in enumerate(parts):
        before = parts[index - 1] if index else ""
        if part not in LITERAL and before in NAMES:
            named.append(f"{{{NAMES[before]}}}")
        elif index > 1 and parts[index - 2] in WITH_TOKEN:
            named.append("{token}")
        else:
            named.append(part)
    return "/" + "/".join(named)
