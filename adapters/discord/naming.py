"""Decider: what the pictures of our messages are called, and what they show in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from adapters.discord import markup
from adapters.discord.blocks import Picture
from adapters.presentation import LOCAL_PREVIEW, JobCard

REFERENCE: Final = "reference"
"""Begins the name of a reference image's file."""
RESULT: Final = "redrawn"
"""Begins the name of a result's file."""
ALT_MAX: Final = 1024
"""
Characters in the words for a picture.

Source: discord.com/developers/docs/components/reference#media-gallery-media-gallery-item-structure.
"""


def references(names: Sequence[str]) -> tuple[Picture, ...]:
    """Return the reference images with these file names."""
    return tuple(
        Picture(name=name, alt=_numbered("The reference image", number, len(names)))
        for number, name in enumerate(names, 1)
    )


def reference_names(count: int) -> tuple[str, ...]:
    """Return the file names of so many prepared reference images."""
    return tuple(f"{REFERENCE}-{number}.jpg" for number in range(1, count + 1))


def results(card: JobCard, names: Sequence[str]) -> tuple[Picture, ...]:
    """Return the results with these file names; their words are the prompt's."""
    drawn_by = f"{card.model} ({LOCAL_PREVIEW})" if card.preview else card.model
    return tuple(
        Picture(
            name=name,
            alt=markup.shortened(
                f"{_numbered('Redrawn', number, len(names))} by {drawn_by}: {card.prompt}", ALT_MAX
            ),
        )
        for number, name in enumerate(names, 1)
    )


def _numbered(words: str, number: int, count: int) -> str:
    return words if count == 1 else f"{words} ({number} of {count})"
