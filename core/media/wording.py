"""Decider: alternative texts for people who cannot see the pictures."""

from __future__ import annotations

from enum import StrEnum
from typing import assert_never

ALT_CHARACTERS = 1000
"""
Source: Slack takes 1000 characters of `alt_txt` (files.getUploadURLExternal), Discord 1024 of
an attachment's description; the smaller is used for both.
"""

_ELLIPSIS = "..."


class Shows(StrEnum):
    """What there is to see on a picture."""

    REFERENCE = "reference"
    """The picture somebody gave, as prepared."""
    RESULT = "result"
    """One redrawn picture."""
    SHEET = "sheet"
    """Several redrawn pictures on one sheet."""
    BEFORE_AFTER = "before_after"
    """The reference beside a redrawn picture."""


def alt_text(
    shows: Shows,
    *,
    prompt: str,
    model_name: str,
    index: int = 1,
    count: int = 1,
    is_preview: bool = False,
    limit: int = ALT_CHARACTERS,
) -> str:
    """
    Return one line that says what a picture shows, of at most `limit` characters.

    `index` (from 1) and `count` say which of how many. The prompt is what gets shortened.
    """
    start, end = _around(shows, model_name, index, count)
    end += " (local preview)" if is_preview else ""
    line = " ".join(prompt.split())
    room = limit - len(start) - len(end) - 2
    if room <= len(_ELLIPSIS):
        return _shortened(f"{start}{end}", limit)
    return f'{start}"{_shortened(line, room)}"{end}'


def _around(shows: Shows, model_name: str, index: int, count: int) -> tuple[str, str]:
    """What is said before and after the prompt."""
    by = f", redrawn by {model_name}"
    match shows:
        case Shows.REFERENCE:
            return "The picture to be redrawn as ", ""
        case Shows.RESULT if count > 1:
            return f"Picture {index} of {count}: ", by
        case Shows.RESULT:
            return "", by
        case Shows.SHEET:
            return f"A sheet of {count} numbered pictures: ", by
        case Shows.BEFORE_AFTER:
            return "Left: the original picture. Right: ", by
        case _:
            assert_never(shows)


def _shortened(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    if limit <= len(_ELLIPSIS):
        return text[: max(0, limit)]
    return text[: limit - len(_ELLIPSIS)].rstrip() + _ELLIPSIS
