"""Delete, where a prompt and a picture would otherwise stay to be seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from core.errors import DeliveryRefused, DeliveryRetryable
from core.jobs.job import Delivery, DeliveryState
from core.jobs.lifecycle import DeliveryKind
from tests.fakes.discord_errands import Bench, Rows
from tests.fakes.discord_values import Message, Permission

RESULT = DeliveryKind.RESULT
EDIT = "PATCH /channels/{channel}/messages/{message}"
DELETE = "DELETE /channels/{channel}/messages/{message}"
POST = "POST /channels/{channel}/messages"
RENAME = "PATCH /channels/{channel}"


async def shown(bench: Bench) -> Rows:
    """Return a job with card and result."""
    rows = await bench.ready(await bench.rows())
    await rows.deliver(RESULT)
    return rows


def pictures_of(bench: Bench) -> Message:
    """Return the message with the result, in the one thread that there is."""
    (thread,) = bench.server.threads(bench.channel)
    (said,) = bench.server.messages(thread)
    return said


async def test_delete_stays_on_the_card_until_our_own_copy_is_gone(bench: Bench) -> None:
    """Whatever ends the process in between, somebody can ask again."""
    rows = await shown(bench)
    result = pictures_of(bench)
    await bench.deliverer.remove(rows.job, rows.sent)
    (card,) = bench.server.messages(bench.channel)
    assert (card.labels, card.attachments, result.deleted) == (["Delete"], [], True)
    assert "woodcut" not in card.text
    await bench.deliverer.remove(rows.job, rows.sent, is_forgotten=True)
    assert (card.labels, card.deleted) == ([], False)
    assert "(deleted)" in card.text


async def test_a_button_that_cannot_be_taken_off_is_left(bench: Bench) -> None:
    """Whoever presses it reads that nothing is kept any more."""
    rows = await shown(bench)
    await bench.deliverer.remove(rows.job, rows.sent)
    bench.server.faults.fail(EDIT, status=503)
    await bench.deliverer.remove(rows.job, rows.sent, is_forgotten=True)
    (card,) = bench.server.messages(bench.channel)
    assert card.labels == ["Delete"]


@pytest.mark.parametrize("has_rights", [True, False])
@pytest.mark.parametrize("is_gone", [True, False])
async def test_without_a_card_the_result_is_what_to_ask_again_on(
    bench: Bench, is_gone: bool, has_rights: bool
) -> None:
    """Somebody deleted the card, or it is old and was edited too often."""
    rows = await shown(bench)
    result, guild = pictures_of(bench), bench.channel.guild
    assert guild is not None
    if has_rights:
        guild.permissions |= Permission.MANAGE_THREADS
    (card,) = bench.server.messages(bench.channel)
    if is_gone:
        bench.server.world.delete_message(card)
    else:
        bench.server.faults.fail(_edit_of(card), code=30046, times=5)
    await bench.deliverer.remove(rows.job, rows.sent)
    assert (card.deleted, result.deleted) == (True, False)
    assert (result.labels, result.attachments) == (["Delete"], [])
    assert "woodcut" not in result.text + result.channel.name
    await bench.deliverer.remove(rows.job, rows.sent, is_forgotten=True)
    assert result.deleted
    assert (bench.server.threads(bench.channel) == []) is has_rights


def _edit_of(message: Message) -> Callable[[Any], bool]:
    return lambda asked: asked.route == EDIT and asked.ids["message"] == str(message.id)


@pytest.mark.parametrize("route", [EDIT, DELETE, "PATCH /channels/{channel}"])
async def test_a_removal_that_meets_a_cut_line_can_be_repeated(bench: Bench, route: str) -> None:
    rows = await shown(bench)
    await rows.deliver(DeliveryKind.CARD_FINAL)
    result = pictures_of(bench)
    times = 2 if route == DELETE else 1  # aiohttp repeats a DELETE once by itself
    bench.server.faults.fail(route, drop=True, times=times)
    with pytest.raises(DeliveryRetryable):
        await bench.deliverer.remove(rows.job, rows.sent)
    (card,) = bench.server.messages(bench.channel)
    assert "Delete" in card.labels
    await bench.deliverer.remove(rows.job, rows.sent)
    assert result.deleted
    assert "woodcut" not in card.text + result.channel.name


@pytest.mark.parametrize("refused", [True, False])
async def test_a_thread_without_the_result_loses_the_prompt_from_its_name_too(
    bench: Bench, refused: bool
) -> None:
    """It was started, and then took nothing: the result stands in the channel, or nowhere."""
    rows = await bench.ready(await bench.rows())
    bench.server.faults.fail(POST, status=400 if refused else 403, code=None if refused else 160005)
    deliveries = await _tried(bench, rows)
    (thread,) = bench.server.threads(bench.channel)
    assert "woodcut" in thread.name
    await bench.deliverer.remove(rows.job, deliveries)
    assert "woodcut" not in thread.name


async def _tried(bench: Bench, rows: Rows) -> tuple[Delivery, ...]:
    """Return the deliveries as the courier keeps them once the result was tried."""
    try:
        await rows.deliver(RESULT)
    except DeliveryRefused:
        return (*rows.sent, replace(rows.row(RESULT), state=DeliveryState.REFUSED))
    return rows.sent


async def test_with_nothing_said_there_is_nothing_to_take_back(bench: Bench) -> None:
    rows = await bench.rows()
    before = len(bench.server.calls)
    await bench.deliverer.remove(rows.job, ())
    await bench.deliverer.remove(rows.job, (), is_forgotten=True)
    assert len(bench.server.calls) == before


@pytest.mark.parametrize("is_archived", [True, False])
@pytest.mark.parametrize("others_spoke", [True, False])
async def test_the_prompt_does_not_stay_as_the_name_of_the_thread(
    bench: Bench, is_archived: bool, others_spoke: bool
) -> None:
    """Whoever started a thread may rename it; deleting it takes more than the bot asks for."""
    rows = await shown(bench)
    (thread,) = bench.server.threads(bench.channel)
    assert "woodcut" in thread.name
    if others_spoke:
        bench.server.world.message(thread, bench.ann, "lovely")
    if is_archived:
        bench.server.world.archive(thread)
    await bench.deliverer.remove(rows.job, rows.sent)
    assert bench.server.threads(bench.channel) == [thread]
    assert "woodcut" not in thread.name
    assert len(bench.server.called(RENAME)) == 1


async def test_a_locked_thread_keeps_its_name_and_the_rest_goes(bench: Bench) -> None:
    rows = await shown(bench)
    (thread,) = bench.server.threads(bench.channel)
    bench.server.world.archive(thread, locked=True)
    await bench.deliverer.remove(rows.job, rows.sent)
    assert not bench.server.messages(thread)
    (card,) = bench.server.messages(bench.channel)
    assert "(deleted)" in card.text


async def test_a_thread_that_is_deleted_is_not_renamed(bench: Bench) -> None:
    rows = await shown(bench)
    guild = bench.channel.guild
    assert guild is not None
    guild.permissions |= Permission.MANAGE_THREADS
    await bench.deliverer.remove(rows.job, rows.sent)
    assert not bench.server.called(RENAME)


async def test_a_card_in_an_archived_thread_goes_altogether(bench: Bench) -> None:
    """Nothing there can be edited; deleting is the one thing that is allowed."""
    thread = bench.server.world.thread(bench.channel)
    rows = await bench.ready(await bench.rows(await bench.asked(thread)))
    await rows.deliver(RESULT)
    bench.server.world.archive(thread)
    await bench.deliverer.remove(rows.job, rows.sent)
    assert not bench.server.messages(thread)


@pytest.mark.parametrize("code", [30046, 50013])
async def test_a_card_that_takes_no_edit_goes_altogether(bench: Bench, code: int) -> None:
    rows = await shown(bench)
    bench.server.faults.fail(EDIT, code=code, times=5)
    await bench.deliverer.remove(rows.job, rows.sent)
    assert not bench.server.messages(bench.channel)
