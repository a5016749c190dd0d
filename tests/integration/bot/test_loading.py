"""Libraries are loaded where they are used: nobody pays for a chat that is not set up."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.bot.processes import ROOT, measured

CHATS = {"discord", "slack_bolt", "slack_sdk"}
END = f"import sys\nprint('loaded:', sorted({CHATS} & set(sys.modules)))\n"
"""Says, last of all, whether the library of the chat is there."""


def loaded(code: str, folder: Path) -> str:
    """Run `code` and return what it says about loaded libraries."""
    done = subprocess.run(
        [sys.executable, "-c", f"import atexit\natexit.register(lambda: exec({END!r}))\n{code}"],
        cwd=folder,
        env={
            "PATH": os.defpath,
            "HOME": str(folder),
            "PYTHONPATH": str(ROOT),
            "REDRAW_DATA_DIR": str(folder / "data"),
            **measured(),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.stdout.rpartition("loaded: ")[2].strip()


def of_command(*arguments: str) -> str:
    """Return code that carries out one command in its own process."""
    return (
        f"import sys\nsys.argv = {['redraw', *arguments]!r}\nfrom bot.__main__ import main\nmain()"
    )


@pytest.mark.parametrize("module", ["bot.cli", "bot.running", "bot.platforms", "bot.doctor"])
def test_importing_the_root_loads_no_chat(tmp_path: Path, module: str) -> None:
    """What wires the chats does not load them."""
    assert loaded(f"import {module}", tmp_path) == "[]"


@pytest.mark.slow
def test_a_try_loads_no_chat(tmp_path: Path) -> None:
    """A whole `redraw try`, from the prompt to the written picture, needs no chat library."""
    assert loaded(of_command("try", "a woodcut", "--json"), tmp_path) == "[]"
    assert list((tmp_path / "redraw-out").iterdir())


def test_a_run_without_a_token_loads_no_chat(tmp_path: Path) -> None:
    """`redraw run` ends without having loaded what it has no token for."""
    assert loaded(of_command("run", "--preview"), tmp_path) == "[]"


def test_a_run_with_a_token_would_be_noticed(tmp_path: Path) -> None:
    """What the other tests look at does tell when the library is loaded."""
    assert loaded("import adapters.discord.app", tmp_path) == "['discord']"
