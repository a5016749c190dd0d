"""Decider: cards, results and notices of a job as messages of Discord."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import discord
from discord import ui

from adapters.discord import blocks, ids, lines, markup
from adapters.discord.blocks import Picture
from adapters.discord.markup import escaped
from adapters.discord.private import PrivateButton, picture_view, private_error, private_view
from adapters.presentation import LOCAL_PREVIEW, Action, JobCard
from core.jobs.lifecycle import DeliveryKind, State

__all__ = [
    "Mark",
    "Picture",
    "PrivateButton",
    "card_view",
    "escaped",
    "notice_view",
    "picture_view",
    "private_error",
    "private_view",
    "result_view",
    "thread_name",
]

THREAD_NAME_MAX = 100
"""
Characters in a thread's name.

Source: discord.com/developers/docs/resources/channel#start-thread-from-message.
"""

LABELS = {
    Action.CANCEL: "Cancel",
    Action.RUN_AGAIN: "Run again",
    Action.EDIT_AND_RUN: "Edit and run",
    Action.USE_AS_INPUT: "Use as input",
    Action.BEFORE_AFTER: "Before/after",
    Action.DELETE: "Delete",
    Action.CHECK_AGAIN: "Check again",
}
_STYLES = {
    Action.CANCEL: discord.ButtonStyle.danger,
    Action.DELETE: discord.ButtonStyle.danger,
    Action.CHECK_AGAIN: discord.ButtonStyle.primary,
}

_UNDER_WAY, _HELD_UP = 0x5865F2, 0xF0B232
_COLOURS = {
    State.READY: 0x23A55A,
    State.FAILED: 0xDA373C,
    State.CANCELLED: 0x80848E,
    State.EXPIRED: 0xE67E22,
    State.UNCERTAIN: 0xF0B232,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """Which delivery a message belongs to."""

    kind: DeliveryKind
    seq: int

    def of(self, job_id: str) -> str:
        """Return the marker of the message; a card that is edited for the last time keeps its."""
        return ids.marker(job_id, self.message, self.seq)

    @property
    def message(self) -> DeliveryKind:
        """The delivery that posted the message."""
        return DeliveryKind.CARD if self.kind is DeliveryKind.CARD_FINAL else self.kind


def card_view(
    card: JobCard,
    *,
    mark: Mark,
    requester_id: int,
    references: tuple[Picture, ...],
    result_link: str | None,
) -> ui.LayoutView:
    """Return the message that follows a job from its order to its end; pings nobody."""
    head = blocks.text(
        f"### {escaped(card.title, lines.TITLE_MAX)}",
        f"for {markup.mention(requester_id)} · {markup.ago(card.asked_at)}",
    )
    return _message(
        card,
        mark,
        blocks.headed(head, link=result_link, label="Result"),
        blocks.text(f"> {escaped(card.prompt, lines.PROMPT_MAX)}", lines.facts(card.facts)),
        *blocks.gallery(references),
        blocks.text(lines.words(card), lines.way(card), lines.pace(card)),
        actions=card.actions,
    )


def result_view(
    card: JobCard,
    *,
    mark: Mark,
    requester_id: int,
    pictures: tuple[Picture, ...],
    links: tuple[str, ...] = (),
    missing: int = 0,
) -> ui.LayoutView:
    """
    Return the message with the pictures; it is to ping the requester and nobody else.

    `links` lead to pictures that the place does not take as files, and `missing` counts those
    that could be handed over in neither way; links that there is no room for are counted as well.
    """
    call, made = _call(card, requester_id), lines.made(card)
    words = (call.content, made, "\n", lines.notices(card), _last_line(card, mark, ()))
    room = markup.TEXT_MAX - sum(map(markup.length, words))
    return _message(
        card,
        mark,
        call,
        *blocks.gallery(pictures),
        blocks.text(made, lines.linked(links, missing, first=len(pictures) + 1, room=room)),
        actions=tuple(each for each in card.actions if each is not Action.CANCEL),
    )


def notice_view(
    card: JobCard, *, mark: Mark, requester_id: int, card_link: str | None
) -> ui.LayoutView:
    """Return the message for a job that ended without pictures; it pings the requester alone."""
    head = _call(card, requester_id)
    return _message(
        card,
        mark,
        blocks.headed(head, link=card_link, label="Card"),
        blocks.text(lines.words(card)),
        actions=card.actions,
    )


def thread_name(card: JobCard) -> str:
    """Return the name of the thread on a job's card; names know no markup."""
    model = markup.shortened(card.model, THREAD_NAME_MAX // 3)
    end = f" · {model}" + (f" ({LOCAL_PREVIEW})" if card.preview else "")
    start = markup.shortened(card.prompt, THREAD_NAME_MAX - markup.length(end))
    return (start or card.title) + end


def _message(
    card: JobCard, mark: Mark, *parts: blocks.Block, actions: Sequence[Action]
) -> ui.LayoutView:
    colour = _HELD_UP if card.is_held_up else _COLOURS.get(card.state, _UNDER_WAY)
    below = (
        *((blocks.text(notices),) if (notices := lines.notices(card)) else ()),
        *blocks.rows([_button(each, card.job_id, mark) for each in actions]),
        blocks.text(_last_line(card, mark, actions)),
    )
    return blocks.view(blocks.Container(*parts, *below, accent_colour=colour))


def _last_line(card: JobCard, mark: Mark, actions: Sequence[Action]) -> str:
    """Return the line that names the job; with nothing to press the marker has to be there."""
    return ids.line(card.job_id if actions else mark.of(card.job_id))


def _button(action: Action, job_id: str, mark: Mark) -> blocks.Button:
    return blocks.Button(
        label=LABELS[action],
        style=_STYLES.get(action, discord.ButtonStyle.secondary),
        custom_id=ids.press(action, job_id, kind=mark.message, seq=mark.seq),
    )


def _call(card: JobCard, requester_id: int) -> blocks.Text:
    """Return the head of a message that calls the requester, with the start of the prompt."""
    return blocks.text(
        f"### {escaped(card.title, lines.TITLE_MAX)}",
        f"{markup.mention(requester_id)} {escaped(card.words.what_happened, lines.WORDS_MAX)}"
        if card.state is State.READY
        else f"for {markup.mention(requester_id)}",
        f"> {escaped(card.prompt, lines.PROMPT_START_MAX)}",
    )
