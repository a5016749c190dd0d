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

_CLOSING = """\
## Several replicas

Any number of `redraw run` share the work on one PostgreSQL server, version 14 or newer. What each
does is an option and no setting, since it differs from replica to replica where everything else
is the same: `--role all` (the default) listens to chats, drives jobs and delivers; `gateway`
listens and takes orders, and drives nothing; `worker` drives and delivers, and does not listen.
With a SQLite file only `all` works.

Each replica needs:

* the same `REDRAW_DATABASE_URL`, and `redraw migrate` before the first start of a version. Where
  a pooler stands before the server it must give each client a connection of its own (session
  pooling): who listens is an advisory lock of a session.
* the same `REDRAW_MEDIA_URL`, a bucket or a folder that is mounted everywhere. In a folder the key
  that signs our links (`links.key`) is kept beside the pictures, so that each replica knows the
  links of all; a bucket makes links of its own. A replica that keeps pictures on its own machine,
  or draws previews inside its process (`--preview`), is alone on its database: a second one waits
  20 s for the first to go, and ends with 2.
* the same tokens, limits, models and `QOLABA_API_URL`; previews come from one `redraw studio`.
* with `REDRAW_PUBLIC_URL`, a proxy that hands `/media` to any replica, and `/slack/events` to any
  whose role is not `worker`.
* a data folder, which may be its own: it holds nothing but a log of what was not foreseen.

One replica at a time is connected to Discord. The others stand by, which `/readyz` shows, and the
next one follows within some seconds of its end. Over Socket Mode each replica has two sockets to
Slack, which takes ten for an app: from the sixth replica on they are turned away and tried again
each minute, so let the others be `--role worker`.
"""


def page() -> str:
    """Return `docs/settings.md`."""
    sections = [_section(name, field) for name, field in Settings.model_fields.items()]
    return "\n".join([_OPENING, _overview(), *sections, _CLOSING])


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
        *([about.more, ""] if about.more else []),
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
