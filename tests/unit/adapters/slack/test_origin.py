"""Origins: kept as JSON and read back the same, with nothing secret in sight."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.slack import origin
from adapters.slack.origin import Entry, Kept, Mode, SlackOrigin, Source, Upload
from core.jobs.job import Origin
from tests.fakes.clock import START
from tests.fakes.jobs import item

URL = "https://hooks.slack.com/commands/T1/2/secret"
UPLOAD = Upload(
    file_id="F0123456789",
    url_private="https://files.slack.com/files-pri/T1-F1/a.png",
    size_bytes=12,
    mimetype="image/png",
    mode="hosted",
    name="a.png",
)
TOLD = SlackOrigin(
    team_id="T1",
    enterprise_id="E1",
    channel_id="C1",
    thread_ts="1700000000.000100",
    user_id="U1",
    response_url=URL,
    response_url_expires_at=START + timedelta(seconds=1800),
    entry=Entry.MESSAGE,
    sources=(UPLOAD, Kept(item=item(), file_id="F2")),
)

texts = st.none() | st.text(max_size=20)
sources = st.one_of(
    st.builds(
        Upload,
        file_id=st.text(min_size=1),
        url_private=texts,
        size_bytes=st.none() | st.integers(0, 10**12),
        mimetype=texts,
        is_external=st.booleans(),
        mode=texts,
        name=st.text(max_size=20),
    ),
    st.builds(Kept, item=st.just(item()), file_id=texts),
)


def kept(told: SlackOrigin) -> Origin:
    """Return the origin as it comes out of a store."""
    made = origin.to_origin(told, place="slack:C1")
    return replace(made, data=json.loads(json.dumps(made.data)))


@pytest.mark.parametrize("entry", Entry)
@pytest.mark.parametrize("is_bare", [False, True])
def test_origin_is_read_back_as_it_was_told(entry: Entry, is_bare: bool) -> None:
    """Every entry, in a thread and not, with and without a response_url."""
    bare = {"enterprise_id": None, "thread_ts": None, "response_url": None}
    told = replace(TOLD, entry=entry, **(bare if is_bare else {}))  # type: ignore[arg-type]
    if is_bare:
        told = replace(told, response_url_expires_at=None)

    found = kept(told)

    assert origin.of(found) == told
    assert (found.platform, found.place, found.requester) == ("slack", "slack:C1", "slack:U1")


@settings(deadline=None)
@given(sources)
def test_any_source_is_read_back(source: Source) -> None:
    """Drafts keep sources in the same words."""
    assert origin.source_from_json(json.loads(json.dumps(origin.source_to_json(source)))) == source


def test_secrets_are_not_in_the_repr() -> None:
    """Neither the response_url nor the address of a private file is ever printed."""
    assert "secret" not in repr(TOLD)
    assert "files-pri" not in repr(TOLD)


@pytest.mark.parametrize(
    ("after_s", "can"), [(0, True), (1769, True), (1770, False), (1801, False)]
)
def test_response_url_is_not_used_near_its_end(after_s: float, can: bool) -> None:
    """It lives for thirty minutes, of which the last half is not relied on."""
    assert TOLD.can_respond(START + timedelta(seconds=after_s)) is can


def test_without_response_url_nobody_responds() -> None:
    """A mention has none, and the global shortcut neither."""
    assert not replace(TOLD, response_url=None).can_respond(START)


def test_direct_messages_are_known_by_their_id() -> None:
    """A direct message with the bot has an id of its own kind."""
    assert not TOLD.is_direct
    assert replace(TOLD, channel_id="D1").is_direct


def test_stubs_and_deleted_files_are_told_apart() -> None:
    """A stub is to be looked up; a deleted file is to be given up."""
    stub = Upload(file_id="F1", mode=Mode.STUB)
    gone = Upload(file_id="F1", mode=Mode.DELETED)

    assert (UPLOAD.is_stub, UPLOAD.is_gone) == (False, False)
    assert (stub.is_stub, stub.is_gone) == (True, False)
    assert (gone.is_stub, gone.is_gone) == (False, True)
    assert Upload(file_id="F1").is_stub
