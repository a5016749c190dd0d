"""The card's last edit, and what there is to take back of a job."""

from __future__ import annotations

import pytest

from core.errors import DeliveryGone, DeliveryRetryable
from core.jobs.lifecycle import DeliveryKind, Reason, State
from tests.fakes.discord_errands import Bench, Rows
from tests.fakes.discord_values import Permission

FINAL = DeliveryKind.CARD_FINAL
EDIT = "PATCH /channels/{channel}/messages/{message}"
DELETE = "DELETE /channels/{channel}/messages/{message}"


async def shown(bench: Bench) -> Rows:
    """Return a job with card and result."""
    rows = await bench.ready(await bench.rows())
    await rows.deliver(DeliveryKind.RESULT)
    return rows


@pytest.mark.parametrize("code", [10008, 50083, 50001, 10003, 50005, 50013])
async def test_a_card_that_takes_no_edit_stays_as_it_is(bench: Bench, code: int) -> None:
    rows = await shown(bench)
    bench.server.faults.fail(EDIT, code=code)
    with pytest.raises(DeliveryGone):
        await rows.deliver(FINAL)


async def test_a_card_that_was_edited_too_often_stays_as_it_is(bench: Bench) -> None:
    """30046 comes as a 429, which discord.py tries a few times."""
    rows = await shown(bench)
    bench.server.faults.fail(EDIT, code=30046, times=5)
    with pytest.raises(DeliveryGone):
        await rows.deliver(FINAL)


async def test_without_a_card_there_is_nothing_to_edit(bench: Bench) -> None:
    rows = await bench.rows()
    rows.becomes(State.CANCELLED, reason=Reason.WITHDRAWN)
    with pytest.raises(DeliveryGone):
        await rows.deliver(FINAL)


async def test_a_lost_answer_is_repeated(bench: Bench) -> None:
    rows = await shown(bench)
    bench.server.faults.fail(EDIT, drop=True, after_taking=True)
    with pytest.raises(DeliveryRetryable):
        await rows.deliver(FINAL)
    await rows.deliver(FINAL)
    (card,) = bench.server.messages(bench.channel)
    assert len(card.attachments) == 1


async def test_it_is_edited_by_the_bot_in_direct_messages_too(bench: Bench) -> None:
    """Long after the token has died."""
    channel = bench.server.world.dm(bench.ann)
    rows = await bench.ready(await bench.rows(await bench.asked(channel)))
    bench.clock.leap(3600.0)
    await rows.deliver(DeliveryKind.RESULT)
    await rows.deliver(FINAL)
    card, result = bench.server.messages(channel)
    assert f"/channels/@me/{channel.id}/{result.id}" in str(card.components)


async def test_removal_leaves_a_card_without_prompt_and_picture(bench: Bench) -> None:
    rows = await shown(bench)
    await rows.deliver(FINAL)
    await bench.deliverer.remove(rows.job, rows.sent)
    (card,) = bench.server.messages(bench.channel)
    assert "woodcut" not in card.text
    assert "(deleted)" in card.text
    assert not card.attachments
    await bench.deliverer.remove(rows.job, rows.sent, is_forgotten=True)
    assert not card.controls
    (thread,) = bench.server.threads(bench.channel)
    assert not bench.server.messages(thread)


async def test_removal_takes_an_empty_thread_along_where_it_may(bench: Bench) -> None:
    rows = await shown(bench)
    guild = bench.channel.guild
    assert guild is not None
    guild.permissions |= Permission.MANAGE_THREADS
    await bench.deliverer.remove(rows.job, rows.sent)
    assert not bench.server.threads(bench.channel)


async def test_removal_leaves_what_others_said(bench: Bench) -> None:
    rows = await shown(bench)
    guild = bench.channel.guild
    assert guild is not None
    guild.permissions |= Permission.MANAGE_THREADS
    (thread,) = bench.server.threads(bench.channel)
    bench.server.world.message(thread, bench.ann, "lovely")
    await bench.deliverer.remove(rows.job, rows.sent)
    assert bench.server.threads(bench.channel) == [thread]
    assert [each.content for each in bench.server.messages(thread)] == ["lovely"]


async def test_removal_of_what_is_gone_goes_on(bench: Bench) -> None:
    """And each message is asked about once."""
    rows = await bench.rows()
    await rows.deliver(DeliveryKind.CARD)
    rows.becomes(State.FAILED, reason=Reason.FILTERED)
    await rows.deliver(DeliveryKind.NOTICE)
    for message in bench.server.messages(bench.channel):
        bench.server.world.delete_message(message)
    await bench.deliverer.remove(rows.job, rows.sent)
    asked = [*bench.server.called(EDIT), *bench.server.called(DELETE)]
    assert len(asked) == len({call.path for call in asked}) == 2


async def test_removal_that_meets_a_cut_line_can_be_repeated(bench: Bench) -> None:
    rows = await shown(bench)
    bench.server.faults.fail(EDIT, drop=True)
    with pytest.raises(DeliveryRetryable):
        await bench.deliverer.remove(rows.job, rows.sent)
    await bench.deliverer.remove(rows.job, rows.sent)
    (card,) = bench.server.messages(bench.channel)
    assert "(deleted)" in card.text
