"""What is read of an act, whichever way it came, and what is not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.slack.interactions import Doing, Interaction, read

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TEAM = {"team": {"id": "T1"}, "user": {"id": "U1", "team_id": "T1"}}
COMMAND = {"command": "/redraw", "team_id": "T1", "channel_id": "C1", "user_id": "U1", "text": "a"}
MENTION = {"type": "app_mention", "user": "U1", "channel": "C1", "ts": "5.1", "text": "<@B> ink"}


def found(**payload: Any) -> Interaction:
    return read(payload, act_id="1", received_at=NOW, received_s=0.0)


def event(**changes: Any) -> Interaction:
    return found(type="event_callback", team_id="T1", event={**MENTION, **changes})


def press(**container: Any) -> Interaction:
    action = {"action_id": "redraw1:press:cancel", "value": "J", "action_ts": "1700000000.5"}
    place = {"channel": {"id": "C1"}, "container": {"channel_id": "C1", **container}}
    return found(type="block_actions", actions=[action], **TEAM, **place)


def test_command() -> None:
    told = found(**COMMAND, response_url="https://hooks.slack.com/x", trigger_id="t")
    assert (told.doing, told.name, told.value) == (Doing.COMMAND, "/redraw", "a")
    assert (told.team_id, told.channel_id, told.requester) == ("T1", "C1", "slack:U1")
    assert told.response_url_expires_at is not None
    assert told.acted_at == NOW


def test_secrets_are_not_shown() -> None:
    """Whoever has them can answer for us."""
    told = found(**COMMAND, response_url="https://hooks.slack.com/x", trigger_id="13.secret")
    assert "hooks.slack.com" not in repr(told)
    assert "13.secret" not in repr(told)


@pytest.mark.parametrize(("thread", "expected"), [(None, "9.9"), ("3.3", "3.3")])
def test_shortcut_answers_at_its_message(thread: str | None, expected: str) -> None:
    """A reply is never the root of a thread."""
    message = {"ts": "9.9", **({"thread_ts": thread} if thread else {})}
    about = {"channel": {"id": "C1"}, "message": message, "message_ts": "9.9"}
    told = found(type="message_action", callback_id="redraw_message", **TEAM, **about)
    assert (told.doing, told.thread_ts) == (Doing.MESSAGE_SHORTCUT, expected)
    assert told.message == message


def test_shortcut_without_a_place() -> None:
    told = found(type="shortcut", callback_id="redraw_global", **TEAM)
    assert (told.doing, told.channel_id, told.thread_ts) == (Doing.GLOBAL_SHORTCUT, None, None)


def test_press_is_dated_by_slack() -> None:
    """Two clicks are told apart by when they were made, not by when they came."""
    told = press(thread_ts="3.3", is_ephemeral=True)
    assert (told.doing, told.value, told.thread_ts) == (Doing.PRESS, "J", "3.3")
    assert told.acted_at == datetime.fromtimestamp(1700000000.5, UTC)
    assert told.is_private
    assert not press().is_private


def test_choice_is_in_a_form() -> None:
    view = {"id": "V1", "callback_id": "redraw1:form:redraw", "private_metadata": "D"}
    action = {"action_id": "redraw1:field:model"}
    told = found(type="block_actions", actions=[action], view=view, **TEAM)
    assert (told.doing, told.channel_id, told.view["id"]) == (Doing.CHOICE, None, "V1")


def test_form_that_was_sent() -> None:
    view = {"id": "V1", "callback_id": "redraw1:form:redraw", "private_metadata": "D"}
    told = found(type="view_submission", view=view, **TEAM)
    assert (told.doing, told.name, told.value) == (Doing.SUBMISSION, "redraw1:form:redraw", "D")


@pytest.mark.parametrize(("thread", "expected"), [(None, "5.1"), ("3.3", "3.3")])
def test_mention_is_answered_in_its_thread(thread: str | None, expected: str) -> None:
    told = event(**({"thread_ts": thread} if thread else {}))
    assert (told.doing, told.thread_ts, told.user_id) == (Doing.MENTION, expected, "U1")
    assert told.message["text"] == "<@B> ink"


@pytest.mark.parametrize(
    "changes", [{"bot_id": "B1"}, {"user": None}, {"type": "message"}, {"type": "app_uninstalled"}]
)
def test_what_nobody_waits_for_is_a_notice(changes: dict[str, Any]) -> None:
    assert event(**changes).doing is Doing.NOTICE


def test_organisation_is_read_from_both_shapes() -> None:
    """Commands say it flat, interactions as an object, most workspaces not at all."""
    assert found(**COMMAND, enterprise_id="E1").enterprise_id == "E1"
    shortcut = {"type": "shortcut", "callback_id": "x", **TEAM}
    assert found(**shortcut, enterprise={"id": "E1"}).enterprise_id == "E1"
    assert found(**shortcut, enterprise=None).enterprise_id is None


@pytest.mark.parametrize(
    "payload", [{"command": "/redraw"}, {"type": "block_actions", **TEAM}, {"type": "shortcut"}]
)
def test_what_cannot_be_read_raises(payload: dict[str, Any]) -> None:
    with pytest.raises((KeyError, IndexError)):
        found(**payload)
