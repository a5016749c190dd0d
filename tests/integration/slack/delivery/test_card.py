"""The card: posted where it was asked, again when nobody can tell, and not where we are not."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from adapters.slack import refusals
from adapters.slack.refusals import Refusal
from core.errors import DeliveryRefused, DeliveryRetryable, StaleJob
from core.jobs import verdicts
from core.jobs.lifecycle import DeliveryKind, Event, Reason, State
from tests.fakes.slack_errands import Bench, Rows, open_bench

CARD, NOTICE = DeliveryKind.CARD, DeliveryKind.NOTICE
POST = "chat.postMessage"


async def refused(rows: Rows, kind: DeliveryKind = CARD) -> Refusal:
    with pytest.raises(DeliveryRefused) as caught:
        await rows.deliver(kind)
    return refusals.of(caught.value)


async def test_it_says_all_in_words_beside_its_blocks(bench: Bench) -> None:
    rows = await bench.rows(request_prompt="<!channel> & <https://evil|Slack> *ink*")
    await rows.deliver(CARD)
    (call,) = bench.server.called(POST)
    assert call.arguments["text"]
    assert call.arguments["unfurl_links"] is False
    assert call.arguments["unfurl_media"] is False
    assert "<!channel>" not in str(call.arguments["text"])


@pytest.mark.parametrize("is_taken", [True, False])
async def test_an_unknown_outcome_is_followed_by_another_card(bench: Bench, is_taken: bool) -> None:
    """Nothing of a channel may be read: two cards are better than none."""
    rows = await bench.rows()
    bench.server.faults.fail(POST, drop=True, after_taking=is_taken)
    with pytest.raises(DeliveryRetryable):
        await rows.deliver(CARD)
    card = await rows.deliver(CARD)
    said = bench.server.messages(bench.channel)
    assert len(said) == 1 + is_taken
    assert card.data["message"] == said[-1].ts


@pytest.mark.parametrize("is_ours", [True, False])
async def test_a_card_that_comes_late_is_kept_while_the_job_is_ours(
    bench: Bench, *, is_ours: bool
) -> None:
    """A process that slept while it posted finds that others have the job, and a card for it."""
    rows = await bench.rows()
    bench.is_overtaken = not is_ours
    fault = bench.server.faults.fail(POST, hold=True, after_taking=True)
    async with asyncio.TaskGroup() as tasks:
        posting = tasks.create_task(_delivered(rows))
        await bench.server.until(lambda: bench.server.messages(bench.channel), "a card")
        bench.clock.leap(60.0)
        fault.release()
    assert posting.result() is is_ours
    assert [message.deleted for message in bench.server.world.messages] == [not is_ours]


async def test_a_late_card_that_cannot_be_taken_back_stays(bench: Bench) -> None:
    """It is said in the log; the job is not ours, so nothing else is done about it."""
    rows = await bench.rows()
    bench.is_overtaken = True
    bench.server.faults.fail("chat.delete", error="cant_delete_message")
    fault = bench.server.faults.fail(POST, hold=True, after_taking=True)
    with capture_logs() as logs:
        async with asyncio.TaskGroup() as tasks:
            posting = tasks.create_task(_delivered(rows))
            await bench.server.until(lambda: bench.server.messages(bench.channel), "a card")
            bench.clock.leap(60.0)
            fault.release()
    assert not posting.result()
    assert "slack_card_left" in {line["event"] for line in logs}


async def _delivered(rows: Rows) -> bool:
    try:
        await rows.deliver(CARD)
    except StaleJob:
        return False
    return True


async def test_in_a_thread_that_takes_no_replies_it_is_posted_in_the_channel(bench: Bench) -> None:
    thread = bench.server.world.message(bench.channel, bench.ann, "look")
    rows = await bench.rows(thread=thread)
    bench.server.faults.fail(POST, error="restricted_action_thread_locked")
    card = await rows.deliver(CARD)
    assert card.data["thread"] is None
    assert not bench.server.thread(thread)
    rows.becomes(State.FAILED, reason=Reason.FILTERED)
    await rows.deliver(NOTICE)
    assert len(bench.server.thread(bench.card(rows))) == 1


async def test_in_a_thread_whose_beginning_is_gone_it_stands_by_itself(bench: Bench) -> None:
    """Slack says nothing then, and posts in the channel: the card becomes the beginning."""
    thread = bench.server.world.message(bench.channel, bench.ann, "look")
    bench.server.world.delete_message(thread)
    rows = await bench.ready(await bench.rows(thread=thread))
    await rows.deliver(DeliveryKind.RESULT)
    assert len(bench.server.thread(bench.card(rows))) == 1


@pytest.mark.parametrize(
    ("lost", "why"),
    [
        ("left", Refusal.NOT_IN_CHANNEL),
        ("private", Refusal.CHANNEL_GONE),
        ("archived", Refusal.ARCHIVED),
        ("restricted", Refusal.NO_PERMISSION),
        ("scope", Refusal.NO_SCOPE),
    ],
)
@pytest.mark.parametrize("has_url", [True, False])
async def test_where_it_may_not_be_posted_its_requester_is_told_why(
    bench: Bench, lost: str, why: Refusal, has_url: bool
) -> None:
    """At the response_url as long as it lives, else in a direct message; once."""
    world, channel = bench.server.world, bench.channel
    url = await bench.response_url() if has_url else None
    if lost == "private":
        channel = world.channel("secret", private=True, has_bot=False, members=[bench.ann])
    elif lost == "left":
        world.leave(channel)
    elif lost == "archived":
        world.archive(channel)
    elif lost == "restricted":
        bench.server.faults.fail(
            lambda asked: asked.method == POST and asked.text("channel") == channel.id,
            error="restricted_action",
            times=9,
        )
    else:
        world.scopes.discard("chat:write")
    rows = await bench.rows(channel=channel, response_url=url)
    assert await refused(rows) is why
    rows.becomes(State.FAILED, reason=Reason.NO_PLACE)
    assert await refused(rows, NOTICE) is why
    assert await refused(rows, NOTICE) in {why, Refusal.OTHER}
    private = [m for m in world.messages if m.seen_by is bench.ann]
    direct = bench.server.messages(world.dm(bench.ann))
    told = private if has_url else direct
    assert len(told) == (has_url or lost != "scope")
    assert not (direct if has_url else private)
    is_absent = why in {Refusal.NOT_IN_CHANNEL, Refusal.CHANNEL_GONE}
    for message in told:
        assert ("/invite @Redraw" in message.words) is is_absent
        assert is_absent or why in message.words
        assert "othing" in message.words
    assert bench.server.messages(channel) == []


@pytest.mark.parametrize("spoilt", ["expired", "used", "cut"])
async def test_a_response_url_that_does_not_work_gives_way_to_a_direct_message(
    bench: Bench, spoilt: str
) -> None:
    url = await bench.response_url()
    bench.server.world.leave(bench.channel)
    rows = await bench.rows(response_url=url)
    rows.becomes(State.FAILED, reason=Reason.NO_PLACE)
    if spoilt == "expired":
        bench.clock.leap(30 * 60.0 - 20.0)
    elif spoilt == "used":
        bench.server.faults.fail("response_url", error="used_url", status=404)
    else:
        bench.server.faults.fail("response_url", drop=True)
    assert await refused(rows, NOTICE) is Refusal.NOT_IN_CHANNEL
    (told,) = bench.server.messages(bench.server.world.dm(bench.ann))
    assert "/invite @Redraw" in told.words
    assert len(bench.server.posts) == (spoilt != "expired")


async def test_who_cannot_be_told_is_not(bench: Bench) -> None:
    bench.server.faults.fail(POST, error="is_archived")
    bench.server.faults.fail(POST, error="messages_tab_disabled")
    rows = await bench.rows()
    rows.becomes(State.FAILED, reason=Reason.NO_PLACE)
    assert await refused(rows, NOTICE) is Refusal.ARCHIVED
    assert len(bench.server.called(POST)) == 2


async def test_in_a_direct_message_that_is_lost_nobody_is_written_to(bench: Bench) -> None:
    rows = await bench.rows(channel=bench.server.world.dm(bench.ann))
    rows.becomes(State.FAILED, reason=Reason.NO_PLACE)
    bench.server.faults.fail(POST, error="messages_tab_disabled")
    assert await refused(rows, NOTICE) is Refusal.NO_PERMISSION
    assert len(bench.server.called(POST)) == 1


async def test_eighty_cards_in_one_channel_are_all_posted_in_time(tmp_path: Path) -> None:
    """Slack takes one a second there, and a job whose card is not posted ends unsent."""
    async with open_bench(tmp_path, rate_limits=True, rate=0.001) as bench:
        every = [await bench.rows(job_id=f"01JA{number:022d}") for number in range(80)]
        due_at = dict.fromkeys(range(len(every)), bench.clock.now())
        while due_at:
            wait = min(due_at.values()) - bench.clock.now()
            bench.clock.leap(max(0.0, wait.total_seconds()))
            now = bench.clock.now()
            due = [number for number, at in due_at.items() if at <= now]
            tried = await asyncio.gather(*(_prepare(bench, every[number]) for number in due))
            for number, again_at in zip(due, tried, strict=True):
                del due_at[number]
                due_at |= {} if again_at is None else {number: again_at}
        assert len(bench.server.messages(bench.channel)) == len(every)


async def _prepare(bench: Bench, rows: Rows) -> datetime | None:
    """Try as the worker does; return when it tries again, None once it is posted."""
    rng = random.Random(f"{rows.job.job_id} {rows.job.attempt}")
    try:
        await rows.deliver(CARD)
    except DeliveryRetryable as exc:
        event, facts = verdicts.after_preparing(exc, rows.job, bench.clock.now(), rng)
        assert event is Event.PREPARATION_DELAYED
        rows.job = replace(rows.job, attempt=rows.job.attempt + 1)
        return facts.not_before_at
    return None
