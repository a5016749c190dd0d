"""What Slack answers with, as far as we read it."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.slack import posted
from adapters.slack.posted import HeldFile, Identity, Posted, Ticket
from core.errors import DeliveryRetryable


@pytest.mark.parametrize(
    ("message", "thread_ts"),
    [({}, None), ({"thread_ts": "1.1"}, "1.1"), ({"thread_ts": "2.2"}, None), (None, None)],
    ids=["outside", "reply", "its own thread", "not shown"],
)
def test_a_message(message: object, thread_ts: str | None) -> None:
    answer = {"channel": "C1", "ts": "2.2", "message": message}
    assert posted.posted(answer) == Posted(channel_id="C1", message_ts="2.2", thread_ts=thread_ts)


def file(**more: object) -> HeldFile:
    return posted.held_file({"file": {"id": "F1", **more}})


def test_a_file_is_downloaded_where_slack_says_so() -> None:
    assert file(url_private="a", url_private_download="b").url == "b"
    assert file(url_private="a").url == "a"
    assert file().url is None


def test_what_a_file_does_not_say_is_not_known() -> None:
    held = file(size=0)
    assert (held.size_bytes, held.is_external, held.mode) == (None, False, None)
    assert held.shares == {}


def test_a_files_places_have_messages_or_not() -> None:
    shares = {
        "public": {"C1": [{"ts": "2.2", "thread_ts": "1.1"}], "C2": []},
        "private": {"D1": [{"ts": "3.3", "thread_ts": "3.3"}]},
    }
    held = file(channels=["C1", "C3"], groups=["G1"], ims=["D1"], shares=shares)
    assert held.shares == {
        "C1": Posted(channel_id="C1", message_ts="2.2", thread_ts="1.1"),
        "C3": Posted(channel_id="C3", message_ts=None),
        "G1": Posted(channel_id="G1", message_ts=None),
        "D1": Posted(channel_id="D1", message_ts="3.3"),
    }


def test_who_we_are() -> None:
    answer = {"team_id": "T1", "user_id": "U1", "url": "https://w.slack.com/"}
    assert posted.identity(answer, frozenset({"commands"})) == Identity(
        team_id="T1",
        user_id="U1",
        workspace_url="https://w.slack.com/",
        scopes=frozenset({"commands"}),
    )


def test_an_upload() -> None:
    found = posted.ticket({"file_id": "F1", "upload_url": "https://secret"})
    assert found == Ticket(file_id="F1", url="https://secret")
    assert "secret" not in repr(found)
    assert "secret" not in repr(file(url_private="https://secret"))


@pytest.mark.parametrize(
    "answer", [None, [], {}, {"ts": 1}, {"file": []}, {"file": {"id": 1, "size": "x"}}]
)
def test_what_cannot_be_read_may_be_read_later(answer: Any) -> None:
    readers = (posted.posted, posted.held_file, posted.ticket)
    for read in readers:
        with pytest.raises(DeliveryRetryable):
            read(answer)
    with pytest.raises(DeliveryRetryable):
        posted.identity(answer, frozenset())
