"""
Decider: the settings as a page for operators, made from the class that reads them.

`python -m bot.settings_reference > docs/settings.md` writes it; a test compares the two.
"""

from __future__ import annotations

import sys

from pydantic.fields import FieldInfo

from bot.settings import Settings
from bot.settings_names import variable
from bot.settings_values import About

_OPENING = """\
# Settings

Settings are environment variables; a file `.env` in the working folder is read below them. An
empty value counts as unset. A value that cannot work ends the command at once with exit code 2
and one sentence that names the variable. Secrets appear in no log line, error or listing.

This page is made from `bot/settings.py` (`python -m bot.settings_reference > docs/settings.md`)
and checked against it by a test.

Exit codes of every command: 0 done, 1 the job failed or a check did, 2 bad input or settings,
130 interrupted. What was not foreseen is also 1: it prints one line, and the log file that this
line names (`redraw.log` in the data folder) has the details.
"""


def page() -> str:
    """Return `docs/settings.md`."""
    sections = [_section(name, field) for name, field in Settings.model_fields.items()]
    return "\n".join([_OPENING, _overview(), *sections])


def _overview() -> str:
    rows = [_row(name, field) for name, field in Settings.model_fields.items()]
    return "\n".join(["| variable | default | meaning |", "| --- | --- | --- |", *rows, ""])


def _row(name: str, field: FieldInfo) -> str:
    link = f"[`{variable(name)}`](#{variable(name).lower()})"
    return f"| {link} | {_default(field)} | {_about(field).meaning} |"


def _section(name: str, field: FieldInfo) -> str:
    about = _about(field)
    lines = [
        f"## {variable(name)}",
        "",
        about.meaning,
        "",
        f"* Value: {about.unit}",
        f"* Default: {_default(field)}",
        f"* Off: {about.off}",
        f"* Why this default: {about.why}",
        "",
    ]
    return "\n".join(lines)


def _about(field: FieldInfo) -> About:
    return next(item for item in field.metadata if isinstance(item, About))


def _default(field: FieldInfo) -> str:
    if field.is_required() or field.default in (None, ()):
        return "unset"
    return f"`{field.default}`"


if __name__ == "__main__":
    sys.stdout.write(page())
