"""Root: what `redraw doctor` looks at on Discord; nothing there is changed by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.discord import access
from adapters.discord.access import Permission
from adapters.wording import span
from bot.checkups import Checkup, fail, ok, warn
from bot.platforms import inspect_discord
from bot.settings import Settings
from core.errors import DeliveryError, DeliveryRefused, SettingsError

if TYPE_CHECKING:
    from adapters.discord.inspection import Bot, Inspection, Room

BUDGET_LOW = 50
"""How many connections have to be left today: a bot that restarts in a loop uses up thousands."""

TO_ALLOW = (
    "allow it in the channel's settings, under Permissions, or add the bot again with "
    "`redraw invite discord`"
)

_BOT = "discord bot"
_GATEWAY = "discord gateway"
_COMMANDS = "discord commands"
_CHANNEL = "discord channel"
_DIRECT = "a direct message, where no permission is needed"


async def all_of(read: Settings, channel_id: int | None) -> tuple[Checkup, ...]:
    """Make every check of Discord; none when there is no token and no channel was named."""
    if read.discord_token is None:
        missing = fail(_CHANNEL, "DISCORD_TOKEN is not set", "set it to the token of your bot")
        return () if channel_id is None else (missing,)
    try:
        async with inspect_discord(read, read.discord_token) as inspection:
            return (
                bot(inspection.bot),
                await gateway(inspection),
                await commands(inspection),
                await channel(inspection, channel_id),
            )
    except SettingsError as exc:
        to_do = "make a new one at https://discord.com/developers/applications, on the page Bot"
        return (fail(_BOT, f"{exc.variable}: {exc.reason}", to_do),)
    except DeliveryError as exc:
        return (fail(_BOT, str(exc), "look at the network, and at DISCORD_API_URL if it is set"),)


def bot(found: Bot) -> Checkup:
    """Tell whose token it is, and whether the application is set up in a way that works."""
    who = f"the token of {found.name} (application {found.application}, {found.application_id})"
    if found.has_endpoint:
        return fail(
            _BOT,
            f"{who}; it has an Interactions Endpoint URL, so Discord sends us no commands",
            "remove that address on the page General Information of the application",
        )
    if found.requires_code_grant:
        return warn(
            _BOT,
            f"{who}; it requires a code grant, so Discord refuses the link of `redraw invite`",
            "turn off Requires OAuth2 Code Grant on the page Bot of the application",
        )
    return ok(_BOT, f"{who} is accepted; no privileged intents are needed")


async def gateway(inspection: Inspection) -> Checkup:
    """Look how often the bot may still connect today."""
    try:
        budget = await inspection.budget()
    except DeliveryError as exc:
        return fail(_GATEWAY, str(exc), "look at the network, and try again")
    found = f"{budget.remaining} of {budget.total} connections are left"
    if budget.remaining < BUDGET_LOW:
        to_do = f"let nothing restart it in a loop; there are more in {span(budget.resets_in_s)}"
        return warn(_GATEWAY, found, to_do)
    return ok(_GATEWAY, found)


async def commands(inspection: Inspection) -> Checkup:
    """Look whether Discord has the commands of this version."""
    try:
        differing = await inspection.differing_commands()
    except DeliveryError as exc:
        return fail(_COMMANDS, str(exc), "look at the network, and try again")
    if differing:
        found = f"not registered, or not as in this version: {', '.join(differing)}"
        return warn(_COMMANDS, found, "`redraw run` registers them when it starts")
    return ok(_COMMANDS, "those of this version are registered")


async def channel(inspection: Inspection, channel_id: int | None) -> Checkup:
    """Look what the bot may do in a channel."""
    if channel_id is None:
        return ok(_CHANNEL, "none was named: --discord-channel ID looks what is missing in one")
    try:
        room = await inspection.room(channel_id)
    except DeliveryRefused as exc:
        to_do = (
            "check the number, add the bot to the server with `redraw invite discord`, and allow "
            "it View Channel there"
        )
        return fail(_CHANNEL, f"{channel_id}: {exc.reason}", to_do)
    except DeliveryError as exc:
        return fail(_CHANNEL, str(exc), "look at the network, and try again")
    return _permissions(room) if room else ok(_CHANNEL, f"{channel_id}: {_DIRECT}")


def _permissions(room: Room) -> Checkup:
    where = f"#{room.name} in {room.guild}"
    required = access.lacking(room.permissions, room.kind)
    useful = () if room.kind in access.THREADS else _useful(room.permissions)
    if not required and not useful:
        return ok(_CHANNEL, f"{where}: every permission is there")
    said = [_missing(each, "commands are refused") for each in required]
    said += [_missing(each, "Redraw manages without") for each in useful]
    judge = fail if required else warn
    return judge(_CHANNEL, f"{where}: {' '.join(said)}", TO_ALLOW)


def _useful(permissions: int) -> tuple[Permission, ...]:
    """Return what is missing outside of threads and not required there."""
    found = (each for each in access.PERMISSIONS if not each.is_required)
    return tuple(each for each in found if not permissions & each.bit)


def _missing(permission: Permission, consequence: str) -> str:
    return f"{permission.name} is missing ({consequence}): {permission.why}"
