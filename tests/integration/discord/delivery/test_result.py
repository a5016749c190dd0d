"""The result: in a thread on the card, in reply to it, or as near to that as the place allows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from adapters.discord.posting import CANNOT_TELL
from adapters.discord.uploads import AT_ONCE
from core.errors import DeliveryRefused, DeliveryRetryable
from core.jobs.job import DeliveryState
from core.jobs.lifecycle import DeliveryKind
from tests.fakes.discord_errands import Bench, Rows
from tests.fakes.discord_values import Channel, Guild, Permission

RESULT = DeliveryKind.RESULT
POST = "POST /channels/{channel}/messages"
THREAD = "POST /channels/{channel}/messages/{message}/threads"
DM = "POST /users/@me/channels"
WINDOW_S = 121.0
PATIENCE_S = 10.0


async def ready(bench: Bench, channel: Channel | None = None) -> Rows:
    return await bench.ready(await bench.rows(await bench.asked(channel)))


def results(bench: Bench, place: Channel) -> list[int | None]:
    """Return of each result in a place what it replies to."""
    return [
        message.reference.id if message.reference else None
        for message in bench.server.messages(place)
        if any(file.filename.startswith("redrawn-") for file in message.attachments)
    ]


def card_id(rows: Rows) -> int:
    return int(str(rows.row(DeliveryKind.CARD).data["message"]))


async def test_a_thread_that_is_there_already_is_used(bench: Bench) -> None:
    """160004: its id is the card's."""
    rows = await ready(bench)
    card = bench.server.world.messages[card_id(rows)]
    thread = bench.server.world.thread(bench.channel, message=card)
    result = await rows.deliver(RESULT)
    assert result.data["thread"] == str(thread.id)
    assert len(results(bench, thread)) == 1


async def test_a_first_try_that_was_overtaken_posts_nothing(bench: Bench) -> None:
    """A process that was stopped before it posted finds what another has posted meanwhile."""
    rows = await ready(bench)
    sending, sent = DeliveryState.SENDING, rows.sent
    begun = replace(rows.row(RESULT), state=sending, attempt=1, first_attempt_at=bench.clock.now())
    await rows.deliver(RESULT)
    bench.server.world.nonce_window_s = 0.0
    bench.clock.leap(WINDOW_S)
    noted: dict[str, object] = {}

    async def note(facts: Mapping[str, object]) -> None:
        noted.update(facts)

    await bench.deliverer.deliver(rows.job, begun, sent, note)
    (thread,) = bench.server.threads(bench.channel)
    assert len(results(bench, thread)) == 1


async def test_a_thread_whose_start_was_not_answered_is_used(bench: Bench) -> None:
    rows = await ready(bench)
    bench.server.faults.fail(THREAD, drop=True, after_taking=True)
    with pytest.raises(DeliveryRetryable):
        await rows.deliver(RESULT)
    await rows.deliver(RESULT)
    (thread,) = bench.server.threads(bench.channel)
    assert len(results(bench, thread)) == 1


async def test_the_thread_is_committed_before_anything_is_posted_there(bench: Bench) -> None:
    rows = await ready(bench)
    bench.server.faults.fail(POST, status=503)
    with pytest.raises(DeliveryRetryable):
        await rows.deliver(RESULT)
    assert rows.row(RESULT).data["thread"] == str(card_id(rows))
    await rows.deliver(RESULT)
    assert len(bench.server.called(THREAD)) == 1


@pytest.mark.parametrize("code", [50013, 50001, 160006, 50024])
async def test_where_no_thread_can_be_started_it_replies_to_the_card(
    bench: Bench, code: int
) -> None:
    rows = await ready(bench)
    bench.server.faults.fail(THREAD, code=code)
    result = await rows.deliver(RESULT)
    assert results(bench, bench.channel) == [card_id(rows)]
    assert result.data["thread"] is None


PLACES: dict[str, Callable[[Bench], Channel]] = {
    "a voice channel": lambda bench: bench.server.world.channel(_guild(bench), kind="voice"),
    "a thread": lambda bench: bench.server.world.thread(bench.channel),
    "a direct message": lambda bench: bench.server.world.dm(bench.ann),
}


@pytest.mark.parametrize("place", PLACES)
async def test_in_other_places_it_replies_to_the_card(bench: Bench, place: str) -> None:
    channel = PLACES[place](bench)
    rows = await ready(bench, channel)
    await rows.deliver(RESULT)
    assert results(bench, channel) == [card_id(rows)]
    assert not bench.server.called(THREAD)


async def test_in_an_announcement_channel_a_thread_is_started(bench: Bench) -> None:
    channel = bench.server.world.channel(_guild(bench), kind="announcement")
    rows = await ready(bench, channel)
    await rows.deliver(RESULT)
    (thread,) = bench.server.threads(channel)
    assert len(results(bench, thread)) == 1


async def test_an_archived_thread_is_opened_by_posting(bench: Bench) -> None:
    rows = await ready(bench)
    thread = _thread(bench, rows)
    bench.server.world.archive(thread)
    await rows.deliver(RESULT)
    assert len(results(bench, thread)) == 1
    assert not thread.archived


@pytest.mark.parametrize("lost", ["deleted", "locked", "not ours to write in", "archived for good"])
async def test_a_lost_thread_gives_way_to_the_channel(bench: Bench, lost: str) -> None:
    """10003, 160005, 50013 and 50083."""
    rows = await ready(bench)
    world, thread = bench.server.world, _thread(bench, rows)
    if lost == "deleted":
        bench.server.faults.fail(THREAD, code=160004)
        world.delete_channel(thread)
    elif lost == "locked":
        world.archive(thread, locked=True)
    elif lost == "not ours to write in":
        world.forbid(thread, Permission.SEND_MESSAGES_IN_THREADS)
    else:
        bench.server.faults.fail(POST, code=50083)
    result = await rows.deliver(RESULT)
    assert results(bench, bench.channel) == [card_id(rows)]
    assert results(bench, thread) == []
    assert result.data["thread"] is None


async def test_a_card_that_is_gone_takes_no_thread_and_no_reply(bench: Bench) -> None:
    rows = await ready(bench)
    bench.server.world.delete_message(bench.server.world.messages[card_id(rows)])
    await rows.deliver(RESULT)
    assert results(bench, bench.channel) == [None]


async def test_without_history_it_stands_by_itself(bench: Bench) -> None:
    """160002: who may not read may not reply."""
    rows = await ready(bench)
    bench.server.world.forbid(
        bench.channel, Permission.READ_MESSAGE_HISTORY | Permission.CREATE_PUBLIC_THREADS
    )
    await rows.deliver(RESULT)
    assert results(bench, bench.channel) == [None]


@pytest.mark.parametrize("lost", ["deleted", "closed to us", "of a server that threw us out"])
async def test_a_lost_channel_is_told_in_private_once(bench: Bench, lost: str) -> None:
    rows = await ready(bench)
    world = bench.server.world
    if lost == "deleted":
        world.delete_channel(bench.channel)
    elif lost == "closed to us":
        world.forbid(bench.channel, Permission.VIEW_CHANNEL)
    else:
        world.remove_bot(_guild(bench))
    world.nonce_window_s = 0.0
    for _ in range(2):
        with pytest.raises(DeliveryRefused):
            await rows.deliver(RESULT)
    (told,) = bench.server.messages(world.dm(bench.ann))
    assert "Your pictures are ready" in told.text
    assert "/redraw-jobs" in told.text


@pytest.mark.parametrize("closed", [True, False])
async def test_who_cannot_be_told_is_not(bench: Bench, closed: bool) -> None:
    """50007, or a DM that fails: the delivery is refused all the same."""
    rows = await ready(bench)
    bench.server.world.delete_channel(bench.channel)
    if closed:
        bench.ann.takes_dms = False
    else:
        bench.server.faults.fail(DM, status=503)
    with pytest.raises(DeliveryRefused, match="the channel is gone"):
        await rows.deliver(RESULT)
    assert bench.server.messages(bench.server.world.dm(bench.ann)) == []


async def test_closed_direct_messages_are_a_lost_place(bench: Bench) -> None:
    rows = await ready(bench, bench.server.world.dm(bench.ann))
    bench.ann.takes_dms = False
    with pytest.raises(DeliveryRefused):
        await rows.deliver(RESULT)
    assert not bench.server.called(DM)


@pytest.mark.parametrize("in_thread", [True, False])
@pytest.mark.parametrize("waits", [True, False])
async def test_a_result_whose_answer_was_lost_is_there_once(
    bench: Bench, in_thread: bool, waits: bool
) -> None:
    rows = await ready(bench)
    place = _thread(bench, rows) if in_thread else bench.channel
    if not in_thread:
        bench.server.world.forbid(bench.channel, Permission.CREATE_PUBLIC_THREADS)
    bench.server.faults.fail(POST, drop=True, after_taking=True)
    with pytest.raises(DeliveryRetryable):
        await rows.deliver(RESULT)
    if waits:
        bench.server.world.nonce_window_s = 0.0
        bench.clock.leap(WINDOW_S)
    result = await rows.deliver(RESULT)
    assert len(results(bench, place)) == 1
    assert result.data["channel"] == str(place.id)
    assert result.data["attachments"]


async def test_a_result_that_waits_its_turn_past_the_window_is_there_once(bench: Bench) -> None:
    """What counts is when it is posted, not when the try began: uploads wait for each other."""
    rows = await ready(bench)
    bench.server.faults.fail(POST, drop=True, after_taking=True)
    with pytest.raises(DeliveryRetryable):
        await rows.deliver(RESULT)
    bench.server.world.nonce_window_s = WINDOW_S
    others = [await ready(bench) for _ in range(AT_ONCE)]
    held = [bench.server.faults.fail(POST, hold=True) for _ in others]
    async with asyncio.TaskGroup() as tasks:
        for number, other in enumerate(others, 1):
            tasks.create_task(other.deliver(RESULT, seq=number))
        for fault in held:
            await asyncio.wait_for(fault.reached.wait(), PATIENCE_S)
        bench.clock.leap(WINDOW_S - 20.0)
        again = tasks.create_task(rows.deliver(RESULT))
        await asyncio.sleep(0)
        bench.clock.leap(WINDOW_S)
        for fault in held:
            fault.release()
    thread = bench.server.world.channels[card_id(rows)]
    assert len(results(bench, thread)) == 1
    assert again.result().data["attachments"]


@pytest.mark.parametrize("waits", [True, False])
async def test_a_result_left_in_a_thread_that_was_locked_is_found(
    bench: Bench, waits: bool
) -> None:
    """It arrived, its answer did not, and the thread was locked before the next try."""
    rows = await ready(bench)
    thread = _thread(bench, rows)
    bench.server.faults.fail(POST, drop=True, after_taking=True)
    with pytest.raises(DeliveryRetryable):
        await rows.deliver(RESULT)
    bench.server.world.archive(thread, locked=True)
    bench.server.world.nonce_window_s = 0.0
    if waits:
        bench.clock.leap(WINDOW_S)
    result = await rows.deliver(RESULT)
    assert result.data["thread"] == str(thread.id)
    assert results(bench, bench.channel) == []


async def test_a_thread_that_was_given_up_is_not_tried_again(bench: Bench) -> None:
    """It was locked, the channel took the result unheard, and the thread was opened again."""
    rows = await ready(bench)
    thread = _thread(bench, rows)
    bench.server.world.archive(thread, locked=True)
    in_channel = f"/channels/{bench.channel.id}/messages"
    bench.server.faults.fail(
        lambda asked: (asked.method, asked.path) == ("POST", in_channel),
        drop=True,
        after_taking=True,
    )
    with pytest.raises(DeliveryRetryable):
        await rows.deliver(RESULT)
    bench.server.world.unarchive(thread)
    bench.server.world.nonce_window_s = 0.0
    bench.clock.leap(WINDOW_S)
    await rows.deliver(RESULT)
    assert results(bench, thread) == []
    assert len(results(bench, bench.channel)) == 1


async def test_a_result_that_did_not_arrive_is_posted_in_the_empty_thread(bench: Bench) -> None:
    """The thread begins with its start, so that it is seen to be readable."""
    rows = await ready(bench)
    bench.server.faults.fail(POST, drop=True)
    with pytest.raises(DeliveryRetryable):
        await rows.deliver(RESULT)
    bench.clock.leap(WINDOW_S)
    await rows.deliver(RESULT)
    (thread,) = bench.server.threads(bench.channel)
    assert len(results(bench, thread)) == 1


async def test_a_thread_that_shows_nothing_to_a_bot_without_history_is_not_empty(
    bench: Bench,
) -> None:
    rows = await ready(bench)
    bench.server.faults.fail(POST, drop=True, after_taking=True)
    with pytest.raises(DeliveryRetryable):
        await rows.deliver(RESULT)
    bench.server.world.forbid(bench.channel, Permission.READ_MESSAGE_HISTORY)
    bench.clock.leap(WINDOW_S)
    with pytest.raises(DeliveryRefused, match=CANNOT_TELL):
        await rows.deliver(RESULT)
    (thread,) = bench.server.threads(bench.channel)
    assert len(results(bench, thread)) == 1


async def test_a_result_is_found_among_hundreds_of_messages(bench: Bench) -> None:
    rows = await ready(bench, bench.server.world.dm(bench.ann))
    channel = bench.server.world.dm(bench.ann)
    bench.server.faults.fail(POST, drop=True, after_taking=True)
    for number in range(130):
        bench.server.world.message(channel, bench.ann, f"before {number}")
    with pytest.raises(DeliveryRetryable):
        await rows.deliver(RESULT)
    for number in range(130):
        bench.server.world.message(channel, bench.ann, f"after {number}")
    bench.clock.leap(WINDOW_S)
    await rows.deliver(RESULT)
    assert len(results(bench, channel)) == 1
    assert len(bench.server.called(POST)) == 1


async def test_show_again_posts_anew_in_a_round_of_its_own(bench: Bench) -> None:
    rows = await ready(bench)
    bench.server.world.forbid(bench.channel, Permission.VIEW_CHANNEL)
    with pytest.raises(DeliveryRefused):
        await rows.deliver(RESULT)
    bench.server.world.permit(bench.channel, _guild(bench).permissions)
    await rows.deliver(RESULT, seq=1)
    (thread,) = bench.server.threads(bench.channel)
    assert len(results(bench, thread)) == 1


def _thread(bench: Bench, rows: Rows) -> Channel:
    """Return a thread on the card, which the result is going to find there."""
    card = bench.server.world.messages[card_id(rows)]
    return bench.server.world.thread(bench.channel, message=card)


def _guild(bench: Bench) -> Guild:
    guild = bench.channel.guild
    assert guild is not None
    return guild
