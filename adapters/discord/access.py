"""Decider: what an interaction's payload alone decides: where Redraw may be used, and with what."""

from __future__ import annotations

from dataclasses import dataclass

from adapters import candidates
from adapters.discord.origin import PLATFORM, ChannelKind
from core.errors import Problem


@dataclass(frozen=True, kw_only=True, slots=True)
class Permission:
    """One permission that the bot asks for when it is invited."""

    name: str
    """As Discord's English client names it."""
    bit: int
    """
    Its flag.

    Source: discord.com/developers/docs/topics/permissions#permissions-bitwise-permission-flags.
    """
    why: str
    """What Redraw needs it for, as one sentence."""
    is_required: bool = True
    """Whether nothing works without it; Redraw manages without the others."""


VIEW_CHANNEL = Permission(
    name="View Channel",
    bit=1 << 10,
    why="Redraw posts and edits its card in the channel where it was asked.",
)
SEND_MESSAGES = Permission(
    name="Send Messages",
    bit=1 << 11,
    why="Redraw posts its card, and the result where no thread can be started.",
)
EMBED_LINKS = Permission(
    name="Embed Links",
    bit=1 << 14,
    why="Redraw shows the pictures as a gallery rather than as bare files.",
)
ATTACH_FILES = Permission(
    name="Attach Files",
    bit=1 << 15,
    why="Redraw attaches the reference picture to its card and the pictures to its result.",
)
READ_MESSAGE_HISTORY = Permission(
    name="Read Message History",
    bit=1 << 16,
    why="Redraw replies to its card, and finds a message again whose answer was lost, "
    "so that nothing is posted twice.",
)
CREATE_PUBLIC_THREADS = Permission(
    name="Create Public Threads",
    bit=1 << 35,
    why="Redraw starts a thread on its card for the result; without it, it replies to the card.",
    is_required=False,
)
SEND_MESSAGES_IN_THREADS = Permission(
    name="Send Messages in Threads",
    bit=1 << 38,
    why="Redraw posts the result in the thread on its card, and works inside threads at all.",
    is_required=False,
)
"""Required inside threads, where Send Messages has no effect."""

PERMISSIONS = (
    VIEW_CHANNEL,
    SEND_MESSAGES,
    SEND_MESSAGES_IN_THREADS,
    CREATE_PUBLIC_THREADS,
    ATTACH_FILES,
    EMBED_LINKS,
    READ_MESSAGE_HISTORY,
)
"""Every permission that the invitation asks for, in the order in which they are explained."""

INVITE_PERMISSIONS = sum(permission.bit for permission in PERMISSIONS)
"""The number in the invitation link."""

ADMINISTRATOR_BIT = 1 << 3
"""
Stands for every permission.

Source: discord.com/developers/docs/topics/permissions#permissions-bitwise-permission-flags.
"""
MANAGE_MESSAGES_BIT = 1 << 13
"""
Whoever has it may cancel and delete the jobs of others.

Source: discord.com/developers/docs/topics/permissions#permissions-bitwise-permission-flags.
"""

THREADS = frozenset(
    {ChannelKind.ANNOUNCEMENT_THREAD, ChannelKind.PUBLIC_THREAD, ChannelKind.PRIVATE_THREAD}
)
"""The kinds of channel that are threads."""
_DIRECT = frozenset({ChannelKind.DM, ChannelKind.GROUP_DM})


@dataclass(frozen=True, kw_only=True, slots=True)
class Announced:
    """A file that came with an interaction, as Discord announces it; none of it is proved."""

    parameter: str
    """The option or field it was given in: `image`, `image2`…"""
    filename: str = ""
    size_bytes: int | None = None
    content_type: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What an interaction tells about who asks, where, and with what."""

    guild_id: int | None
    """None in a direct message."""
    channel_id: int
    channel_kind: int
    parent_id: int | None = None
    """The channel that a thread is in."""
    is_guild_install: bool = True
    """Whether the bot itself is in the server, or this is a direct message with the bot."""
    app_permissions: int = 0
    """What the bot may do in this channel."""
    user_permissions: int = 0
    """What the user may do in this channel."""
    files: tuple[Announced, ...] = ()

    @property
    def is_moderator(self) -> bool:
        """Whether the user may manage the messages of others here."""
        wanted = MANAGE_MESSAGES_BIT | ADMINISTRATOR_BIT
        return self.guild_id is not None and bool(self.user_permissions & wanted)

    @property
    def places(self) -> tuple[str, ...]:
        """The names that limits may know this place by, narrowest first."""
        found = (self.channel_id, self.parent_id, self.guild_id)
        return tuple(f"{PLATFORM}:{each}" for each in found if each is not None)


def refusals(asked: Asked, *, is_place_allowed: bool) -> tuple[Problem, ...]:
    """
    Return everything that the payload alone rules out, in words; an empty tuple is a go-ahead.

    `is_place_allowed` is what the operator's limits say of `asked.places`.
    """
    where = _install(asked) or (*_permissions(asked), *_place(is_allowed=is_place_allowed))
    return (*where, *(found for file in asked.files if (found := _file(file))))


def lacking(app_permissions: int, channel_kind: int) -> tuple[Permission, ...]:
    """Return the required permissions that the bot has not in a channel of this kind."""
    if channel_kind in _DIRECT or app_permissions & ADMINISTRATOR_BIT:
        return ()
    return tuple(each for each in _required(channel_kind) if not app_permissions & each.bit)


def _required(channel_kind: int) -> tuple[Permission, ...]:
    if channel_kind not in THREADS:
        return tuple(each for each in PERMISSIONS if each.is_required)
    inside = {SEND_MESSAGES: SEND_MESSAGES_IN_THREADS}
    return tuple(inside.get(each, each) for each in PERMISSIONS if each.is_required)


def _install(asked: Asked) -> tuple[Problem, ...]:
    if asked.channel_kind == ChannelKind.GROUP_DM:
        reason = "in a group of direct messages Redraw cannot post the result once it is ready"
    elif not asked.is_guild_install:
        reason = "Redraw was added to your account, not to this place, and cannot post in it"
    else:
        return ()
    allowed = "a server that Redraw was invited to, or a direct message with Redraw"
    return (Problem(parameter="place", reason=reason, allowed=allowed),)


def _permissions(asked: Asked) -> tuple[Problem, ...]:
    missing = lacking(asked.app_permissions, asked.channel_kind)
    if not missing:
        return ()
    reason = f"Redraw lacks {_listed([each.name for each in missing])} in this channel"
    allowed = "a channel where it has them; whoever manages this one can give them"
    return (Problem(parameter="permissions", reason=reason, allowed=allowed),)


def _place(*, is_allowed: bool) -> tuple[Problem, ...]:
    if is_allowed:
        return ()
    reason = "Redraw may not be used in this place"
    allowed = "the places on the operator's list"
    return (Problem(parameter="place", reason=reason, allowed=allowed),)


def _file(file: Announced) -> Problem | None:
    return candidates.problem(
        parameter=file.parameter,
        filename=file.filename,
        size_bytes=file.size_bytes,
        content_type=file.content_type,
    )


def _listed(names: list[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last
