"""App manifests against Slack's own schemas, and against the least that Redraw may ask for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.fakes import slack_specification as specification
from tests.fakes.problem import Path, Problem, listed, mapping, objects
from tests.fakes.slack_scopes import ALWAYS, COMMANDS, LEAST, MENTIONS

Object = Mapping[str, object]
MENTIONED = "app_mention"
USER_EVENTS = ("settings", "event_subscriptions", "user_events")
VERSIONS = (1, 2)


def manifest_problems(manifest: Object) -> Iterator[Problem]:
    """Go through what is wrong with a manifest, for Slack (where its schemas are here) and us."""
    yield from _scopes(manifest)
    yield from _addresses(manifest)
    yield from _features(manifest)
    if specification.is_at_hand():
        yield from _schema(manifest)
        yield from _events(manifest)


def _problem(rule: str, path: Path, text: str) -> Problem:
    return Problem(rule=rule, path=path, text=text)


def _at(manifest: Object, *keys: str) -> Any:
    found: object = manifest
    for key in keys:
        found = mapping(found).get(key)
    return found


def _schema(manifest: Object) -> Iterator[Problem]:
    version = _at(manifest, "_metadata", "major_version") or VERSIONS[0]
    if version not in VERSIONS:
        yield _problem("manifest", ("_metadata", "major_version"), f"{version} is no version")
        return
    for error in specification.manifest_validator(version).iter_errors(manifest):
        yield _problem("manifest", tuple(error.absolute_path), error.message[:300])


def _events(manifest: Object) -> Iterator[Problem]:
    path = ("settings", "event_subscriptions", "bot_events")
    asked = set(listed(_at(manifest, "oauth_config", "scopes", "bot")))
    for index, event in enumerate(listed(_at(manifest, *path))):
        needed = specification.event_scopes(str(event))
        if not specification.knows_event(str(event)):
            yield _problem("event unknown", (*path, index), f"Slack has no event {event}")
        elif event != MENTIONED and needed and not asked & set(needed):
            yield _problem("scope missing", (*path, index), f"{event} needs one of {needed}")


def _scopes(manifest: Object) -> Iterator[Problem]:
    path = ("oauth_config", "scopes")
    asked = listed(_at(manifest, *path, "bot"))
    for index, scope in enumerate(asked):
        if scope not in (*ALWAYS, *_used(manifest)):
            why = "nothing here uses it" if scope in LEAST else "no more than the least is asked"
            yield _problem("scope needless", (*path, "bot", index), f"{scope}: {why}")
    for scope in (*ALWAYS, *_used(manifest)):
        if scope not in asked:
            yield _problem("scope missing", (*path, "bot"), f"{scope} is not asked for")
    for place in ((*path, "user"), (*path, "user_optional"), (*path, "bot_optional"), USER_EVENTS):
        if _at(manifest, *place):
            yield _problem("scope needless", place, "the bot acts for nobody else")


def _used(manifest: Object) -> tuple[str, ...]:
    features = mapping(manifest.get("features"))
    commands = features.get("slash_commands") or features.get("shortcuts")
    mentions = MENTIONED in listed(_at(manifest, "settings", "event_subscriptions", "bot_events"))
    return (*((COMMANDS,) if commands else ()), *((MENTIONS,) if mentions else ()))


def _features(manifest: Object) -> Iterator[Problem]:
    if not _at(manifest, "features", "bot_user"):
        yield _problem("bot missing", ("features", "bot_user"), "bot scopes need a bot user")
    interactive = _at(manifest, "settings", "interactivity", "is_enabled")
    if _at(manifest, "features", "shortcuts") and interactive is not True:
        path = ("settings", "interactivity", "is_enabled")
        yield _problem("interactivity", path, "shortcuts, buttons and modals need it")


def _addresses(manifest: Object) -> Iterator[Problem]:
    """Over HTTP every way in needs an https address; over Socket Mode none has one."""
    socket = _at(manifest, "settings", "socket_mode_enabled") is True
    for path, holder, key in _ways_in(manifest):
        url = str(holder.get(key) or "")
        if socket and url:
            yield _problem("address needless", (*path, key), "Socket Mode needs none")
        if not socket and not url.startswith("https://"):
            yield _problem("address missing", (*path, key), "needs an https address")


def _ways_in(manifest: Object) -> Iterator[tuple[Path, Object, str]]:
    commands = _at(manifest, "features", "slash_commands")
    for path, command in objects(commands, ("features", "slash_commands")):
        yield path, command, "url"
    for name in ("event_subscriptions", "interactivity"):
        holder = mapping(_at(manifest, "settings", name))
        if holder:
            yield ("settings", name), holder, "request_url"
