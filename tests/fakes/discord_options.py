"""What Discord's own client makes of what a person types into a slash command, and refuses."""

from __future__ import annotations

from collections.abc import Mapping

from tests.fakes.discord_values import Channel, Json, Kind

STRING, INTEGER, BOOLEAN, NUMBER, ATTACHMENT = 3, 4, 5, 10, 11
"""Types of options. Source: Discord, interactions/application-commands."""

TYPES: Mapping[type, int] = {str: STRING, int: INTEGER, bool: BOOLEAN, float: NUMBER}

CONTEXTS = {Kind.DM: 1, Kind.GROUP: 2}
"""Where a command is used: 0 in a guild, else this. Source: Discord, receiving-and-responding."""


def context_of(channel: Channel) -> int:
    """Return the context of an interaction in `channel`."""
    return CONTEXTS.get(channel.kind, 0)


def check_offered(command: Json | None, channel: Channel) -> None:
    """Fail the test when Discord would not offer the command there."""
    contexts = (command or {}).get("contexts")
    assert contexts is None or context_of(channel) in contexts, (
        f"Discord does not offer {(command or {}).get('name')} in a {channel.kind.name} channel"
    )


def options_of(
    command: Json | None,
    given: Mapping[str, object],
    files: Mapping[str, str],
    *,
    focused: str | None = None,
) -> list[Json]:
    """
    Return the options as an interaction carries them; `files` are ids of attachments by option.

    What the registered `command` does not know or allow fails the test, as no client would send
    it. While somebody types (`focused`), nothing is checked yet but the names.
    """
    values = {**given, **files}
    known = {option["name"]: option for option in (command or {}).get("options") or []}
    if command is not None:
        unknown = set(values) - set(known)
        assert not unknown, f"{command['name']} has no options {sorted(unknown)}"
    if focused is None:
        _check_all(known, values)
    options = [_option(name, value, known, files) for name, value in values.items()]
    for option in options:
        if option["name"] == focused:
            option["focused"] = True
    return options


def _option(name: str, value: object, known: Mapping[str, Json], files: Mapping[str, str]) -> Json:
    inferred = ATTACHMENT if name in files else TYPES[type(value)]
    kind = known[name]["type"] if name in known else inferred
    return {"name": name, "type": kind, "value": value}


def _check_all(known: Mapping[str, Json], values: Mapping[str, object]) -> None:
    missing = [name for name, one in known.items() if one.get("required") and name not in values]
    assert not missing, f"Discord's client asks for the options {missing}"
    for name, value in values.items():
        _check(known.get(name, {}), value)


def _check(option: Json, value: object) -> None:
    choices = [choice["value"] for choice in option.get("choices") or []]
    assert not choices or value in choices, f"{value!r} is none of {choices}"
    if isinstance(value, int | float):
        least, most = option.get("min_value", value), option.get("max_value", value)
        assert least <= value <= most, f"{option['name']}: {value} is not in {least}..{most}"
    if isinstance(value, str) and option.get("type") == STRING:
        least, most = option.get("min_length", 0), option.get("max_length", 6000)
        assert least <= len(value) <= most, f"{option['name']}: not {least} to {most} characters"
