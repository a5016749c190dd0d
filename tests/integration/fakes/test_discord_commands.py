"""Commands as the fake Discord keeps them, and what it tells of the application."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.discord_raw import Raw
from tests.fakes.discord_server import DiscordServer

SLASH: dict[str, Any] = {"name": "redraw", "description": "Redraws.", "type": 1}
OPTION: dict[str, Any] = {"name": "prompt", "description": "words", "type": 3, "required": True}


@pytest.fixture
def path(discord: DiscordServer) -> str:
    return f"/applications/{discord.application_id}/commands"


async def test_commands_are_kept_with_ids(call: Raw, path: str) -> None:
    """What is stored has an id, a version and the defaults, and the same when put again."""
    menu = {"name": "Redraw this image", "type": 3}
    first = await call("PUT", path, [SLASH | {"options": [OPTION]}, menu])
    again = await call("PUT", path, [SLASH | {"options": [OPTION]}, menu])
    changed = await call("PUT", path, [SLASH | {"description": "Draws."}, menu])
    listed = await call("GET", path)

    assert first.body == again.body != changed.body == listed.body
    assert [one["id"] for one in first.body] == [one["id"] for one in changed.body]
    assert first.body[0]["version"] != changed.body[0]["version"]
    assert first.body[1]["version"] == changed.body[1]["version"]
    assert (
        first.body[0] | {"nsfw": False, "integration_types": [0], "contexts": None}
        == (first.body[0])
    )


async def test_left_out_commands_are_gone(call: Raw, path: str) -> None:
    """Putting replaces all; a name that comes back, or is of another type, has another id."""
    first = await call("PUT", path, [SLASH])
    other = await call("PUT", path, [{"name": "redraw", "type": 3}])
    assert (await call("PUT", path, [])).body == []
    again = await call("PUT", path, [SLASH])

    assert len({one.body[0]["id"] for one in (first, other, again)}) == 3


@pytest.mark.parametrize(
    ("commands", "path_of_error"),
    [
        ([SLASH | {"name": "Redraw"}], "0.name"),
        ([SLASH | {"name": "a b"}], "0.name"),
        ([SLASH | {"name": "x" * 33}], "0.name"),
        ([SLASH | {"description": ""}], "0.description"),
        ([SLASH | {"description": "x" * 101}], "0.description"),
        ([SLASH, SLASH], "name"),
        ([SLASH | {"options": [{**OPTION, "name": f"o{n}"} for n in range(26)]}], "0.options"),
        (
            [SLASH | {"options": [OPTION | {"required": False}, OPTION | {"name": "late"}]}],
            "0.options.1",
        ),
        (
            [
                SLASH
                | {
                    "options": [
                        OPTION | {"autocomplete": True, "choices": [{"name": "a", "value": "a"}]}
                    ]
                }
            ],
            "0.options.0.autocomplete",
        ),
        ([{"name": "Menu", "type": 3, "description": "none allowed"}], "0.description"),
    ],
)
async def test_illegal_commands_are_refused(
    call: Raw, discord: DiscordServer, path: str, commands: object, path_of_error: str
) -> None:
    """A command that breaks a rule is refused where it does, and nothing is stored."""
    said = await call("PUT", path, commands)

    errors = said.body["errors"]
    for part in path_of_error.split("."):
        errors = errors[part]
    assert (said.refused, discord.application.commands) == ((400, 50035), [])


async def test_too_many_commands(call: Raw, path: str) -> None:
    """There is a largest number of commands, and another of menu commands."""
    many = [SLASH | {"name": f"c{n}"} for n in range(101)]
    menus = [{"name": f"c{n}", "type": 3} for n in range(16)]

    assert (await call("PUT", path, many)).refused == (400, 30032)
    assert (await call("PUT", path, menus)).refused == (400, 30032)
    assert (await call("PUT", path, many[:100])).status == 200


async def test_large_command_is_refused(call: Raw, path: str) -> None:
    """All words of a command together have a limit."""
    choices = [{"name": f"{n}".ljust(100, "x"), "value": f"{n}".ljust(80, "x")} for n in range(23)]
    options = [OPTION | {"name": f"o{n}", "choices": choices} for n in range(2)]
    fits = await call("PUT", path, [SLASH | {"options": options[:1]}])
    large = await call("PUT", path, [SLASH | {"options": options}])

    assert (fits.status, large.refused) == (200, (400, 50035))


async def test_other_applications_are_unknown(call: Raw) -> None:
    """Commands belong to the own application."""
    assert (await call("PUT", "/applications/7/commands", [])).refused == (404, 10002)


async def test_application_tells_of_itself(call: Raw, discord: DiscordServer) -> None:
    """Who the bot is, which application, and the way to the gateway."""
    me = await call("GET", "/users/@me")
    about = await call("GET", "/applications/@me")
    older = await call("GET", "/oauth2/applications/@me")
    gateway = await call("GET", "/gateway/bot")

    assert me.body["id"] == about.body["id"] == older.body["id"] == str(discord.application_id)
    assert gateway.body["url"] == discord.gateway_url
    assert gateway.body["session_start_limit"]["remaining"] == 1000
    assert (await call("GET", "/gateway")).body == {"url": discord.gateway_url}


async def test_unknown_routes_are_not_found(discord: DiscordServer) -> None:
    """What this fake does not know it does not pretend to."""
    import aiohttp

    headers = {"Authorization": f"Bot {discord.token}"}
    url = f"{discord.api_url}/voice/regions"
    async with aiohttp.ClientSession(headers=headers) as http, http.get(url) as answer:
        assert answer.status == 404
