"""Root: `redraw migrate`."""

from __future__ import annotations

import asyncio

from adapters.terminal.report import ExitCode
from bot import logs, plans
from bot.settings import Settings
from core.jobs.store import engine


def main() -> int:
    """Bring the bot's database to what this version needs."""
    settings = Settings.from_machine()
    logs.configure(settings.log_format, settings.secrets)
    url = plans.database_of(settings, settings.data_dir)
    changed = asyncio.run(_migrate(url))
    print("The database was brought up to date." if changed else "The database is up to date.")
    return ExitCode.DONE


async def _migrate(url: str) -> bool:
    if await engine.schema_is_current(url):
        return False
    await engine.migrate(url)
    return True
