"""The notice: a reply with a ping, and never there twice."""

from __future__ import annotations

import pytest

from adapters.slack.posting import CANNOT_TELL
from core.errors import DeliveryRefused, DeliveryRetryable
from core.jobs.lifecycle import DeliveryKind, Reason, State
from tests.fakes.slack_errands import Bench, Rows

NOTICE = DeliveryKind.NOTICE
POST = "chat.postMessage"


async def failed(bench: Bench, reason: Reason = Reason.FILTERED, **changes: str) -> Rows:
    rows = await bench.rows()
    await rows.deliver(DeliveryKind.CARD)
    rows.becomes(State.FAILED, reason=reason, **changes)
    return rows


async def test_it_replies_to_the_card_and_pings(bench: Bench) -> None:
    rows = await failed(bench)
    notice = await rows.deliver(NOTICE)
    card = bench.card(rows)
    (said,) = bench.server.thread(card)
    assert bench.ann.mention in said.words
    assert notice.data["message"] == said.ts
    assert notice.data["thread"] == card.ts
    assert f"/p{card.ts.replace('.', '')}" in str(said.blocks)


@pytest.mark.parametrize("is_taken", [True, False])
async def test_what_may_have_been_said_is_not_said_again(bench: Bench, is_taken: bool) -> None:
    """The card tells it as well."""
    rows = await failed(bench)
    bench.server.faults.fail(POST, drop=True, after_taking=is_taken)
    with pytest.raises(DeliveryRetryable):
        await rows.deliver(NOTICE)
    with pytest.raises(DeliveryRefused, match=CANNOT_TELL):
        await rows.deliver(NOTICE)
    assert len(bench.server.thread(bench.card(rows))) == is_taken


@pytest.mark.parametrize("how", ["rate", "token", "down"])
async def test_what_was_certainly_not_said_is_said_later(bench: Bench, how: str) -> None:
    rows = await failed(bench)
    await bench.wire.identify()
    if how == "rate":
        bench.server.faults.fail(POST, status=429, retry_after_s=7)
    elif how == "token":
        bench.server.faults.fail(POST, error="invalid_auth")
    else:
        await bench.server.stop()
    with pytest.raises(DeliveryRetryable):
        await rows.deliver(NOTICE)
    if how == "down":
        await bench.server.start()
    bench.clock.leap(61.0)
    await rows.deliver(NOTICE)
    assert len(bench.server.thread(bench.card(rows))) == 1


async def test_a_picture_that_cannot_be_had_may_be_one_that_we_do_not_see(bench: Bench) -> None:
    rows = await failed(bench, Reason.PICTURE, detail="gone")
    await rows.deliver(NOTICE)
    (said,) = bench.server.thread(bench.card(rows))
    assert "/invite @Redraw" in said.words


async def test_show_again_is_a_round_of_its_own(bench: Bench) -> None:
    rows = await failed(bench)
    bench.server.world.archive(bench.channel)
    with pytest.raises(DeliveryRefused):
        await rows.deliver(NOTICE)
    bench.server.world.unarchive(bench.channel)
    await rows.deliver(NOTICE, seq=1)
    assert len(bench.server.thread(bench.card(rows))) == 1
