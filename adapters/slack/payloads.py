"""
Decider: where in what Slack sends of an act stands what we read of it.

Commands, shortcuts, buttons, forms and events each say the same in a place of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

Payload = Mapping[str, Any]
"""JSON of Slack's."""
EVENT_CALLBACK: Final = "event_callback"


class Doing(StrEnum):
    """
    What a user did.

    Source: docs.slack.dev/reference/interaction-payloads, `type`; for events their own type.
    """

    COMMAND = "command"
    MESSAGE_SHORTCUT = "message_action"
    GLOBAL_SHORTCUT = "shortcut"
    PRESS = "block_actions"
    """A button of a message."""
    CHOICE = "choice"
    """A menu of a form that is open."""
    SUBMISSION = "view_submission"
    MENTION = "app_mention"
    NOTICE = "notice"
    """Whatever else Slack tells; it is acknowledged and nobody waits for words."""


def doing(payload: Payload) -> Doing:
    """Return what was done; what nobody waits for is a NOTICE."""
    if "command" in payload:
        return Doing.COMMAND
    kind = payload.get("type")
    if kind == EVENT_CALLBACK:
        return Doing.MENTION if _is_mention(payload["event"]) else Doing.NOTICE
    if kind == Doing.PRESS:
        return Doing.CHOICE if payload.get("view") else Doing.PRESS
    known = {Doing.MESSAGE_SHORTCUT, Doing.GLOBAL_SHORTCUT, Doing.SUBMISSION}
    return next((each for each in known if each == kind), Doing.NOTICE)


def _is_mention(event: Payload) -> bool:
    """Whether a person mentions us; bots that do could make jobs of each other's answers."""
    is_person = bool(event.get("user")) and not event.get("bot_id")
    return event.get("type") == Doing.MENTION and is_person


def said(doing: Doing, source: Payload) -> tuple[str, str]:
    """Return what was called or pressed, and what comes with it."""
    match doing:
        case Doing.COMMAND:
            return str(source["command"]), str(source.get("text") or "")
        case Doing.MESSAGE_SHORTCUT | Doing.GLOBAL_SHORTCUT:
            return str(source["callback_id"]), ""
        case Doing.PRESS | Doing.CHOICE:
            action = source["actions"][0]
            return str(action["action_id"]), str(action.get("value") or "")
        case Doing.SUBMISSION:
            return str(source["view"]["callback_id"]), str(source["view"]["private_metadata"])
        case Doing.MENTION | Doing.NOTICE:
            return str(source.get("type") or ""), str(source.get("text") or "")


def acted(doing: Doing, source: Payload) -> object:
    """Return the moment of an act as Slack writes it, or None."""
    if doing is Doing.PRESS:
        return source["actions"][0].get("action_ts")
    return source.get("action_ts") or source.get("event_ts")


def team(payload: Payload) -> str:
    """Return the workspace."""
    team = payload.get("team") or {}
    return str(team.get("id") or payload.get("team_id") or (payload.get("user") or {})["team_id"])


def enterprise(payload: Payload) -> str | None:
    """Return the organisation on Grid."""
    told = payload.get("enterprise")
    found = told.get("id") if isinstance(told, Mapping) else payload.get("enterprise_id")
    return text(found)


def channel(doing: Doing, source: Payload) -> str | None:
    """Return the channel; None of a form, and of a shortcut that belongs to none."""
    match doing:
        case Doing.COMMAND:
            return str(source["channel_id"])
        case Doing.MESSAGE_SHORTCUT:
            return str(source["channel"]["id"])
        case Doing.PRESS:
            told = source.get("channel") or {}
            return str(told.get("id") or source["container"]["channel_id"])
        case Doing.MENTION:
            return str(source["channel"])
        case _:
            return None


def thread(doing: Doing, source: Payload) -> str | None:
    """Return where an answer belongs: to a message, or into the thread that it is in."""
    match doing:
        case Doing.MESSAGE_SHORTCUT:
            message = source["message"]
            return str(message.get("thread_ts") or source.get("message_ts") or message["ts"])
        case Doing.PRESS:
            return text((source.get("container") or {}).get("thread_ts"))
        case Doing.MENTION:
            return str(source.get("thread_ts") or source["ts"])
        case _:
            return None


def user(doing: Doing, source: Payload) -> str:
    """Return who did it."""
    if doing is Doing.COMMAND:
        return str(source["user_id"])
    told = source.get("user") or ""
    return str(told["id"] if isinstance(told, Mapping) else told)


def moment(given: object) -> datetime | None:
    """Return a moment that Slack tells in seconds; None when it tells none."""
    try:
        return datetime.fromtimestamp(float(str(given)), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def text(given: object) -> str | None:
    """Return what is there as text, or None for nothing."""
    return str(given) if given else None
