"""What no mrkdwn of ours may do: call many people, or show one address under another's name."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Iterator, Mapping

from tests.fakes.problem import Path, Problem, listed

MANY = re.compile(r"<!(?:channel|here|everyone|group|subteam)\b[^>]*>?")
LINK = re.compile(r"<(https?://[^|<>]+)\|([^<>]*)>")
OURS = ("slack.com",)
"""Hosts to whose pages a link may have words of ours: links to messages."""


def mrkdwn_problems(text: object, path: Path) -> Iterator[Problem]:
    """Go through what one mrkdwn text does that ours never does."""
    if not isinstance(text, str):
        return
    called = MANY.search(text)
    if called:
        yield _problem("mention of many", path, f"{called[0]} calls more than one user")
    for url, label in LINK.findall(text):
        if label != url and not _is_ours(url):
            yield _problem("link label", path, f"{label!r} hides {url}")


def found_problems(value: object, path: Path) -> Iterator[Problem]:
    """Go through every mrkdwn and every piece of rich text, at any depth."""
    for index, entry in enumerate(listed(value)):
        yield from found_problems(entry, (*path, index))
    if not isinstance(value, Mapping):
        return
    if value.get("type") == "mrkdwn":
        yield from mrkdwn_problems(value.get("text"), (*path, "text"))
    if value.get("type") in ("broadcast", "usergroup"):
        yield _problem("mention of many", path, f"a {value['type']} calls more than one user")
    if value.get("type") == "link":
        yield from _rich_link(value, path)
    for key, held in value.items():
        yield from found_problems(held, (*path, key))


def _problem(rule: str, path: Path, text: str) -> Problem:
    return Problem(rule=rule, path=path, text=text)


def _rich_link(link: Mapping[str, object], path: Path) -> Iterator[Problem]:
    url, label = str(link.get("url")), link.get("text")
    if label is not None and label != url and not _is_ours(url):
        yield _problem("link label", path, f"{label!r} hides {url}")


def _is_ours(url: str) -> bool:
    host = urllib.parse.urlsplit(url).hostname or ""
    return any(host == each or host.endswith(f".{each}") for each in OURS)
