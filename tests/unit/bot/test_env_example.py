"""The example of an environment is in step with the settings."""

from __future__ import annotations

import re
from pathlib import Path

from bot.settings import Settings
from bot.settings_names import variable

EXAMPLE = (Path(__file__).parents[3] / "deploy" / "env.example").read_text()
FOR_PROXIES = re.compile(r"(DISCORD|SLACK)_\w+_URL")
"""What hardly anybody needs, so that it would only be in the way."""


def test_every_setting_has_a_line_and_every_line_is_a_setting() -> None:
    """Nothing is left out but what proxies need, in the order in which settings are explained."""
    names = re.findall(r"^#(\w+)=", EXAMPLE, re.MULTILINE)
    settings = [variable(field) for field in Settings.model_fields]

    assert set(names) == {name for name in settings if not FOR_PROXIES.fullmatch(name)}
    assert len(names) == len(set(names))


def test_nothing_is_set_in_it() -> None:
    """Whoever copies it has changed nothing yet."""
    lines = [line for line in EXAMPLE.splitlines() if line]

    assert all(line.startswith("#") for line in lines)
