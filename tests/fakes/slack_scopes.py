"""The scopes that Redraw asks a workspace for, and what goes without any other."""

from __future__ import annotations

from collections.abc import Iterator

from tests.fakes import slack_specification as specification
from tests.fakes.problem import Problem
from tests.fakes.slack_calls import Call

ALWAYS = ("chat:write", "files:read", "files:write")
"""Post and edit the card; read the pictures that are sent; upload the results."""
COMMANDS = "commands"
MENTIONS = "app_mentions:read"
LEAST = (COMMANDS, *ALWAYS, MENTIONS)
"""Every bot scope there is to be: no history, no names, no channels that nobody invited us to."""
CUSTOMISED = ("username", "icon_url", "icon_emoji")
"""Arguments that need `chat:write.customize`."""


def call_problems(call: Call) -> Iterator[Problem]:
    """Go through what a call needs a scope for that Redraw does not have."""
    for key in CUSTOMISED:
        if call.arguments.get(key):
            yield Problem(rule="scope", path=(key,), text="needs chat:write.customize")
    reference = specification.method(call.method) if specification.is_at_hand() else None
    bot = (reference or {}).get("scope", {}).get("bot", ())
    if bot and not set(bot) & set(LEAST):
        yield Problem(rule="scope", path=(), text=f"{call.method} needs one of {bot}")
