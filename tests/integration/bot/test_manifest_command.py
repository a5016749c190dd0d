"""`redraw manifest slack` as a real process."""

from __future__ import annotations

import json
from pathlib import Path

from bot import manifests
from tests.integration.bot.processes import redraw

HTTP_URL = "https://redraw.example.org"


async def test_manifest_stands_alone_on_standard_output(tmp_path: Path) -> None:
    """It needs no setting, and nothing is said beside it."""
    done = await redraw("manifest", "slack", folder=tmp_path)

    assert (done.code, done.out, done.err) == (0, manifests.text(), "")


async def test_other_mode_and_other_form(tmp_path: Path) -> None:
    """`--http` makes the app for HTTP, `--json` prints it as one object."""
    done = await redraw("manifest", "slack", "--http", HTTP_URL, "--json", folder=tmp_path)

    printed = json.loads(done.out)
    assert (done.code, done.err) == (0, "")
    assert printed["settings"]["socket_mode_enabled"] is False
    assert printed["settings"]["interactivity"]["request_url"] == f"{HTTP_URL}/slack/events"


async def test_wrong_address_is_bad_input(tmp_path: Path) -> None:
    """Exit code 2 and one sentence."""
    done = await redraw("manifest", "slack", "--http", "http://localhost", folder=tmp_path)

    assert (done.code, done.out) == (2, "")
    assert done.err == "redraw: --http: expected an address that begins with https://\n"
