"""Buttons, before and after a restart; who may press which; two clicks, and old ones."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.slack import runs, words
from adapters.slack.registration import COMMAND
from core.jobs.job import Job
from core.jobs.lifecycle import Reason, State
from tests.fakes.provider_script import Script
from tests.fakes.slack_rig import PATIENCE_S, Mode, Redraw, open_redraw, order
from tests.fakes.slack_shown import Shown
from tests.fakes.slack_user import Person
from tests.fakes.slack_values import Message

UNKNOWN_ID = "0" * 26


@pytest.fixture(params=list(Mode))
async def redraw(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Redraw]:
    admins = ("slack:UADMIN",)
    async with open_redraw(tmp_path, request.param, admins=admins) as opened:
        yield opened


@pytest.fixture
def ann(redraw: Redraw) -> Person:
    return redraw.slack.user("ann", channel=redraw.channel)


@pytest.fixture
def bob(redraw: Redraw) -> Person:
    return redraw.slack.user("bob", channel=redraw.channel)


async def made(redraw: Redraw, who: Person, **filled: str) -> tuple[Job, Message]:
    """Return a job that is done and the message with its buttons."""
    job = await redraw.until(await order(who, **filled), State.READY)
    await redraw.said(job)
    return job, await shown_with(redraw, "Delete", job)


async def shown_with(redraw: Redraw, label: str, job: Job) -> Message:
    """Return the message of a job once it has this button."""
    return await redraw.slack.until(
        lambda: next((m for m in redraw.slack.world.messages if _offers(m, label, job)), None),
        f"a message with {label}",
        within_s=PATIENCE_S,
    )


def _offers(message: Message, label: str, job: Job) -> bool:
    found = [each for each in message.controls if each.get("value") == job.job_id]
    return not message.deleted and any(each["text"]["text"] == label for each in found)


async def running(redraw: Redraw, who: Person) -> tuple[Shown, Job, Message]:
    """Return an order whose result is not coming, and its card."""
    redraw.provider.script(Script(held=True))
    sent = await order(who)
    job = await redraw.until(sent, State.RUNNING)
    return sent, job, await shown_with(redraw, "Cancel", job)


async def test_run_again_makes_the_same_job_after_a_restart(
    redraw: Redraw, ann: Person, bob: Person
) -> None:
    """Anybody may run it again, and the button outlives the process."""
    job, card = await made(redraw, ann, Strength="0.4")
    await redraw.restart()
    await bob.click(card, "Run again")
    (again,) = await redraw.jobs_of(bob)
    assert again.request == job.request
    await redraw.said(again)


async def test_two_clicks_make_one_job(
    redraw: Redraw, ann: Person, bob: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A double click is one act of one person; two people are two."""
    monkeypatch.setattr(runs, "ONE_ACT", timedelta(minutes=5))  # however slowly we click here
    _, card = await made(redraw, ann)
    await ann.click(card, "Run again")
    second = await ann.click(card, "Run again")
    await second.told(words.ONE_CLICK)
    await bob.click(card, "Run again")
    assert (len(await redraw.jobs_of(ann)), len(await redraw.jobs_of(bob))) == (2, 1)


async def test_two_clicks_at_once_make_one_job(
    redraw: Redraw, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a window of time ends between them, and neither is kept before the other comes."""
    _, card = await made(redraw, ann)
    border = int(redraw.desk.clock.now().timestamp()) // 5 * 5
    stamps = iter((f"{border - 0.05:.6f}", f"{border + 0.05:.6f}"))
    with monkeypatch.context() as patch:
        patch.setattr(redraw.slack.world, "new_ts", lambda: next(stamps))
        clicks = [await ann.click(card, "Run again", waits=False) for _ in range(2)]
    for each in clicks:
        await each.acknowledged()
    await redraw.slack.until(
        lambda: [m for m in redraw.slack.world.messages if words.ONE_CLICK in m.words],
        "a word to the second click",
        within_s=PATIENCE_S,
    )
    assert len(await redraw.jobs_of(ann)) == 2


async def test_cancel_is_for_the_requester_and_admins(
    redraw: Redraw, ann: Person, bob: Person
) -> None:
    """A stranger is told so in private; an admin of ours may."""
    sent, _, card = await running(redraw, ann)
    refused = await bob.click(card, "Cancel")
    await refused.told(words.NOT_YOURS)
    redraw.slack.world.users.pop(bob.id)
    bob.user.id = "UADMIN"
    redraw.slack.world.users[bob.id] = bob.user
    cancelled = await bob.click(card, "Cancel")
    await cancelled.told("may be charged all the same")
    job = await redraw.until(sent, State.CANCELLED)
    assert job.reason is Reason.MAY_BE_BILLED


async def test_check_again_asks_once_more(redraw: Redraw, ann: Person) -> None:
    """A cancelled job that was sent may still have a result."""
    sent, job, card = await running(redraw, ann)
    await ann.click(card, "Cancel")
    await redraw.until(sent, State.CANCELLED)
    redraw.provider.release()
    checked = await ann.click(await shown_with(redraw, "Check again", job), "Check again")
    await checked.told(words.CHECKING)
    await redraw.until(sent, State.READY)


async def test_uncertain_job_warns_before_it_runs_again(redraw: Redraw, ann: Person) -> None:
    """It may pay twice: that is said first, and the question goes once it is answered."""
    redraw.provider.fail_submits("cut")
    sent = await order(ann)
    job = await redraw.until(sent, State.UNCERTAIN)
    asked = await ann.click(await shown_with(redraw, "Run again", job), "Run again")
    question = await asked.told("may pay twice")
    assert len(await redraw.jobs_of(ann)) == 1
    done = await ann.click(question, "Run anyway")
    await done.settled(lambda _: question.deleted)
    assert len(await redraw.jobs_of(ann)) == 2


async def test_delete_asks_first_then_leaves_nothing(
    redraw: Redraw, ann: Person, bob: Person
) -> None:
    """Private question, then messages, words and pictures are gone; strangers may not."""
    job, card = await made(redraw, ann)
    await (await bob.click(card, "Delete")).told(words.NOT_YOURS)
    asked = await ann.click(card, "Delete")
    done = await ann.click(await asked.told("for everybody?"), "Delete")
    await done.told(words.DELETED, within_s=PATIENCE_S)
    left = await redraw.get(job.job_id)
    assert left is not None
    assert (left.request.prompt, left.outputs, left.prepared) == ("", (), ())
    assert not redraw.slack.thread(card)


async def test_edit_and_run_comes_filled(redraw: Redraw, ann: Person) -> None:
    """The form has what the job had, and its picture."""
    job, card = await made(redraw, ann, Strength="0.4")
    view = await (await ann.click(card, "Edit and run")).viewed()
    sent = await ann.submit(view, {"Prompt": "as a woodcut"})
    new = await redraw.until(sent, State.READY)
    assert (new.request.prompt, new.request.strength) == ("as a woodcut", 0.4)
    assert new.prepared[0].sha256 == job.prepared[0].sha256


async def test_use_as_input_orders_over_what_was_made(redraw: Redraw, ann: Person) -> None:
    """The new job's reference is the old one's output, of several the chosen one."""
    job, card = await made(redraw, ann, **{"Pictures to make": "2"})
    view = await (await ann.click(card, "Use as input")).viewed()
    sent = await ann.submit(view, {"Prompt": "as a woodcut", "Picture": "1"})
    new = await redraw.until(sent, State.READY)
    sources = new.origin.data["sources"]
    assert isinstance(sources, list)
    assert sources[0]["item"]["sha256"] == job.outputs[1].sha256


async def test_pictures_that_we_lost_are_read_from_slack(redraw: Redraw, ann: Person) -> None:
    """The reference from the user's file, the result from ours."""
    job, card = await made(redraw, ann)
    for item in (*job.prepared, *job.outputs):
        await redraw.works.materials.spool.delete(item)
    view = await (await ann.click(card, "Use as input")).viewed()
    await redraw.until(await ann.submit(view), State.READY)
    await ann.click(card, "Run again")
    newest = (await redraw.jobs_of(ann))[0]
    assert (await redraw.ended(newest)).state is State.READY


async def test_before_and_after_is_shown_in_private(
    redraw: Redraw, ann: Person, bob: Person
) -> None:
    """Anybody may look: it comes as a direct message, and nobody else sees it."""
    _, card = await made(redraw, ann)
    shown = await bob.click(card, "Before/after")
    await shown.told(words.SENT_ALONE, within_s=PATIENCE_S)
    direct = redraw.slack.world.dm(bob.user)
    names = await redraw.slack.until(
        lambda: [f.name for m in redraw.slack.messages(direct) for f in m.files], "a file"
    )
    assert names == ["before-after.jpg"]


async def test_jobs_lead_to_their_messages(redraw: Redraw, ann: Person) -> None:
    """The link of the list is that of the reply with the pictures."""
    _, card = await made(redraw, ann)
    (result,) = redraw.slack.thread(card)
    told = await (await ann.command(COMMAND, "jobs")).told("Your jobs")
    assert f"/p{result.ts.replace('.', '')}?thread_ts={card.ts}" in told.words


async def test_result_that_a_place_refused_is_shown_again(redraw: Redraw, ann: Person) -> None:
    """Once it takes files again; for the requester alone, and once."""
    redraw.provider.script(Script(held=True))
    sent = await order(ann)
    job = await redraw.until(sent, State.RUNNING)
    redraw.slack.world.archive(redraw.channel)
    redraw.provider.release()
    await redraw.until(sent, State.READY)
    await redraw.said(job)
    redraw.slack.world.unarchive(redraw.channel)
    listed = await (await ann.command(COMMAND, "jobs")).told("Your jobs")
    again = await ann.click(listed, "Show again")
    await again.told(words.SHOWN_AGAIN)
    await redraw.said(job)
    twice = await ann.click(listed, "Show again")
    await twice.told(words.NOTHING_REFUSED)


async def test_odd_buttons_are_answered_in_words(redraw: Redraw, ann: Person) -> None:
    """Of another version, of another database, and of a job that is emptied."""
    job, card = await made(redraw, ann)
    elements = [each for block in card.blocks for each in block.get("elements", ())]
    buttons = {each["text"]["text"]: each for each in elements if each.get("type") == "button"}
    buttons["Run again"]["action_id"] = "redraw0:again"
    await (await ann.click(card, "Run again")).told("another version")
    buttons["Edit and run"]["value"] = UNKNOWN_ID
    await (await ann.click(card, "Edit and run")).told("no such job")
    assert await redraw.works.queue.forget(job.job_id) is not None
    await (await ann.click(card, "Use as input")).told("not kept any more")


async def test_button_of_a_job_of_another_channel_is_unknown(
    redraw: Redraw, ann: Person, bob: Person
) -> None:
    """Whoever knows an id does not get what another channel had."""
    _, hidden = await made(redraw, ann)
    elsewhere = redraw.slack.world.channel("elsewhere")
    hidden.channel = elsewhere
    shown = await bob.click(hidden, "Before/after")
    await shown.told("no such job")


async def test_model_that_is_gone_cannot_run_again(redraw: Redraw, ann: Person) -> None:
    """It is said in words, and the form lets another be chosen."""
    job, card = await made(redraw, ann, Model="flux-redux")
    redraw.without = frozenset({job.request.model_id})
    await redraw.restart()
    await (await ann.click(card, "Run again")).told(words.MODEL_GONE)
    assert len(await redraw.jobs_of(ann)) == 1
