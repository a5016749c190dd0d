"""Buttons of jobs that were made under other settings: another catalogue, other limits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from adapters.discord import words
from core.jobs.lifecycle import State
from tests.fakes.discord_rig import PICTURE, open_redraw
from tests.fakes.discord_values import Permission


async def test_model_that_is_gone_keeps_nobody_from_deleting(tmp_path: Path) -> None:
    """Only Run again needs the model of then; the rest works, and the job stays in the list."""
    async with open_redraw(tmp_path) as redraw:
        ann = redraw.discord.user("ann", channel=redraw.channel)
        options = {"prompt": "ink", "model": "flux-redux"}
        shown = await ann.slash("redraw", options, attachments={"image": PICTURE})
        job = await redraw.until(shown, State.READY)
        await redraw.said(job)
        thread = redraw.discord.threads(redraw.channel)[0]
        result = redraw.discord.messages(thread)[0]
        await redraw.stop()
        redraw.without = frozenset({"flux-redux"})
        await redraw.start()
        again = await ann.click(result, "Run again")
        assert again.ephemeral
        assert words.MODEL_GONE in again.message.text
        compared = await ann.click(result, "Before/after")
        await compared.settled(lambda message: bool(message.attachments), within_s=20.0)
        assert (await ann.click(result, "Edit and run")).kind == "modal"
        listed = await (await ann.slash("redraw-jobs")).settled(within_s=20.0)
        assert "flux-redux" in listed.text
        asked = await ann.click(result, "Delete")
        done = await ann.click(asked.message, "Delete")
        await done.settled(lambda message: "Deleted" in message.text, within_s=20.0)
        assert result.deleted


async def test_all_that_today_rules_out_is_named_at_once(tmp_path: Path) -> None:
    """The limits and the permissions of today count, and each is told in the same answer."""
    async with open_redraw(tmp_path) as redraw:
        ann = redraw.discord.user("ann", channel=redraw.channel)
        options = {"prompt": "ink", "batch": 3}
        shown = await ann.slash("redraw", options, attachments={"image": PICTURE})
        job = await redraw.until(shown, State.READY)
        await redraw.said(job)
        card = await shown.settled(within_s=20.0)
        await redraw.stop()
        redraw.limits = replace(redraw.limits, max_batch=2)
        redraw.discord.world.forbid(redraw.channel, Permission.ATTACH_FILES)
        await redraw.start()
        again = await ann.click(card, "Run again")
        assert again.ephemeral
        assert "**Batch**" in again.message.text
        assert "**Permissions**" in again.message.text
