"""Conductor: asks, in private, before a thing is done that costs or cannot be taken back."""

from __future__ import annotations

from typing import Final

import discord

from adapters import presentation
from adapters.discord import ids, words
from adapters.discord.ids import Step
from adapters.discord.markup import escaped
from adapters.discord.private import PrivateButton, private_view
from adapters.discord.reply import Reply
from adapters.presentation import Action
from core.jobs.job import Job

LABELS: Final = {
    Action.RUN_AGAIN: "Run anyway",
    Action.EDIT_AND_RUN: "Edit anyway",
    Action.DELETE: "Delete",
}
"""What is asked about before it is done, and what the button for it says."""


def question(action: Action, job: Job) -> str | None:
    """Return what is asked before the action is carried out, or None."""
    if action not in LABELS:
        return None
    warning = presentation.warning(action, job)
    if action is Action.DELETE:
        return " ".join(filter(None, (words.DELETE_ASKED, warning)))
    return warning


async def ask(reply: Reply, action: Action, job: Job, text: str) -> None:
    """Tell the user alone, with a button that carries the action out."""
    button = PrivateButton(
        label=LABELS[action],
        custom_id=ids.step(Step.ANYWAY, job.job_id, action),
        style=discord.ButtonStyle.danger,
    )
    await reply.tell(private_view(escaped(text), buttons=[button]))
