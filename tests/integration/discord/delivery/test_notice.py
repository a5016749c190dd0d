"""Notices: in reply to the card, else in the answer to the interaction, else by themselves."""

from __future__ import annotations

import pytest

from core.errors import DeliveryRefused, DeliveryRetryable
from core.jobs.lifecycle import DeliveryKind, Reason, State
from tests.fakes.discord_errands import Bench

NOTICE = DeliveryKind.NOTICE
FILL = "PATCH /webhooks/{application}/{token}/messages/@original"
POST = "POST /channels/{channel}/messages"
THREAD = "POST /channels/{channel}/messages/{message}/threads"
TOKEN_LIVES_S = 15 * 60.0
WINDOW_S = 121.0


@pytest.mark.parametrize("reason", [Reason.REMOTE_FAILED, Reason.FILTERED])
async def test_a_job_that_failed_says_so_below_its_card(bench: Bench, reason: Reason) -> None:
    """It calls the requester, and starts no thread."""
    rows = await bench.rows()
    await rows.deliver(DeliveryKind.CARD)
    rows.becomes(State.FAILED, reason=reason)
    await rows.deliver(NOTICE)
    card, notice = bench.server.messages(bench.channel)
    assert notice.reference is card
    assert notice.pings == {bench.ann.id}
    assert not bench.server.called(THREAD)


async def test_no_place_is_said_in_the_answer_to_the_interaction(bench: Bench) -> None:
    asked = await bench.asked()
    rows = await bench.rows(asked)
    rows.becomes(State.FAILED, reason=Reason.NO_PLACE)
    notice = await rows.deliver(NOTICE)
    assert asked.original is not None
    assert notice.data["message"] == str(asked.original.id)
    assert not asked.original.loading
    assert not bench.server.called(POST)


@pytest.mark.parametrize("died", ["by the clock", "before that"])
async def test_no_place_and_a_dead_token_is_refused(bench: Bench, died: str) -> None:
    rows = await bench.rows()
    rows.becomes(State.FAILED, reason=Reason.NO_PLACE)
    if died == "by the clock":
        bench.clock.leap(TOKEN_LIVES_S)
    else:
        bench.server.faults.fail(FILL, code=50027)
    with pytest.raises(DeliveryRefused):
        await rows.deliver(NOTICE)
    assert not bench.server.called(POST)


async def test_without_a_card_it_stands_by_itself(bench: Bench) -> None:
    rows = await bench.rows()
    rows.becomes(State.FAILED, reason=Reason.NOT_PREPARED)
    bench.clock.leap(TOKEN_LIVES_S)
    await rows.deliver(NOTICE)
    (notice,) = [each for each in bench.server.messages(bench.channel) if not each.loading]
    assert notice.reference is None
    assert notice.pings == {bench.ann.id}


async def test_one_filled_in_before_the_token_died_is_found(bench: Bench) -> None:
    rows = await bench.rows()
    rows.becomes(State.FAILED, reason=Reason.NOT_PREPARED)
    bench.server.faults.fail(FILL, drop=True, after_taking=True)
    bench.clock.leap(TOKEN_LIVES_S - 60.0)
    with pytest.raises(DeliveryRetryable):
        await rows.deliver(NOTICE)
    bench.clock.leap(60.0)
    await rows.deliver(NOTICE)
    assert not bench.server.called(POST)


async def test_one_whose_answer_was_lost_is_there_once(bench: Bench) -> None:
    rows = await bench.rows()
    await rows.deliver(DeliveryKind.CARD)
    rows.becomes(State.UNCERTAIN, reason=Reason.OUTCOME_UNKNOWN)
    bench.server.faults.fail(POST, drop=True, after_taking=True)
    with pytest.raises(DeliveryRetryable):
        await rows.deliver(NOTICE)
    bench.server.world.nonce_window_s = 0.0
    bench.clock.leap(WINDOW_S)
    await rows.deliver(NOTICE)
    assert len(bench.server.messages(bench.channel)) == 2


async def test_a_card_that_is_gone_takes_no_reply(bench: Bench) -> None:
    rows = await bench.rows()
    await rows.deliver(DeliveryKind.CARD)
    rows.becomes(State.FAILED, reason=Reason.FILTERED)
    bench.server.world.delete_message(bench.server.messages(bench.channel)[0])
    await rows.deliver(NOTICE)
    (notice,) = bench.server.messages(bench.channel)
    assert notice.reference is None


async def test_a_lost_channel_is_told_in_private(bench: Bench) -> None:
    """That a request may have been charged is worth knowing."""
    rows = await bench.rows()
    await rows.deliver(DeliveryKind.CARD)
    rows.becomes(State.UNCERTAIN, reason=Reason.OUTCOME_UNKNOWN)
    bench.server.world.delete_channel(bench.channel)
    with pytest.raises(DeliveryRefused):
        await rows.deliver(NOTICE)
    (told,) = bench.server.messages(bench.server.world.dm(bench.ann))
    assert "charged" in told.text
