"""Decider: a message to send, and what discord.py's client wants to be told of it."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import discord
from discord.http import MultipartParameters, handle_message_parameters
from discord.utils import MISSING


@dataclass(frozen=True, kw_only=True, slots=True)
class Attached:
    """A file to send; its view shows it as `attachment://name`."""

    name: str
    data: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Outgoing:
    """A message to send, with the one person whom it may ping."""

    view: discord.ui.LayoutView
    files: tuple[Attached, ...] = ()
    pings: int | None = None

    @property
    def size_bytes(self) -> int:
        """Length of all files together."""
        return sum(len(file.data) for file in self.files)


def to_post(message: Outgoing, *, nonce: str, reply_to: int | None) -> MultipartParameters:
    """Return a new message; a reply stands even when what it replies to is gone."""
    reference: Any = MISSING
    if reply_to is not None:
        reference = {"message_id": str(reply_to), "fail_if_not_exists": False}
    return handle_message_parameters(
        view=message.view,
        files=_files(message),
        nonce=nonce,
        allowed_mentions=_mentions(message.pings),
        message_reference=reference,
    )


def to_edit(message: Outgoing, *, keep: tuple[int, ...] | None) -> MultipartParameters:
    """Return an edit that leaves of a message's files those with the ids in `keep`; None: all."""
    made = handle_message_parameters(view=message.view, allowed_mentions=_mentions(message.pings))
    if keep is None:
        return made
    kept = [{"id": str(file_id)} for file_id in keep]
    return made._replace(payload={**(made.payload or {}), "attachments": kept})


def to_fill(message: Outgoing) -> MultipartParameters:
    """Return an edit that leaves a message with exactly the files of `message`."""
    if not message.files:
        return to_edit(message, keep=())
    return handle_message_parameters(
        view=message.view,
        attachments=_files(message),
        allowed_mentions=_mentions(message.pings),
    )


def _files(message: Outgoing) -> list[discord.File]:
    return [discord.File(io.BytesIO(file.data), filename=file.name) for file in message.files]


def _mentions(user_id: int | None) -> discord.AllowedMentions:
    """Return who may be pinged: nobody, or one person; nobody for being replied to."""
    users = [] if user_id is None else [discord.Object(user_id)]
    return discord.AllowedMentions(
        everyone=False, roles=False, users=users or False, replied_user=False
    )
