"""What Discord asks of application commands and threads, and the document does not say."""

from __future__ import annotations

import collections
import re
from collections.abc import Iterator, Mapping

from tests.fakes.discord_calls import Call
from tests.fakes.discord_component_limits import choice_problems
from tests.fakes.problem import Path, Problem, length, mapping, number, objects

CHAT_INPUT, USER, MESSAGE = 1, 2, 3
MAX_COMMANDS = {CHAT_INPUT: 100, USER: 15, MESSAGE: 15, 4: 1}
"""Commands of each type. Source: Discord, Application Commands, since 2026-03-03."""
MAX_CHARACTERS = 8000
"""Names, descriptions and values of one command. Source: Discord, Application Commands."""
NAME = re.compile(r"[-_'\w]{1,32}")
MAX_DESCRIPTION = 100
ARCHIVE_MINUTES = (60, 1440, 4320, 10080)
"""Source: Discord, Channel Resource, Start Thread from Message."""
MAX_THREAD_NAME = 100
SUBCOMMANDS = (1, 2)

COMMANDS = re.compile(
    r"(PUT|POST|PATCH) /applications/\{application\}/(guilds/\{guild\}/)?commands"
)
THREADS = re.compile(r"POST /channels/\{channel\}/(messages/\{message\}/)?threads")


def command_problems(call: Call) -> Iterator[Problem]:
    """Go through what the commands break that a call sets."""
    if not COMMANDS.match(call.route):
        return
    replaces = isinstance(call.body, list)
    commands = list(objects(call.body, ())) if replaces else [((), mapping(call.body))]
    named = collections.Counter(_identity(command) for _, command in commands)
    for (kind, name), times in named.items():
        if times > 1:
            yield _problem("command twice", (), f"{name!r} of type {kind} is there {times} times")
    for kind, times in collections.Counter(_kind(command) for _, command in commands).items():
        if times > MAX_COMMANDS.get(kind, 0):
            yield _problem("command count", (), f"{times} commands of type {kind}")
    for path, command in commands:
        yield from _command(command, path)


def thread_problems(call: Call) -> Iterator[Problem]:
    """Go through what the thread breaks that a call starts."""
    if not THREADS.fullmatch(call.route):
        return
    body = mapping(call.body)
    if not 1 <= length(body.get("name")) <= MAX_THREAD_NAME:
        yield _problem("thread name", ("name",), f"1 to {MAX_THREAD_NAME} characters")
    minutes = body.get("auto_archive_duration")
    if minutes is not None and minutes not in ARCHIVE_MINUTES:
        text = f"{minutes} minutes is none of {ARCHIVE_MINUTES}"
        yield _problem("thread archive", ("auto_archive_duration",), text)


def _problem(rule: str, path: Path, text: str) -> Problem:
    return Problem(rule=rule, path=path, text=text)


def _kind(command: Mapping[str, object]) -> int:
    return number(command.get("type")) or CHAT_INPUT


def _identity(command: Mapping[str, object]) -> tuple[int, str]:
    return _kind(command), str(command.get("name"))


def _command(command: Mapping[str, object], path: Path) -> Iterator[Problem]:
    size = _characters(command)
    if size > MAX_CHARACTERS:
        yield _problem("command size", path, f"{size} characters, at most {MAX_CHARACTERS}")
    if _kind(command) == CHAT_INPUT:
        yield from _named(command, path)
        yield from _options(command, path)
    elif command.get("description"):
        text = "commands of menus have no description"
        yield _problem("command description", (*path, "description"), text)


def _characters(part: Mapping[str, object]) -> int:
    own = sum(_longest(part, key) for key in ("name", "description"))
    inner = [entry for key in ("options", "choices") for _, entry in objects(part.get(key), ())]
    return own + length(part.get("value")) + sum(map(_characters, inner))


def _longest(part: Mapping[str, object], key: str) -> int:
    translations = mapping(part.get(f"{key}_localizations")).values()
    return max(length(text) for text in (part.get(key), *translations))


def _named(part: Mapping[str, object], path: Path) -> Iterator[Problem]:
    name = str(part.get("name"))
    if not NAME.fullmatch(name) or name != name.lower():
        text = f"{name!r}: 1 to 32 lower-case letters, digits, - and _"
        yield _problem("command name", (*path, "name"), text)
    if not 1 <= length(part.get("description")) <= MAX_DESCRIPTION:
        text = f"1 to {MAX_DESCRIPTION} characters"
        yield _problem("command description", (*path, "description"), text)


def _options(part: Mapping[str, object], path: Path) -> Iterator[Problem]:
    options = list(objects(part.get("options"), (*path, "options")))
    wanted = [bool(option.get("required")) for _, option in options]
    if wanted != sorted(wanted, reverse=True):
        text = "required options come before the others"
        yield _problem("option order", (*path, "options"), text)
    for where, option in options:
        yield from _named(option, where)
        yield from choice_problems(option.get("choices"), (*where, "choices"))
        if option.get("autocomplete") and option.get("choices"):
            yield _problem("option choices", where, "has choices and autocomplete")
        if option.get("type") in SUBCOMMANDS:
            yield from _options(option, where)
