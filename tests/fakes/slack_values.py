"""What exists in the fake Slack: people, channels, messages, files and views, as they are now."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Json = dict[str, Any]


class Kind(enum.Enum):
    """What a conversation is."""

    PUBLIC = "public"
    PRIVATE = "private"
    DM = "dm"


@dataclass(kw_only=True, eq=False)
class User:
    """A member of the workspace, or the bot."""

    id: str
    name: str
    is_bot: bool = False
    is_admin: bool = False
    deleted: bool = False

    @property
    def mention(self) -> str:
        """How a message names this person."""
        return f"<@{self.id}>"


@dataclass(kw_only=True, eq=False)
class Channel:
    """A conversation; the bot is there when it is among the `members`."""

    id: str
    name: str
    kind: Kind
    members: set[str]
    archived: bool = False

    @property
    def is_private(self) -> bool:
        return self.kind is not Kind.PUBLIC


@dataclass(kw_only=True, eq=False)
class File:
    """
    A file; `shares` are the messages that it is in, filled once Slack is done with it.

    `stub` lets messages show only its id, as in channels shared with others. `external_url` makes
    it a file of somebody else, of whom Slack only knows the address. `redirects_to` lets the file
    host send whoever fetches it elsewhere. `lost` lets the file host not find it.
    """

    id: str
    name: str
    owner: User
    data: bytes
    mimetype: str
    created_at: datetime
    title: str | None = None
    alt: str | None = None
    size_px: tuple[int, int] | None = None
    shares: list[Message] = field(default_factory=list)
    given_to_bot: bool = False
    processed: bool = True
    stub: bool = False
    external_url: str | None = None
    redirects_to: str | None = None
    lost: bool = False
    deleted: bool = False


@dataclass(kw_only=True, eq=False)
class Message:
    """A message; `seen_by` is the only one who sees it, None for everybody there."""

    ts: str
    channel: Channel
    author: User
    posted_at: datetime
    text: str = ""
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    metadata: Json | None = None
    thread_ts: str | None = None
    seen_by: User | None = None
    edits: int = 0
    deleted: bool = False
    frozen: bool = False
    broadcast: bool = False

    @property
    def ephemeral(self) -> bool:
        """Whether one person alone sees it."""
        return self.seen_by is not None

    @property
    def words(self) -> str:
        """Everything a person reads in it: the blocks' texts, or the text when there are none."""
        return "\n".join(texts_of(self.blocks)) if self.blocks else self.text

    @property
    def controls(self) -> list[Json]:
        """Everything that can be pressed or chosen, each with the id of its block."""
        return list(controls_of(self.blocks))


@dataclass(kw_only=True, eq=False)
class View:
    """A modal of one person; `under` is the one that closing it shows again."""

    id: str
    user: User
    data: Json
    hash: str
    under: View | None = None
    open: bool = True
    values: dict[str, dict[str, Json]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    updates: int = 0

    @property
    def root(self) -> View:
        """The modal at the bottom of the stack."""
        return self.under.root if self.under else self

    @property
    def callback_id(self) -> str:
        return str(self.data.get("callback_id", ""))

    @property
    def title(self) -> str:
        return str((self.data.get("title") or {}).get("text", ""))

    @property
    def blocks(self) -> list[Json]:
        return list(self.data["blocks"])

    @property
    def words(self) -> str:
        """Everything a person reads in it."""
        return "\n".join(texts_of(self.blocks))

    @property
    def controls(self) -> list[Json]:
        """Everything that can be filled, pressed or chosen, each with the id of its block."""
        return list(controls_of(self.blocks))


TEXTUAL = ("text", "label", "hint", "title", "alt_text")


def texts_of(part: object) -> Iterator[str]:
    """Yield the texts in blocks, in order."""
    if isinstance(part, list):
        for each in part:
            yield from texts_of(each)
    elif isinstance(part, Mapping):
        for key, value in part.items():
            if key in TEXTUAL and isinstance(value, str):
                yield value
            elif isinstance(value, (list, Mapping)):
                yield from texts_of(value)


def controls_of(blocks: list[Json]) -> Iterator[Json]:
    """Yield the elements of blocks that act, with the id and the label of their block."""
    for block in blocks:
        about: Json = {"block_id": block.get("block_id"), "in": block["type"]}
        if block["type"] == "input":
            dispatches = bool(block.get("dispatch_action"))
            optional = bool(block.get("optional"))
            label = block["label"]["text"]
            about |= {"label": label, "dispatches": dispatches, "optional": optional}
            yield {**block["element"], **about}
        elif block["type"] == "actions":
            yield from ({**each, **about, "dispatches": True} for each in block["elements"])
        elif "action_id" in (block.get("accessory") or {}):
            yield {**block["accessory"], **about, "dispatches": True}
