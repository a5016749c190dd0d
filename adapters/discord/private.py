"""Decider: answers that only one person sees: errors with all that is wrong, and a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import discord
from discord import ui

from adapters.discord import blocks, markup
from adapters.discord.blocks import Picture
from adapters.wording import NOT_CHARGED, wording
from core.errors import AppError, InvalidRequest, Problem

_PROBLEM_MAX = 500
"""Characters that one problem may take, so that the others are read as well."""
_PROBLEMS_MAX = 3500


@dataclass(frozen=True, kw_only=True, slots=True)
class PrivateButton:
    """A button of a private answer."""

    label: str
    custom_id: str
    style: discord.ButtonStyle = discord.ButtonStyle.secondary


def private_view(text: str, *, buttons: Sequence[PrivateButton] = ()) -> ui.LayoutView:
    """Return a private answer; `text` is markup, in which user text has been escaped."""
    made = [
        blocks.Button(label=each.label, custom_id=each.custom_id, style=each.style)
        for each in buttons
    ]
    return blocks.view(blocks.text(markup.clipped(text, markup.TEXT_MAX)), *blocks.rows(made))


def private_error(error: AppError, *, buttons: Sequence[PrivateButton] = ()) -> ui.LayoutView:
    """Return what to tell the user about `error`; of a request, everything that is wrong."""
    if isinstance(error, InvalidRequest):
        return private_view(_problems(error.problems), buttons=buttons)
    words = wording(error)
    happened, charged, to_do = map(
        markup.escaped, (words.what_happened, words.charged, words.what_to_do)
    )
    return private_view(f"**{happened}**\n{charged} {to_do}", buttons=buttons)


def picture_view(picture: Picture, text: str) -> ui.LayoutView:
    """Return a private answer that shows one picture below `text`, which is markup."""
    words = blocks.text(markup.clipped(text, markup.TEXT_MAX))
    return blocks.view(words, *blocks.gallery([picture]))


def _problems(problems: Sequence[Problem]) -> str:
    listed = markup.together([_problem(each) for each in problems], _PROBLEMS_MAX)
    to_do = f"{NOT_CHARGED} Change it and ask again."
    return f"**This cannot be asked for as it is.**\n{listed}\n{to_do}"


def _problem(problem: Problem) -> str:
    name = markup.escaped(problem.parameter.replace("_", " ").capitalize(), 60)
    reason = markup.escaped(problem.reason, _PROBLEM_MAX // 2)
    allowed = markup.escaped(problem.allowed, _PROBLEM_MAX // 3)
    return f"- **{name}**: {reason}. Allowed: {allowed}."
