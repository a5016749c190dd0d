"""The card's last edit."""

from __future__ import annotations

import pytest

from adapters.slack.budget import EDITS_PER_MINUTE
from core.errors import DeliveryGone, DeliveryRefused, DeliveryRetryable
from core.jobs.lifecycle import DeliveryKind, Reason, State
from tests.fakes.slack_errands import Bench, Rows

FINAL = DeliveryKind.CARD_FINAL
EDIT = "chat.update"


async def shown(bench: Bench) -> Rows:
    """Return a job with card and result."""
    rows = await bench.ready(await bench.rows())
    await rows.deliver(DeliveryKind.RESULT)
    return rows


@pytest.mark.parametrize("what", ["deleted", "window", "archived", "not ours", "left"])
async def test_a_card_that_takes_no_edit_stays_as_it_is(bench: Bench, what: str) -> None:
    """Gone, too old, is_inactive, cant_update_message, channel_not_found."""
    rows = await shown(bench)
    world, card = bench.server.world, bench.card(rows)
    if what == "deleted":
        world.delete_message(card)
    elif what == "window":
        world.edit_window_s = 0.0
    elif what == "archived":
        world.archive(bench.channel)
    elif what == "not ours":
        card.author = bench.ann
    else:
        bench.server.faults.fail(EDIT, error="channel_not_found")
    with pytest.raises(DeliveryGone):
        await rows.deliver(FINAL)
    (call,) = bench.server.called(EDIT)
    assert call.error is not None
    await bench.deliverer.progress(rows.job, rows.sent)


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
    assert bench.card(rows).edits == 2


async def test_what_slack_does_not_understand_is_refused(bench: Bench) -> None:
    rows = await shown(bench)
    bench.server.faults.fail(EDIT, error="invalid_blocks")
    with pytest.raises(DeliveryRefused):
        await rows.deliver(FINAL)


async def test_the_workspaces_address_is_asked_for_once(bench: Bench) -> None:
    rows = await shown(bench)
    for _ in range(2):
        await rows.deliver(FINAL)
    assert len(bench.server.called("auth.test")) == 1


async def test_edits_that_slack_did_not_take_leave_room_for_others(bench: Bench) -> None:
    """While it has enough of them nobody is asked, so nothing is used up."""
    rows = await shown(bench)
    bench.server.faults.fail(EDIT, status=429, retry_after_s=30)
    for _ in range(EDITS_PER_MINUTE):
        with pytest.raises(DeliveryRetryable):
            await rows.deliver(FINAL)
    bench.clock.leap(30.0)
    await rows.deliver(FINAL)
    assert len(bench.server.called(EDIT)) == 2
