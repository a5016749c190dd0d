"""Decider: answers that only one person sees: errors with all that is wrong, and a picture."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.slack import blocks, markup
from adapters.slack.blocks import Button, Json, Message, Shown
from adapters.slack.markup import escaped, shortened
from adapters.wording import NOT_CHARGED, wording
from core.errors import AppError, InvalidRequest, Problem

_NAME_MAX, _REASON_MAX, _ALLOWED_MAX = 60, 250, 250
"""Characters of one problem, so that the others are read as well."""
_PROBLEMS_MAX = 20
_SAID_MAX = 1000
_WRONG = "This cannot be asked for as it is."
_TO_DO = f"{NOT_CHARGED} Change it and ask again."


def private_message(text: str, *, buttons: Sequence[Button] = ()) -> Message:
    """Return a private answer of plain words; nothing in it is markup."""
    said = markup.clipped(text, markup.TEXT_MAX)
    return _message(text, blocks.paragraph(blocks.words(said)), buttons=buttons)


def private_error(error: AppError, *, buttons: Sequence[Button] = ()) -> Message:
    """Return what to tell the user about `error`; of a request, everything that is wrong."""
    if isinstance(error, InvalidRequest):
        return _problems(error.problems, buttons)
    words = wording(error)
    happened = shortened(words.what_happened, _SAID_MAX)
    rest = shortened(f"{words.charged} {words.what_to_do}", _SAID_MAX)
    said = blocks.paragraph(blocks.words(happened, bold=True), blocks.words(f"\n{rest}"))
    return _message(f"{happened} {rest}", said, buttons=buttons)


def shown_message(picture: Shown, text: str) -> Message:
    """Return a private answer that shows one picture below `text`, which is plain."""
    said = blocks.paragraph(blocks.words(markup.clipped(text, markup.TEXT_MAX)))
    return _message(text, said, blocks.picture(picture))


def _message(text: str, *parts: Json, buttons: Sequence[Button] = ()) -> Message:
    fallback = escaped(text, markup.FALLBACK_MAX) or "Redraw"
    return Message(text=fallback, blocks=(*parts, *blocks.buttons(buttons)))


def _problems(problems: Sequence[Problem], buttons: Sequence[Button]) -> Message:
    shown = problems[:_PROBLEMS_MAX]
    more = len(problems) - len(shown)
    entries = [_problem(each) for each in shown]
    if more:
        entries.append([blocks.words(f"{markup.ELLIPSIS} and {more} more")])
    told = "; ".join("".join(piece["text"] for piece in entry) for entry in entries)
    return _message(
        f"{_WRONG} {told} {_TO_DO}",
        blocks.paragraph(blocks.words(_WRONG, bold=True)),
        blocks.bullets(entries),
        blocks.paragraph(blocks.words(_TO_DO)),
        buttons=buttons,
    )


def _problem(problem: Problem) -> list[Json]:
    name = shortened(problem.parameter.replace("_", " ").capitalize(), _NAME_MAX)
    reason = shortened(problem.reason, _REASON_MAX)
    allowed = shortened(problem.allowed, _ALLOWED_MAX)
    return [blocks.words(name, bold=True), blocks.words(f": {reason}. Allowed: {allowed}.")]
