"""Root: `redraw invite discord`, the link alone on standard output and the reasons below it."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import asdict

from adapters.discord import invitation
from adapters.discord.access import INVITE_PERMISSIONS, PERMISSIONS
from adapters.terminal.report import ExitCode
from bot import exits, logs
from bot.platforms import inspect_discord
from bot.settings import Settings
from core.errors import DeliveryError, SettingsError

CODE_GRANT = (
    "Discord will refuse this link: turn off *Requires OAuth2 Code Grant* on the page *Bot* of "
    "your application"
)


def discord(application_id: int | None, *, as_json: bool) -> int:
    """
    Print the link; the application is the token's unless it is named.

    Raises:
        SettingsError: neither is there, or the token is refused.
    """
    settings = Settings.from_machine()
    logs.configure_file(settings.data_dir / "redraw.log", settings.secrets)
    try:
        found, notice = asyncio.run(_application(settings, application_id))
    except DeliveryError as exc:
        exits.say(f"{exc}: look at the network, or name the application with --application-id")
        return ExitCode.FAILED
    if as_json:
        sys.stdout.write(json.dumps(_in_full(found), indent=2) + "\n")
    else:
        sys.stdout.write(f"{invitation.link(found)}\n")
        sys.stdout.flush()
        sys.stderr.write(_reasons())
    if notice:
        exits.say(notice)
    return ExitCode.DONE


async def _application(settings: Settings, named: int | None) -> tuple[int, str]:
    """Return the application's id, and what is wrong with its set-up."""
    if named is not None:
        return named, ""
    if settings.discord_token is None:
        raise SettingsError(
            "DISCORD_TOKEN",
            "is not set: set it, or name the application with --application-id (its number is "
            "on the page General Information at https://discord.com/developers/applications)",
        )
    async with inspect_discord(settings, settings.discord_token) as inspection:
        bot = inspection.bot
        return bot.application_id, CODE_GRANT if bot.requires_code_grant else ""


def _reasons() -> str:
    width = max(len(permission.name) for permission in PERMISSIONS)
    lines = [f"  {each.name:{width}}  {each.why}" for each in PERMISSIONS]
    return "\n".join(["", "It asks for these permissions and no others:", "", *lines, ""])


def _in_full(application_id: int) -> dict[str, object]:
    return {
        "link": invitation.link(application_id),
        "application_id": str(application_id),
        "scopes": list(invitation.SCOPES),
        "permissions": INVITE_PERMISSIONS,
        "reasons": [asdict(permission) for permission in PERMISSIONS],
    }
