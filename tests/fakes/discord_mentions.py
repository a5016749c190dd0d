"""Whom a message notifies: what its words mention, as far as `allowed_mentions` lets it."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from tests.fakes.discord_refusals import Form
from tests.fakes.discord_values import Json, User

CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
USERS = re.compile(r"(?<!\\)<@!?(\d+)>")
ROLES = re.compile(r"(?<!\\)<@&(\d+)>")
EVERYONE = re.compile(r"(?<!\\)@(everyone|here)\b")
ALL: Json = {"parse": ["users", "roles", "everyone"], "replied_user": True}
"""What is allowed when a message does not say. Source: Discord, resources/message."""


@dataclass(frozen=True, kw_only=True)
class Pings:
    """Ids of the users and roles that are notified, and whether everyone is."""

    users: frozenset[int] = frozenset()
    roles: frozenset[int] = frozenset()
    everyone: bool = False


def pings_of(
    text: str,
    allowed: Json | None,
    *,
    users: Collection[int],
    replied: User | None,
    may_everyone: bool,
) -> Pings:
    """Return whom `text` notifies; of ids only the known `users` count."""
    rules = ALL if allowed is None else allowed
    said = CODE.sub("", text)
    pinged = {one for one in _named(USERS, said, rules, "users") if one in users}
    if replied is not None and rules.get("replied_user"):
        pinged.add(replied.id)
    shouted = "everyone" in rules.get("parse", []) and bool(EVERYONE.search(said))
    return Pings(
        users=frozenset(pinged),
        roles=frozenset(_named(ROLES, said, rules, "roles")),
        everyone=shouted and may_everyone,
    )


def check_allowed(form: Form, allowed: Json | None) -> None:
    """Note what `allowed_mentions` may not combine or hold."""
    for key in ("users", "roles"):
        listed = (allowed or {}).get(key) or []
        form.length(f"allowed_mentions.{key}", listed, 0, 100)
        if listed and key in (allowed or {}).get("parse", []):
            text = f'parse:["{key}"] and {key}: [ids...] are mutually exclusive.'
            form.wrong("allowed_mentions", "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", text)


def _named(pattern: re.Pattern[str], text: str, rules: Json, key: str) -> set[int]:
    found = {int(one) for one in pattern.findall(text)}
    if key in rules.get("parse", []):
        return found
    return found & {int(one) for one in rules.get(key) or []}
