"""Root: `redraw manifest slack`, what Slack makes an app from, alone on standard output."""

from __future__ import annotations

import json
import sys
from urllib.parse import urlsplit

from adapters.slack import registration
from adapters.terminal.report import ExitCode
from bot.yaml_text import yaml_text
from core.errors import SettingsError


def slack(http_url: str | None, *, as_json: bool) -> int:
    """
    Print the manifest: for Socket Mode, or for HTTP at the public address `http_url`.

    Raises:
        SettingsError: Slack could not call that address.
    """
    sys.stdout.write(text(http_url, as_json=as_json))
    return ExitCode.DONE


def text(http_url: str | None = None, *, as_json: bool = False) -> str:
    """Return the manifest as YAML or JSON; raises SettingsError as `slack` does."""
    if http_url is not None:
        _check(http_url)
    manifest = registration.manifest(http_url=http_url)
    return json.dumps(manifest, indent=2) + "\n" if as_json else yaml_text(manifest)


def _check(url: str) -> None:
    """
    Refuse what Slack would refuse, or what could not be meant.

    Source: docs.slack.dev/reference/app-manifest (addresses are https).
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise SettingsError("--http", "expected an address") from None
    if parts.scheme != "https" or not parts.hostname or not url.isascii() or " " in url:
        raise SettingsError("--http", "expected an address that begins with https://")
    if parts.username or parts.password or parts.query or parts.fragment:
        reason = "expected an address without credentials, query or fragment"
        raise SettingsError("--http", reason)
