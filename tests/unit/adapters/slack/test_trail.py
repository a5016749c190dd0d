"""Where the pictures of a job are found again, and who may know of it."""

from __future__ import annotations

from dataclasses import replace

from adapters.slack import trail
from adapters.slack.origin import Entry, Kept, SlackOrigin, Upload, to_origin
from core.jobs.job import DeliveryState, Job
from core.jobs.lifecycle import DeliveryKind, State
from tests.fakes import jobs

ITEMS = tuple(jobs.item(name) for name in "abc")
TOLD = SlackOrigin(
    team_id="T1",
    enterprise_id=None,
    channel_id="C1",
    thread_ts=None,
    user_id="U1",
    entry=Entry.COMMAND,
    sources=(Upload(file_id="F1", name="a.png"),),
)


def job(**changes: object) -> Job:
    plain = jobs.job(state=State.READY, outputs=ITEMS)
    return replace(plain, origin=to_origin(TOLD, place="slack:C1"), **changes)  # type: ignore[arg-type]


def found(**data: object) -> list[str | None]:
    """Return of each output its file in Slack."""
    plain = {"channel": "C1", "message": "2.2", "thread": "1.1", **data}
    row = jobs.delivery(DeliveryKind.RESULT, DeliveryState.SENT, **plain)
    return [each.file_id for each in trail.outputs(job(), (row,)) if isinstance(each, Kept)]


def files(*ids: str) -> list[dict[str, str]]:
    return [{"id": each} for each in ids]


def test_outputs_are_the_files_of_the_result() -> None:
    assert found(attachments=files("F1", "F2", "F3")) == ["F1", "F2", "F3"]


def test_what_was_left_out_has_no_file() -> None:
    """None is taken for another."""
    assert found(attachments=files("F2", "F3"), shown=[1, 2]) == [None, "F2", "F3"]
    assert found(attachments=[], shown=[]) == [None] * 3


def test_references_are_found_in_what_the_user_gave() -> None:
    """Unless there are not as many of them as were prepared."""
    assert trail.references(job(prepared=ITEMS[:1])) == (Kept(item=ITEMS[0], file_id="F1"),)
    assert trail.references(job(prepared=ITEMS[:2])) == tuple(Kept(item=i) for i in ITEMS[:2])
    assert trail.references(job()) == TOLD.sources


def test_job_is_of_its_channel_alone() -> None:
    assert trail.is_of(job(), "C1")
    assert not trail.is_of(job(), "C2")
    assert not trail.is_of(job(), None)
    assert not trail.is_of(jobs.job(), "C1")


def test_newest_message_is_the_results_else_the_cards() -> None:
    card = jobs.delivery(DeliveryKind.CARD, DeliveryState.SENT, channel="C1", message="1.1")
    result = jobs.delivery(DeliveryKind.RESULT, DeliveryState.SENT, channel="C1", message="2.2")
    refused = replace(result, state=DeliveryState.REFUSED)
    at = [trail.posted_of(job(), rows) for rows in ((card, result), (card, refused), ())]
    assert [each and each.message_ts for each in at] == ["2.2", "1.1", None]
    assert trail.was_refused((card, refused))
    assert not trail.was_refused((card, result))
