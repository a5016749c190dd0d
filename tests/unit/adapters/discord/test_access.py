"""What an interaction's payload alone rules out, and with which permissions we are invited."""

from __future__ import annotations

from dataclasses import replace

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.candidates import INPUT_MAX_BYTES
from adapters.discord import access
from adapters.discord.access import (
    INVITE_PERMISSIONS,
    PERMISSIONS,
    Announced,
    Asked,
    lacking,
    refusals,
)
from adapters.discord.origin import ChannelKind
from core.errors import Problem

IN_TEXT = Asked(
    guild_id=1, channel_id=2, channel_kind=ChannelKind.TEXT, app_permissions=INVITE_PERMISSIONS
)
IN_DM = Asked(guild_id=None, channel_id=2, channel_kind=ChannelKind.DM)
FLAGS = {
    "View Channel": "view_channel",
    "Send Messages": "send_messages",
    "Send Messages in Threads": "send_messages_in_threads",
    "Create Public Threads": "create_public_threads",
    "Attach Files": "attach_files",
    "Embed Links": "embed_links",
    "Read Message History": "read_message_history",
}
"""What discord.py calls each permission."""


def reasons(asked: Asked, *, is_place_allowed: bool = True) -> list[str]:
    return [each.reason for each in refusals(asked, is_place_allowed=is_place_allowed)]


def test_permissions_are_those_of_discord() -> None:
    """Each bit is the one that discord.py knows under that name; together they are the link's."""
    by_library = {name: discord.Permissions(**{flag: True}).value for name, flag in FLAGS.items()}

    assert {each.name: each.bit for each in PERMISSIONS} == by_library
    assert discord.Permissions(manage_messages=True).value == access.MANAGE_MESSAGES_BIT
    assert discord.Permissions(administrator=True).value == access.ADMINISTRATOR_BIT
    assert INVITE_PERMISSIONS == 309237763072
    assert all(each.why.startswith("Redraw ") and each.why.endswith(".") for each in PERMISSIONS)


def test_nothing_is_wrong() -> None:
    """With every permission, in a place where it may be used, there is nothing to say."""
    picture = Announced(parameter="image", filename="a.png", size_bytes=1, content_type="image/png")

    assert refusals(replace(IN_TEXT, files=(picture,)), is_place_allowed=True) == ()
    assert refusals(replace(IN_DM, files=(picture,)), is_place_allowed=True) == ()


def test_missing_permissions_are_all_named() -> None:
    """An admin learns at once everything that is to be given, by Discord's own names."""
    found = refusals(replace(IN_TEXT, app_permissions=1 << 10), is_place_allowed=True)

    assert found == (
        Problem(
            parameter="permissions",
            reason="Redraw lacks Send Messages, Attach Files, Embed Links and "
            "Read Message History in this channel",
            allowed="a channel where it has them; whoever manages this one can give them",
        ),
    )


def test_threads_on_the_card_are_a_nicety() -> None:
    """Without the right to start threads, Redraw replies to its card instead."""
    asked = replace(IN_TEXT, app_permissions=INVITE_PERMISSIONS & ~(1 << 35) & ~(1 << 38))

    assert refusals(asked, is_place_allowed=True) == ()


@pytest.mark.parametrize("kind", sorted(access.THREADS))
def test_inside_a_thread_another_permission_counts(kind: ChannelKind) -> None:
    """Send Messages has no effect there; Send Messages in Threads is needed instead."""
    inside = replace(IN_TEXT, channel_kind=kind, parent_id=9)

    assert reasons(replace(inside, app_permissions=INVITE_PERMISSIONS & ~(1 << 11))) == []
    assert reasons(replace(inside, app_permissions=INVITE_PERMISSIONS & ~(1 << 38))) == [
        "Redraw lacks Send Messages in Threads in this channel"
    ]


@given(st.integers(0, 2**50), st.sampled_from(ChannelKind))
def test_lacking_is_what_is_required_and_not_there(bits: int, kind: ChannelKind) -> None:
    """Direct messages need none, administrators have all, and nobody lacks what they have."""
    found = lacking(bits, kind)

    assert not any(each.bit & bits for each in found)
    assert lacking(bits | access.ADMINISTRATOR_BIT, kind) == ()
    assert lacking(bits | INVITE_PERMISSIONS, kind) == ()
    if kind in {ChannelKind.DM, ChannelKind.GROUP_DM}:
        assert found == ()


def test_group_of_direct_messages_is_refused() -> None:
    """The bot is no member there, so that a result could not be posted later."""
    (found,) = refusals(
        replace(IN_DM, channel_kind=ChannelKind.GROUP_DM, is_guild_install=False),
        is_place_allowed=False,
    )

    assert "in a group of direct messages" in found.reason
    assert found.allowed == "a server that Redraw was invited to, or a direct message with Redraw"


@pytest.mark.parametrize("asked", [IN_TEXT, IN_DM])
def test_install_for_one_user_is_refused(asked: Asked) -> None:
    """Permissions of a bot that is not there are not worth telling."""
    found = reasons(replace(asked, is_guild_install=False, app_permissions=0))

    assert found == ["Redraw was added to your account, not to this place, and cannot post in it"]


def test_all_reasons_come_at_once() -> None:
    """Place, permissions and each file are told together, each file by its own option."""
    files = (
        Announced(parameter="image", filename="a.mp4", content_type="video/mp4"),
        Announced(parameter="image2", filename="b.png", size_bytes=33 * 2**20),
        Announced(parameter="image3", filename="c.png", size_bytes=32 * 2**20),
    )
    found = refusals(replace(IN_TEXT, app_permissions=0, files=files), is_place_allowed=False)

    assert [each.parameter for each in found] == ["permissions", "place", "image", "image2"]
    assert found[2].reason == "that is no picture"
    assert found[3].reason == "the picture is too large: 33 MiB"
    assert found[3].allowed == "at most 32 MiB"


def test_size_over_the_limit_never_reads_as_the_limit() -> None:
    """One byte too much is not told as 32 MiB where 32 MiB are allowed."""
    file = Announced(parameter="image", filename="a.png", size_bytes=INPUT_MAX_BYTES + 1)

    assert reasons(replace(IN_TEXT, files=(file,))) == ["the picture is too large: 32.1 MiB"]


@pytest.mark.parametrize(
    ("filename", "content_type", "is_refused"),
    [
        ("a.png", "image/png", False),
        ("a.png", "video/mp4", False),
        ("a.JPG", "text/plain; charset=utf-8", False),
        ("a", "image/webp", False),
        ("a.heic", None, False),
        ("a.pdf", None, False),
        ("a.bin", "application/octet-stream", False),
        ("a.pdf", "application/pdf", True),
        ("png", "text/plain", True),
        ("a.mp4", "video/mp4", True),
        ("", "audio/ogg", True),
    ],
)
def test_only_what_is_clearly_no_picture_is_refused(
    filename: str, content_type: str | None, *, is_refused: bool
) -> None:
    """Announced types are guesses: in doubt the bytes decide, later."""
    file = Announced(parameter="image", filename=filename, content_type=content_type)

    assert bool(reasons(replace(IN_TEXT, files=(file,)))) is is_refused


def test_places_are_named_narrowest_first() -> None:
    """A thread is found by its own name, its channel's or its server's."""
    thread = replace(IN_TEXT, channel_id=5, parent_id=2)

    assert thread.places == ("discord:5", "discord:2", "discord:1")
    assert IN_DM.places == ("discord:2",)


@pytest.mark.parametrize(
    ("bits", "expected"), [(0, False), (1 << 13, True), (1 << 3, True), (1 << 11, False)]
)
def test_moderators_manage_messages(bits: int, *, expected: bool) -> None:
    """Manage Messages, or being an administrator, makes a moderator of servers alone."""
    assert replace(IN_TEXT, user_permissions=bits).is_moderator is expected
    assert not replace(IN_DM, user_permissions=bits).is_moderator
