"""Decider: what the pictures of our messages are called, and what they show in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from adapters.presentation import LOCAL_PREVIEW, JobCard
from adapters.slack import markup
from adapters.slack.blocks import Picture, Shown
from core.media.item import Kind

RESULT: Final = "redrawn"
"""Begins the name of a result's file."""
ALT_MAX: Final = 1000
"""
Characters in the words for a file.

Source: docs.slack.dev/reference/methods/files.getUploadURLExternal, `alt_txt_too_large`.
"""
TAKES_ALT: Final = frozenset({Kind.JPEG, Kind.PNG, Kind.GIF})
"""
The kinds of picture that may go up with words: any other file with words is never shared.

Source: github.com/slackapi/python-slack-sdk/issues/1818 and 1575.
"""


def references(file_ids: Sequence[str]) -> tuple[Shown, ...]:
    """Return the reference images, by their files in Slack."""
    return tuple(
        Shown(file_id=file_id, alt=_numbered("The reference image", number, len(file_ids)))
        for number, file_id in enumerate(file_ids, 1)
    )


def results(card: JobCard, kinds: Sequence[Kind]) -> tuple[Picture, ...]:
    """Return the results that are handed over, of these kinds; their words are the prompt's."""
    return tuple(
        Picture(
            name=f"{RESULT}-{number}.{kind.extension}",
            alt=_words(card, number, len(kinds)) if kind in TAKES_ALT else None,
        )
        for number, kind in enumerate(kinds, 1)
    )


def _words(card: JobCard, number: int, count: int) -> str:
    drawn_by = f"{card.model} ({LOCAL_PREVIEW})" if card.preview else card.model
    said = f"{_numbered('Redrawn', number, count)} by {drawn_by}: {card.prompt}"
    return markup.shortened(said, ALT_MAX)


def _numbered(words: str, number: int, count: int) -> str:
    return words if count == 1 else f"{words} ({number} of {count})"
