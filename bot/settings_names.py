"""Decider: how settings are called, where data usually goes, and what is wrong, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr, ValidationError

from core.errors import SettingsError

PREFIX = "REDRAW_"
"""Begins the names of our own settings."""
_USUAL_NAMES = ("qolaba_", "discord_", "slack_")
"""Begin the fields whose variables have the vendors' usual names."""


def variable(field: str) -> str:
    """Return the environment variable that sets `field`."""
    return field.upper() if field.startswith(_USUAL_NAMES) else PREFIX + field.upper()


def default_data_dir(environ: Mapping[str, str], platform: str) -> Path:
    """
    Return where a user's data belongs on `platform`.

    Source: https://specifications.freedesktop.org/basedir-spec/latest/
    """
    xdg = environ.get("XDG_DATA_HOME", "")
    if xdg.startswith("/"):
        return Path(xdg) / "redraw"
    home = Path(environ["HOME"]) if environ.get("HOME") else _home()
    if platform == "darwin":
        return home / "Library" / "Application Support" / "redraw"
    return home / ".local" / "share" / "redraw"


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError as exc:
        reason = "has to be set: there is no home folder to put data into"
        raise SettingsError("REDRAW_DATA_DIR", reason) from exc


_EXPECTED = {
    "int_parsing": "expected a whole number",
    "int_from_float": "expected a whole number",
    "greater_than_equal": "expected at least {ge}",
    "less_than_equal": "expected at most {le}",
    "literal_error": "expected {expected}",
}
"""What to say instead of the library's words, by the type of mistake."""


def first_mistake(exc: ValidationError) -> SettingsError:
    """Return the first thing that is wrong, by the name of its variable, without the value."""
    mistake = exc.errors(include_input=False, include_url=False)[0]
    said = str(mistake["msg"]).removeprefix("Value error, ")
    reason = _EXPECTED.get(mistake["type"], said).format(**mistake.get("ctx", {}))
    return SettingsError(variable(str(mistake["loc"][0])), reason)


def secrets_of(values: Iterable[object]) -> tuple[str, ...]:
    """Return every secret among `values`; of an address only its password is one."""
    held = [value.get_secret_value() for value in values if isinstance(value, SecretStr)]
    passwords = [urlsplit(text).password for text in held if "://" in text]  # checked when set
    whole = [text for text in held if "://" not in text]
    return tuple(text for text in (*whole, *passwords) if text)
