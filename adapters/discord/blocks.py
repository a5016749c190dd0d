"""Decider: the blocks that our messages are built of, as discord.py's layout items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import discord
from discord import ui

from adapters.discord import markup

Text = ui.TextDisplay[ui.LayoutView]
Row = ui.ActionRow[ui.LayoutView]
Button = ui.Button[ui.LayoutView]
Gallery = ui.MediaGallery[ui.LayoutView]
Section = ui.Section[ui.LayoutView]
Container = ui.Container[ui.LayoutView]
Block = ui.Item[ui.LayoutView]


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A picture that goes up with the message it is shown in."""

    name: str
    """The attachment's file name."""
    alt: str
    """What it shows, for people who cannot see it; at most 1024 characters."""


def view(*blocks: Block) -> ui.LayoutView:
    """
    Return a view for rendering alone, to be made inside a running loop.

    It is stopped at once, so that discord.py keeps nothing of it once it has been sent: clicks
    find their way by custom id.
    """
    made = ui.LayoutView(timeout=None)
    for block in blocks:
        made.add_item(block)
    made.stop()
    return made


def text(*lines: str) -> Text:
    """Return a paragraph of ready markup; empty lines are left out."""
    return Text("\n".join(line for line in lines if line))


def gallery(pictures: Sequence[Picture]) -> tuple[Gallery, ...]:
    """Return the gallery of the pictures, or nothing where there is none to show."""
    shown = [
        discord.MediaGalleryItem(f"attachment://{picture.name}", description=picture.alt)
        for picture in pictures
    ]
    return (Gallery(*shown),) if shown else ()


def rows(buttons: Sequence[Button]) -> tuple[Row, ...]:
    """Return the buttons in as few rows as hold them."""
    starts = range(0, len(buttons), markup.ROW_MAX)
    return tuple(Row(*buttons[start : start + markup.ROW_MAX]) for start in starts)


def headed(head: Text, *, link: str | None, label: str) -> Text | Section:
    """Return a heading with a link beside it, when there is one to follow."""
    if link is None:
        return head
    return Section(head, accessory=Button(label=label, url=link))
