"""Decider: text for Discord, in which nothing that a user wrote is obeyed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from urllib.parse import quote

TEXT_MAX = 4000
"""
Characters in all texts of one message together.

Source: discord.com/developers/docs/components/reference#text-display.
"""
BUTTON_LABEL_MAX = 80
"""Source: discord.com/developers/docs/components/reference#button-button-structure."""
ROW_MAX = 5
"""
Buttons in one row.

Source: discord.com/developers/docs/components/reference#action-row.
"""

ELLIPSIS = "…"
_MARKUP = re.compile(
    r"[\\*_~`|<\[@]"  # emphasis, code, spoilers, links, mentions
    r"|(?<!\d):(?=\S)|(?<=[^\W\d])\.(?=\S)"  # addresses, times, emoji, invitations
    r"|\A[>#+-]"  # quotes, headings, lists
    r"|(?:(?<=\A\d)|(?<=\A\d\d))\.(?=\s)"  # numbered lists
)
"""
What Discord would read as more than itself.

Source: support.discord.com/hc/en-us/articles/210298617 (Markdown) and
discord.com/developers/docs/reference#message-formatting.
"""
_URL_SAFE = ":/?#[]@!$&'*+,;=%-._~"
"""What may stand in an address as it is: everything but brackets that end a link of markup."""
_WORD_JOINER = "\u2060"
"""Invisible; keeps `@everyone` and `<@1>` from reading as mentions even to a careless parser."""
_JOINERS = frozenset("\u200c\u200d")
"""The joiners of scripts and emoji; every other format character may reorder or hide text."""


def length(text: str) -> int:
    """Return how many characters Discord's clients count: units of UTF-16."""
    return len(text) + sum(letter > "\uffff" for letter in text)


def plain(text: str) -> str:
    """
    Return `text` as one line of what can be seen, still without escapes.

    White space is collapsed; control, bidirectional and zero-width characters are left out.
    """
    return " ".join("".join(letter for letter in text if _is_seen(letter)).split())


def escaped(text: str, limit: int = TEXT_MAX) -> str:
    """Return `text` as one line that shows itself, of at most `limit` characters, escapes too."""
    return _within(_escapes(plain(text)), limit)


def shortened(text: str, limit: int) -> str:
    """Return the line as it is, or cut to `limit` characters, for places that know no markup."""
    return _within(plain(text), limit)


def clipped(text: str, limit: int) -> str:
    """Return text of several lines cut to `limit` characters."""
    return _within(text, limit)


def together(lines: Sequence[str], limit: int) -> str:
    """Return as many of the lines as fit into `limit` characters, and how many are left out."""
    whole = "\n".join(lines)
    for count in range(len(lines), 0, -1):
        if length(whole) <= limit:
            return whole
        whole = "\n".join([*lines[: count - 1], f"-# {ELLIPSIS} and {len(lines) - count + 1} more"])
    return _within(whole, limit)


def small(text: str) -> str:
    """Return a line of our own as subtext."""
    return f"-# {text}"


def mention(user_id: int) -> str:
    """Return what names a user; whether it pings is up to the allowed mentions of the message."""
    return f"<@{user_id}>"


def ago(at: datetime) -> str:
    """Return an instant that each client words itself, as time goes by: `12 seconds ago`."""
    return f"<t:{int(at.timestamp())}:R>"


def link(label: str, url: str) -> str:
    """Return a link with words of our own; what would end it too early is encoded."""
    return f"[{label}](<{quote(url, safe=_URL_SAFE)}>)"


def _is_seen(letter: str) -> bool:
    category = unicodedata.category(letter)
    if category == "Cf":
        return letter in _JOINERS
    return category != "Cs" and (category != "Cc" or letter.isspace())


def _escapes(line: str) -> Iterator[str]:
    """Yield the line in pieces, an escape and what it escapes in one."""
    end = 0
    for found in _MARKUP.finditer(line):
        yield from line[end : found.start()]
        yield f"\\{found[0]}{_WORD_JOINER if found[0] == '@' else ''}"
        end = found.end()
    yield from line[end:]


def _within(pieces: Iterable[str], limit: int) -> str:
    """Put the pieces together until one does not fit; none of them is cut in two."""
    whole = list(pieces)
    if length(text := "".join(whole)) <= limit:
        return text  # nearly always, and looked at piece by piece it takes ten times as long
    taken: list[str] = []
    room, fits = limit, 0
    for piece in whole:
        room -= length(piece)
        if room < 0:
            return "".join(taken[:fits]).rstrip() + ELLIPSIS[:limit]
        taken.append(piece)
        fits = len(taken) if room >= len(ELLIPSIS) else fits
    return "".join(taken)
