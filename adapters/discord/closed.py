"""Decider: why Discord closes the gateway on a bot for good, as what the operator has to mend."""

from __future__ import annotations

from typing import Final

from core.errors import SettingsError

TOKEN_SETTING: Final = "DISCORD_TOKEN"  # noqa: S105  # the name of the setting


def refused_token() -> SettingsError:
    """Return what to tell the operator about a token that Discord does not know."""
    reason = "Discord refused it; make a new one in the Developer Portal under Bot, Reset Token"
    return SettingsError(TOKEN_SETTING, reason)


INTENTS_NOT_ALLOWED: Final = 4014
"""The close code that discord.py turns into an error of its own."""
_UNAUTHORISED = 4004
_FATAL = {
    4010: "Discord does not know the shard that we announced (close code 4010)",
    4011: "this bot is in too many servers for its connections (close code 4011): start Redraw "
    "again, and it opens as many as Discord wants",
    4012: "Discord no longer speaks this version of its gateway (close code 4012)",
    4013: "Discord does not know the intents that we announced (close code 4013)",
    INTENTS_NOT_ALLOWED: "Discord does not allow this bot its intents (close code 4014)",
}
"""
Closed for good.

Source: discord.com/developers/docs/topics/opcodes-and-status-codes#gateway.
"""


def fatal(code: int) -> SettingsError | None:
    """Return what to tell the operator about a close code, or None when trying again may help."""
    if code == _UNAUTHORISED:
        return refused_token()
    return SettingsError(TOKEN_SETTING, _FATAL[code]) if code in _FATAL else None
