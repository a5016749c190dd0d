"""What Slack asks of single elements beyond their shape: pictures, menus, fields."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping

from tests.fakes.problem import Path, Problem, listed, mapping, number
from tests.fakes.slack_shape_limits import Object, each_of

FILE_ID = re.compile(r"F[A-Z0-9]{8,}")
"""Source: github.com/slackapi/python-slack-sdk/issues/1521."""
ADDRESS = re.compile(r"https?://[^\s|<>]+")
FILE_TYPE = re.compile(r"[a-z0-9]+")


def element_problems(found: Object, path: Path) -> Iterator[Problem]:
    """Go through what a block or an element breaks by itself, by its type."""
    rule = RULES.get(str(found.get("type")))
    if rule is not None:
        yield from rule(found, path)


def _problem(rule: str, path: Path, text: str) -> Problem:
    return Problem(rule=rule, path=path, text=text)


def _section(block: Object, path: Path) -> Iterator[Problem]:
    if not (block.get("text") or block.get("fields")):
        yield _problem("section", path, "has neither text nor fields")


def _image(found: Object, path: Path) -> Iterator[Problem]:
    sources = [key for key in ("image_url", "slack_file") if key in found]
    if len(sources) != 1:
        yield _problem("image source", path, f"{sources or 'nothing'}, not image_url or slack_file")
    if "image_url" in found and not ADDRESS.fullmatch(str(found["image_url"])):
        yield _problem("image address", (*path, "image_url"), "is no http(s) address")
    if isinstance(found.get("slack_file"), Mapping):
        yield from _slack_file(mapping(found["slack_file"]), (*path, "slack_file"))


def _slack_file(found: Object, path: Path) -> Iterator[Problem]:
    named = [key for key in ("id", "url") if key in found]
    if len(named) != 1:
        yield _problem("image source", path, f"{named or 'nothing'}, not id or url")
    if "id" in found and not FILE_ID.fullmatch(str(found["id"])):
        yield _problem("image file", (*path, "id"), f"{found['id']!r} is no id of a file")


def _menu(element: Object, path: Path) -> Iterator[Problem]:
    if ("options" in element) == ("option_groups" in element):
        yield _problem("menu options", path, "has options or option_groups, and one of them")
    yield from _options(element, path)


def _options(element: Object, path: Path) -> Iterator[Problem]:
    """Options differ, and what is chosen at first is one of them, word for word."""
    groups = [mapping(group) for group in listed(element.get("option_groups"))]
    options = [*listed(element.get("options"))]
    options += [option for group in groups for option in listed(group.get("options"))]
    values = [str(mapping(option).get("value")) for option in options]
    if len(values) > len(set(values)):
        yield _problem("option twice", (*path, "options"), "two options have one value")
    for key in ("initial_option", "initial_options"):
        for where, chosen in each_of(element.get(key), (*path, key)):
            if chosen is not None and chosen not in options:
                yield _problem("option initial", where, "is none of the options")


def _field(element: Object, path: Path) -> Iterator[Problem]:
    least, most = number(element.get("min_length")), number(element.get("max_length"))
    if least is not None and most is not None and least > most:
        yield _problem("range", (*path, "min_length"), f"{least} is over max_length")
    value = element.get("initial_value")
    if isinstance(value, str) and most is not None and len(value) > most:
        yield _problem("range", (*path, "initial_value"), f"{len(value)} characters, over {most}")


def _amount(element: Object, path: Path) -> Iterator[Problem]:
    """Numbers come as texts; what is there at first is within the bounds."""
    read = {key: _decimal(element.get(key)) for key in ("min_value", "initial_value", "max_value")}
    for key, value in read.items():
        if value is None and isinstance(element.get(key), str):
            yield _problem("range", (*path, key), "is no number")
        elif value is not None and element.get("is_decimal_allowed") is False and value % 1:
            yield _problem("range", (*path, key), "has decimals, which are not allowed")
    known = [(key, value) for key, value in read.items() if value is not None]
    for (_, before), (key, value) in itertools.pairwise(known):
        if before > value:
            yield _problem("range", (*path, key), f"{value} is under {before}")


def _decimal(value: object) -> float | None:
    try:
        return float(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _upload(element: Object, path: Path) -> Iterator[Problem]:
    for where, kind in each_of(element.get("filetypes", []), (*path, "filetypes")):
        if not FILE_TYPE.fullmatch(str(kind)):
            yield _problem("file type", where, f"{kind!r} is no extension, as in png")


RULES = {
    "section": _section,
    "image": _image,
    "static_select": _menu,
    "multi_static_select": _menu,
    "checkboxes": _options,
    "radio_buttons": _options,
    "plain_text_input": _field,
    "number_input": _amount,
    "file_input": _upload,
}
