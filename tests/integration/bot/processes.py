"""Commands as real processes, with nothing in their environment but what a test gives."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
PATIENCE_S = 60.0


@dataclass(frozen=True, kw_only=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str


async def start(
    *arguments: str,
    folder: Path,
    environ: Mapping[str, str] | None = None,
    stdin: int = asyncio.subprocess.DEVNULL,
) -> asyncio.subprocess.Process:
    """
    Start one command in `folder`; its data are in `folder/data` unless `environ` says else.

    Nothing is typed unless `stdin` is a terminal's end.
    """
    given = {
        "PATH": os.defpath,
        "HOME": str(folder),
        "PYTHONPATH": str(ROOT),
        "COLUMNS": "100",
        "REDRAW_DATA_DIR": str(folder / "data"),
        **measured(),
        **(environ or {}),
    }
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        *arguments,
        cwd=folder,
        env=given,
        stdin=stdin,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


def measured() -> dict[str, str]:
    """Return what coverage leaves in the environment to find its way into processes."""
    ours = os.environ  # noqa: TID251  # the tests' own tool, not a setting
    return {name: value for name, value in ours.items() if name.startswith("COVERAGE_")}


async def end(process: asyncio.subprocess.Process) -> Done:
    """Wait for the command's end."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            out, err = await process.communicate()
    except TimeoutError:
        process.kill()
        out, err = await process.communicate()
    assert process.returncode is not None
    return Done(code=process.returncode, out=out.decode(), err=err.decode())


async def redraw(*arguments: str, folder: Path, environ: Mapping[str, str] | None = None) -> Done:
    """Run one command to its end."""
    return await end(await start(*arguments, folder=folder, environ=environ))
