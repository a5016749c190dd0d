"""Card, progress, result and last edit, as a user sees them."""

from __future__ import annotations

import pytest

from core.jobs.lifecycle import DeliveryKind, State
from tests.fakes.slack_errands import JOB_ID, Bench
from tests.fakes.slack_values import Message

CARD, RESULT, FINAL = DeliveryKind.CARD, DeliveryKind.RESULT, DeliveryKind.CARD_FINAL


async def test_a_job_from_card_to_result(bench: Bench) -> None:
    """One card, one reply in its thread with all pictures, and the card leads there."""
    rows = await bench.rows(pictures=2)
    card = await rows.deliver(CARD)
    (message,) = bench.server.messages(bench.channel)
    assert card.data["message"] == message.ts
    assert JOB_ID in str(message.metadata)
    assert "woodcut" not in str(message.metadata)
    rows.becomes(State.RUNNING)
    await bench.deliverer.progress(rows.job, rows.sent)
    assert message.edits == 1
    rows.becomes(State.READY, outputs=(await bench.picture("teal"), await bench.picture("navy")))
    result = await rows.deliver(RESULT)
    await rows.deliver(FINAL)
    (reply,) = bench.server.thread(message)
    assert [file.name for file in reply.files] == ["redrawn-1.png", "redrawn-2.png"]
    assert [file.data for file in reply.files] == [
        await bench.spool.read(item) for item in rows.job.outputs
    ]
    assert all("woodcut" in (file.alt or "") for file in reply.files)
    assert bench.ann.mention in reply.text
    assert result.data["message"] == reply.ts
    assert result.data["thread"] == message.ts
    assert result.data["attachments"] == [{"id": file.id} for file in reply.files]
    assert result.data["shown"] == [0, 1]
    assert f"/p{reply.ts.replace('.', '')}?thread_ts={message.ts}" in str(message.blocks)
    assert {each["action_id"] for each in message.controls} >= {"redraw1:press:run_again"}


@pytest.mark.parametrize("kind", ["private", "dm", "thread"])
async def test_each_kind_of_place(bench: Bench, kind: str) -> None:
    """Asked in a thread, everything is said there, below its first message and never a reply."""
    world = bench.server.world
    channel, thread = bench.channel, None
    if kind == "private":
        channel = world.channel("secret", private=True, members=[bench.ann])
    elif kind == "dm":
        channel = world.dm(bench.ann)
    else:
        thread = world.message(channel, bench.ann, "look")
    rows = await bench.ready(await bench.rows(channel=channel, thread=thread))
    result = await rows.deliver(RESULT)
    await rows.deliver(FINAL)
    root = thread or bench.card(rows)
    said: list[Message] = bench.server.thread(root)
    assert said[-1].files
    assert result.data["thread"] == root.ts
    assert len(said) == (2 if thread else 1)
