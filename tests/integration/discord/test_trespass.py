"""
Ids out of place: a job's button that comes from somewhere else gives nothing away.

Discord takes from its users only the buttons that a message has; that this is so is not relied on.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.discord import ids
from adapters.discord.ids import Step
from adapters.presentation import Action
from core.jobs.job import Job
from core.jobs.lifecycle import State
from tests.fakes.discord_rig import PICTURE, Redraw, open_redraw
from tests.fakes.discord_shown import Shown
from tests.fakes.discord_user import Person
from tests.fakes.discord_values import Channel, Permission

SECRET = "my secret garden"
BUTTON = 2


@pytest.fixture
async def redraw(tmp_path: Path) -> AsyncIterator[Redraw]:
    async with open_redraw(tmp_path) as opened:
        yield opened


async def private_job(redraw: Redraw) -> Job:
    """Return a job that somebody asked for in a direct message, all said."""
    ann = redraw.discord.user("ann")
    shown = await ann.slash("redraw", {"prompt": SECRET}, attachments={"image": PICTURE})
    job = await redraw.until(shown, State.READY)
    await redraw.said(job)
    return job


async def forged(who: Person, redraw: Redraw, custom_id: str, where: Channel) -> Shown:
    """Press a button that no message of ours there has."""
    message = redraw.discord.world.message(where, redraw.discord.world.bot, content="look")
    button = {"type": BUTTON, "style": 2, "label": "x", "custom_id": custom_id, "id": 1}
    message.components.append({"type": 1, "components": [button]})
    return await who.click(message, custom_id)


@pytest.mark.parametrize("action", list(Action))
async def test_button_of_a_direct_message_works_for_nobody_else(
    redraw: Redraw, action: Action
) -> None:
    """Neither prompt nor pictures, and nothing is done: as if there were no such job."""
    job = await private_job(redraw)
    eve = redraw.discord.user("eve", channel=redraw.channel, permissions=Permission.ADMINISTRATOR)
    for custom_id in (
        ids.private_press(action, job.job_id),
        ids.step(Step.ANYWAY, job.job_id, action),
        ids.step(Step.SHOW_AGAIN, job.job_id),
    ):
        shown = await forged(eve, redraw, custom_id, redraw.channel)
        assert (shown.kind, shown.ephemeral) == ("message", True)
        no = ("no such job", "Only the person who asked", "another version")
        assert any(words in shown.message.text for words in no)
        assert SECRET not in shown.message.text
        assert not shown.message.attachments
    assert await redraw.works.queue.list_for(f"discord:{eve.id}", 9) == ()
    assert (await redraw.works.queue.get(job.job_id)).request.prompt == SECRET


async def test_button_of_another_server_works_for_its_requester_alone(redraw: Redraw) -> None:
    """Whoever asked may use a result wherever it was brought to; a stranger there may not."""
    ann = redraw.discord.user("ann", channel=redraw.channel)
    shown = await ann.slash("redraw", {"prompt": SECRET}, attachments={"image": PICTURE})
    job = await redraw.until(shown, State.READY)
    await redraw.said(job)
    elsewhere = redraw.discord.world.channel(redraw.discord.world.guild("another"))
    custom_id = ids.private_press(Action.EDIT_AND_RUN, job.job_id)
    eve = redraw.discord.user("eve", channel=elsewhere)
    assert (await forged(eve, redraw, custom_id, elsewhere)).kind == "message"
    assert (await forged(ann, redraw, custom_id, elsewhere)).kind == "modal"


async def test_form_of_somebody_else_is_not_opened(redraw: Redraw) -> None:
    """A draft has the pictures of a message that a stranger may not see."""
    ann = redraw.discord.user("ann", channel=redraw.channel)
    message = redraw.discord.world.message(redraw.channel, ann.user, files=dict([PICTURE]))
    form = await ann.message_command("Redraw this image", message)
    refused = await ann.submit_modal(form, {"Prompt": SECRET, "Strength": "7"})
    again = next(part for part in refused.message.controls if part.get("label") == "Edit again")
    eve = redraw.discord.user("eve", channel=redraw.channel)
    shown = await forged(eve, redraw, again["custom_id"], redraw.channel)
    assert (shown.kind, shown.ephemeral) == ("message", True)
    assert "too old" in shown.message.text
    assert (await ann.click(refused.message, "Edit again")).kind == "modal"
