"""The card: filled under the token, posted by the bot without one, and never there twice."""

from __future__ import annotations

from typing import cast

import pytest

from adapters.discord import refusals
from adapters.discord.posting import CANNOT_TELL
from adapters.discord.refusals import Refusal
from core.errors import DeliveryRefused, DeliveryRetryable
from core.jobs.job import Delivery
from core.jobs.lifecycle import DeliveryKind, Reason, State
from tests.fakes.discord_errands import Bench, Rows
from tests.fakes.discord_values import Channel, Kind, Permission

CARD = DeliveryKind.CARD
FILL = "PATCH /webhooks/{application}/{token}/messages/@original"
POST = "POST /channels/{channel}/messages"
HISTORY = "GET /channels/{channel}/messages"

TOKEN_LIVES_S = 15 * 60.0
WINDOW_S = 121.0


async def attempt_lost(bench: Bench, rows: Rows, route: str) -> None:
    """Try once; Discord takes it, and the answer is lost."""
    bench.server.faults.fail(route, drop=True, after_taking=True)
    with pytest.raises(DeliveryRetryable):
        await rows.deliver(CARD)


def file_ids(card: Delivery) -> list[str]:
    return [each["id"] for each in cast("list[dict[str, str]]", card.data["attachments"])]


def cards(bench: Bench) -> int:
    return sum("woodcut" in message.text for message in bench.server.messages(bench.channel))


async def test_a_filling_whose_answer_was_lost_is_repeated(bench: Bench) -> None:
    """It is an edit: one message, with its picture, and the second answer names both."""
    rows = await bench.rows()
    await attempt_lost(bench, rows, FILL)
    card = await rows.deliver(CARD)
    (message,) = bench.server.messages(bench.channel)
    assert card.data["message"] == str(message.id)
    assert [str(each.id) for each in message.attachments] == file_ids(card)
    assert not bench.server.called(POST)


@pytest.mark.parametrize("code", [50027, 10015, 10008])
async def test_without_an_answer_to_fill_the_bot_posts(bench: Bench, code: int) -> None:
    """The token is dead, or the message that says "thinking" was deleted."""
    rows = await bench.rows()
    bench.server.faults.fail(FILL, code=code)
    card = await rows.deliver(CARD)
    assert card.data["by"] == "bot"
    (call,) = bench.server.called(POST)
    assert call.body["nonce"] == card.nonce  # type: ignore[index]
    assert call.body["enforce_nonce"] is True  # type: ignore[index]
    assert cards(bench) == 1


async def test_a_deleted_answer_is_replaced(bench: Bench) -> None:
    asked = await bench.asked()
    assert asked.original is not None
    rows = await bench.rows(asked)
    bench.server.world.delete_message(asked.original)
    await rows.deliver(CARD)
    assert cards(bench) == 1


async def test_an_expired_token_is_not_even_tried(bench: Bench) -> None:
    rows = await bench.rows()
    bench.clock.leap(TOKEN_LIVES_S)
    await rows.deliver(CARD)
    assert not bench.server.called(FILL)
    assert cards(bench) == 1


async def test_a_post_whose_answer_was_lost_is_recognised_by_its_nonce(bench: Bench) -> None:
    rows = await bench.rows()
    bench.clock.leap(TOKEN_LIVES_S)
    await attempt_lost(bench, rows, POST)
    await rows.deliver(CARD)
    assert cards(bench) == 1
    assert not bench.server.called(HISTORY)


async def test_after_the_nonce_the_history_is_read(bench: Bench) -> None:
    rows = await bench.rows()
    bench.clock.leap(TOKEN_LIVES_S)
    await attempt_lost(bench, rows, POST)
    bench.server.world.nonce_window_s = 0.0
    bench.clock.leap(WINDOW_S)
    card = await rows.deliver(CARD)
    assert len(bench.server.called(POST)) == 1
    assert cards(bench) == 1
    assert card.data["attachments"]


async def test_after_the_nonce_what_did_not_arrive_is_posted(bench: Bench) -> None:
    rows = await bench.rows()
    bench.clock.leap(TOKEN_LIVES_S)
    bench.server.faults.fail(POST, drop=True)
    with pytest.raises(DeliveryRetryable):
        await rows.deliver(CARD)
    bench.clock.leap(WINDOW_S)
    await rows.deliver(CARD)
    assert cards(bench) == 1


async def test_without_history_nothing_is_posted_a_second_time(bench: Bench) -> None:
    rows = await bench.rows()
    bench.clock.leap(TOKEN_LIVES_S)
    await attempt_lost(bench, rows, POST)
    bench.clock.leap(WINDOW_S)
    bench.server.world.forbid(bench.channel, Permission.READ_MESSAGE_HISTORY)
    with pytest.raises(DeliveryRefused, match=CANNOT_TELL):
        await rows.deliver(CARD)
    assert cards(bench) == 1


@pytest.mark.parametrize("has_nonce", [True, False])
async def test_a_card_filled_before_the_token_died_is_found(bench: Bench, has_nonce: bool) -> None:
    """The filling arrived, its answer did not, and then the token died: no nonce covers that."""
    asked = await bench.asked()
    rows = await bench.rows(asked)
    bench.clock.leap(TOKEN_LIVES_S - 60.0)
    await attempt_lost(bench, rows, FILL)
    bench.clock.leap(60.0 if has_nonce else WINDOW_S)
    card = await rows.deliver(CARD)
    assert asked.original is not None
    assert card.data["message"] == str(asked.original.id)
    assert not bench.server.called(POST)


async def test_a_card_that_has_no_button_is_found_as_well(bench: Bench) -> None:
    """A job whose prompt was deleted offers nothing; its last line marks it."""
    rows = await bench.rows(request_prompt="")
    rows.becomes(State.CANCELLED, reason=Reason.WITHDRAWN)
    bench.clock.leap(TOKEN_LIVES_S)
    await attempt_lost(bench, rows, POST)
    bench.clock.leap(WINDOW_S)
    await rows.deliver(CARD)
    assert len(bench.server.called(POST)) == 1


async def test_a_card_for_which_there_is_no_place_is_refused(bench: Bench) -> None:
    rows = await bench.rows()
    bench.clock.leap(TOKEN_LIVES_S)
    bench.server.world.forbid(bench.channel, Permission.SEND_MESSAGES)
    with pytest.raises(DeliveryRefused):
        await rows.deliver(CARD)


async def test_several_reference_images_are_all_shown(bench: Bench) -> None:
    prepared = tuple([await bench.picture(hue, form="JPEG") for hue in ("plum", "teal", "navy")])
    rows = await bench.rows(prepared=prepared)
    card = await rows.deliver(CARD)
    names = [f"reference-{number}.jpg" for number in (1, 2, 3)]
    (message,) = bench.server.messages(bench.channel)
    assert [each.filename for each in message.attachments] == names
    assert file_ids(card) == [str(each.id) for each in message.attachments]


def private_thread(bench: Bench, *, has_bot: bool) -> Channel:
    """Return a private thread; its interactions announce the permissions of its channel."""
    thread = bench.server.world.thread(bench.channel)
    thread.kind, thread.has_bot = Kind.PRIVATE_THREAD, has_bot
    return thread


async def test_there_is_no_card_in_a_private_thread_that_the_bot_is_not_in(bench: Bench) -> None:
    """The answer could be filled, but never a result be posted: nothing is to be paid for."""
    rows = await bench.rows(await bench.asked(private_thread(bench, has_bot=False)))
    with pytest.raises(DeliveryRefused) as caught:
        await rows.deliver(CARD)
    assert refusals.of(caught.value) is Refusal.NO_ACCESS
    rows.becomes(State.FAILED, reason=Reason.NO_PLACE)
    await rows.deliver(DeliveryKind.NOTICE)
    assert not bench.server.called(POST)


async def test_a_private_thread_that_the_bot_is_in_is_a_place_like_any_other(bench: Bench) -> None:
    thread = private_thread(bench, has_bot=True)
    rows = await bench.ready(await bench.rows(await bench.asked(thread)))
    await rows.deliver(DeliveryKind.RESULT)
    assert len(bench.server.messages(thread)) == 2
