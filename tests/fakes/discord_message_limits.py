"""What Discord asks of a message and the document leaves out: totals, flags, nonce, replies."""

from __future__ import annotations

from collections.abc import Iterator

from tests.fakes.discord_calls import Call
from tests.fakes.discord_posted import ONLY_V2, Kind, Posted, Way
from tests.fakes.problem import Path, Problem, length, mapping, number, objects

MAX_COMPONENTS = 40
"""In a message, nested ones counted. Source: Discord, Component Reference."""
MAX_ROWS = 5
"""Top-level components without the flag. Source: Discord, Component Reference."""
MAX_TEXT = 4000
"""Characters in all text displays together. Source: Discord, Component Reference."""
MAX_CONTENT = 2000
MAX_EMBEDS_TEXT = 6000
"""Characters in all embeds together. Source: Discord, Message Resource."""
MAX_NONCE = 25


def problems(posted: Posted, call: Call) -> Iterator[Problem]:
    """Go through what a message breaks."""
    for rule in (_content, _totals, _embeds, _flag, _nonce):
        yield from rule(posted)
    yield from _reference(posted, call)
    if posted.way in (Way.FOLLOWUP, Way.FOLLOWUP_EDITED):
        yield from _followup(posted, call)


def _problem(rule: str, path: Path, text: str) -> Problem:
    return Problem(rule=rule, path=path, text=text)


def _content(posted: Posted) -> Iterator[Problem]:
    found = length(posted.fields.get("content"))
    if found > MAX_CONTENT:
        text = f"{found} characters, at most {MAX_CONTENT}"
        yield _problem("content", (*posted.path, "content"), text)


def _totals(posted: Posted) -> Iterator[Problem]:
    total = count = 0
    for path, component in posted.components():
        count += 1
        if component.get("type") != Kind.TEXT_DISPLAY:
            continue
        before, total = total, total + length(component.get("content"))
        if before <= MAX_TEXT < total:
            text = f"{total} characters of text displays up to here, at most {MAX_TEXT}"
            yield _problem("text total", (*path, "content"), text)
    if count > MAX_COMPONENTS:
        text = f"{count} components, at most {MAX_COMPONENTS}"
        yield _problem("components total", (*posted.path, "components"), text)


def _embeds(posted: Posted) -> Iterator[Problem]:
    embeds = (*posted.path, "embeds")
    total = 0
    for path, embed in objects(posted.fields.get("embeds"), embeds):
        fields = [field for _, field in objects(embed.get("fields"), path)]
        texts = [embed.get("title"), embed.get("description")]
        texts += [
            mapping(embed.get("footer")).get("text"),
            mapping(embed.get("author")).get("name"),
        ]
        texts += [field.get(key) for field in fields for key in ("name", "value")]
        total += sum(map(length, texts))
    if total > MAX_EMBEDS_TEXT:
        yield _problem("embeds total", embeds, f"{total} characters, at most {MAX_EMBEDS_TEXT}")


def _flag(posted: Posted) -> Iterator[Problem]:
    components = (*posted.path, "components")
    if posted.is_v2:
        for key in ("content", "embeds", "poll", "sticker_ids"):
            if posted.fields.get(key):
                text = "goes not with IS_COMPONENTS_V2"
                yield _problem("flag excludes", (*posted.path, key), text)
    elif not posted.edits:
        if any(component.get("type") in ONLY_V2 for _, component in posted.components()):
            yield _problem("flag missing", components, "need IS_COMPONENTS_V2")
        if length(posted.fields.get("components")) > MAX_ROWS:
            yield _problem("rows", components, f"at most {MAX_ROWS} without IS_COMPONENTS_V2")


def _nonce(posted: Posted) -> Iterator[Problem]:
    if posted.way is not Way.SENT:
        return
    nonce, enforced = posted.fields.get("nonce"), posted.fields.get("enforce_nonce")
    if isinstance(nonce, str) and not 0 < len(nonce) <= MAX_NONCE:
        yield _problem("nonce", ("nonce",), f"{len(nonce)} characters, 1 to {MAX_NONCE}")
    if (nonce is not None) != (enforced is True):
        text = "a nonce and enforce_nonce go together"
        yield _problem("nonce enforced", ("enforce_nonce",), text)


def _reference(posted: Posted, call: Call) -> Iterator[Problem]:
    reference = mapping(posted.fields.get("message_reference"))
    if not reference:
        return
    path = (*posted.path, "message_reference")
    here = number(call.path.split("/")[2])
    channel = number(reference.get("channel_id"))
    if number(reference.get("message_id")) is None:
        yield _problem("reference", (*path, "message_id"), "names no message")
    if channel not in (None, here):
        yield _problem("reference", (*path, "channel_id"), "a reply stays in its channel")


def _followup(posted: Posted, call: Call) -> Iterator[Problem]:
    """Go through what webhooks can and interactions cannot. Source: Discord, Followup Messages."""
    keys = ("nonce", "enforce_nonce", "username", "avatar_url", "thread_name", "applied_tags")
    for key in keys:
        if key in posted.fields:
            yield _problem("followup", (key,), "interactions take no such key")
    if "thread_id" in call.query:
        yield _problem("followup", ("?thread_id",), "interactions take no thread_id")
