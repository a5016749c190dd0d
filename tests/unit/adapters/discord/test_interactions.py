"""What an interaction says, and that it needs no more than is used of it."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.discord.interactions import UPLOAD_LIMIT_BYTES, Doing, Interaction, read
from tests.fakes.clock import START


def payload(**more: Any) -> dict[str, Any]:
    return {
        "id": "11",
        "type": 2,
        "token": "aW50ZXJhY3Rpb24",
        "application_id": "7",
        "data": {"name": "redraw"},
        "channel": {"id": "33", "type": 0},
        "guild_id": "22",
        "member": {"user": {"id": "44"}, "permissions": "8192"},
        **more,
    }


def told(**more: Any) -> Interaction:
    return read(payload(**more), received_at=START, received_s=1.0)


def test_least_payload_is_enough() -> None:
    """Nothing but ids, the token and what was done has to be there."""
    found = told()
    assert (found.interaction_id, found.application_id, found.user_id) == (11, 7, 44)
    assert (found.guild_id, found.channel_id, found.doing) == (22, 33, Doing.COMMAND)
    assert found.upload_limit_bytes == UPLOAD_LIMIT_BYTES
    assert found.requester == "discord:44"
    assert found.is_guild_install


def test_token_is_not_shown() -> None:
    """Whoever prints an interaction prints no token."""
    assert "aW50ZXJhY3Rpb24" not in repr(told())


def test_places_are_channel_thread_parent_and_server() -> None:
    """A thread is known by its channel too; a channel not by its category."""
    thread = told(channel={"id": "33", "type": 11, "parent_id": "30"})
    assert thread.asked().places == ("discord:33", "discord:30", "discord:22")
    channel = told(channel={"id": "33", "type": 0, "parent_id": "30"})
    assert channel.asked().places == ("discord:33", "discord:22")


def test_direct_message_has_a_user_and_no_permissions() -> None:
    """There is no member and no guild."""
    found = told(guild_id=None, member=None, user={"id": "45"}, channel={"id": "33", "type": 1})
    assert (found.guild_id, found.user_id, found.permissions) == (None, 45, 0)
    assert not found.asked().is_moderator


@pytest.mark.parametrize(
    ("owners", "is_ours"), [({"0": "22"}, True), ({"1": "44"}, False), ({}, True), (None, True)]
)
def test_install_is_told_by_its_owners(owners: object, *, is_ours: bool) -> None:
    """Only where Discord names a user alone, the bot is not there itself."""
    assert told(authorizing_integration_owners=owners).is_guild_install is is_ours


def test_moderator_may_manage_messages() -> None:
    """By the permission in the channel where it was pressed."""
    assert told().asked().is_moderator
    plain = {"user": {"id": "44"}, "permissions": "2048"}
    assert not told(member=plain).asked().is_moderator


@pytest.mark.parametrize("missing", ["id", "token", "application_id", "data", "type", "channel"])
def test_what_cannot_be_answered_is_no_interaction(missing: str) -> None:
    """Without these there is nobody to answer."""
    broken = payload()
    del broken[missing]
    with pytest.raises(KeyError):
        read(broken, received_at=START, received_s=1.0)


def test_name_is_the_command_or_the_custom_id() -> None:
    """Where it goes."""
    assert told().name == "redraw"
    assert told(type=3, data={"custom_id": "redraw1:x"}).name == "redraw1:x"
