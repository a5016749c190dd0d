"""What Discord asks of files and attachments: that they are there, few, described and seen."""

from __future__ import annotations

import re
from collections.abc import Iterator

import orjson

from tests.fakes.discord_calls import Call
from tests.fakes.discord_posted import Kind, Posted, media_in
from tests.fakes.problem import Path, Problem, length, listed, mapping, number, objects

MAX_FILES = 10
MAX_REQUEST_BYTES = 25 * 1024 * 1024
"""Source: Discord, Message Resource, Create Message."""
MAX_ALT = 1024
INDEX_IDS = 1000
"""An attachment's id below this is the number of a file of the same call; others are snowflakes."""


def problems(posted: Posted) -> Iterator[Problem]:
    """Go through what the attachments of a message break."""
    for rule in (_attachments, _shown, _hidden):
        yield from rule(posted)


def file_problems(call: Call) -> Iterator[Problem]:
    """Go through what the files of any call break."""
    if len(call.files) > MAX_FILES:
        yield _problem("files", (), f"{len(call.files)} files, at most {MAX_FILES}")
    names = [part.name for part in call.files]
    for name in names:
        if not re.fullmatch(r"files\[\d+\]", name) or names.count(name) > 1:
            yield _problem("files", (), f"{name!r} is no name of a file, or not the only one")
    size = sum(len(part.data) for part in call.files) + len(orjson.dumps(call.body))
    if size > MAX_REQUEST_BYTES:
        yield _problem("request size", (), f"{size} bytes, at most {MAX_REQUEST_BYTES}")


def _problem(rule: str, path: Path, text: str) -> Problem:
    return Problem(rule=rule, path=path, text=text)


def _attachments(posted: Posted) -> Iterator[Problem]:
    where = (*posted.path, "attachments")
    carried = {part.name for part in posted.files}
    listed_ids = set()
    for path, entry in objects(posted.fields.get("attachments"), where):
        index = number(entry.get("id"))
        listed_ids.add(f"files[{index}]")
        if index is not None and index < INDEX_IDS and f"files[{index}]" not in carried:
            yield _problem("attachment", (*path, "id"), f"the call has no files[{index}]")
        if length(entry.get("description")) > MAX_ALT:
            text = f"alt text over {MAX_ALT} characters"
            yield _problem("alt text", (*path, "description"), text)
    if posted.edits and carried - listed_ids:
        text = f"an edit with files lists each of them: {sorted(carried - listed_ids)}"
        yield _problem("edit attachments", where, text)


def _names(posted: Posted) -> set[str] | None:
    """Return the names that `attachment://` may mean, or None where the call alone cannot tell."""
    entries = listed(posted.fields.get("attachments"))
    names = [mapping(entry).get("filename") for entry in entries]
    retains = len(entries) > len(posted.files)
    if posted.edits and ("attachments" not in posted.fields or (retains and None in names)):
        return None
    return {part.filename for part in posted.files} | {str(name) for name in names if name}


def _media(posted: Posted) -> Iterator[tuple[Path, str]]:
    for path, component in posted.components():
        yield from media_in(component, path)
    for path, embed in objects(posted.fields.get("embeds"), (*posted.path, "embeds")):
        for key in ("image", "thumbnail"):
            yield (*path, key, "url"), str(mapping(embed.get(key)).get("url"))


def _shown(posted: Posted) -> Iterator[Problem]:
    names = _names(posted)
    for path, url in _media(posted):
        name = url.removeprefix("attachment://")
        if names is not None and name != url and name not in names:
            yield _problem("attachment missing", path, f"{name!r} is not among {sorted(names)}")
    for path, component in posted.components():
        for where, url in media_in(component, path):
            if component.get("type") == Kind.FILE and not url.startswith("attachment://"):
                yield _problem("file outside", where, "a file component shows an attachment only")


def _hidden(posted: Posted) -> Iterator[Problem]:
    if not posted.is_v2:
        return
    shown = {url for _, url in _media(posted)}
    for part in posted.files:
        if f"attachment://{part.filename}" not in shown:
            text = f"{part.filename!r} is in no component, so nobody sees it"
            yield _problem("attachment hidden", (*posted.path, "attachments"), text)
