"""Decider: text for Slack, in which nothing that a user wrote is obeyed; and out of it again."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from urllib.parse import quote

TEXT_MAX = 3000
"""
Characters in one text object.

Source: docs.slack.dev/reference/block-kit/composition-objects/text-object.
"""
FALLBACK_MAX = 4000
"""
Characters in the text beside the blocks of a message that is edited.

Source: docs.slack.dev/reference/methods/chat.update, `msg_too_long`.
"""
ELLIPSIS = "…"

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
"""
All that Slack asks to escape; without angle brackets nobody is called and no link is renamed.

Source: docs.slack.dev/messaging/formatting-message-text#escaping.
"""
_READ_AS_MORE = frozenset("*_~`@#:")
"""Emphasis, code, names and emoji; they have no escape, and are kept from pairing."""
_WORD_JOINER = "\u2060"
"""Invisible; parts a mark from what it would mark."""
_URL_SAFE = ":/?#[]@!$&'()*+,;=%-._~"
"""What may stand in an address as it is: everything but what ends a link of markup."""
_JOINERS = frozenset("\u200c\u200d")
"""The joiners of scripts and emoji; every other format character may reorder or hide text."""
_TOLD = re.compile(r"<([^<>|]*)(?:\|([^<>]*))?>|&(amp|lt|gt);")
"""What Slack writes in a text for what its user typed or chose. Source: the page above."""
_TYPED = {name: letter for letter, name in (("&", "amp"), ("<", "lt"), (">", "gt"))}


def length(text: str) -> int:
    """Return how many characters Slack's clients count: units of UTF-16."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def plain(text: str) -> str:
    """
    Return `text` as one line of what can be seen, still without escapes.

    White space is collapsed; control, bidirectional and zero-width characters are left out.
    """
    seen = text if text.isprintable() else "".join(filter(_is_seen, text))
    return " ".join(seen.split())


def escaped(text: str, limit: int = TEXT_MAX) -> str:
    """Return `text` as one line of mrkdwn that shows itself, of at most `limit` characters."""
    return _within(map(_escape, plain(text)), limit)


def shortened(text: str, limit: int) -> str:
    """Return the line as it is, or cut to `limit` characters, for places that know no markup."""
    return clipped(plain(text), limit)


def clipped(text: str, limit: int) -> str:
    """Return text of several lines cut to `limit` characters."""
    return text if length(text) <= limit else _within(text, limit)


def together(lines: Sequence[str], limit: int) -> str:
    """Return as many of the lines as fit into `limit` characters, and how many are left out."""
    whole = "\n".join(lines)
    for count in range(len(lines), 0, -1):
        if length(whole) <= limit:
            return whole
        whole = "\n".join([*lines[: count - 1], f"{ELLIPSIS} and {len(lines) - count + 1} more"])
    return _within(whole, limit)


def mention(user_id: str) -> str:
    """Return what names a user; it pings them when a message is posted, and not when edited."""
    return f"<@{user_id}>"


def ago(at: datetime) -> str:
    """Return an instant that each client words itself: `12 seconds ago`."""
    return f"<!date^{int(at.timestamp())}^{{ago}}|{at:%Y-%m-%d %H:%M} UTC>"


def link(url: str, label: str = "") -> str:
    """Return a link; only what leads to Slack itself is given words of ours."""
    address = quote(url, safe=_URL_SAFE).replace("&", "&amp;")
    return f"<{address}|{escaped(label)}>" if label else f"<{address}>"


def unescaped(text: str, *, without: str = "") -> str:
    """
    Return what a user typed, of a text as Slack sends it.

    Links, names of people and channels, and dates become the words that were seen in their place;
    where Slack tells an id alone, the id. Emoji stay as their codes. The first mention of the user
    `without` (the bot) is left out.
    """
    is_left = bool(without)

    def typed(found: re.Match[str]) -> str:
        nonlocal is_left
        if found[3]:
            return _TYPED[found[3]]
        if is_left and found[1] == f"@{without}":
            is_left = False
            return " "
        return _entities(_seen(found[1], found[2] or ""))

    return _TOLD.sub(typed, text)


def _seen(target: str, label: str) -> str:
    """Return what a piece in angle brackets shows."""
    if target.startswith(("@", "#")):
        return f"{target[0]}{label.removeprefix(target[0])}" if label else target
    if target.startswith("!"):
        name = target[1:].partition("^")[0]
        return label or f"@{name}"
    return label or target.removeprefix("mailto:")


def _entities(text: str) -> str:
    return re.sub(r"&(amp|lt|gt);", lambda found: _TYPED[found[1]], text)


def _escape(letter: str) -> str:
    """Return a letter with what keeps it from being read as more, in one piece."""
    if letter in _READ_AS_MORE:
        return f"{_WORD_JOINER}{letter}{_WORD_JOINER}"
    return _ENTITIES.get(letter, letter)


def _is_seen(letter: str) -> bool:
    category = unicodedata.category(letter)
    if category == "Cf":
        return letter in _JOINERS
    return category != "Cs" and (category != "Cc" or letter.isspace())


def _within(pieces: Iterable[str], limit: int) -> str:
    """Put the pieces together until one does not fit; none of them is cut in two."""
    taken: list[str] = []
    room, fits = limit, 0
    for piece in pieces:
        room -= length(piece)
        if room < 0:
            return "".join(taken[:fits]).rstrip() + ELLIPSIS[:limit]
        taken.append(piece)
        fits = len(taken) if room >= len(ELLIPSIS) else fits
    return "".join(taken)
