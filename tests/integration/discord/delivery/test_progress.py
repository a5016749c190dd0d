"""Progress: what changed, as often as a channel bears it; nothing waits for its turn."""

from __future__ import annotations

import pytest

from adapters.discord.edits import BEHIND_MAX
from core.errors import DeliveryRetryable
from core.jobs.lifecycle import DeliveryKind, Reason, State
from tests.fakes.discord_errands import Bench, Rows

EDIT = "PATCH /channels/{channel}/messages/{message}"
GAP_S = 1.5


@pytest.fixture
def rate() -> float:
    """Time goes on when a test says so, not when a machine is slow."""
    return 0.001


async def carded(bench: Bench) -> Rows:
    rows = await bench.rows()
    await rows.deliver(DeliveryKind.CARD)
    return rows


async def show(bench: Bench, rows: Rows, state: State) -> None:
    rows.becomes(state)
    await bench.deliverer.progress(rows.job, rows.sent)


async def test_nothing_is_edited_that_did_not_change(bench: Bench) -> None:
    rows = await carded(bench)
    await show(bench, rows, rows.job.state)
    assert not bench.server.called(EDIT)
    for _ in range(3):
        await show(bench, rows, State.RUNNING)
    assert len(bench.server.called(EDIT)) == 1


async def test_without_a_card_there_is_nothing_to_show(bench: Bench) -> None:
    rows = await bench.rows()
    await show(bench, rows, State.RUNNING)
    assert not bench.server.called(EDIT)


async def test_a_change_is_asked_to_come_again_when_its_turn_has_come(bench: Bench) -> None:
    rows = await carded(bench)
    await show(bench, rows, State.QUEUED)
    with pytest.raises(DeliveryRetryable) as not_yet:
        await show(bench, rows, State.SUBMITTING)
    assert 0.0 < (not_yet.value.retry_after_s or 0.0) <= GAP_S
    assert len(bench.server.called(EDIT)) == 1
    bench.clock.leap(GAP_S)
    await show(bench, rows, State.SUBMITTING)
    assert len(bench.server.called(EDIT)) == 2


async def test_an_old_card_is_edited_once_a_minute(bench: Bench) -> None:
    rows = await carded(bench)
    bench.clock.leap(3601.0)
    await show(bench, rows, State.QUEUED)
    with pytest.raises(DeliveryRetryable):
        await show(bench, rows, State.RUNNING)
    assert len(bench.server.called(EDIT)) == 1
    bench.clock.leap(60.0)
    await show(bench, rows, State.RUNNING)
    assert len(bench.server.called(EDIT)) == 2


async def test_a_card_that_is_gone_is_left_alone(bench: Bench) -> None:
    rows = await carded(bench)
    bench.server.world.delete_message(bench.server.messages(bench.channel)[0])
    await show(bench, rows, State.QUEUED)
    await show(bench, rows, State.RUNNING)
    assert len(bench.server.called(EDIT)) == 1


async def test_a_channel_that_has_too_much_is_left_alone_for_a_while(bench: Bench) -> None:
    rows = await carded(bench)
    bench.server.faults.fail(EDIT, status=429, via=False)
    with pytest.raises(DeliveryRetryable):
        await show(bench, rows, State.QUEUED)
    with pytest.raises(DeliveryRetryable):
        await show(bench, rows, State.RUNNING)
    assert len(bench.server.called(EDIT)) == 1
    bench.clock.leap(600.0)
    await show(bench, rows, State.RUNNING)
    assert len(bench.server.called(EDIT)) == 2


async def test_a_card_that_had_ended_shows_that_its_job_is_under_way_again(bench: Bench) -> None:
    """Check again: the card says that it ended, and not what progress last said."""
    rows = await carded(bench)
    await show(bench, rows, State.RUNNING)
    rows.becomes(State.EXPIRED, reason=Reason.DEADLINE, remote_task_id="task")
    await rows.deliver(DeliveryKind.CARD_FINAL)
    bench.clock.leap(GAP_S)
    rows.becomes(State.RUNNING, reason=None, finished_at=None)
    await bench.deliverer.progress(rows.job, rows.sent)
    (card,) = bench.server.messages(bench.channel)
    assert "Redrawing" in card.text


async def test_what_a_lost_answer_may_have_shown_is_shown_anew(bench: Bench) -> None:
    rows = await carded(bench)
    await show(bench, rows, State.QUEUED)
    bench.clock.leap(GAP_S)
    bench.server.faults.fail(EDIT, drop=True, after_taking=True)
    with pytest.raises(DeliveryRetryable):
        await show(bench, rows, State.SUBMITTING)
    bench.clock.leap(GAP_S)
    await show(bench, rows, State.QUEUED)
    (card,) = bench.server.messages(bench.channel)
    assert "**Waiting**" in card.text


async def test_changes_that_wait_for_a_channel_come_again_one_after_the_other(
    bench: Bench,
) -> None:
    """So that not each of many jobs is rendered anew for every turn; up to a limit."""
    rows = await carded(bench)
    await show(bench, rows, State.QUEUED)
    waits_s = [await _put_off_s(bench, rows) for _ in range(BEHIND_MAX + 3)]
    assert waits_s[:3] == pytest.approx([GAP_S, 2 * GAP_S, 3 * GAP_S], abs=GAP_S / 2)
    assert max(waits_s) <= (BEHIND_MAX + 1) * GAP_S
    bench.clock.leap(GAP_S)
    await show(bench, rows, State.SUBMITTING)
    assert await _put_off_s(bench, rows, State.RUNNING) <= GAP_S


async def _put_off_s(bench: Bench, rows: Rows, state: State = State.SUBMITTING) -> float:
    with pytest.raises(DeliveryRetryable) as not_yet:
        await show(bench, rows, state)
    return not_yet.value.retry_after_s or 0.0
