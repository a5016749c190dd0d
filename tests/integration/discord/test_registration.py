"""Commands are registered when they are different, and only then."""

from __future__ import annotations

import asyncio
import copy
from pathlib import Path

from adapters.discord import declared, registration
from tests.fakes.discord_rig import open_redraw

PUT = "PUT /applications/{application}/commands"
GET = "GET /applications/{application}/commands"


async def test_unchanged_start_writes_nothing(tmp_path: Path) -> None:
    """The second start reads what is registered and leaves it."""
    async with open_redraw(tmp_path) as redraw:
        await redraw.stop()
        await redraw.start()
        await redraw.discord.until(
            lambda: len(redraw.discord.called(GET)) >= 2 or None, "a look", within_s=10.0
        )
        client = redraw.connection.client
        assert await registration.difference(client) == ()
        assert len(redraw.discord.called(PUT)) == 1


async def test_changed_command_is_written_over(tmp_path: Path) -> None:
    """What somebody else changed or added is put right, and named."""
    async with open_redraw(tmp_path) as redraw:
        commands = redraw.discord.application.commands
        commands[0]["options"][0]["description"] = "something else"
        commands.append({"name": "imagine", "type": 1, "description": "of another bot"})
        client = redraw.connection.client
        changed = commands[0]["name"]
        assert await registration.difference(client) == tuple(sorted(("imagine", changed)))
        assert await registration.synchronise(client)
        assert await registration.difference(client) == ()
        assert not await registration.synchronise(client)


async def test_what_discord_adds_of_its_own_is_no_difference(tmp_path: Path) -> None:
    """Words that it fills in, orders that it keeps, fields of earlier and later days."""
    async with open_redraw(tmp_path) as redraw:
        commands = copy.deepcopy(redraw.discord.application.commands)
        redraw.discord.application.commands = commands
        for command in commands:
            command |= {"default_permission": True, "name_localized": command["name"]}
            command |= {"description_localized": "", "contexts": command["contexts"][::-1]}
            for option in command.get("options", ()):
                option |= {"required": option.get("required", False), "choices": []}
                option |= {"name_localized": option["name"], "name_localizations": None}
                for bound in {"min_value", "max_value"} & option.keys():
                    option[bound] = float(option[bound])
        assert await registration.difference(redraw.connection.client) == ()


async def test_refused_registration_ends_nothing(tmp_path: Path) -> None:
    """Commands that Discord does not take: the bot is up, for those that it knows already."""
    async with open_redraw(tmp_path, starts=False) as redraw:
        fault = redraw.discord.faults.fail(PUT, status=403)
        redraw.launch()
        await redraw.discord.gateway.until_connected(within_s=10.0)
        await asyncio.wait_for(fault.reached.wait(), 10.0)
        assert redraw.connection.is_open


async def test_registration_is_tried_again(tmp_path: Path) -> None:
    """What Discord could not tell just now is asked again, after a while."""
    async with open_redraw(tmp_path, starts=False) as redraw:
        redraw.discord.faults.fail(GET, drop=True)
        await redraw.start()
        assert len(redraw.discord.called(PUT)) == 1


def test_declared_commands_fit_discords_bounds() -> None:
    """Names, descriptions and counts (the specification is checked with every call)."""
    commands = declared.commands()
    assert len({(each["type"], each["name"]) for each in commands}) == len(commands)
    for command in commands:
        options = command.get("options", [])
        required = [option.get("required", False) for option in options]
        assert required == sorted(required, reverse=True)
        assert all(1 <= len(option["description"]) <= 100 for option in options)
