"""
Doer: has Discord know our commands; writes nothing when it does already.

So any number of starts and of replicas costs no write, and users never see a command flicker.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import aiohttp
import discord
import structlog

from adapters.discord import declared
from core.errors import DeliveryRefused, DeliveryRetryable

_log = structlog.get_logger()

_IGNORED: Final = frozenset(
    {"id", "application_id", "version", "guild_id", "dm_permission", "handler"}
    | {"default_permission", "name_localized", "description_localized"}
)
"""What Discord adds of its own, or has replaced."""
_UNORDERED: Final = frozenset({"contexts", "integration_types"})


async def difference(client: discord.Client) -> tuple[str, ...]:
    """
    Return the names of the commands that Discord knows otherwise, or not, or needlessly.

    None: they are in step. The client must be logged in.

    Raises:
        DeliveryRetryable: Discord could not be asked just now.
        DeliveryRefused: it may not be asked by this bot.
    """
    return _difference(declared.commands(), await _registered(client))


async def synchronise(client: discord.Client) -> bool:
    """Register our commands if anything is different; return whether. Raises as `difference`."""
    different = await difference(client)
    if not different:
        return False
    http, application_id = client.http, _application_id(client)
    payload = cast("Any", declared.commands())
    try:
        await http.bulk_upsert_global_commands(application_id, payload=payload)
    except discord.HTTPException as exc:
        raise _refusal(exc) from exc
    except (discord.DiscordException, aiohttp.ClientError, OSError) as exc:
        raise DeliveryRetryable(f"Discord did not take the commands: {exc!r}") from exc
    _log.info("discord_commands_registered", different=list(different))
    return True


async def _registered(client: discord.Client) -> Sequence[Mapping[str, Any]]:
    try:
        found: object = await client.http.get_global_commands(_application_id(client))
    except discord.HTTPException as exc:
        raise _refusal(exc) from exc
    except (discord.DiscordException, aiohttp.ClientError, OSError) as exc:
        raise DeliveryRetryable(f"Discord did not tell its commands: {exc!r}") from exc
    if not isinstance(found, list) or not all("name" in each for each in found):
        raise DeliveryRetryable("what answers is not Discord")
    return cast("Sequence[Mapping[str, Any]]", found)


def _application_id(client: discord.Client) -> int:
    if client.application_id is None:
        raise DeliveryRetryable("the bot is not logged in")
    return client.application_id


def _refusal(exc: discord.HTTPException) -> DeliveryRetryable | DeliveryRefused:
    if exc.status >= 500 or exc.status == 429:  # noqa: PLR2004 - HTTP's own numbers
        return DeliveryRetryable(f"Discord answered {exc.status}")
    return DeliveryRefused(f"Discord answered {exc.status} (code {exc.code})")


def _difference(
    ours: Sequence[Mapping[str, Any]], theirs: Sequence[Mapping[str, Any]]
) -> tuple[str, ...]:
    wanted, known = _by_name(ours), _by_name(theirs)
    names = {*wanted, *known}
    return tuple(
        sorted(name for kind, name in names if wanted.get((kind, name)) != known.get((kind, name)))
    )


def _by_name(commands: Sequence[Mapping[str, Any]]) -> dict[tuple[int, str], object]:
    """Return the commands by what tells them apart: a kind may have the name of another."""
    return {(each.get("type", 1), each["name"]): _normal(each) for each in commands}


def _normal(value: Any) -> Any:
    """Return a value without what goes without saying: defaults, and what Discord adds."""
    if isinstance(value, Mapping):
        return {
            name: found for name, each in value.items() if (found := _of(name, each)) is not None
        }
    if isinstance(value, list | tuple):
        return [_normal(each) for each in value]
    return value


def _of(name: str, value: Any) -> Any:
    """Return one entry, or None when it goes without saying; a number of 0 does not."""
    if name in _IGNORED or value is None or value is False or value in ("", [], {}):
        return None
    if name in _UNORDERED:
        return sorted(value)
    return _normal(value)
