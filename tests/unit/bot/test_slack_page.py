"""`docs/slack.md` says of scopes, buttons, commands and settings what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from adapters.slack.access import APP_SCOPES, SCOPES
from adapters.slack.registration import EVENTS_PATH, manifest
from adapters.slack.render import LABELS
from bot.settings import Settings
from bot.settings_names import variable

PAGE = (Path(__file__).parents[3] / "docs" / "slack.md").read_text()


def test_every_scope_is_explained_and_no_other() -> None:
    """The table has what the manifest asks for, in the same order and the same words."""
    rows = re.findall(r"^\| `([a-z_]+:?[a-z_]*)`[^|]*\| (.*) \|$", PAGE, re.MULTILINE)

    assert rows[: len(SCOPES)] == [(scope.name, scope.why) for scope in SCOPES]
    assert (APP_SCOPES[0].name, APP_SCOPES[0].why) in rows


@pytest.mark.parametrize("label", LABELS.values())
def test_every_button_is_named(label: str) -> None:
    """Each by the words that stand on it."""
    assert f"**{label}**" in PAGE


def test_shortcuts_command_and_address_are_the_manifests() -> None:
    """What users and Slack look for is there under that name."""
    features = manifest()["features"]

    assert all(f"**{each['name']}**" in PAGE for each in features["shortcuts"])
    assert all(f"`{each['command']}`" in PAGE for each in features["slash_commands"])
    assert f"`{EVENTS_PATH}`" in PAGE


def test_every_named_setting_exists() -> None:
    """The page names no variable that nothing reads."""
    named = set(re.findall(r"\b((?:REDRAW|SLACK|QOLABA)_[A-Z_]+)\b", PAGE))

    assert named <= {variable(field) for field in Settings.model_fields}
    assert {"SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"} <= named
