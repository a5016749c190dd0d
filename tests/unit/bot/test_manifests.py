"""`redraw manifest slack`: what it prints, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from adapters.slack import registration
from bot import manifests
from core.errors import SettingsError
from tests.fakes.slack_legality import manifest_problems

DEPLOY = Path(__file__).parents[3] / "deploy"
HTTP_URL = "https://redraw.example.org"


@pytest.mark.parametrize("http_url", [None, HTTP_URL, f"{HTTP_URL}:8443/bots/"])
def test_slack_takes_what_is_printed(http_url: str | None) -> None:
    """YAML and JSON say the same: a manifest that Slack's schemas and our rules accept."""
    manifest = yaml.safe_load(manifests.text(http_url))

    assert manifest_problems(manifest) == []
    assert manifest == registration.manifest(http_url=http_url)
    assert json.loads(manifests.text(http_url, as_json=True)) == manifest


@pytest.mark.parametrize(
    ("name", "http_url"), [("slack-manifest.yaml", None), ("slack-manifest-http.yaml", HTTP_URL)]
)
def test_files_beside_the_image_are_what_is_printed(name: str, http_url: str | None) -> None:
    """Whoever takes the file gets the same app as whoever runs the command."""
    assert (DEPLOY / name).read_text() == manifests.text(http_url)


@pytest.mark.parametrize(
    "url",
    [
        "http://redraw.example.org",
        "redraw.example.org",
        "https://",
        "https://redraw.example.org:port",
        "https://[redraw",
        "https://ada:pw-9f2@redraw.example.org",
        "https://redraw.example.org/?a=b",
        "https://redraw.example.org/#a",
        "https://redraw.example.org/a b",
        "https://bücher.example",
        "",
    ],
)
def test_address_that_slack_could_not_call_is_refused(url: str) -> None:
    """In one sentence that names the option."""
    with pytest.raises(SettingsError) as caught:
        manifests.text(url)

    assert caught.value.variable == "--http"
    assert "pw-9f2" not in caught.value.reason
