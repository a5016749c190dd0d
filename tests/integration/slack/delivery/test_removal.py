"""What there is to take back of a job."""

from __future__ import annotations

import pytest

from core.errors import DeliveryRefused, DeliveryRetryable
from core.jobs.lifecycle import DeliveryKind, Reason, State
from tests.fakes.slack_errands import Bench, Rows

DELETE, DELETE_FILE, EDIT = "chat.delete", "files.delete", "chat.update"
INFO = "files.info"


async def shown(bench: Bench) -> Rows:
    rows = await bench.ready(await bench.rows(pictures=2))
    await rows.deliver(DeliveryKind.RESULT)
    await rows.deliver(DeliveryKind.CARD_FINAL)
    return rows


async def test_it_leaves_a_card_without_prompt_pictures_and_buttons(bench: Bench) -> None:
    rows = await shown(bench)
    (reply,) = bench.server.thread(bench.card(rows))
    await bench.deliverer.remove(rows.job, rows.sent)
    (card,) = bench.server.messages(bench.channel)
    labels = [control["text"]["text"] for control in card.controls]
    await bench.deliverer.remove(rows.job, rows.sent, is_forgotten=True)
    assert "woodcut" not in card.words + card.text
    assert "(deleted)" in card.words
    assert labels == ["Delete"]  # until our own copy is gone, somebody may have to ask again
    assert not card.controls
    assert not bench.server.thread(card)
    assert [file.deleted for file in reply.files] == [True, True]


async def test_it_leaves_what_others_said(bench: Bench) -> None:
    rows = await shown(bench)
    card = bench.card(rows)
    bench.server.world.message(bench.channel, bench.ann, "lovely", thread=card)
    await bench.deliverer.remove(rows.job, rows.sent)
    assert [each.text for each in bench.server.thread(card)] == ["lovely"]


async def test_what_is_gone_is_left_alone(bench: Bench) -> None:
    rows = await bench.rows()
    await rows.deliver(DeliveryKind.CARD)
    rows.becomes(State.FAILED, reason=Reason.FILTERED)
    await rows.deliver(DeliveryKind.NOTICE)
    for message in list(bench.server.world.messages):
        bench.server.world.delete_message(message)
    await bench.deliverer.remove(rows.job, rows.sent)
    assert len(bench.server.called(DELETE)) == 1
    assert len(bench.server.called(EDIT)) == 1


async def test_a_card_that_takes_no_edit_is_deleted(bench: Bench) -> None:
    rows = await shown(bench)
    bench.server.world.edit_window_s = 0.0
    await bench.deliverer.remove(rows.job, rows.sent)
    assert bench.server.messages(bench.channel) == []


@pytest.mark.parametrize("cut", [EDIT, DELETE, DELETE_FILE])
async def test_a_removal_that_meets_a_cut_line_can_be_repeated(bench: Bench, cut: str) -> None:
    rows = await shown(bench)
    bench.server.faults.fail(cut, drop=True)
    with pytest.raises(DeliveryRetryable):
        await bench.deliverer.remove(rows.job, rows.sent)
    await bench.deliverer.remove(rows.job, rows.sent)
    (card,) = bench.server.messages(bench.channel)
    assert "(deleted)" in card.words
    assert not bench.server.thread(card)


async def test_a_button_that_cannot_be_taken_off_is_left(bench: Bench) -> None:
    """Whoever presses it reads that nothing is kept any more."""
    rows = await shown(bench)
    await bench.deliverer.remove(rows.job, rows.sent)
    bench.server.faults.fail(EDIT, status=503)
    await bench.deliverer.remove(rows.job, rows.sent, is_forgotten=True)
    (card,) = bench.server.messages(bench.channel)
    assert len(card.controls) == 1


async def test_files_that_may_not_be_deleted_do_not_keep_the_rest(bench: Bench) -> None:
    rows = await shown(bench)
    bench.server.faults.fail(DELETE_FILE, error="file_deleting_disabled", times=2)
    await bench.deliverer.remove(rows.job, rows.sent)
    (card,) = bench.server.messages(bench.channel)
    assert not bench.server.thread(card)


async def test_without_a_card_there_is_nothing_to_empty(bench: Bench) -> None:
    rows = await bench.rows()
    await bench.deliverer.remove(rows.job, ())
    assert bench.server.calls == []


async def test_files_are_deleted_though_nobody_could_tell_where_they_are(bench: Bench) -> None:
    """They were posted, their delivery was refused: the word that they are deleted has to hold."""
    rows = await bench.ready(await bench.rows(pictures=2))
    bench.server.faults.fail(INFO, error="missing_scope", times=2)
    with pytest.raises(DeliveryRefused):
        await rows.deliver(DeliveryKind.RESULT)
    await bench.server.until(lambda: bench.server.thread(bench.card(rows)), "the pictures")
    (reply,) = bench.server.thread(bench.card(rows))
    await bench.deliverer.remove(rows.job, (*rows.sent, bench.refused(rows, DeliveryKind.RESULT)))
    assert [file.deleted for file in reply.files] == [True, True]
