"""Decider: cards, results and notices of a job as messages of Slack."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from adapters.presentation import Action, JobCard
from adapters.slack import blocks, ids, lines, markup
from adapters.slack.blocks import Button, Json, Message, Picture, Shown
from adapters.slack.markup import escaped
from adapters.slack.private import private_error, private_message, shown_message

__all__ = [
    "Button",
    "Message",
    "Picture",
    "Shown",
    "card_message",
    "escaped",
    "notice_message",
    "private_error",
    "private_message",
    "result_comment",
    "result_message",
    "shown_message",
]

LABELS = {
    Action.CANCEL: "Cancel",
    Action.RUN_AGAIN: "Run again",
    Action.EDIT_AND_RUN: "Edit and run",
    Action.USE_AS_INPUT: "Use as input",
    Action.BEFORE_AFTER: "Before/after",
    Action.DELETE: "Delete",
    Action.CHECK_AGAIN: "Check again",
}
_STYLES: dict[Action, Literal["primary", "danger"]] = {
    Action.CANCEL: "danger",
    Action.DELETE: "danger",
    Action.CHECK_AGAIN: "primary",
}


def card_message(
    card: JobCard,
    *,
    requester_id: str,
    references: tuple[Shown, ...] = (),
    result_link: str | None = None,
) -> Message:
    """
    Return the message that follows a job from its order to its end, and keeps its buttons.

    It names the requester, whom Slack pings when it is posted and not when it is edited.
    `result_link` leads to the reply that has the pictures.
    """
    head = [f"for {markup.mention(requester_id)}", markup.ago(card.asked_at)]
    return _message(
        card,
        *blocks.context(blocks.mrkdwn(" · ".join([*head, *_link(result_link, "Result")]))),
        blocks.quoted(markup.shortened(card.prompt, lines.PROMPT_MAX)),
        *blocks.lines(lines.facts(card.facts)),
        *map(blocks.picture, references),
        lines.words(card),
        *blocks.context(blocks.mrkdwn(lines.way(card)), blocks.plain(lines.pace(card))),
    )


def notice_message(card: JobCard, *, requester_id: str, card_link: str | None) -> Message:
    """Return the reply for a job that ended without pictures; it pings the requester alone."""
    head = [f"for {markup.mention(requester_id)}", *_link(card_link, "Card")]
    return _message(
        card,
        *blocks.context(blocks.mrkdwn(" · ".join(head))),
        blocks.quoted(markup.shortened(card.prompt, lines.PROMPT_START_MAX)),
        lines.words(card),
    )


def result_comment(
    card: JobCard,
    *,
    requester_id: str,
    pictures: int,
    links: Sequence[str] = (),
    missing: int = 0,
) -> str:
    """
    Return the words that go with the pictures' files; they ping the requester alone.

    There are so many `pictures` as files. `links` lead to pictures that the place does not take as
    files, and `missing` counts those that could be handed over in neither way.
    """
    listed = lines.linked(links, first=pictures + 1)
    head = [lines.LINKS_HEAD] if listed else []
    said = (lines.result(card, requester_id), *lines.lost(missing), *head, *listed)
    return "\n".join(said)


def result_message(
    card: JobCard, *, requester_id: str, links: Sequence[str] = (), missing: int = 0
) -> Message:
    """Return the reply in place of files, where the workspace takes none of the pictures."""
    handed_over = (*lines.lost(missing), *lines.linked(links, first=1))
    said = map(blocks.section, (lines.result(card, requester_id), *handed_over))
    job = blocks.lines([f"job {card.job_id}"])
    return Message(text=lines.fallback(card), blocks=(*said, *job))


def _message(card: JobCard, *parts: Json) -> Message:
    return Message(
        text=lines.fallback(card),
        blocks=(
            blocks.header(card.title),
            *parts,
            *blocks.lines(lines.notices(card)),
            *blocks.buttons([_button(each, card.job_id) for each in card.actions]),
            *blocks.lines([f"job {card.job_id}"]),
        ),
    )


def _button(action: Action, job_id: str) -> Button:
    return Button(
        label=LABELS[action],
        action_id=ids.press(action),
        value=job_id,
        style=_STYLES.get(action, ""),
    )


def _link(url: str | None, label: str) -> list[str]:
    return [] if url is None else [markup.link(url, label)]
