"""Every button on Discord: pressed at once, after a restart, and a month later."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.plans import JOBS_FILE
from tests.acceptance.discord_marks import job_of, jobs, messages_of, nothing_twice
from tests.acceptance.discord_past import Past, altered, past
from tests.acceptance.discord_process import PATIENCE_S, Bot
from tests.fakes.discord_forms import fields_of
from tests.fakes.discord_shown import Shown
from tests.fakes.discord_user import Person
from tests.fakes.discord_values import MEMBER, Permission
from tests.fakes.pictures import colour_distance, mean_colour

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

MODERATOR = MEMBER | Permission.MANAGE_MESSAGES
READ = "GET /channels/{channel}/messages/{message}"


@pytest_asyncio.fixture(
    scope="module", loop_scope="module", params=["at once", "after a restart", "after a month"]
)
async def then(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Past]:
    folder = tmp_path_factory.mktemp("discord") / "bot"
    async with past(folder, request.param) as made:
        yield made


def _somebody(bot: Bot, name: str, permissions: Permission = MEMBER) -> Person:
    return bot.discord.user(name, channel=bot.channel, permissions=permissions)


async def _told(shown: Shown) -> str:
    """Return what was answered, once it is sure that one person alone can read it."""
    message = await shown.settled(within_s=PATIENCE_S)
    assert message.ephemeral
    assert message.seen_by is shown.interaction.user
    return message.text


async def test_run_again_is_for_everybody(then: Past) -> None:
    """A bystander gets a job of their own; pictures that are gone from disk come from the card."""
    bob = _somebody(then.bot, "bob")
    reads = len(then.bot.discord.called(READ))
    card, result = await then.bot.done(await bob.click(then.results["run"], "Run again"))

    (first, second) = [each for each in then.bot.provider.submits if each.prompt == "run"]
    assert second.reference_codes == (200,)
    assert second.body.keys() == first.body.keys()
    assert job_of(card) != job_of(then.cards["run"])
    assert result.pings == {bob.id}
    assert (len(then.bot.discord.called(READ)) > reads) == then.is_old


async def test_two_clicks_in_a_row_make_one_job(then: Past) -> None:
    """The second click is answered in words, and costs nothing."""
    carol = _somebody(then.bot, "carol")
    before = jobs(then.bot.discord)
    async with asyncio.TaskGroup() as tasks:
        clicks = [
            tasks.create_task(carol.click(then.results["double"], "Run again")) for _ in range(2)
        ]
    shown = sorted((click.result() for click in clicks), key=lambda one: one.ephemeral)
    card, _ = await then.bot.done(shown[0])

    assert "two clicks in a row make one job" in await _told(shown[1])
    assert jobs(then.bot.discord) - before == {job_of(card)}
    assert then.bot.provider.count(prompt="double") == 2


async def test_edit_and_run_opens_the_form_filled_in(then: Past) -> None:
    """The form has what the job had, and what is changed in it is what is sent."""
    opened = await then.bot.ann.click(then.results["edit"], "Edit and run")
    prompt = fields_of(opened.modal)["Prompt"]["value"]
    changed = {"Prompt": f"edited {then.when}", "Strength": "0.3"}
    await then.bot.done(await then.bot.ann.submit_modal(opened, changed))

    (submit,) = [each for each in then.bot.provider.submits if each.prompt == changed["Prompt"]]
    assert prompt == "edit"
    assert (submit.body["strength"], submit.reference_codes) == (0.3, (200,))


async def test_use_as_input_takes_the_picture_that_is_chosen(then: Past) -> None:
    """Of the pictures that a job made, the chosen one is the next reference."""
    opened = await then.bot.ann.click(then.results["use"], "Use as input")
    values = {"Prompt": f"used {then.when}", "Picture": "1"}
    card, _ = await then.bot.done(await then.bot.ann.submit_modal(opened, values))

    first, second = (mean_colour(made.data) for made in then.results["use"].attachments)
    lent = mean_colour(card.attachments[0].data)
    assert colour_distance(lent, second) < 8
    assert colour_distance(lent, first) > 64
    (submit,) = [each for each in then.bot.provider.submits if each.prompt == values["Prompt"]]
    assert (submit.reference_codes, submit.body["batch"]) == ((200,), 2)


async def test_before_and_after_is_shown_to_who_asks(then: Past) -> None:
    """Anybody sees the two beside each other, alone."""
    shown = await _somebody(then.bot, "dan").click(then.results["compare"], "Before/after")
    message = await shown.settled(lambda one: bool(one.attachments), within_s=PATIENCE_S)

    assert message.ephemeral
    assert len(message.attachments) == 1


async def test_delete_asks_first_and_then_nothing_is_left(then: Past) -> None:
    """Strangers may not; the requester's second click deletes messages, words and pictures."""
    card, result = then.cards["delete"], then.results["delete"]
    refused = await _somebody(then.bot, "eve").click(result, "Delete")
    asked = await then.bot.ann.click(result, "Delete")
    question = await _told(asked)
    assert not result.deleted
    deleted = await then.bot.ann.click(asked.message, "Delete")
    await deleted.settled(lambda one: "Deleted" in one.text, within_s=PATIENCE_S)
    late = await then.bot.ann.click(then.stale["delete"], "Run again")

    assert "Only the person who asked" in await _told(refused)
    assert "Delete the messages" in question
    assert "not kept any more" in await _told(late)
    assert result.deleted
    assert (card.attachments, card.labels) == ([], [])
    assert "> delete" not in card.text
    path = then.bot.folder / "data" / JOBS_FILE
    with contextlib.closing(sqlite3.connect(path)) as database:
        query = "SELECT COUNT(*) FROM job WHERE prompt = 'delete'"
        assert database.execute(query).fetchone() == (0,)


async def test_moderator_may_delete(then: Past) -> None:
    """Whoever may manage messages may take them away."""
    mia = _somebody(then.bot, "mia", MODERATOR)
    asked = await mia.click(then.results["moderate"], "Delete")
    await mia.click(asked.message, "Delete")

    result = then.results["moderate"]
    await then.bot.discord.until(lambda: result.deleted, "the result to be deleted")


@pytest.mark.parametrize("by", ["requester", "moderator"])
async def test_cancel_is_not_for_strangers(then: Past, by: str) -> None:
    """The requester and moderators may; after a month it is too late, and that is said."""
    prompt = "cancel" if by == "requester" else "stop"
    card = then.stale[prompt] if then.is_old else then.cards[prompt]
    who = then.bot.ann if by == "requester" else _somebody(then.bot, "max", MODERATOR)
    refused = await _somebody(then.bot, "ulf").click(card, "Cancel")
    shown = await who.click(card, "Cancel")
    title = "Took too long" if then.is_old else "Cancelled"
    await then.bot.titled(then.cards[prompt], title)

    assert "Only the person who asked" in await _told(refused)
    assert ("too late to cancel" if then.is_old else "may be charged") in await _told(shown)
    told = messages_of(then.bot.discord, job_of(card), "notice")
    assert len(told) == (1 if then.is_old else 0)


async def test_check_again_brings_what_was_paid_for(then: Past) -> None:
    """A job that was cancelled after it was sent is looked at again, for as long as it is kept."""
    card = then.stale["check"]
    shown = await then.bot.ann.click(card, "Check again")
    then.bot.provider.release("check")
    told = await _told(shown)
    if then.is_old:
        assert "kept for four hours" in told
        return
    result = await then.bot.said(job_of(card), "result")
    await then.bot.titled(then.cards["check"], "Redrawn")

    assert "asked once more" in told
    assert len(result.attachments) == 1
    assert then.bot.provider.count(prompt="check") == 1


async def test_show_again_delivers_what_a_place_had_refused(then: Past) -> None:
    """The list of jobs knows what was refused, and delivers it once the place takes it."""
    listed = await (await then.bot.ann.slash("redraw-jobs")).settled(within_s=PATIENCE_S)
    shown = await then.bot.ann.click(listed, "Show again")
    result = await then.bot.said(job_of(then.cards["refused"]), "result")
    twice = await then.bot.ann.click(listed, "Show again")

    assert "shown again" in await _told(shown)
    assert "Nothing of this job" in await _told(twice)
    assert len(result.attachments) == 1


async def test_unknown_buttons_are_answered(then: Past) -> None:
    """A button of another version, and one of a job that nobody knows, are answered privately."""
    result = then.results["run"]
    version = altered(result, "redraw1", "redraw9")
    unknown = altered(result, job_of(result), "01ARZ3NDEKTSV4RRFFQ69G5FAV")
    of_version = await then.bot.ann.click(version, version.controls[0]["custom_id"])
    of_unknown = await then.bot.ann.click(unknown, unknown.controls[0]["custom_id"])

    assert "another version" in await _told(of_version)
    assert await _told(of_unknown)
    nothing_twice(then.bot.discord)
