"""What a delivery knows of its earlier tries and of the messages before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from adapters.slack.errand import Errand, Said, errand, latest, recorded, said
from adapters.slack.origin import Entry, SlackOrigin
from adapters.slack.posted import Posted
from core.jobs.job import Delivery, DeliveryState
from core.jobs.lifecycle import DeliveryKind
from tests.fakes import jobs
from tests.fakes.clock import START

TOLD = SlackOrigin(
    team_id="T1",
    enterprise_id=None,
    channel_id="C1",
    thread_ts="1.1",
    user_id="U1",
    response_url="https://hooks.slack.com/secret",
    response_url_expires_at=START,
    entry=Entry.MESSAGE,
    sources=(),
)


def card(seq: int = 0, **data: object) -> Delivery:
    plain: dict[str, object] = {
        "channel": "C2",
        "message": "2.2",
        "thread": None,
        "attachments": [],
    }
    row = jobs.delivery(DeliveryKind.CARD, DeliveryState.SENT, **{**plain, **data})
    return replace(row, seq=seq)


def under_way(*sent: Delivery, **changes: Any) -> Errand:
    row = replace(jobs.delivery(DeliveryKind.RESULT, DeliveryState.SENDING), **changes)

    async def commit(facts: Mapping[str, object]) -> None:
        assert facts

    return errand(jobs.job(), row, TOLD, sent, now=START, commit=commit)


@pytest.mark.parametrize("thread", [None, "1.1"])
@pytest.mark.parametrize("ts", [None, "2.2"])
def test_what_is_recorded_is_what_is_read(thread: str | None, ts: str | None) -> None:
    posted = Posted(channel_id="C1", message_ts=ts, thread_ts=thread, file_ids=("F1", "F2"))
    row = jobs.delivery(DeliveryKind.RESULT, DeliveryState.SENT, **recorded(posted, shown=[0]))
    assert said(row) == Said(seq=0, posted=posted)


def test_what_recorded_no_message_is_nowhere() -> None:
    assert said(jobs.delivery(DeliveryKind.CARD, DeliveryState.SENT, posting=True)) is None


def test_the_last_round_counts() -> None:
    where = latest((card(1, message="3.3"), card(0)), DeliveryKind.CARD)
    assert where is not None
    assert where.posted.message_ts == "3.3"
    assert latest((card(),), DeliveryKind.NOTICE) is None


@pytest.mark.parametrize(
    ("sent", "facts", "place"),
    [
        ((), {}, ("C1", "1.1")),
        ((card(),), {}, ("C2", "2.2")),
        ((card(thread="1.1"),), {}, ("C2", "1.1")),
        ((card(thread="1.1"),), {"left_thread": True}, ("C2", None)),
    ],
    ids=["no card", "card", "card in a thread", "thread left"],
)
def test_a_reply_goes_to_the_first_message_of_a_thread(
    sent: tuple[Delivery, ...], facts: dict[str, object], place: tuple[str, str | None]
) -> None:
    task = under_way(*sent, data=facts)
    assert (task.home, task.thread_ts) == place


async def test_facts_are_committed_and_remembered() -> None:
    task = under_way(data={"posting": True})
    await task.note(files=["F1"])
    assert task.facts == {"posting": True, "files": ["F1"]}


def test_everybody_may_read_what_marks_a_message() -> None:
    mark = under_way().mark.metadata
    assert set(mark) == {"event_type", "event_payload"}
    assert mark["event_payload"]["job"] == jobs.job().job_id


def test_no_address_is_shown_by_accident() -> None:
    assert "secret" not in repr(under_way())
