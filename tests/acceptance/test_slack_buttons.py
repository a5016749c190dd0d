"""
Every button on Slack: pressed at once, after a restart, and a month later.

All over Socket Mode, and after a restart over signed HTTP too: how an act comes in has no part in
what is kept of a job, and the two ways differ in nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio

from adapters.slack.registration import COMMAND
from bot.plans import JOBS_FILE
from core.jobs.lifecycle import DeliveryKind
from tests.acceptance.slack_marks import (
    job_of,
    jobs,
    labels_of,
    messages_of,
    nothing_twice,
    pings_of,
    prompt_of,
    results_of,
)
from tests.acceptance.slack_past import Past, altered, past
from tests.acceptance.slack_process import PATIENCE_S, Bot, Mode
from tests.fakes.pictures import colour_distance, mean_colour
from tests.fakes.slack_shown import Shown
from tests.fakes.slack_user import Person
from tests.fakes.slack_values import Message

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

TIMES = [
    (Mode.SOCKET, "at once"),
    (Mode.SOCKET, "after a restart"),
    (Mode.SOCKET, "after a month"),
    (Mode.HTTP, "after a restart"),
]


@pytest_asyncio.fixture(
    scope="module",
    loop_scope="module",
    params=TIMES,
    ids=[f"{mode}-{when}" for mode, when in TIMES],
)
async def then(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Past]:
    folder = tmp_path_factory.mktemp("slack") / "bot"
    async with past(folder, *request.param) as made:
        yield made


def _somebody(bot: Bot, name: str) -> Person:
    return bot.slack.user(name, channel=bot.channel)


async def _told(shown: Shown, words: str) -> Message:
    """Return what was answered, once it is sure that one person alone can read it."""
    told = await shown.told(words, within_s=PATIENCE_S)
    assert told.seen_by is shown.act.user
    return told


async def test_run_again_is_for_everybody(then: Past) -> None:
    """A bystander gets a job of their own; pictures that are gone from disk come from Slack."""
    bob = _somebody(then.bot, "bob")
    fetches = len(then.bot.slack.hosting.fetches)
    card, result = await then.bot.done(await bob.click(then.cards["run"], "Run again"))

    (first, second) = [each for each in then.bot.provider.submits if each.prompt == "run"]
    fetched = [each for each in then.bot.slack.hosting.fetches[fetches:] if each.verb == "GET"]
    assert second.reference_codes == (200,)
    assert second.body.keys() == first.body.keys()
    assert job_of(card) != job_of(then.cards["run"])
    assert pings_of(result) == {bob.id}
    assert bool(fetched) == then.is_old


async def test_two_clicks_in_a_row_make_one_job(then: Past) -> None:
    """The second click is answered in words, and costs nothing."""
    carol = _somebody(then.bot, "carol")
    before = jobs(then.bot.slack)
    card = then.cards["double"]
    async with asyncio.TaskGroup() as tasks:
        clicks = [tasks.create_task(carol.click(card, "Run again")) for _ in range(2)]
    first, _ = (click.result() for click in clicks)
    new, _ = await then.bot.done(first)

    await _told(first, "two clicks in a row make one job")
    assert jobs(then.bot.slack) - before == {job_of(new)}
    assert then.bot.provider.count(prompt="double") == 2


async def test_edit_and_run_opens_the_form_filled_in(then: Past) -> None:
    """The form has what the job had, and what is changed in it is what is sent."""
    view = await then.bot.form(await then.bot.ann.click(then.cards["edit"], "Edit and run"))
    (prompt,) = (field["value"] for field in view.values["prompt"].values())
    changed = {"Prompt": f"edited {then.when}", "Strength": "0.3"}
    await then.bot.done(await then.bot.ann.submit(view, changed))

    (submit,) = [each for each in then.bot.provider.submits if each.prompt == changed["Prompt"]]
    assert prompt == "edit"
    assert (submit.body["strength"], submit.reference_codes) == (0.3, (200,))


async def test_use_as_input_takes_the_picture_that_is_chosen(then: Past) -> None:
    """Of the pictures that a job made, the chosen one is the next reference."""
    prompt = f"used {then.when}"
    then.bot.hold(prompt)
    view = await then.bot.form(await then.bot.ann.click(then.cards["use"], "Use as input"))
    sent = await then.bot.ann.submit(view, {"Prompt": prompt, "Picture": "1"})
    await then.bot.submitted(prompt)
    (submit,) = [each for each in then.bot.provider.submits if each.prompt == prompt]
    lent = await _colour(str(submit.body["image"]))
    then.bot.provider.release(prompt)
    await then.bot.done(sent)

    first, second = (mean_colour(file.data) for file in then.results["use"].files)
    assert colour_distance(lent, second) < 8
    assert colour_distance(lent, first) > 64
    assert (submit.reference_codes, submit.body["batch"]) == ((200,), 2)


async def test_before_and_after_is_shown_to_who_asks(then: Past) -> None:
    """Anybody sees the two beside each other, in their own messages with Redraw."""
    dan = _somebody(then.bot, "dan")
    shown = await dan.click(then.cards["compare"], "Before/after")
    await _told(shown, "sent to you alone")

    def found() -> list[str]:
        direct = then.bot.slack.messages(then.bot.slack.world.dm(dan.user))
        return [file.name for message in direct for file in message.files]

    names = await then.bot.slack.until(found, "before and after", within_s=PATIENCE_S)
    assert names == ["before-after.jpg"]
    assert results_of(then.bot.slack, then.cards["compare"]) == [then.results["compare"]]


async def test_delete_asks_first_and_then_nothing_is_left(then: Past) -> None:
    """Strangers may not; the requester's second click deletes messages, words and pictures."""
    card, result = then.cards["delete"], then.results["delete"]
    await _told(await _somebody(then.bot, "eve").click(card, "Delete"), "Only the person who asked")
    asked = await then.bot.ann.click(card, "Delete")
    question = await _told(asked, "Delete the messages")
    assert not result.deleted
    await _told(await then.bot.ann.click(question, "Delete"), "Deleted")
    late = await then.bot.ann.click(then.stale["delete"], "Run again")
    await _told(late, "not kept any more")

    assert result.deleted
    assert all(file.deleted for file in result.files)
    assert labels_of(card) == []
    assert "> delete" not in card.text
    assert prompt_of(card) == ""
    assert "0 pictures" not in card.words
    path = then.bot.folder / "data" / JOBS_FILE
    with contextlib.closing(sqlite3.connect(path)) as database:
        query = "SELECT COUNT(*) FROM job WHERE prompt = 'delete'"
        assert database.execute(query).fetchone() == (0,)


async def test_admin_may_delete(then: Past) -> None:
    """Whom the operator named may take it away."""
    asked = await then.bot.boss.click(then.cards["moderate"], "Delete")
    await then.bot.boss.click(await _told(asked, "Delete the messages"), "Delete")

    result = then.results["moderate"]
    await then.bot.slack.until(
        lambda: result.deleted, "the result to be deleted", within_s=PATIENCE_S
    )


@pytest.mark.parametrize("by", ["requester", "admin"])
async def test_cancel_is_not_for_strangers(then: Past, by: str) -> None:
    """The requester and admins may; after a month it is too late, and that is said."""
    prompt, who = ("cancel", then.bot.ann) if by == "requester" else ("stop", then.bot.boss)
    card = then.stale[prompt]
    refused = await _somebody(then.bot, "ulf").click(card, "Cancel")
    await _told(refused, "Only the person who asked")
    shown = await who.click(card, "Cancel")
    await _told(shown, "too late to cancel" if then.is_old else "may be charged")
    title = "Took too long" if then.is_old else "Cancelled"
    await then.bot.titled(then.cards[prompt], title)

    if then.is_old:
        await then.bot.notice(then.cards[prompt])
    told = messages_of(then.bot.slack, job_of(card), DeliveryKind.NOTICE)
    assert len(told) == (1 if then.is_old else 0)


async def test_check_again_brings_what_was_paid_for(then: Past) -> None:
    """A job that was cancelled after it was sent is looked at again, for as long as it is kept."""
    shown = await then.bot.ann.click(then.stale["check"], "Check again")
    then.bot.provider.release("check")
    if then.is_old:
        await _told(shown, "kept for four hours")
        return
    await _told(shown, "asked once more")
    card = await then.bot.titled(then.cards["check"], "Redrawn")

    assert len(then.bot.result(card).files) == 1
    assert then.bot.provider.count(prompt="check") == 1


async def test_show_again_delivers_what_a_place_had_refused(then: Past) -> None:
    """The list of jobs knows what was refused, and delivers it once the place takes it."""
    card = then.cards["refused"]
    listed = await _told(await then.bot.ann.command(COMMAND, "jobs"), "Your jobs")
    assert results_of(then.bot.slack, card) == []
    await _told(await then.bot.ann.click(listed, "Show again"), "shown again")
    (result,) = await then.bot.slack.until(
        lambda: results_of(then.bot.slack, card), "the result", within_s=PATIENCE_S
    )
    await _told(await then.bot.ann.click(listed, "Show again"), "Nothing of this job")

    assert len(result.files) == 1


async def test_run_again_warns_where_it_may_pay_twice(then: Past) -> None:
    """Of a job that may have been charged it is asked first; the question goes once answered."""
    finn = _somebody(then.bot, "finn")
    asked = await finn.click(then.cards["warn"], "Run again")
    question = await _told(asked, "may pay twice")
    assert then.bot.provider.count(prompt="warn") == 1
    run = await finn.click(question, "Run anyway")
    await then.bot.done(run)

    await run.settled(lambda _: question.deleted, within_s=PATIENCE_S)
    assert then.bot.provider.count(prompt="warn") == 2


async def test_unknown_buttons_are_answered(then: Past) -> None:
    """A button of another version, and one of a job that nobody knows, are answered privately."""
    version = altered(then.cards["run"], "Run again", action_id="redraw9:press:run_again")
    unknown = altered(then.cards["run"], "Run again", value="01ARZ3NDEKTSV4RRFFQ69G5FAV")
    hugo = _somebody(then.bot, "hugo")

    await _told(await hugo.click(version, "Run again"), "another version")
    await _told(await hugo.click(unknown, "Run again"), "no such job")
    nothing_twice(then.bot.slack, then.bot.provider, cards_again=then.bot.kills)


async def _colour(url: str) -> tuple[float, ...]:
    timeout = aiohttp.ClientTimeout(total=10)
    async with aiohttp.ClientSession(timeout=timeout) as http, http.get(url) as answer:
        assert answer.status == 200
        return mean_colour(await answer.read())
