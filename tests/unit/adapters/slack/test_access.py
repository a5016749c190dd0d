"""What a payload alone decides: places, hosting, files; and the scopes that are asked for."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.candidates import INPUT_MAX_BYTES
from adapters.slack import access
from adapters.slack.access import Asked, announced
from adapters.slack.origin import Mode, Upload


def reasons(*uploads: Upload, **changes: Any) -> list[str]:
    asked = Asked(team_id="T1", channel_id="C1", files=announced(uploads))
    allowed = {"is_place_allowed": True, "hosts_pictures": True, **changes}
    return [each.reason for each in access.refusals(asked, **allowed)]


def upload(**changes: Any) -> Upload:
    plain = {"file_id": "F1", "url_private": "https://files.slack.com/a", "mimetype": "image/png"}
    return Upload(**{**plain, **changes})


def test_places_are_named_narrowest_first() -> None:
    """An operator may allow a channel, a workspace or an organisation."""
    asked = Asked(team_id="T1", enterprise_id="E1", channel_id="C1")

    assert asked.places == ("slack:C1", "slack:T1", "slack:E1")
    assert Asked(team_id="T1", channel_id=None).places == ("slack:T1",)


@pytest.mark.parametrize(
    "given",
    [
        upload(),
        upload(size_bytes=INPUT_MAX_BYTES),
        upload(mimetype=None, name="a"),
        upload(mimetype="application/octet-stream"),
        upload(mimetype="text/plain", name="a.HEIC"),
        Upload(file_id="F1", mode=Mode.STUB),
    ],
)
def test_what_may_be_a_picture_goes_ahead(given: Upload) -> None:
    """What is only announced is found out from the bytes; of a stub nothing is known."""
    assert reasons(given) == []


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (upload(mimetype="application/pdf", name="a.pdf"), "that is no picture"),
        (upload(mimetype="text/html", name="a"), "that is no picture"),
        (upload(size_bytes=INPUT_MAX_BYTES + 1), "the picture is too large: 32.1 MiB"),
        (
            upload(is_external=True),
            "that file is only linked in Slack and kept somewhere else",
        ),
        (
            upload(mode=Mode.EXTERNAL),
            "that file is only linked in Slack and kept somewhere else",
        ),
        (upload(mode=Mode.DELETED), "that file is not shown in Slack any more"),
        (upload(mode=Mode.HIDDEN), "that file is not shown in Slack any more"),
    ],
)
def test_what_can_be_no_picture_is_refused(given: Upload, reason: str) -> None:
    """By what is announced, before anything is fetched."""
    assert reasons(given) == [reason]


def test_everything_that_is_wrong_is_told_at_once() -> None:
    """The place, the missing host, and each file."""
    found = reasons(
        upload(mimetype="text/html"),
        upload(file_id="F2", is_external=True),
        is_place_allowed=False,
        hosts_pictures=False,
    )

    assert found == [
        "Redraw may not be used in this place",
        "pictures in Slack are private, and Redraw has no place to lend them out from",
        "that is no picture",
        "that file is only linked in Slack and kept somewhere else",
    ]


def test_scopes_that_were_not_granted_are_found() -> None:
    """Only the mention can be done without."""
    granted = {"commands", "chat:write", "files:read"}
    found = access.lacking(granted)

    assert [(each.name, each.is_required) for each in found] == [
        ("files:write", True),
        ("app_mentions:read", False),
    ]
    assert access.lacking({scope.name for scope in access.SCOPES}) == ()
    assert [each.name for each in access.lacking((), access.APP_SCOPES)] == ["connections:write"]
