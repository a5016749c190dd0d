"""Buttons, before and after a restart; who may press which; forms and what they keep."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.discord import runs, words
from core.jobs.job import Job
from core.jobs.lifecycle import Reason, State
from tests.fakes.discord_rig import PATIENCE_S, PICTURE, Redraw, open_redraw
from tests.fakes.discord_shown import Shown
from tests.fakes.discord_user import Person
from tests.fakes.discord_values import MEMBER, Message, Permission
from tests.fakes.jobs import picture_bytes
from tests.fakes.provider_script import Script

EDIT = "PATCH /channels/{channel}/messages/{message}"
DELETE = "DELETE /channels/{channel}/messages/{message}"
MANAGER = MEMBER | Permission.MANAGE_MESSAGES


@pytest.fixture
async def redraw(tmp_path: Path) -> AsyncIterator[Redraw]:
    async with open_redraw(tmp_path) as opened:
        yield opened


@pytest.fixture
def ann(redraw: Redraw) -> Person:
    return redraw.discord.user("ann", channel=redraw.channel)


@pytest.fixture
def bob(redraw: Redraw) -> Person:
    return redraw.discord.user("bob", channel=redraw.channel)


async def made(redraw: Redraw, who: Person, **options: object) -> tuple[Shown, Job, Message]:
    """Return an order, its job and the message of its result."""
    shown = await who.slash("redraw", {"prompt": "ink", **options}, attachments={"image": PICTURE})
    job = await redraw.until(shown, State.READY)
    result = await redraw.discord.until(
        lambda: next((m for m in _said(redraw) if _offers(m, "Before/after", job)), None),
        "the result",
        within_s=20.0,
    )
    return shown, job, result


def _said(redraw: Redraw) -> list[Message]:
    return [message for message in redraw.discord.world.messages.values() if not message.deleted]


def _offers(message: Message, label: str, job: Job) -> bool:
    return any(
        part.get("label") == label and job.job_id in part.get("custom_id", "")
        for part in message.controls
    )


async def jobs_of(redraw: Redraw, who: Person) -> tuple[Job, ...]:
    return await redraw.works.queue.list_for(f"discord:{who.id}", 20)


async def test_run_again_makes_the_same_job_after_a_restart(redraw: Redraw, ann: Person) -> None:
    """Anybody may run it again, and the button outlives the process."""
    _, job, result = await made(redraw, ann, strength=0.4)
    await redraw.restart()
    again = await ann.click(result, "Run again")
    assert (again.kind, again.ephemeral) == ("deferred", False)
    await again.settled(lambda message: "ink" in message.text, within_s=20.0)
    newest, first = await jobs_of(redraw, ann)
    assert newest.request == first.request == job.request


async def test_run_again_reads_the_picture_from_the_card(redraw: Redraw, ann: Person) -> None:
    """Our copy is gone, the card still shows it."""
    _, job, result = await made(redraw, ann)
    for item in job.prepared:
        await redraw.works.materials.spool.delete(item)
    again = await ann.click(result, "Run again")
    await again.settled(lambda message: "Redrawn" in message.text, within_s=20.0)
    assert (await jobs_of(redraw, ann))[0].state is State.READY


async def test_two_clicks_make_one_job(
    redraw: Redraw, ann: Person, bob: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A double click is one act of one person; two people are two."""
    monkeypatch.setattr(runs, "ONE_ACT", timedelta(minutes=5))  # however slowly we click here
    _, _, result = await made(redraw, ann)
    first = await ann.click(result, "Run again")
    second = await ann.click(result, "Run again")
    assert first.kind == "deferred"
    assert (second.kind, second.ephemeral) == ("message", True)
    assert words.ONE_CLICK in second.message.text
    assert (await bob.click(result, "Run again")).kind == "deferred"
    assert len(await jobs_of(redraw, ann)) == 2


async def test_cancel_is_for_the_requester_and_moderators(redraw: Redraw, ann: Person) -> None:
    """A stranger is told so; who may manage messages may cancel."""
    redraw.provider.script(Script(pending_polls=10_000))
    bob = redraw.discord.user("bob", channel=redraw.channel)
    mod = redraw.discord.user("mod", channel=redraw.channel, permissions=Permission.MANAGE_MESSAGES)
    shown = await ann.slash("redraw", {"prompt": "ink"}, attachments={"image": PICTURE})
    await redraw.until(shown, State.RUNNING)
    card = await shown.settled(within_s=20.0)
    refused = await bob.click(card, "Cancel")
    assert refused.ephemeral
    assert words.NOT_YOURS.partition(",")[0] in refused.message.text
    cancelled = await mod.click(card, "Cancel")
    assert cancelled.ephemeral
    assert "may be charged all the same" in cancelled.message.text
    job = await redraw.until(shown, State.CANCELLED)
    assert job.reason is Reason.MAY_BE_BILLED


async def test_too_late_cancel_says_how_it_stands(redraw: Redraw, ann: Person) -> None:
    """The card of a job that is done may still be on a screen with its button."""
    redraw.provider.script(Script(pending_polls=10_000), prompt="slow")
    shown = await ann.slash("redraw", {"prompt": "slow"}, attachments={"image": PICTURE})
    job = await redraw.until(shown, State.RUNNING)
    card = await shown.settled(within_s=20.0)
    await redraw.works.queue.cancel(job.job_id)
    late = await ann.click(card, "Cancel")
    assert "too late to cancel" in late.message.text


async def test_delete_asks_first_then_leaves_nothing(redraw: Redraw, ann: Person) -> None:
    """Private question, then messages, words and pictures are gone."""
    _, job, result = await made(redraw, ann)
    asked = await ann.click(result, "Delete")
    assert asked.ephemeral
    assert "cannot be deleted from here" in asked.message.text
    done = await ann.click(asked.message, "Delete")
    await done.settled(lambda message: "Deleted" in message.text, within_s=20.0)
    assert result.deleted
    left = await redraw.get(job.job_id)
    assert left is not None
    assert (left.request.prompt, left.outputs, left.prepared) == ("", (), ())


@pytest.mark.parametrize("route", [EDIT, DELETE])
@pytest.mark.parametrize(
    "how", [{"status": 503}, {"drop": True}, {"status": 429, "retry_after_s": 60.0}]
)
async def test_delete_that_is_held_up_says_so_and_can_be_asked_for_again(
    redraw: Redraw, ann: Person, route: str, how: dict[str, Any]
) -> None:
    """Nothing tries it again by itself, so nothing says so: the button is there once more."""
    _, job, result = await made(redraw, ann)
    await redraw.said(job)
    asked = await ann.click(result, "Delete")
    times = 2 if "drop" in how and route == DELETE else 1  # aiohttp repeats it once by itself
    redraw.discord.faults.fail(route, times=times, **how)
    held_up = await ann.click(asked.message, "Delete")
    told = await held_up.settled(_has("Choose Delete once more"), within_s=PATIENCE_S)
    assert "by itself" not in told.text
    kept = await redraw.get(job.job_id)
    assert kept is not None
    assert kept.request.prompt == "ink"
    await redraw.restart()  # it keeps no record of a limit either
    again = await ann.click(told, "Delete")
    await again.settled(_has("Deleted"), within_s=PATIENCE_S)
    assert result.deleted
    assert not [message for message in _said(redraw) if "> ink" in message.text]


@pytest.mark.parametrize("who", ["ann", "mod", "root"])
async def test_delete_that_was_ended_half_way_is_finished_from_the_card(
    tmp_path: Path, who: str
) -> None:
    """Whoever may delete may do the rest, and nobody else."""
    async with open_redraw(tmp_path) as redraw:
        people = {
            "ann": redraw.discord.user("ann", channel=redraw.channel),
            "mod": redraw.discord.user("mod", channel=redraw.channel, permissions=MANAGER),
            "root": redraw.discord.user("root", channel=redraw.channel),
        }
        redraw.admins = (f"discord:{people['root'].id}",)
        _, job, result = await made(redraw, people["ann"])
        await redraw.said(job)
        await redraw.restart()
        await _ended_half_way(redraw, job)
        card = _with(redraw, "Delete")
        assert (result.deleted, card.labels) == (True, ["Delete"])
        eve = redraw.discord.user("eve", channel=redraw.channel)
        refused = await eve.click(card, "Delete")
        assert words.NOT_YOURS.partition(",")[0] in refused.message.text
        asked = await people[who].click(card, "Delete")
        done = await people[who].click(asked.message, "Delete")
        await done.settled(_has("Deleted"), within_s=PATIENCE_S)
        left = await redraw.get(job.job_id)
        assert left is not None
        assert (left.request.prompt, left.outputs, left.prepared) == ("", (), ())
        assert (card.deleted, card.labels) == (False, [])


async def test_button_that_outlived_its_job_says_that_nothing_is_kept(
    redraw: Redraw, ann: Person
) -> None:
    """Discord did not let it be taken off; whoever presses it reads how it is."""
    _, job, _ = await made(redraw, ann)
    await redraw.said(job)
    await _ended_half_way(redraw, job)
    card = _with(redraw, "Delete")
    asked = await ann.click(card, "Delete")
    redraw.discord.faults.fail(_is_last_edit, status=503)
    done = await ann.click(asked.message, "Delete")
    await done.settled(_has("Deleted"), within_s=PATIENCE_S)
    assert card.labels == ["Delete"]
    late = await ann.click(card, "Delete")
    assert "not kept any more" in late.message.text


def _is_last_edit(asked: Any) -> bool:
    return asked.route == EDIT and "redraw1:press" not in str(asked.json)


def _has(text: str) -> Callable[[Message], bool]:
    return lambda message: text in message.text


def _with(redraw: Redraw, label: str) -> Message:
    (found,) = [message for message in _said(redraw) if label in message.labels]
    return found


async def _ended_half_way(redraw: Redraw, job: Job) -> None:
    """Take a job's messages back, as a process does that is killed before it forgets the job."""
    parts = redraw.app._parts
    assert parts is not None
    queue = redraw.works.queue
    now = await queue.get(job.job_id)
    await parts.deliverer.remove(now, await queue.deliveries(job.job_id))


async def test_before_and_after_is_shown_in_private(
    redraw: Redraw, ann: Person, bob: Person
) -> None:
    """Anybody may look; nobody else sees it."""
    _, _, result = await made(redraw, ann)
    shown = await bob.click(result, "Before/after")
    assert shown.ephemeral
    message = await shown.settled(lambda message: bool(message.attachments), within_s=20.0)
    assert message.attachments[0].filename == "before-after.jpg"


async def test_use_as_input_orders_over_what_was_made(redraw: Redraw, ann: Person) -> None:
    """The form comes filled in; the new job's reference is the old one's output."""
    _, job, result = await made(redraw, ann)
    form = await ann.click(result, "Use as input")
    assert form.kind == "modal"
    sent = await ann.submit_modal(form, {"Prompt": "as a woodcut"})
    assert sent.kind == "deferred"
    new = await redraw.until(sent, State.READY)
    assert new.request.prompt == "as a woodcut"
    assert new.origin.data["sources"][0]["item"]["sha256"] == job.outputs[0].sha256  # type: ignore[index]


async def test_edit_and_run_comes_filled_and_keeps_what_it_cannot_show(
    redraw: Redraw, ann: Person
) -> None:
    """Five fields only: the batch and the guidance of the first job stay."""
    _, job, result = await made(redraw, ann, batch=2, guidance_scale=4)
    form = await ann.click(result, "Edit and run")
    sent = await ann.submit_modal(form, {"Prompt": "as a woodcut"})
    new = await redraw.until(sent, State.READY)
    assert (new.request.batch, new.request.guidance_scale) == (2, 4.0)
    assert new.request.model_id == job.request.model_id


async def test_rejected_form_is_opened_again_as_it_was_filled(redraw: Redraw, ann: Person) -> None:
    """Everything wrong is said in private; Edit again has what was typed."""
    _, _, result = await made(redraw, ann)
    form = await ann.click(result, "Edit and run")
    sent = await ann.submit_modal(form, {"Prompt": "as a woodcut", "Strength": "7"})
    assert sent.ephemeral
    assert "Strength" in sent.message.text
    again = await ann.click(sent.message, "Edit again")
    assert again.kind == "modal"
    assert "as a woodcut" in str(again.modal)
    ordered = await ann.submit_modal(again, {"Strength": "0.7"})
    job = await redraw.until(ordered, State.READY)
    assert (job.request.prompt, job.request.strength) == ("as a woodcut", 0.7)


async def test_message_command_redraws_the_picture_of_a_message(
    redraw: Redraw, ann: Person
) -> None:
    """One picture: the form; ordered over exactly that one."""
    message = redraw.discord.world.message(redraw.channel, ann.user, files=dict([PICTURE]))
    form = await ann.message_command("Redraw this image", message)
    assert form.kind == "modal"
    sent = await ann.submit_modal(form, {"Prompt": "ink"})
    job = await redraw.until(sent, State.READY)
    assert job.request.image_count == 1


async def test_message_without_a_picture_is_answered_in_private(
    redraw: Redraw, ann: Person
) -> None:
    """Words instead of a form."""
    message = redraw.discord.world.message(redraw.channel, ann.user, content="hello")
    shown = await ann.message_command("Redraw this image", message)
    assert shown.ephemeral
    assert "no picture in this message" in shown.message.text


async def test_lists_are_private(redraw: Redraw, ann: Person) -> None:
    """The models, and one's own jobs with a link to the result."""
    _, job, result = await made(redraw, ann)
    await redraw.said(job)
    models = await ann.slash("redraw-models")
    assert models.ephemeral
    assert "Flux Dev" in models.message.text
    jobs = await ann.slash("redraw-jobs")
    assert jobs.ephemeral
    listed = await jobs.settled(within_s=20.0)
    assert f"/{result.id}" in listed.text or f"/{result.id}" in str(listed.components)


async def test_typing_is_completed(redraw: Redraw, ann: Person) -> None:
    """Models by what was typed; sizes of the chosen model."""
    models = await ann.autocomplete("redraw", {"prompt": "ink", "model": "kontext"}, "model")
    assert "kontext" in models[0]["value"]
    sizes = await ann.autocomplete(
        "redraw", {"prompt": "ink", "model": models[0]["value"], "size": ""}, "size"
    )
    assert sizes


async def test_unknown_job_is_said_in_words(redraw: Redraw, ann: Person) -> None:
    """Another database, or a job that is forgotten: no error, a sentence."""
    _, job, result = await made(redraw, ann)
    for part in result.controls:
        if "custom_id" in part:
            part["custom_id"] = part["custom_id"].replace(job.job_id, "0" * 26)
    shown = await ann.click(result, "Run again")
    assert shown.ephemeral
    assert "no such job" in shown.message.text


async def test_button_of_another_version_is_answered(redraw: Redraw, ann: Person) -> None:
    """What cannot be read is answered all the same."""
    _, _, result = await made(redraw, ann)
    for part in result.controls:
        if part.get("label") == "Run again":
            part["custom_id"] = "redraw0:again"
    shown = await ann.click(result, "Run again")
    assert shown.ephemeral
    assert "another version" in shown.message.text


async def test_emptied_job_says_that_it_is_not_kept(redraw: Redraw, ann: Person) -> None:
    """Past retention the button answers, and says what to do."""
    _, job, result = await made(redraw, ann)
    await redraw.said(job)
    assert await redraw.works.queue.forget(job.job_id) is not None
    shown = await ann.click(result, "Run again")
    assert shown.ephemeral
    assert "not kept any more" in shown.message.text


async def test_show_again_is_for_the_requester(redraw: Redraw, ann: Person, bob: Person) -> None:
    """A result that its place refused comes once the place takes it again."""
    fault = redraw.discord.faults.fail("POST /channels/{channel}/messages", code=50001, times=50)
    shown = await ann.slash("redraw", {"prompt": "ink"}, attachments={"image": PICTURE})
    job = await redraw.until(shown, State.READY)
    await redraw.said(job)
    fault.end()
    listed = await (await ann.slash("redraw-jobs")).settled(within_s=20.0)
    again = await ann.click(listed, "Show again")
    assert again.ephemeral
    assert words.SHOWN_AGAIN[:20] in again.message.text
    await redraw.said(job)
    twice = await ann.click(listed, "Show again")
    assert words.NOTHING_REFUSED[:20] in twice.message.text


async def test_show_again_of_pictures_that_are_gone_says_so(redraw: Redraw, ann: Person) -> None:
    """A result whose pictures are not kept any more is not promised again."""
    fault = redraw.discord.faults.fail("POST /channels/{channel}/messages", code=50001, times=50)
    shown = await ann.slash("redraw", {"prompt": "ink"}, attachments={"image": PICTURE})
    job = await redraw.until(shown, State.READY)
    await redraw.said(job)
    fault.end()
    listed = await (await ann.slash("redraw-jobs")).settled(within_s=20.0)
    for output in job.outputs:
        await redraw.works.materials.spool.delete(output)
    before = await redraw.works.queue.deliveries(job.job_id)
    again = await ann.click(listed, "Show again")
    assert words.NOT_KEPT[:30] in again.message.text
    assert await redraw.works.queue.deliveries(job.job_id) == before


async def test_before_and_after_of_several_is_one_sheet(redraw: Redraw, ann: Person) -> None:
    """All that was made, each with its number."""
    _, _, result = await made(redraw, ann, batch=2)
    shown = await ann.click(result, "Before/after")
    message = await shown.settled(lambda message: bool(message.attachments), within_s=20.0)
    assert message.attachments[0].size_px is not None


async def test_message_with_several_pictures_asks_which(redraw: Redraw, ann: Person) -> None:
    """The form has a menu; exactly the chosen one is ordered."""
    files = {"one.png": PICTURE[1], "two.png": picture_bytes("red", (90, 60))}
    message = redraw.discord.world.message(redraw.channel, ann.user, files=files)
    form = await ann.message_command("Redraw this image", message)
    sent = await ann.submit_modal(form, {"Prompt": "ink", "Picture": "1"})
    job = await redraw.until(sent, State.READY)
    assert [(item.width_px, item.height_px) for item in job.prepared] == [(90, 60)]


async def test_edit_again_keeps_the_chosen_picture(redraw: Redraw, ann: Person) -> None:
    """Who chose the second picture and mistyped a number does not get the first one redrawn."""
    files = {"one.png": PICTURE[1], "two.png": picture_bytes("red", (90, 60))}
    message = redraw.discord.world.message(redraw.channel, ann.user, files=files)
    form = await ann.message_command("Redraw this image", message)
    refused = await ann.submit_modal(form, {"Prompt": "ink", "Picture": "1", "Strength": "7"})
    again = await ann.click(refused.message, "Edit again")
    sent = await ann.submit_modal(again, {"Strength": "0.7"})
    job = await redraw.until(sent, State.READY)
    assert [(item.width_px, item.height_px) for item in job.prepared] == [(90, 60)]


async def test_form_that_is_too_old_is_said_in_words(redraw: Redraw, ann: Person) -> None:
    """Its draft is gone: nothing is ordered, and what to do is said."""
    _, _, result = await made(redraw, ann)
    form = await ann.click(result, "Edit and run")
    assert form.interaction.modal is not None
    custom_id = form.interaction.modal["custom_id"]
    form.interaction.modal["custom_id"] = custom_id[:-26] + "0" * 26
    sent = await ann.submit_modal(form, {"Prompt": "ink"})
    assert sent.ephemeral
    assert "This form is too old" in sent.message.text
