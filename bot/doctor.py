"""Root: `redraw doctor`, one line for each check, and what to do where something is wrong."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import asdict

from rich.console import Console
from rich.table import Table
from rich.text import Text

from adapters.terminal.report import ExitCode
from bot import checkups, discord_checkups, logs, slack_checkups
from bot.checkups import Checkup, Verdict
from bot.served import look
from bot.settings import Settings, environment
from core.clock import SystemClock

_STYLES = {Verdict.OK: "green", Verdict.WARN: "yellow", Verdict.FAIL: "bold red"}


def main(*, discord_channel: int | None, as_json: bool) -> int:
    """Print what came of every check; 1 when one of them failed."""
    settings = Settings.from_machine()
    logs.configure_file(settings.data_dir / "redraw.log", settings.secrets)
    done = asyncio.run(examine(settings, discord_channel))
    if as_json:
        sys.stdout.write(json.dumps([asdict(checkup) for checkup in done], indent=2) + "\n")
    else:
        Console().print(_table(done))
    failed = any(checkup.verdict is Verdict.FAIL for checkup in done)
    return ExitCode.FAILED if failed else ExitCode.DONE


async def examine(settings: Settings, discord_channel: int | None = None) -> tuple[Checkup, ...]:
    """Make every check, one after the other; those of a chat when there is anything to look at."""
    clock = SystemClock()
    served = await look(settings)
    return (
        checkups.settings(settings, environment()),
        checkups.disk(settings),
        await checkups.store(settings, clock),
        await checkups.pictures(settings, clock),
        await checkups.api(settings, served),
        await checkups.public_address(settings, served, clock),
        *await discord_checkups.all_of(settings, discord_channel),
        *await slack_checkups.all_of(settings),
    )


def _table(done: tuple[Checkup, ...]) -> Table:
    lines = Table.grid(padding=(0, 2))
    for checkup in done:
        found = Text(checkup.found)
        if checkup.to_do:
            found.append(f"\n→ {checkup.to_do}", style="dim")
        verdict = Text(checkup.verdict, style=_STYLES[checkup.verdict])
        lines.add_row(verdict, Text(checkup.name), found)
    return lines
