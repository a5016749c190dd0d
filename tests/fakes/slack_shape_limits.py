"""Whether an object is of its shape: keys, texts, lengths, numbers, and what it holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet

from tests.fakes.problem import Path, Problem
from tests.fakes.slack_element_shapes import ELEMENTS
from tests.fakes.slack_shape import Bounds, Shape, Text

Object = Mapping[str, object]
MAX_TEXT = 3000
"""Characters in a text object of which nothing else is said. Source: its page, `text`."""
FLAGS = frozenset(
    {
        "clear_on_close",
        "default_to_current_conversation",
        "dispatch_action",
        "emoji",
        "exclude_bot_users",
        "exclude_external_shared_channels",
        "expand",
        "focus_on_load",
        "is_decimal_allowed",
        "multiline",
        "notify_on_close",
        "optional",
        "response_url_enabled",
        "submit_disabled",
        "verbatim",
    }
)
"""Keys that say yes or no, wherever they stand."""
TEXT_KEYS = {"plain_text": {"type", "text", "emoji"}, "mrkdwn": {"type", "text", "verbatim"}}


def shape_problems(found: Object, shape: Shape, path: Path) -> Iterator[Problem]:
    """Go through what an object has that its shape has not, and the other way round."""
    yield from _keys(found, shape, path)
    for key, value in found.items():
        if value is None:
            yield _problem("key empty", (*path, key), "is null, where Slack wants it left out")
        else:
            yield from _value(key, value, shape, (*path, key))


def text_problems(found: object, text: Text, path: Path) -> Iterator[Problem]:
    """Go through what a text object breaks: its kind, its keys and its length."""
    kind = found.get("type") if isinstance(found, Mapping) else None
    allowed = ("plain_text", "mrkdwn") if text.mrkdwn else ("plain_text",)
    if not isinstance(found, Mapping) or kind not in allowed:
        wanted = " or ".join(allowed)
        yield _problem("text kind", path, f"is {kind or type(found).__name__}, not {wanted}")
        return
    for key in sorted(found.keys() - TEXT_KEYS[str(kind)]):
        yield _problem("key unknown", (*path, key), f"goes not with {kind}")
    for key in found.keys() & FLAGS:
        yield from _flag(found[key], (*path, key))
    yield from _string(found.get("text"), (1, text.most), (*path, "text"))


def each_of(value: object, path: Path) -> Iterator[tuple[Path, object]]:
    """Go through a list's entries, or give the one value there is, each with its path."""
    if not isinstance(value, list):
        yield path, value
        return
    for index, entry in enumerate(value):
        yield (*path, index), entry


def _problem(rule: str, path: Path, text: str) -> Problem:
    return Problem(rule=rule, path=path, text=text)


def _keys(found: Object, shape: Shape, path: Path) -> Iterator[Problem]:
    for key in shape.needs:
        if key not in found:
            yield _problem("key missing", (*path, key), "is needed")
    for key in sorted(found.keys() - shape.keys - {"type"}):
        yield _problem("key unknown", (*path, key), "Slack knows no such key here")


def _value(key: str, value: object, shape: Shape, path: Path) -> Iterator[Problem]:
    if key in shape.entries:
        yield from _entries(value, shape.entries[key], path)
    if key in shape.strings:
        yield from _string(value, shape.strings[key], path)
    if key in shape.numbers:
        yield from _number(value, shape.numbers[key], path)
    if key in shape.choices and value not in shape.choices[key]:
        yield _problem("choice", path, f"{value!r} is none of {shape.choices[key]}")
    if key in FLAGS:
        yield from _flag(value, path)
    yield from _held(key, value, shape, path)


def _held(key: str, value: object, shape: Shape, path: Path) -> Iterator[Problem]:
    for where, each in each_of(value, path):
        if key in shape.texts:
            yield from text_problems(each, shape.texts[key], where)
        if key in shape.inner:
            yield from _inner(each, shape.inner[key], where)
        if key in shape.elements:
            yield from _element(each, shape.elements[key], where)


def _inner(found: object, shape: Shape, path: Path) -> Iterator[Problem]:
    if isinstance(found, Mapping):
        yield from shape_problems(found, shape, path)
    else:
        yield _problem("key type", path, "is no object")


def _element(found: object, allowed: AbstractSet[str], path: Path) -> Iterator[Problem]:
    kind = found.get("type") if isinstance(found, Mapping) else None
    if not isinstance(found, Mapping) or kind not in ELEMENTS.keys() | TEXT_KEYS.keys():
        yield _problem("element type", path, f"{kind!r} is no element that we know")
    elif kind not in allowed:
        yield _problem("element place", path, f"{kind} does not go here")
    elif kind in TEXT_KEYS:
        yield from text_problems(found, Text(most=MAX_TEXT, mrkdwn=True), path)
    else:
        yield from shape_problems(found, ELEMENTS[str(kind)], path)


def _entries(value: object, bounds: Bounds, path: Path) -> Iterator[Problem]:
    least, most = bounds
    if not isinstance(value, list):
        yield _problem("key type", path, "is no list")
    elif not least <= len(value) <= most:
        yield _problem("entries", path, f"{len(value)} entries, {least} to {most} are allowed")


def _string(value: object, bounds: Bounds, path: Path) -> Iterator[Problem]:
    least, most = bounds
    if not isinstance(value, str):
        yield _problem("key type", path, "is no text")
    elif not least <= len(value) <= most:
        yield _problem("length", path, f"{len(value)} characters, {least} to {most} are allowed")


def _flag(value: object, path: Path) -> Iterator[Problem]:
    if not isinstance(value, bool):
        yield _problem("key type", path, "is neither true nor false")


def _number(value: object, bounds: Bounds, path: Path) -> Iterator[Problem]:
    least, most = bounds
    if not isinstance(value, int) or isinstance(value, bool):
        yield _problem("key type", path, "is no whole number")
    elif not least <= value <= most:
        yield _problem("number", path, f"{value}, {least} to {most} are allowed")
