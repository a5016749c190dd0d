"""The example of an environment holds nothing that Redraw does not read."""

from __future__ import annotations

import re
from pathlib import Path

from bot.settings import Settings
from bot.settings_names import variable

EXAMPLE = Path(__file__).parents[3] / "deploy" / "env.example"


def test_every_line_is_a_setting() -> None:
    """Each name in the example is a setting's."""
    names = set(re.findall(r"^#(\w+)=", EXAMPLE.read_text(), re.MULTILINE))

    assert names <= {variable(field) for field in Settings.model_fields}
