"""`docs/discord.md` says of permissions, buttons and settings what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from adapters.discord.access import INVITE_PERMISSIONS, PERMISSIONS, Permission
from adapters.presentation import Action
from bot.settings import Settings
from bot.settings_names import variable

PAGE = (Path(__file__).parents[3] / "docs" / "discord.md").read_text()


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the table below a heading, without its head."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def test_every_permission_is_explained_and_no_other() -> None:
    """The table has exactly what the invitation asks for, in the same order."""
    found = [row[0] for row in rows("What each permission is for")]

    assert found == [permission.name for permission in PERMISSIONS]
    assert str(INVITE_PERMISSIONS) in PAGE


@pytest.mark.parametrize("permission", PERMISSIONS, ids=lambda permission: permission.name)
def test_what_is_required_is_said_to_be(permission: Permission) -> None:
    """Where nothing works without a permission the page says that commands are refused."""
    (without,) = [
        row[2] for row in rows("What each permission is for") if row[0] == permission.name
    ]

    assert (without == "the command is refused privately") is permission.is_required


@pytest.mark.parametrize("action", Action)
def test_every_button_is_explained(action: Action) -> None:
    """Each action has a row that says what it does and who may."""
    name = action.value.replace("_", " ").replace("before after", "before/after").capitalize()

    assert f"| **{name}** |" in PAGE


def test_every_named_setting_exists() -> None:
    """The page names no variable that nothing reads."""
    named = set(re.findall(r"\b((?:REDRAW|DISCORD|QOLABA)_[A-Z_]+)\b", PAGE))

    assert named <= {variable(field) for field in Settings.model_fields}
    assert "DISCORD_TOKEN" in named
