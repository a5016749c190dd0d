"""Decider: what Discord answers with, as far as we read it; a message, its files, its marks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.errors import DeliveryRetryable

THREAD_STARTER = 21
"""
What stands first in a thread that was started on a message.

Source: discord.com/developers/docs/resources/message#message-object-message-types.
"""


_PRIVATE = 1 << 6
"""Source: discord.com/developers/docs/resources/message#message-object-message-flags."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PostedFile:
    """One file of a message."""

    id: int
    url: str = field(repr=False)
    """Signed and short-lived: anybody who has it can fetch the file. Never the proxy's."""
    size_bytes: int | None = None
    """None where the answer does not tell."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Posted:
    """One message as Discord has it."""

    channel_id: int
    message_id: int
    attachments: tuple[PostedFile, ...] = ()
    """Its files in order."""
    is_private: bool = False
    """Whether one person alone sees it."""


def posted(answer: Any) -> Posted:
    """Return the message that an answer shows; raises DeliveryRetryable when it shows none."""
    try:
        return Posted(
            channel_id=int(answer["channel_id"]),
            message_id=int(answer["id"]),
            attachments=_files(answer),
            is_private=bool(int(answer.get("flags") or 0) & _PRIVATE),
        )
    except (KeyError, TypeError, ValueError) as exc:
        raise DeliveryRetryable("Discord's answer cannot be read") from exc


def own_id(answer: Any) -> int:
    """Return the id of what an answer shows; raises DeliveryRetryable when it shows none."""
    try:
        return int(answer["id"])
    except (KeyError, TypeError, ValueError) as exc:
        raise DeliveryRetryable("Discord's answer cannot be read") from exc


def has_mark(answer: Mapping[str, Any], marker: str, line: str) -> bool:
    """
    Whether a message carries `marker`, at the end of a button, or `line` as one of its texts.

    What a user wrote is shown as well, and may name any job: it is never all of a text.
    """
    return any(
        str(component.get("custom_id")).endswith(marker) or component.get("content") == line
        for component in _components(answer.get("components"))
    )


def answers(answer: Mapping[str, Any], interaction_id: int) -> bool:
    """Whether a message is the answer to this interaction."""
    return any(
        isinstance(told, Mapping) and str(told.get("id")) == str(interaction_id)
        for told in (answer.get("interaction_metadata"), answer.get("interaction"))
    )


def author_id(answer: Mapping[str, Any]) -> int:
    """Return who wrote a message; 0 when it does not say."""
    author = answer.get("author")
    return int(author.get("id", 0)) if isinstance(author, Mapping) else 0


def _files(answer: Mapping[str, Any]) -> tuple[PostedFile, ...]:
    """Return the attachments, or where only the components show them, the media of those."""
    listed = answer.get("attachments") or ()
    if listed:
        return tuple(
            PostedFile(id=int(each["id"]), url=str(each["url"]), size_bytes=each.get("size"))
            for each in listed
        )
    media = (each.get("media") for each in _components(answer.get("components")))
    return tuple(
        PostedFile(id=int(each["attachment_id"]), url=str(each["url"]))
        for each in media
        if isinstance(each, Mapping) and each.get("attachment_id")
    )


def _components(nodes: Any) -> Iterator[Mapping[str, Any]]:
    """Yield every component and every item of a gallery, outermost first."""
    for node in nodes or ():
        if isinstance(node, Mapping):
            yield node
            yield from _components(node.get("components"))
            yield from _components(node.get("items"))
            yield from _components([node.get("accessory")])
