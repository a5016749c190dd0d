"""The result: one reply with the pictures, there once whatever happens on the way."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from adapters.slack import refusals
from adapters.slack.refusals import Refusal
from adapters.slack.results import NEVER_POSTED_AFTER_S
from adapters.slack.sharing import PAUSES_S
from core.errors import DeliveryRefused, DeliveryRetryable
from core.jobs.job import DeliveryState
from core.jobs.lifecycle import DeliveryKind
from tests.fakes.slack_errands import Bench, Killed, Rows, open_bench
from tests.fakes.slack_values import Message

RESULT = DeliveryKind.RESULT
BEGIN, COMPLETE, INFO = (
    "files.getUploadURLExternal",
    "files.completeUploadExternal",
    "files.info",
)
UPLOAD = "POST upload"


async def ready(bench: Bench, pictures: int = 2) -> Rows:
    return await bench.ready(await bench.rows(pictures=pictures))


def results(bench: Bench, rows: Rows) -> list[Message]:
    """Return the messages with pictures of the job's, in its thread."""
    return [said for said in bench.server.thread(bench.card(rows)) if said.files]


async def test_ids_are_committed_before_a_byte_is_sent(bench: Bench) -> None:
    rows = await ready(bench, 1)
    bench.dies_noting = "files"
    with pytest.raises(Killed):
        await rows.deliver(RESULT)
    (begun,) = bench.server.called(BEGIN)
    assert begun.ok
    assert rows.row(RESULT).data["files"]
    assert not [fetch for fetch in bench.server.hosting.fetches if fetch.verb == "POST"]


@pytest.mark.parametrize("at", ["files", "completing"])
async def test_a_process_that_ends_on_the_way_is_followed_by_one_result(
    bench: Bench, at: str
) -> None:
    rows = await ready(bench)
    bench.dies_noting = at
    with pytest.raises(Killed):
        await rows.deliver(RESULT)
    bench.dies_noting = None
    result = await rows.deliver(RESULT)
    (said,) = results(bench, rows)
    assert len(said.files) == 2
    assert result.data["message"] == said.ts
    assert len(bench.server.called(BEGIN)) == (3 if at == "files" else 2)


@pytest.mark.parametrize("is_taken", [True, False])
@pytest.mark.parametrize("is_held", [True, False])
async def test_a_completion_without_an_answer_is_looked_for(
    bench: Bench, is_taken: bool, is_held: bool
) -> None:
    """Posted, or on its way there, or never asked for: one result, of the same files."""
    rows = await ready(bench)
    bench.server.world.shares_held = is_held
    bench.server.faults.fail(COMPLETE, drop=True, after_taking=is_taken)
    with pytest.raises(DeliveryRetryable):
        await rows.deliver(RESULT)
    async with asyncio.TaskGroup() as tasks:
        trying = tasks.create_task(rows.deliver(RESULT))
        await bench.server.until(lambda: len(bench.server.called(INFO)) > 1, "a look")
        bench.server.release_shares()
    (said,) = results(bench, rows)
    assert trying.result().data["message"] == said.ts
    assert len(bench.server.called(BEGIN)) == 2
    assert len(bench.server.called(COMPLETE, ok=True)) == (not is_taken)


async def test_a_completion_that_comes_through_late_counts(bench: Bench) -> None:
    """It was on its way when it was looked for, and refuses the second one."""
    rows = await ready(bench, 1)
    bench.server.faults.fail(COMPLETE, drop=True, after_taking=True)
    with pytest.raises(DeliveryRetryable):
        await rows.deliver(RESULT)
    bench.server.faults.fail(INFO, error="file_not_found")
    await rows.deliver(RESULT)
    assert len(results(bench, rows)) == 1
    assert bench.server.called(COMPLETE)[-1].error == "file_not_found"


async def test_files_that_slack_has_lost_are_sent_anew(bench: Bench) -> None:
    """Not at once: files that were completed before are refused in the same words."""
    rows = await ready(bench, 1)
    bench.server.faults.fail(COMPLETE, drop=True)
    with pytest.raises(DeliveryRetryable):
        await rows.deliver(RESULT)
    bench.server.faults.fail(COMPLETE, error="file_not_found", times=2)
    await _put_off(bench, rows)
    assert len(bench.server.called(BEGIN)) == 1
    bench.clock.leap(NEVER_POSTED_AFTER_S)
    await _hurried(bench, rows)
    assert len(results(bench, rows)) == 1
    assert len(bench.server.called(BEGIN)) == 2


async def test_a_share_that_takes_long_is_waited_for_and_then_looked_for_again(
    bench: Bench,
) -> None:
    rows = await ready(bench, 1)
    bench.server.world.shares_held = True
    with pytest.raises(DeliveryRetryable) as caught:
        await _hurried(bench, rows)
    assert caught.value.retry_after_s
    assert len(bench.server.called(INFO)) == len(PAUSES_S) + 1
    bench.server.release_shares()
    await rows.deliver(RESULT)
    assert len(results(bench, rows)) == 1
    assert len(bench.server.called(COMPLETE)) == 1


async def test_files_that_are_never_posted_are_withdrawn_and_sent_anew(bench: Bench) -> None:
    """Slack accepts some files and posts them nowhere; should it do so late, they are gone."""
    rows = await ready(bench, 1)
    bench.server.world.shares_held = True
    with pytest.raises(DeliveryRetryable):
        await _hurried(bench, rows)
    bench.clock.leap(NEVER_POSTED_AFTER_S)
    waiting = list(bench.server._parts.files.waiting)
    bench.server.world.shares_held = False
    await rows.deliver(RESULT)
    bench.server._parts.files.waiting = waiting
    bench.server.release_shares()
    assert len(results(bench, rows)) == 1
    assert len(bench.server.called("files.delete")) == 1


async def test_files_that_may_not_be_withdrawn_are_sent_anew_all_the_same(bench: Bench) -> None:
    rows = await ready(bench, 1)
    bench.server.world.shares_held = True
    with pytest.raises(DeliveryRetryable):
        await _hurried(bench, rows)
    bench.clock.leap(NEVER_POSTED_AFTER_S)
    bench.server.world.shares_held = False
    bench.server.faults.fail("files.delete", error="file_deleting_disabled")
    await rows.deliver(RESULT)
    assert len(results(bench, rows)) == 1


@pytest.mark.parametrize("where", [BEGIN, COMPLETE])
@pytest.mark.parametrize("how", ["rate", "broken"])
async def test_what_fails_for_now_is_tried_again(bench: Bench, where: str, how: str) -> None:
    rows = await ready(bench)
    if how == "rate":
        bench.server.faults.fail(where, status=429, retry_after_s=5)
    else:
        bench.server.faults.fail(where, status=503)
    with pytest.raises(DeliveryRetryable) as caught:
        await rows.deliver(RESULT)
    assert (caught.value.retry_after_s == 5.0) is (how == "rate")
    bench.clock.leap(5.0)
    await rows.deliver(RESULT)
    assert len(results(bench, rows)) == 1


@pytest.mark.parametrize("fault", [{"status": 500}, {"drop": True}, {"status": 404}])
async def test_bytes_that_were_not_taken_are_sent_anew(
    bench: Bench, fault: dict[str, object]
) -> None:
    rows = await ready(bench, 1)
    bench.server.faults.fail(UPLOAD, **fault)  # type: ignore[arg-type]
    with pytest.raises(DeliveryRetryable):
        await rows.deliver(RESULT)
    assert not bench.server.called(COMPLETE)
    await rows.deliver(RESULT)
    assert len(results(bench, rows)) == 1


@pytest.mark.parametrize(
    ("lost", "why"),
    [
        ("left", Refusal.NOT_IN_CHANNEL),
        ("archived", Refusal.NO_PERMISSION),
        ("gone", Refusal.CHANNEL_GONE),
    ],
)
async def test_a_lost_channel_is_told_in_private_once(
    bench: Bench, lost: str, why: Refusal
) -> None:
    """The pictures are kept: shown again once the bot is back, in a round of its own."""
    rows = await ready(bench, 1)
    world = bench.server.world
    if lost == "left":
        world.leave(bench.channel)
    elif lost == "archived":
        world.archive(bench.channel)
    else:
        bench.server.faults.fail(COMPLETE, error="channel_not_found", times=2)
    for _ in range(2):
        with pytest.raises(DeliveryRefused) as caught:
            await rows.deliver(RESULT)
        assert refusals.of(caught.value) is why
    (told,) = bench.server.messages(world.dm(bench.ann))
    assert "Your pictures are ready" in told.words
    assert ("/invite @Redraw" in told.words) is (lost != "archived")
    assert "/redraw jobs" in told.words
    world.join(bench.channel)
    world.unarchive(bench.channel)
    await rows.deliver(RESULT, seq=1)
    assert len(results(bench, rows)) == 1


async def test_a_thread_that_takes_nothing_gives_way_to_the_channel(bench: Bench) -> None:
    rows = await ready(bench, 1)
    bench.server.faults.fail(COMPLETE, error="invalid_thread_ts")
    result = await rows.deliver(RESULT)
    assert result.data["thread"] is None
    assert [bool(said.files) for said in bench.server.messages(bench.channel)] == [False, True]


async def test_a_card_that_is_gone_takes_no_thread(bench: Bench) -> None:
    """Slack then posts in the channel and says so in files.info alone."""
    rows = await ready(bench, 1)
    bench.server.world.delete_message(bench.card(rows))
    result = await rows.deliver(RESULT)
    (said,) = bench.server.messages(bench.channel)
    assert said.files
    assert (result.data["message"], result.data["thread"]) == (said.ts, None)


async def test_a_picture_that_slack_left_out_is_not_said_to_be_shown(bench: Bench) -> None:
    """`ok` is no proof: an upload may be taken and posted nowhere."""
    rows = await ready(bench, 2)
    world = bench.server.world
    before = set(world.files)
    async with asyncio.TaskGroup() as tasks:
        trying = tasks.create_task(_hurried(bench, rows))
        await bench.server.until(lambda: len(set(world.files) - before) == 2, "two files")
        second = [world.files[each] for each in world.files if each not in before][1]
        second.mimetype = "image/webp"
    assert trying.done()
    assert rows.row(RESULT).data["shown"] == [0]


async def test_a_file_that_cannot_be_seen_yet_is_not_sent_again(bench: Bench) -> None:
    """Completed it was, which a second completion shows; that files.info lags proves nothing."""
    rows = await ready(bench, 1)
    bench.server.faults.fail(COMPLETE, drop=True, after_taking=True)
    with pytest.raises(DeliveryRetryable):
        await rows.deliver(RESULT)
    bench.server.faults.fail(INFO, error="file_not_found", times=2)
    await rows.deliver(RESULT)
    assert len(results(bench, rows)) == 1
    assert len(bench.server.called(BEGIN)) == 1


async def test_a_slow_upload_does_not_count_as_waiting_for_its_share(bench: Bench) -> None:
    rows = await ready(bench, 1)
    bench.server.world.shares_held = True
    uploading = bench.server.faults.fail(UPLOAD, hold=True)
    async with asyncio.TaskGroup() as tasks:
        trying = tasks.create_task(_put_off(bench, rows))
        await uploading.reached.wait()
        bench.clock.leap(NEVER_POSTED_AFTER_S)
        uploading.release()
    assert trying.done()
    await _put_off(bench, rows)
    bench.server.release_shares()
    await rows.deliver(RESULT)
    assert not bench.server.called("files.delete")
    assert len(bench.server.called(BEGIN)) == 1


async def test_files_completed_by_a_later_try_are_given_time_too(bench: Bench) -> None:
    """The process was away for longer than Slack may take."""
    rows = await ready(bench, 1)
    bench.dies_noting = "completing"
    with pytest.raises(Killed):
        await rows.deliver(RESULT)
    bench.dies_noting = None
    bench.clock.leap(NEVER_POSTED_AFTER_S)
    bench.server.world.shares_held = True
    for _ in range(2):
        await _put_off(bench, rows)
    bench.server.release_shares()
    await rows.deliver(RESULT)
    assert not bench.server.called("files.delete")
    assert len(results(bench, rows)) == 1


async def test_a_first_picture_that_slack_left_out_has_the_others_posted_once(
    bench: Bench,
) -> None:
    rows = await ready(bench, 2)
    world = bench.server.world
    before = set(world.files)
    async with asyncio.TaskGroup() as tasks:
        trying = tasks.create_task(_hurried(bench, rows))
        await bench.server.until(lambda: len(set(world.files) - before) == 2, "two files")
        first = next(world.files[each] for each in world.files if each not in before)
        first.mimetype = "image/webp"
    assert trying.done()
    (said,) = results(bench, rows)
    assert rows.row(RESULT).data["message"] == said.ts
    assert rows.row(RESULT).data["shown"] == [1]


async def test_one_call_tells_whether_a_place_without_a_message_has_it(bench: Bench) -> None:
    """Where Slack lists a place but not the message, it counts as posted, without a link."""
    rows = await ready(bench, 1)
    hidden = bench.server._parts.files._wire._shares

    def without_messages(file: object) -> dict[str, object]:
        return {**hidden(file), "shares": {}}  # type: ignore[arg-type]

    bench.server._parts.files._wire._shares = without_messages  # type: ignore[method-assign]
    result = await rows.deliver(RESULT)
    assert result.data["message"] is None
    await rows.deliver(DeliveryKind.CARD_FINAL)
    assert "Result" not in bench.card(rows).words
    await bench.deliverer.remove(rows.job, rows.sent)
    assert len(bench.server.called("files.delete")) == 1


async def test_files_that_were_refused_when_completed_again_are_told_in_words(
    bench: Bench,
) -> None:
    """An admin has changed their mind in between."""
    rows = await ready(bench, 1)
    bench.server.faults.fail(COMPLETE, drop=True)
    with pytest.raises(DeliveryRetryable):
        await rows.deliver(RESULT)
    bench.server.faults.fail(COMPLETE, error="file_type_not_allowed", times=2)
    with pytest.raises(DeliveryRefused):
        await rows.deliver(RESULT)
    (said,) = bench.server.thread(bench.card(rows))
    assert "do not allow this type" in said.words


async def test_what_may_not_be_looked_for_is_not_posted_again(bench: Bench) -> None:
    """Without files:read nobody can tell whether it is there."""
    rows = await ready(bench, 1)
    bench.server.faults.fail(COMPLETE, drop=True, after_taking=True)
    with pytest.raises(DeliveryRetryable):
        await rows.deliver(RESULT)
    await bench.server.until(lambda: results(bench, rows), "the pictures")
    bench.server.world.scopes.discard("files:read")
    with pytest.raises(DeliveryRefused):
        await rows.deliver(RESULT)
    assert len(results(bench, rows)) == 1
    assert len(bench.server.called(COMPLETE)) == 1


async def test_a_hundred_results_at_once_all_arrive_once(tmp_path: Path) -> None:
    """Within Slack's tiers: what is too much for a minute is tried again when Slack says so."""
    async with open_bench(tmp_path, rate_limits=True) as bench:
        bench.server.limits.limit("chat.postMessage", 1000, 1.0)
        jobs = [
            await bench.ready(await bench.rows(job_id=f"01JA{number:022d}"))
            for number in range(100)
        ]
        bench.clock._rate = 20.0
        async with asyncio.TaskGroup() as tasks:
            for rows in jobs:
                tasks.create_task(_until_taken(bench, rows))
        assert [len(results(bench, rows)) for rows in jobs] == [1] * len(jobs)
        assert len(bench.server.called(BEGIN, ok=True)) == len(jobs)


async def _until_taken(bench: Bench, rows: Rows) -> None:
    """Try as the courier does."""
    while rows.row(RESULT).state is not DeliveryState.SENT:
        try:
            await rows.deliver(RESULT)
        except DeliveryRetryable as exc:
            await bench.clock.sleep(max(exc.retry_after_s or 0.0, 2.0))


async def _put_off(bench: Bench, rows: Rows) -> None:
    """Deliver in a hurry what is not posted yet."""
    with pytest.raises(DeliveryRetryable):
        await _hurried(bench, rows)


async def _hurried(bench: Bench, rows: Rows) -> None:
    """Deliver while every wait is over at once: nothing is to be had by waiting."""

    async def be_later(delay_s: float) -> None:
        bench.clock.leap(delay_s)
        await asyncio.sleep(0)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bench.clock, "sleep", be_later)
        await rows.deliver(RESULT)
