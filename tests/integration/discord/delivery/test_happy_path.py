"""Card, progress, thread, result and last edit, as a user sees them."""

from __future__ import annotations

from core.jobs.lifecycle import DeliveryKind, State
from tests.fakes.discord_errands import Bench

CALL = "PATCH /webhooks/{application}/{token}/messages/@original"
POST = "POST /channels/{channel}/messages"
EDIT = "PATCH /channels/{channel}/messages/{message}"


async def test_a_job_from_card_to_result(bench: Bench) -> None:
    """One card, one thread, one result; everything but the first filling by the bot's token."""
    asked = await bench.asked()
    rows = await bench.rows(asked, pictures=2)
    card = await rows.deliver(DeliveryKind.CARD)
    assert asked.original is not None
    assert card.data["message"] == str(asked.original.id)
    assert card.data["by"] == "token"
    assert [each.filename for each in asked.original.attachments] == ["reference-1.jpg"]
    rows.becomes(State.RUNNING)
    await bench.deliverer.progress(rows.job, rows.sent)
    assert len(asked.original.attachments) == 1
    rows.becomes(State.READY, outputs=(await bench.picture("teal"), await bench.picture("navy")))
    result = await rows.deliver(DeliveryKind.RESULT)
    await rows.deliver(DeliveryKind.CARD_FINAL)
    (thread,) = bench.server.threads(bench.channel)
    assert thread.id == asked.original.id
    (said,) = bench.server.messages(thread)
    assert result.data["thread"] == str(thread.id)
    assert [each.filename for each in said.attachments] == ["redrawn-1.png", "redrawn-2.png"]
    assert said.pings == {bench.ann.id}
    assert f"/{thread.id}/{said.id}" in str(asked.original.components)
    assert not asked.original.pings
    assert len(asked.original.attachments) == 1
    assert [len(bench.server.called(route)) for route in (CALL, POST, EDIT)] == [1, 1, 2]
