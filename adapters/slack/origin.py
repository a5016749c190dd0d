"""Decider: where a job of Slack came from, as the JSON that its row keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, cast

from core.jobs.job import Origin
from core.media import item as items
from core.media.item import MediaItem

PLATFORM = "slack"
RESPONSE_URL_LIVES_S = 30 * 60.0
"""
How long a response_url can be used, in seconds.

Source: docs.slack.dev/interactivity/handling-user-interaction#message_responses.
"""
RESPONSE_URL_MARGIN_S = 30.0
"""How long before its end a response_url is not used any more: a call takes time."""
_DIRECT = "D"
"""
Begins the id of a direct message.

Source: docs.slack.dev/reference/objects/conversation-object.
"""


class Entry(StrEnum):
    """How somebody asked."""

    COMMAND = "command"
    SHORTCUT = "shortcut"
    """The global shortcut, which knows no place: the form asks for one."""
    MESSAGE = "message"
    """The shortcut on a message."""
    MENTION = "mention"
    BUTTON = "button"
    """A button of an earlier job."""


class Mode(StrEnum):
    """What a file's `mode` says, where it matters; any other word is left as it is."""

    STUB = "file_access"
    """Only the id is told, because of Slack Connect: files.info has the rest."""
    DELETED = "tombstone"
    HIDDEN = "hidden_by_limit"
    """Too old for the workspace's plan."""
    EXTERNAL = "external"
    """Only linked in Slack, and kept somewhere else."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Upload:
    """A file that Slack holds for its user, as announced, which proves nothing."""

    file_id: str
    url_private: str | None = field(default=None, repr=False)
    """Where it can be fetched with the bot's token; None of a stub."""
    size_bytes: int | None = None
    mimetype: str | None = None
    is_external: bool = False
    """Whether it is kept outside Slack, at an address that never gets the token."""
    mode: str | None = None
    name: str = ""

    @property
    def is_stub(self) -> bool:
        """Whether only files.info tells what it is and where."""
        return self.mode == Mode.STUB or (self.url_private is None and not self.is_gone)

    @property
    def is_gone(self) -> bool:
        """Whether Slack shows it to nobody any more."""
        return self.mode in {Mode.DELETED, Mode.HIDDEN}


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """A picture of an earlier job: our copy, and the file in Slack in case ours is gone."""

    item: MediaItem
    file_id: str | None = None


Source = Upload | Kept
"""Where a reference image comes from."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SlackOrigin:
    """An act of a user that asked for a job, and where it can be answered."""

    team_id: str
    """The workspace; on Grid the one of the user's act."""
    enterprise_id: str | None
    """The organisation of a workspace on Enterprise Grid."""
    channel_id: str
    thread_ts: str | None
    """The thread it was asked in, by its first message; None outside of threads."""
    user_id: str
    response_url: str | None = field(default=None, repr=False)
    """Lets anybody answer for us as long as it lives: never logged, never shown."""
    response_url_expires_at: datetime | None = None
    entry: Entry
    sources: tuple[Source, ...]

    @property
    def requester(self) -> str:
        """
        Who asked, as the ledger and REDRAW_ADMINS name people.

        Not qualified by the workspace: one bot token is one workspace, or one organisation on
        Grid, where a user's id is the same in all of its workspaces.
        """
        return f"{PLATFORM}:{self.user_id}"

    @property
    def is_direct(self) -> bool:
        """Whether it was asked in a direct message."""
        return self.channel_id.startswith(_DIRECT)

    def can_respond(self, now: datetime) -> bool:
        """Whether the response_url can still be used."""
        if self.response_url is None or self.response_url_expires_at is None:
            return False
        return (self.response_url_expires_at - now).total_seconds() > RESPONSE_URL_MARGIN_S


def to_origin(told: SlackOrigin, *, place: str) -> Origin:
    """Return the origin to keep; `place` is the word that limits know the place by."""
    ends_at = told.response_url_expires_at
    return Origin(
        platform=PLATFORM,
        place=place,
        requester=told.requester,
        data={
            "team": told.team_id,
            "enterprise": told.enterprise_id,
            "channel": told.channel_id,
            "thread": told.thread_ts,
            "user": told.user_id,
            "response_url": told.response_url,
            "response_url_expires_at": None if ends_at is None else ends_at.isoformat(),
            "entry": told.entry.value,
            "sources": [source_to_json(source) for source in told.sources],
        },
    )


def of(origin: Origin) -> SlackOrigin:
    """Return what `origin` was made from."""
    data = origin.data
    ends_at = data["response_url_expires_at"]
    sources = cast("list[Mapping[str, object]]", data["sources"])
    return SlackOrigin(
        team_id=str(data["team"]),
        enterprise_id=_text(data["enterprise"]),
        channel_id=str(data["channel"]),
        thread_ts=_text(data["thread"]),
        user_id=str(data["user"]),
        response_url=_text(data["response_url"]),
        response_url_expires_at=None if ends_at is None else datetime.fromisoformat(str(ends_at)),
        entry=Entry(str(data["entry"])),
        sources=tuple(map(source_from_json, sources)),
    )


def source_to_json(source: Source) -> dict[str, object]:
    """Return a source as JSON values; drafts keep them as well."""
    match source:
        case Upload():
            return asdict(source)
        case Kept(item=item, file_id=file_id):
            return {"item": items.to_json(item), "file": file_id}


def source_from_json(data: Mapping[str, object]) -> Source:
    """Return the source that `source_to_json` wrote."""
    if "item" in data:
        item = items.from_json(cast("Mapping[str, object]", data["item"]))
        return Kept(item=item, file_id=_text(data["file"]))
    return Upload(**cast("dict[str, Any]", data))


def _text(value: object) -> str | None:
    return None if value is None else str(value)
