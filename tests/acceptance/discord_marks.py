"""Which job each message of Redraw belongs to, and that none of them is there twice."""

from __future__ import annotations

import collections
import re
import weakref
from collections.abc import Iterator
from typing import Literal

from tests.fakes.discord_legality import problems
from tests.fakes.discord_server import DiscordServer
from tests.fakes.discord_values import Message

Kind = Literal["card", "result", "notice"]

_KINDS: dict[str, Kind] = {"c": "card", "f": "card", "r": "result", "n": "notice"}
_MARK = re.compile(r"\b([0-9A-Z]{26}):([cfrn])(\d+)")

_JUDGED: weakref.WeakKeyDictionary[DiscordServer, int] = weakref.WeakKeyDictionary()
"""How many of a server's calls were found legal: judging one takes a while."""

Mark = tuple[str, Kind, int]
"""A job's id, the kind of the message, and how many of that kind it had before."""


def mark_of(message: Message) -> Mark | None:
    """Return what a message says that it is; None for one that belongs to no job."""
    ids = [str(control.get("custom_id", "")) for control in message.controls]
    found = _MARK.search("\n".join([*ids, message.text]))
    return (found[1], _KINDS[found[2]], int(found[3])) if found else None


def job_of(message: Message) -> str:
    """Return the job that a message belongs to; empty when it is none's."""
    mark = mark_of(message)
    return mark[0] if mark else ""


def messages_of(
    discord: DiscordServer, job_id: str, kind: Kind, *, seq: int | None = None
) -> list[Message]:
    """Return a job's messages of one kind, deleted ones left out."""
    return [
        message
        for message in _public(discord)
        if (mark := mark_of(message))
        and mark[:2] == (job_id, kind)
        and seq in (None, mark[2])
        and not message.deleted
    ]


def jobs(discord: DiscordServer) -> set[str]:
    """Return every job that some message belongs to."""
    return {job_of(message) for message in _public(discord)} - {""}


def nothing_twice(discord: DiscordServer) -> None:
    """
    Fail unless everything that was said was said once, and every call was legal.

    One card a job, and for each of its ends either a result or a notice; messages that have been
    deleted since count as well. Nobody was pinged but the one who asked, and no file was fetched
    with credentials.
    """
    marks = list(filter(None, map(mark_of, _public(discord))))
    cards = collections.Counter(job for job, kind, _ in marks if kind == "card")
    ends = collections.Counter((job, seq) for job, kind, seq in marks if kind != "card")
    assert {what: count for what, count in [*cards.items(), *ends.items()] if count > 1} == {}
    for message in _public(discord):
        assert not message.pinged_everyone, message.text
        assert not message.pinged_roles, message.text
        assert len(message.pings) <= 1, message.text
    assert [fetch for fetch in discord.cdn.fetches if fetch.with_credentials] == []
    judged = _JUDGED.get(discord, 0)
    illegal = {call.route: found for call in discord.calls[judged:] if (found := problems(call))}
    assert illegal == {}
    _JUDGED[discord] = len(discord.calls)


def _public(discord: DiscordServer) -> Iterator[Message]:
    own = discord.world.bot
    for message in discord.world.messages.values():
        if message.author is own and not message.ephemeral:
            yield message
