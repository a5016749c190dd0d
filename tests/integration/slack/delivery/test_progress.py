"""Progress: what changed, as often as a workspace bears it; nothing waits for its turn."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest

from adapters.slack.budget import EDITS_PER_MINUTE, GAP_S
from adapters.slack.edits import CARD_GAP_S, KEPT, Edits
from adapters.slack.posted import Posted
from adapters.slack.private import private_message
from core.errors import DeliveryGone, DeliveryRetryable
from core.jobs.lifecycle import DeliveryKind, Reason, State
from tests.fakes.slack_errands import Bench, Rows, open_bench

EDIT = "chat.update"
STATES = (State.QUEUED, State.SUBMITTING, State.RUNNING)


@pytest.fixture
def rate() -> float:
    """Time goes on when a test says so, not when a machine is slow."""
    return 0.001


async def carded(bench: Bench, number: int = 0) -> Rows:
    rows = await bench.rows(job_id=f"01JA{number:022d}")
    await rows.deliver(DeliveryKind.CARD)
    return rows


async def show(bench: Bench, rows: Rows, state: State) -> None:
    rows.becomes(state)
    await bench.deliverer.progress(rows.job, rows.sent)


async def put_off_s(bench: Bench, rows: Rows, state: State) -> float:
    with pytest.raises(DeliveryRetryable) as not_yet:
        await show(bench, rows, state)
    return not_yet.value.retry_after_s or 0.0


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


async def test_one_card_is_edited_every_five_seconds_at_most(bench: Bench) -> None:
    rows = await carded(bench)
    await show(bench, rows, State.QUEUED)
    assert 0 < await put_off_s(bench, rows, State.SUBMITTING) <= CARD_GAP_S
    bench.clock.leap(CARD_GAP_S)
    await show(bench, rows, State.RUNNING)
    assert len(bench.server.called(EDIT)) == 2
    assert "*Redrawing*" in bench.card(rows).words


async def test_all_cards_together_share_what_the_workspace_bears(bench: Bench) -> None:
    """Each of several waits for its turn, one after the other: 1.5 s times jobs."""
    several = [await carded(bench, number) for number in range(4)]
    await show(bench, several[0], State.QUEUED)
    waits_s = [await put_off_s(bench, rows, State.QUEUED) for rows in several[1:]]
    assert waits_s == pytest.approx([GAP_S, 2 * GAP_S, 3 * GAP_S], abs=GAP_S / 2)
    for rows in several[1:]:
        bench.clock.leap(GAP_S)
        await show(bench, rows, State.QUEUED)
    assert len(bench.server.called(EDIT)) == 4


async def test_a_hundred_jobs_stay_within_slacks_tier_and_all_have_their_last_word(
    tmp_path: Path, rate: float
) -> None:
    """Last edits that find no room say when there is some; progress stands back for them."""
    async with open_bench(tmp_path, rate_limits=True, rate=rate) as bench:
        bench.server.limits.limit("chat.postMessage", 1000, 1.0)
        jobs = [await carded(bench, number) for number in range(100)]
        for rows in jobs:
            with pytest.raises(DeliveryRetryable) if rows is not jobs[0] else nullcontext():
                await show(bench, rows, State.RUNNING)
        waiting = dict.fromkeys(range(len(jobs)), 0.0)
        began_s = bench.clock.monotonic_s()
        while waiting:
            number = min(waiting, key=lambda each: waiting[each])
            bench.clock.leap(max(0.0, waiting[number] - bench.clock.monotonic_s()))
            jobs[number].becomes(State.FAILED, reason=Reason.FILTERED)
            try:
                await jobs[number].deliver(DeliveryKind.CARD_FINAL)
            except DeliveryRetryable as exc:
                waiting[number] = bench.clock.monotonic_s() + (exc.retry_after_s or 0.0)
            else:
                del waiting[number]
        edits = bench.server.called(EDIT)
        assert len(edits) == 101
        assert all(call.ok for call in edits)
        assert bench.clock.monotonic_s() - began_s < 100 / EDITS_PER_MINUTE * 60.0 + 60.0


async def test_what_slack_calls_too_much_is_left_alone_for_a_while(bench: Bench) -> None:
    rows, other = await carded(bench), await carded(bench, 1)
    bench.server.faults.fail(EDIT, status=429, retry_after_s=20)
    assert await put_off_s(bench, rows, State.QUEUED) == 20.0
    assert await put_off_s(bench, other, State.QUEUED) > 15.0
    assert len(bench.server.called(EDIT)) == 1
    bench.clock.leap(20.0)
    await show(bench, rows, State.RUNNING)
    assert len(bench.server.called(EDIT)) == 2


async def test_a_card_that_is_gone_is_left_alone(bench: Bench) -> None:
    rows = await carded(bench)
    bench.server.world.delete_message(bench.card(rows))
    for state in STATES:
        await show(bench, rows, state)
        bench.clock.leap(CARD_GAP_S)
    assert len(bench.server.called(EDIT)) == 1


async def test_what_a_lost_answer_may_have_shown_is_shown_anew(bench: Bench) -> None:
    rows = await carded(bench)
    await show(bench, rows, State.QUEUED)
    bench.clock.leap(CARD_GAP_S)
    bench.server.faults.fail(EDIT, drop=True, after_taking=True)
    with pytest.raises(DeliveryRetryable):
        await show(bench, rows, State.SUBMITTING)
    bench.clock.leap(CARD_GAP_S)
    await show(bench, rows, State.QUEUED)
    assert "*Waiting*" in bench.card(rows).words


async def test_a_refused_edit_is_not_repeated(bench: Bench) -> None:
    rows = await carded(bench)
    bench.server.faults.fail(EDIT, error="invalid_blocks")
    for _ in range(2):
        await show(bench, rows, State.QUEUED)
        bench.clock.leap(CARD_GAP_S)
    assert len(bench.server.called(EDIT)) == 1


async def test_a_card_that_had_ended_shows_that_its_job_is_under_way_again(bench: Bench) -> None:
    """Check again: the card says that it ended, and not what progress last said."""
    rows = await carded(bench)
    await show(bench, rows, State.RUNNING)
    rows.becomes(State.EXPIRED, reason=Reason.DEADLINE, remote_task_id="task")
    await rows.deliver(DeliveryKind.CARD_FINAL)
    bench.clock.leap(CARD_GAP_S)
    rows.becomes(State.RUNNING, reason=None, finished_at=None)
    await bench.deliverer.progress(rows.job, rows.sent)
    assert "*Redrawing*" in bench.card(rows).words


async def test_only_so_many_cards_are_remembered(bench: Bench) -> None:
    """Forgetting one costs an edit too many, and nothing else."""
    edits, message = Edits(bench.wire, bench.clock), private_message("hello")
    rows = await carded(bench)
    first = Posted(channel_id=bench.channel.id, message_ts=bench.card(rows).ts)
    edits.is_shown(first, message)
    await edits.show(first, message)
    assert not bench.server.called(EDIT)
    for number in range(KEPT):
        edits.is_shown(Posted(channel_id="C1", message_ts=f"{number}.0"), message)
    await edits.show(first, message)
    assert len(bench.server.called(EDIT)) == 1


async def test_a_card_that_is_in_no_message_takes_no_edit(bench: Bench) -> None:
    nowhere = Posted(channel_id=bench.channel.id, message_ts=None)
    edits, message = Edits(bench.wire, bench.clock), private_message("hello")
    await edits.show(nowhere, message)
    with pytest.raises(DeliveryGone):
        await edits.finish(nowhere, message)
    assert bench.server.calls == []
