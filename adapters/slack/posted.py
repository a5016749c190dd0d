"""Decider: what Slack answers with, as far as we read it: messages, files, and who we are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from core.errors import DeliveryRetryable

T = TypeVar("T")
P = ParamSpec("P")


@dataclass(frozen=True, kw_only=True, slots=True)
class Posted:
    """One message as Slack has it."""

    channel_id: str
    """Of a direct message the channel, whatever it was posted to."""
    message_ts: str | None
    """None of a file that is known to be there, but not in which message."""
    thread_ts: str | None = None
    """The first message of the thread that it is a reply in."""
    file_ids: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Ticket:
    """A file that is to be uploaded."""

    file_id: str
    url: str = field(repr=False)
    """Where its bytes go; whoever has it can send them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldFile:
    """A file as files.info shows it."""

    file_id: str
    url: str | None = field(repr=False)
    """Where whoever holds the token can fetch it."""
    size_bytes: int | None
    is_external: bool
    mode: str | None
    shares: Mapping[str, Posted]
    """Where it was posted, by channel; filled some time after the upload was completed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """Whom the bot's token stands for."""

    team_id: str
    user_id: str
    workspace_url: str
    scopes: frozenset[str]
    """What the token was granted."""


def _read(reader: Callable[Concatenate[Any, P], T]) -> Callable[Concatenate[Any, P], T]:
    """Have what cannot be read come out as DeliveryRetryable."""

    @wraps(reader)
    def reading(answer: Any, /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return reader(answer, *args, **kwargs)
        except (AttributeError, LookupError, TypeError, ValueError) as exc:
            raise DeliveryRetryable("Slack's answer cannot be read") from exc

    return reading


@_read
def posted(answer: Any) -> Posted:
    """Return the message that an answer shows; raises DeliveryRetryable when it shows none."""
    ts = str(answer["ts"])
    thread_ts = (answer.get("message") or {}).get("thread_ts")
    return Posted(
        channel_id=str(answer["channel"]),
        message_ts=ts,
        thread_ts=str(thread_ts) if thread_ts and thread_ts != ts else None,
    )


@_read
def ticket(answer: Any) -> Ticket:
    """Return what an upload begins with; raises DeliveryRetryable when there is none."""
    return Ticket(file_id=str(answer["file_id"]), url=str(answer["upload_url"]))


@_read
def held_file(answer: Any) -> HeldFile:
    """Return the file that an answer shows; raises DeliveryRetryable when it shows none."""
    file = answer["file"]
    size, mode = file.get("size"), file.get("mode")
    url = file.get("url_private_download") or file.get("url_private")
    return HeldFile(
        file_id=str(file["id"]),
        url=None if url is None else str(url),
        size_bytes=int(size) if size else None,
        is_external=bool(file.get("is_external")),
        mode=None if mode is None else str(mode),
        shares=_shares(file),
    )


@_read
def identity(answer: Any, scopes: frozenset[str]) -> Identity:
    """Return whom a token stands for; raises DeliveryRetryable when that is not said."""
    return Identity(
        team_id=str(answer["team_id"]),
        user_id=str(answer["user_id"]),
        workspace_url=str(answer["url"]),
        scopes=scopes,
    )


def _shares(file: Mapping[str, Any]) -> dict[str, Posted]:
    """Return where a file is, with its message where Slack says which."""
    named = [*file.get("channels", ()), *file.get("groups", ()), *file.get("ims", ())]
    found = {str(place): Posted(channel_id=str(place), message_ts=None) for place in named}
    shares = file.get("shares") or {}
    for group in ("public", "private"):
        for place, said in (shares.get(group) or {}).items():
            if said:
                found[str(place)] = _share(str(place), said[0])
    return found


def _share(channel_id: str, said: Mapping[str, Any]) -> Posted:
    ts, thread_ts = str(said["ts"]), said.get("thread_ts")
    return Posted(
        channel_id=channel_id,
        message_ts=ts,
        thread_ts=str(thread_ts) if thread_ts and thread_ts != ts else None,
    )
