"""Decider: the blocks that our messages are built of, as Block Kit's JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from adapters.slack import markup

HEADER_MAX = 150
"""Source: docs.slack.dev/reference/block-kit/blocks/header-block."""
BUTTON_LABEL_MAX = 75
"""Source: docs.slack.dev/reference/block-kit/block-elements/button-element."""
ACTIONS_MAX = 25
"""Buttons in one block. Source: docs.slack.dev/reference/block-kit/blocks/actions-block."""
CONTEXT_MAX = 10
"""Texts in one block. Source: docs.slack.dev/reference/block-kit/blocks/context-block."""
MESSAGE_BLOCKS_MAX = 50
"""Source: docs.slack.dev/reference/methods/chat.postMessage, `msg_blocks_too_many`."""
SHOWN_ALT_MAX = 2000
"""Source: docs.slack.dev/reference/block-kit/blocks/image-block, `alt_text`."""

Json = dict[str, Any]
"""A block, or a piece of one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """A message: its blocks, and the text that stands for them in notifications."""

    text: str
    blocks: tuple[Json, ...]

    @property
    def fields(self) -> Json:
        """The arguments of a call that posts it."""
        return {"text": self.text, "blocks": list(self.blocks)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A picture that is uploaded."""

    name: str
    """The file's name."""
    alt: str | None
    """What it shows, for people who cannot see it; None where Slack takes no such words."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """A picture that a message shows: a processed file of Slack's, or one at a public address."""

    alt: str
    file_id: str | None = None
    url: str | None = None
    """Used when there is no file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Button:
    """A button, by its action's id and what is to come back with it."""

    label: str
    action_id: str
    value: str
    style: Literal["", "primary", "danger"] = ""


def plain(text: str) -> Json:
    """Return text in which nothing is markup."""
    return {"type": "plain_text", "text": text, "emoji": False}


def mrkdwn(text: str) -> Json:
    """Return ready markup, in which names and addresses without brackets stay words."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def header(text: str) -> Json:
    """Return a heading."""
    return {"type": "header", "text": plain(markup.shortened(text, HEADER_MAX) or "-")}


def section(text: str) -> Json:
    """Return a paragraph of ready markup."""
    return {"type": "section", "text": mrkdwn(markup.clipped(text, markup.TEXT_MAX))}


def context(*texts: Json) -> tuple[Json, ...]:
    """Return small print, or nothing where there is nothing to say."""
    said = [text for text in texts if text["text"]]
    return ({"type": "context", "elements": said[:CONTEXT_MAX]},) if said else ()


def lines(texts: Sequence[str]) -> tuple[Json, ...]:
    """Return small print of several lines, one below the other, in which nothing is markup."""
    return context(plain("\n".join(text for text in texts if text)))


def paragraph(*pieces: Json) -> Json:
    """Return a paragraph of rich text."""
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": list(pieces)}],
    }


def quoted(text: str) -> Json:
    """Return what a user wrote, set off; nothing in it is markup."""
    piece = {"type": "rich_text_quote", "elements": [words(text)]}
    return {"type": "rich_text", "elements": [piece]}


def bullets(entries: Sequence[Sequence[Json]]) -> Json:
    """Return a list of rich text."""
    items = [{"type": "rich_text_section", "elements": list(entry)} for entry in entries]
    piece = {"type": "rich_text_list", "style": "bullet", "elements": items}
    return {"type": "rich_text", "elements": [piece]}


def words(text: str, *, bold: bool = False) -> Json:
    """Return a piece of rich text in which nothing is markup."""
    style = {"style": {"bold": True}} if bold else {}
    return {"type": "text", "text": text or markup.ELLIPSIS, **style}


def buttons(given: Sequence[Button]) -> tuple[Json, ...]:
    """Return a row of buttons, or nothing where there is none."""
    made = [_button(each) for each in given[:ACTIONS_MAX]]
    return ({"type": "actions", "elements": made},) if made else ()


def picture(shown: Shown) -> Json:
    """Return a picture with its words."""
    where = {"slack_file": {"id": shown.file_id}} if shown.file_id else {"image_url": shown.url}
    alt = markup.shortened(shown.alt, SHOWN_ALT_MAX) or "picture"
    return {"type": "image", "alt_text": alt, **where}


def _button(button: Button) -> Json:
    style = {"style": button.style} if button.style else {}
    return {
        "type": "button",
        "text": plain(markup.shortened(button.label, BUTTON_LABEL_MAX)),
        "action_id": button.action_id,
        "value": button.value,
        **style,
    }
