"""Decider: what a payload alone decides: where Redraw may be used, and with what; its scopes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from adapters import candidates
from adapters.slack.origin import PLATFORM, Mode, Upload
from core.errors import Problem


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """
    One thing that the bot asks a workspace to allow it.

    Source of all names: docs.slack.dev/reference/scopes.
    """

    name: str
    why: str
    """What Redraw needs it for, as one sentence."""
    is_required: bool = True
    """Whether nothing works without it; Redraw manages without the others."""


SCOPES = (
    Scope(name="commands", why="Redraw is asked by /redraw and by shortcuts."),
    Scope(name="chat:write", why="Redraw posts its card and edits it as the job goes on."),
    Scope(name="files:read", why="Redraw fetches the picture that it is asked to redraw."),
    Scope(
        name="files:write", why="Redraw uploads the redrawn pictures, and deletes them if asked."
    ),
    Scope(
        name="app_mentions:read",
        why="Redraw is asked by a mention with a picture; without it, mentions go unheard.",
        is_required=False,
    ),
)
"""
Every scope of the bot's token, in the order in which they are explained; the manifest asks for
these and `redraw doctor` looks for them. No history, no names, no channel without an invitation.
"""
APP_SCOPES = (
    Scope(name="connections:write", why="Redraw listens over Socket Mode, with no public address."),
)
"""What the app-level token of Socket Mode may."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Announced:
    """A file that came with a payload, as Slack announces it; none of it is proved."""

    parameter: str = "image"
    filename: str = ""
    size_bytes: int | None = None
    content_type: str | None = None
    is_external: bool = False
    is_gone: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What a payload tells about who asks, where, and with what."""

    team_id: str
    enterprise_id: str | None = None
    channel_id: str | None
    """None when the form has yet to ask for it."""
    files: tuple[Announced, ...] = ()

    @property
    def places(self) -> tuple[str, ...]:
        """The names that limits may know this place by, narrowest first."""
        found = (self.channel_id, self.team_id, self.enterprise_id)
        return tuple(f"{PLATFORM}:{each}" for each in found if each)


def announced(uploads: Collection[Upload]) -> tuple[Announced, ...]:
    """Return how access is to look at files; of a stub nothing is known yet, so it passes."""
    return tuple(
        Announced(
            filename=each.name,
            size_bytes=each.size_bytes,
            content_type=each.mimetype,
            is_external=each.is_external or each.mode == Mode.EXTERNAL,
            is_gone=each.is_gone,
        )
        for each in uploads
    )


def refusals(asked: Asked, *, is_place_allowed: bool, hosts_pictures: bool) -> tuple[Problem, ...]:
    """
    Return everything that the payload alone rules out, in words; an empty tuple is a go-ahead.

    `is_place_allowed` is what the operator's limits say of `asked.places`. `hosts_pictures` is
    whether the provider can fetch pictures from us: files in Slack are private.
    """
    files = (found for file in asked.files if (found := _file(file)))
    return (*_place(is_allowed=is_place_allowed), *_hosting(hosts=hosts_pictures), *files)


def lacking(granted: Collection[str], wanted: Collection[Scope] = SCOPES) -> tuple[Scope, ...]:
    """Return the scopes that a token was not granted; what is required is marked as such."""
    return tuple(each for each in wanted if each.name not in granted)


def _place(*, is_allowed: bool) -> tuple[Problem, ...]:
    if is_allowed:
        return ()
    reason = "Redraw may not be used in this place"
    allowed = "the places on the operator's list"
    return (Problem(parameter="place", reason=reason, allowed=allowed),)


def _hosting(*, hosts: bool) -> tuple[Problem, ...]:
    if hosts:
        return ()
    reason = "pictures in Slack are private, and Redraw has no place to lend them out from"
    allowed = "a Redraw whose operator has set REDRAW_MEDIA_URL or REDRAW_PUBLIC_URL"
    return (Problem(parameter="place", reason=reason, allowed=allowed),)


def _file(file: Announced) -> Problem | None:
    if file.is_gone:
        reason, allowed = "that file is not shown in Slack any more", "a file that can be opened"
    elif file.is_external:
        reason = "that file is only linked in Slack and kept somewhere else"
        allowed = "a picture that is uploaded to Slack"
    else:
        return candidates.problem(
            parameter=file.parameter,
            filename=file.filename,
            size_bytes=file.size_bytes,
            content_type=file.content_type,
        )
    return Problem(parameter=file.parameter, reason=reason, allowed=allowed)
