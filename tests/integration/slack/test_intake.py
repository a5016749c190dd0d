"""Every act is acknowledged, whatever comes and whatever breaks; and a stop answers all of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from adapters.slack import forms, words
from adapters.slack.registration import COMMAND, MESSAGE_SHORTCUT
from adapters.wording import IF_IT_APPEARS
from core.errors import StoreUnavailable
from core.jobs.drafts import Drafts
from core.jobs.job import Job
from core.jobs.lifecycle import Reason, State
from core.jobs.store.ledger import Ledger
from tests.fakes.slack_rig import PATIENCE_S, PICTURE, Mode, Redraw, open_redraw, order
from tests.fakes.slack_user import Person


@pytest.fixture(params=list(Mode))
async def redraw(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Redraw]:
    async with open_redraw(tmp_path, request.param) as opened:
        yield opened


@pytest.fixture
def ann(redraw: Redraw) -> Person:
    return redraw.slack.user("ann", channel=redraw.channel)


@pytest.fixture
def log() -> Iterator[list[EventDict]]:
    with capture_logs() as lines:
        yield lines


@pytest.mark.parametrize("kind", ["message", "reaction_added", "never_heard_of"])
async def test_events_that_nobody_waits_for_are_acknowledged(redraw: Redraw, kind: str) -> None:
    """Else Slack sends them again, and in the end none any more."""
    shown = await redraw.slack.event({"type": kind, "event_ts": "1.2"})
    assert not shown.unacknowledged


async def test_being_taken_out_is_logged(redraw: Redraw, log: list[EventDict]) -> None:
    """Both events; jobs are left to be refused by Slack itself."""
    await redraw.slack.event({"type": "tokens_revoked", "tokens": {"bot": ["U1"]}})
    await redraw.slack.event({"type": "app_uninstalled"})
    told = [line["told"] for line in log if line["event"] == "slack_app_taken_out"]
    assert told == ["tokens_revoked", "app_uninstalled"]


async def test_what_cannot_be_read_is_acknowledged(redraw: Redraw, log: list[EventDict]) -> None:
    """A mention without a place: one line for the operator."""
    shown = await redraw.slack.event({"type": "app_mention", "user": "U1", "text": "ink"})
    assert not shown.unacknowledged
    assert [line for line in log if line["event"] == "slack_payload_refused"]


async def test_mentions_by_bots_make_no_jobs(redraw: Redraw, ann: Person) -> None:
    """Two bots that answer each other would never stop."""
    told = {"user": ann.id, "bot_id": "B1", "channel": redraw.channel.id, "ts": "1.2"}
    await redraw.slack.event({"type": "app_mention", "text": "ink", **told})
    assert not redraw.slack.called("chat.postEphemeral")


async def test_shortcut_of_another_version_is_answered(redraw: Redraw, ann: Person) -> None:
    """An old manifest may have other callback ids."""
    shown = await ann.message_shortcut("edit_image", ann.say("hello"))
    await shown.told("another version")


async def test_error_of_ours_is_excused_in_words(
    redraw: Redraw, ann: Person, log: list[EventDict], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A user reads nothing of what it was, the operator does; the next act is served."""

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    with monkeypatch.context() as patch:
        patch.setattr(forms, "redraw_view", broken)
        shown = await ann.command(COMMAND, "ink")
        told = await shown.told()
    assert "secret detail" not in told.words
    assert [line["doing"] for line in log if line["event"] == "slack_act_broke"] == ["command"]
    assert (await order(ann)).response_action == "clear"


async def test_busy_store_is_said_in_the_form(
    redraw: Redraw, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was kept, so the form stays open, and can be sent again."""

    async def busy(*_: object) -> None:
        raise StoreUnavailable

    view = await (await ann.command(COMMAND, "ink")).viewed()
    with monkeypatch.context() as patch:
        patch.setattr(redraw.works.queue, "submit", busy)
        refused = await ann.submit(view, {"Picture": PICTURE})
    assert refused.response_action == "errors"
    assert "Try again" in "".join(refused.errors.values())
    assert (await ann.submit(view)).response_action == "clear"


async def test_mention_turned_down_that_comes_once_more_is_told_words_that_stay_true(
    redraw: Redraw, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slack did not hear of the acknowledgement: when it comes again, it is an order."""

    async def busy(*_: object) -> None:
        raise StoreUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(redraw.works.queue, "submit", busy)
        sent = await ann.mention("ink", files=dict([PICTURE]))
        told = await sent.told("ask again")
    assert IF_IT_APPEARS in told.words
    await redraw.until(await redraw.slack.redeliver(sent.event_id), State.READY)


async def test_mention_that_breaks_after_its_order_was_kept_is_told_words_that_stay_true(
    redraw: Redraw, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its job runs, whatever broke, so nobody reads that nothing was charged."""
    acknowledged, broken = redraw.works.queue.acknowledged, iter([1])

    async def breaking(job_id: str) -> None:
        await acknowledged(job_id)
        if next(broken, None):
            raise ZeroDivisionError

    monkeypatch.setattr(redraw.works.queue, "acknowledged", breaking)
    sent = await ann.mention("ink", files=dict([PICTURE]))
    told = await sent.told("ask again")
    assert IF_IT_APPEARS in told.words
    await redraw.until(sent, State.READY)


async def test_order_that_was_acknowledged_is_not_said_to_have_failed(
    redraw: Redraw, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store stumbles after the acknowledgement: the job is driven, nobody asks again."""
    acknowledge, failures = Ledger.acknowledge, iter(range(2))

    async def stumbling(ledger: Ledger, job_id: str, at: datetime) -> Job:
        if next(failures, None) is not None:
            raise StoreUnavailable
        return await acknowledge(ledger, job_id, at)

    view = await (await ann.command(COMMAND, "ink")).viewed()
    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "acknowledge", stumbling)
        sent = await ann.submit(view, {"Picture": PICTURE})
        mentioned = await ann.mention("ink", files=dict([PICTURE]))
        await redraw.until(sent, State.READY)
        await redraw.until(mentioned, State.READY)
    assert not redraw.slack.called("chat.postEphemeral")
    assert next(failures, None) is None


async def test_redelivered_mistakes_are_told_once(
    redraw: Redraw, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slack was not answered in time, and tells of the mention once more: then it is answered."""
    keep = Drafts.keep

    async def slow(drafts: Drafts, **given: Any) -> str:
        draft_id = await keep(drafts, **given)
        await redraw.slack.until(
            lambda: redraw.slack.unacknowledged, "Slack to give up", within_s=PATIENCE_S
        )
        return draft_id

    with monkeypatch.context() as patch:
        patch.setattr(Drafts, "keep", slow)
        sent = await ann.mention("ink strength:9", files=dict([PICTURE]), waits=False)
        await redraw.slack.until(
            lambda: redraw.slack.unacknowledged, "Slack to give up", within_s=PATIENCE_S
        )
    again = await redraw.slack.redeliver(sent.event_id)
    told = await again.told("Strength")
    assert [m for m in redraw.slack.world.messages if m.ephemeral] == [told]


async def test_mistakes_are_told_after_a_rate_limit(redraw: Redraw, ann: Person) -> None:
    """Slack lets nobody be told just now, and says when it will: then it is said, once."""
    redraw.slack.faults.fail("chat.postEphemeral", status=429, retry_after_s=1)
    sent = await ann.mention("ink strength:9", files=dict([PICTURE]))
    told = await sent.told("Strength")
    assert [m for m in redraw.slack.world.messages if m.ephemeral] == [told]
    assert len(redraw.slack.called("chat.postEphemeral")) == 2


@pytest.mark.parametrize("fault", [{"status": 500}, {"drop": True}])
async def test_mistakes_are_told_after_trouble(
    redraw: Redraw, ann: Person, fault: Mapping[str, Any]
) -> None:
    """Slack does not take it, or does not say so: whoever was turned down reads it nevertheless."""
    redraw.slack.faults.fail("chat.postEphemeral", **fault)
    sent = await ann.mention("ink strength:9", files=dict([PICTURE]))
    await sent.told("Strength")


async def test_mistakes_are_not_told_after_a_long_rate_limit(
    redraw: Redraw, ann: Person, log: list[EventDict]
) -> None:
    """Nobody looks at the screen any more by then; the operator can read it."""
    redraw.slack.faults.fail("chat.postEphemeral", status=429, retry_after_s=31)
    await ann.mention("ink strength:9", files=dict([PICTURE]))
    async with asyncio.timeout(PATIENCE_S):
        while "slack_private_answer_lost" not in [each["event"] for each in log]:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert len(redraw.slack.called("chat.postEphemeral")) == 1


async def test_form_without_a_field_to_say_it_at_is_acknowledged(
    redraw: Redraw, ann: Person, log: list[EventDict]
) -> None:
    """What breaks while an error is being told is acknowledged all the same."""
    view = await (await ann.command(COMMAND, "ink")).viewed()
    view.data["private_metadata"], view.data["blocks"] = "0" * 26, []
    shown = await ann.submit(view)
    assert not shown.unacknowledged
    assert [line for line in log if line["event"] == "slack_excuse_broke"]


async def test_form_of_a_stranger_or_too_old_is_not_taken(redraw: Redraw, ann: Person) -> None:
    """The draft knows whose it is, and is kept for an hour."""
    view = await (await ann.command(COMMAND, "ink")).viewed()
    view.data["private_metadata"] = "0" * 26
    refused = await ann.submit(view, {"Picture": PICTURE})
    assert words.FORM_TOO_OLD in refused.errors.values()
    bob = redraw.slack.user("bob", channel=redraw.channel)
    theirs = await (await bob.command(COMMAND, "ink")).viewed()
    stolen = await (await ann.command(COMMAND, "ink")).viewed()
    stolen.data["private_metadata"] = theirs.data["private_metadata"]
    refused = await ann.submit(stolen, {"Picture": PICTURE})
    assert words.FORM_TOO_OLD in refused.errors.values()
    assert not await redraw.jobs_of(ann)


async def test_unacknowledged_form_is_withdrawn_and_revived(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slack hung up before the answer: no job, until the same form is sent again."""
    async with open_redraw(tmp_path, Mode.SOCKET) as redraw:
        ann = redraw.slack.user("ann", channel=redraw.channel)
        view = await (await ann.command(COMMAND, "ink")).viewed()
        submit, socket = redraw.works.queue.submit, redraw.slack.socket

        async def cut(*order: object) -> object:
            admission = await submit(*order)  # type: ignore[arg-type]
            socket.abort()
            await socket.until_disconnected()
            await asyncio.sleep(0.1)  # until our side has seen it too
            return admission

        with monkeypatch.context() as patch:
            patch.setattr(redraw.works.queue, "submit", cut)
            sent = await ann.submit(view, {"Picture": PICTURE}, waits=False)
            job = await redraw.until(sent, State.CANCELLED)
        assert job.reason is Reason.UNACKED
        await socket.until_connected(2, within_s=PATIENCE_S)
        again = await redraw.slack.replay(sent)
        assert again.response_action == "clear"
        assert (await redraw.until(sent, State.READY)).job_id == job.job_id


async def test_stop_answers_what_is_under_way(
    redraw: Redraw, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An order that is being kept is acknowledged; it is driven after the next start."""
    view = await (await ann.command(COMMAND, "ink")).viewed()
    submit, reached = redraw.works.queue.submit, asyncio.Event()

    async def slow(*order: object) -> object:
        reached.set()
        await asyncio.sleep(0.3)
        return await submit(*order)  # type: ignore[arg-type]

    monkeypatch.setattr(redraw.works.queue, "submit", slow)
    sent = await ann.submit(view, {"Picture": PICTURE}, waits=False)
    await reached.wait()
    await redraw.stop()
    await sent.acknowledged()
    await redraw.start()
    await redraw.until(sent, State.READY)


async def test_mention_amid_a_stop_is_told_words_that_stay_true(
    redraw: Redraw, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever comes next may hear of it once more; others are turned down for certain."""
    view = await (await ann.command(COMMAND, "ink")).viewed()
    submit, reached, let_go = redraw.works.queue.submit, asyncio.Event(), asyncio.Event()

    async def slow(*order: object) -> object:
        reached.set()
        await let_go.wait()
        return await submit(*order)  # type: ignore[arg-type]

    monkeypatch.setattr(redraw.works.queue, "submit", slow)
    sent = await ann.submit(view, {"Picture": PICTURE}, waits=False)
    await reached.wait()
    bob = redraw.slack.user("bob", channel=redraw.channel)
    asked = await bob.command(COMMAND, "help")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(redraw.stop())
        while words.RESTARTING not in [each.words for each in asked.ephemerals]:
            asked = await bob.command(COMMAND, "help")
        mentioned = await ann.mention("ink", files=dict([PICTURE]))
        told = await mentioned.told("restarted")
        let_go.set()
    assert told.words == words.RESTARTING_IN_DOUBT
    await sent.acknowledged()


async def test_burst_is_answered_in_time(redraw: Redraw) -> None:
    """Fifty people at once: each has a form well inside three seconds."""
    people = [redraw.slack.user(f"p{number}", channel=redraw.channel) for number in range(50)]
    shown = await asyncio.gather(*(who.command(COMMAND, "ink") for who in people))
    for each in shown:
        await each.viewed()
    assert max(each.ack_s for each in shown) < 2.5


async def test_names_of_files_reach_the_form(redraw: Redraw, ann: Person) -> None:
    """Whoever uses the shortcut sees which picture is meant."""
    message = ann.upload(dict([PICTURE]))
    view = await (await ann.message_shortcut(MESSAGE_SHORTCUT, message)).viewed()
    assert PICTURE[0] in view.words
