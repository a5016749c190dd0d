"""What we ask of our own calls to Discord: mentions off, and each call with the right token."""

from __future__ import annotations

from collections.abc import Iterator

from tests.fakes.discord_calls import Call
from tests.fakes.discord_posted import Kind, Posted
from tests.fakes.problem import Problem, length, mapping

WITH_TOKEN = ("/interactions/", "/webhooks/")
OPEN = ("GET /gateway",)
MAX_PINGED = 1
"""The requester alone is ever pinged."""


def mention_problems(posted: Posted) -> Iterator[Problem]:
    """Go through what a message does with mentions: none, but for the requester's ping."""
    path = (*posted.path, "allowed_mentions")
    mentions = posted.fields.get("allowed_mentions")
    if mentions is None:
        if _has_text(posted):
            yield Problem(rule="mentions missing", path=path, text="goes with every text")
        return
    said = mapping(mentions)
    for key in ("parse", "roles"):
        if said.get(key):
            yield Problem(rule="mentions on", path=(*path, key), text=f"{said[key]}, not none")
    if length(said.get("users")) > MAX_PINGED:
        yield Problem(rule="mentions on", path=(*path, "users"), text="pings more than one user")


def token_problems(call: Call) -> Iterator[Problem]:
    """Go through which token a call came with: the bot's, or that of an interaction, never both."""
    if call.path.startswith(WITH_TOKEN):
        if call.authorised_by == "bot":
            text = "the bot token is sent where the interaction token suffices"
            yield Problem(rule="bot token needless", path=(), text=text)
    elif call.authorised_by != "bot" and call.route not in OPEN:
        yield Problem(rule="bot token missing", path=(), text="came without the bot token")


def _has_text(posted: Posted) -> bool:
    shown = (component for _, component in posted.components())
    displays = (part for part in shown if part.get("type") == Kind.TEXT_DISPLAY)
    return bool(posted.fields.get("content")) or any(part.get("content") for part in displays)
