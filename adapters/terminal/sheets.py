"""Decider: which sheets a terminal gets; carried out in a decoder process."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.presentation import LOCAL_PREVIEW
from core.media.sheet import before_after, contact_sheet

TITLE_MAX = 70
"""A longer prompt is no title any more; it stands in the terminal in any case."""


def of_one_model(pictures: Sequence[bytes], model_name: str, preview: bool) -> bytes:  # noqa: FBT001  # called by position, in another process
    """Return the contact sheet of one job as a JPEG; raises MediaError."""
    return contact_sheet(pictures, title=model_name, footer=_footer(preview=preview)).data


def of_all_models(
    pictures: Sequence[bytes],
    model_names: Sequence[str],
    prompt: str,
    preview: bool,  # noqa: FBT001  # called by position, in another process
) -> bytes:
    """Return a sheet with a labelled cell for every model as a JPEG; raises MediaError."""
    footer = _footer(preview=preview)
    sheet = contact_sheet(pictures, labels=model_names, title=title(prompt), footer=footer)
    return sheet.data


def of_both(before: bytes, after: bytes, preview: bool) -> bytes:  # noqa: FBT001  # called by position, in another process
    """Return the picture that was given beside what became of it, as a JPEG; raises MediaError."""
    return before_after(before, after, footer=_footer(preview=preview)).data


def title(prompt: str) -> str:
    """
    Return the prompt where it can stand above a sheet.

    The sheet's font has plain ASCII alone, and a prompt with holes in it would be a misquotation.
    """
    fits = prompt.isascii() and prompt.isprintable() and len(prompt) <= TITLE_MAX
    return f'"{prompt}"' if fits and prompt else "One picture, every model"


def _footer(*, preview: bool) -> str | None:
    return LOCAL_PREVIEW if preview else None
