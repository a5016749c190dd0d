"""The command line before it does anything: what it is called, and what it loads."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = frozenset({
    "PIL", "aiohttp", "alembic", "celery", "discord", "httpx", "kombu", "numpy", "rich",
    "sqlalchemy", "structlog",
})  # fmt: skip
"""What a command may need, but nobody who asks which commands there are."""

MODULE = (sys.executable, "-m", "bot")
COMMAND = (str(Path(sys.executable).with_name("redraw")),)


def _run(*command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize(
    "arguments", [("--help",), ("try", "--help"), ("models", "--json"), ("none",)]
)
def test_module_and_command_are_the_same(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """`python -m bot` and `redraw` print the same and end alike."""
    module = _run(*MODULE, *arguments, folder=tmp_path)
    command = _run(*COMMAND, *arguments, folder=tmp_path)

    assert (module.returncode, module.stdout) == (command.returncode, command.stdout)
    assert module.stderr == command.stderr
    assert module.stdout or module.stderr


@pytest.mark.parametrize(
    "arguments",
    [("--help",), ("try", "--help"), ("jobs", "--help"), ("invite", "discord", "--help")],
)
def test_help_loads_nothing_heavy(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """To say which commands there are, no library is loaded that only carries them out."""
    done = _run(sys.executable, "-X", "importtime", "-m", "bot", *arguments, folder=tmp_path)
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}

    assert (done.returncode, "typer" in loaded) == (0, True)
    assert {name.partition(".")[0] for name in loaded} & HEAVY == set()
