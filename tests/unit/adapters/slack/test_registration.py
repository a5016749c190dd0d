"""The manifest: Slack's own schemas take it, and it asks for nothing that is not needed."""

from __future__ import annotations

import pytest

from adapters.slack import access, registration
from tests.fakes.slack_legality import manifest_problems

HTTP_URL = "https://redraw.example/"


@pytest.mark.parametrize("http_url", [None, HTTP_URL])
def test_slack_takes_the_manifest(http_url: str | None) -> None:
    """Both are legal, and ask for the least."""
    assert manifest_problems(registration.manifest(http_url=http_url)) == []


def test_manifest_asks_for_the_scopes_that_the_doctor_looks_for() -> None:
    """There is one list of them."""
    asked = registration.manifest()["oauth_config"]["scopes"]

    assert asked == {"bot": [scope.name for scope in access.SCOPES]}
    assert all(scope.why for scope in (*access.SCOPES, *access.APP_SCOPES))


def test_both_ways_in_answer_to_the_same() -> None:
    """Only addresses and the mode tell the two apart."""
    socket, http = registration.manifest(), registration.manifest(http_url=HTTP_URL)
    address = "https://redraw.example/slack/events"
    (command,) = http["features"]["slash_commands"]

    assert command.pop("url") == address
    assert http["settings"]["event_subscriptions"].pop("request_url") == address
    assert http["settings"]["interactivity"].pop("request_url") == address
    assert http["settings"].pop("socket_mode_enabled") is False
    assert socket["settings"].pop("socket_mode_enabled") is True
    assert http == socket


def test_names_are_those_that_help_tells() -> None:
    """What a user is told to look for is there under that name."""
    features = registration.manifest()["features"]
    names = {each["name"] for each in features["shortcuts"]}

    assert names == {"Redraw this image", "Redraw an image"}
    assert [each["command"] for each in features["slash_commands"]] == ["/redraw"]
