"""Root: `redraw jobs`, what the ledger knows, as a table, as a page about one job, or as JSON."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from rich.console import Console

from adapters.terminal.report import ExitCode
from bot import exits, job_pages, logs, plans, tries
from bot.job_pages import Told
from bot.settings import Settings
from core.clock import SystemClock
from core.errors import StoreUnavailable, UnknownJob
from core.jobs.job import Job
from core.jobs.store.engine import schema_is_current
from core.jobs.store.ledger import Ledger, open_ledger

NOTHING_YET = "There are no jobs yet."
OTHER_VERSION = "is of another version: run `redraw migrate`"


def newest(*, limit: int, terminal: bool, as_json: bool) -> int:
    """Print the newest jobs of the bot, or of the terminal; those when the bot has none."""
    settings = _begin()
    bots, tried = _databases(settings)
    jobs, unread = asyncio.run(_newest(tried if terminal else bots, limit))
    if not jobs and not unread and not terminal and settings.database_url is None:
        jobs, unread = asyncio.run(_newest(tried, limit))
        if jobs:
            exits.say("the bot has no jobs; these are those of `redraw try`")
    if as_json:
        _print_json([job_pages.brief(job) for job in jobs])
    elif jobs or not unread:
        Console().print(job_pages.table(jobs) if jobs else NOTHING_YET)
    return ExitCode.FAILED if unread else ExitCode.DONE


def show(job_id: str, *, as_json: bool) -> int:
    """
    Print all about one job, wherever it was asked for.

    Raises:
        UnknownJob: there is no such job.
    """
    settings = _begin()
    bots, tried = _databases(settings)
    told = asyncio.run(_told((*bots, *tried), job_id.strip().upper()))
    if as_json:
        _print_json(job_pages.in_full(told))
    else:
        Console().print(job_pages.page(told))
    return ExitCode.DONE


def _begin() -> Settings:
    settings = Settings.from_machine()
    logs.configure_file(settings.data_dir / "redraw.log", settings.secrets)
    return settings


def _databases(settings: Settings) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return where the bot's jobs are, and those of the terminal."""
    preview = plans.sqlite_in(settings.data_dir / "preview")
    bots = dict.fromkeys((plans.database_of(settings, settings.data_dir), preview))
    return tuple(bots), tuple(map(plans.sqlite_in, tries.folders(settings.data_dir)))


async def _newest(urls: Sequence[str], limit: int) -> tuple[list[Job], int]:
    """Return the newest jobs, and how many databases could not be read."""
    jobs: list[Job] = []
    unread = 0
    for url in filter(plans.exists, urls):
        async with _opened(url) as ledger:
            if ledger:
                jobs += await ledger.list_all(limit)
            else:
                unread += 1
    return sorted(jobs, key=lambda job: job.job_id, reverse=True)[:limit], unread


async def _told(urls: Sequence[str], job_id: str) -> Told:
    for url in filter(plans.exists, urls):
        async with _opened(url) as ledger:
            found = await _told_by(ledger, job_id) if ledger else None
        if found is not None:
            return found
    raise UnknownJob(job_id)


async def _told_by(ledger: Ledger, job_id: str) -> Told | None:
    try:
        job = await ledger.load(job_id)
    except UnknownJob:
        return None
    return Told(
        job=job,
        history=await ledger.history(job_id),
        deliveries=await ledger.deliveries(job_id),
    )


@asynccontextmanager
async def _opened(url: str) -> AsyncIterator[Ledger | None]:
    """Open jobs for reading; None, once it has been said why, where they cannot be read."""
    trouble = await _trouble(url)
    if trouble is not None:
        exits.say(f"{plans.place_of(url)} {trouble}")
        yield None
        return
    async with open_ledger(url, SystemClock()) as ledger:
        yield ledger


async def _trouble(url: str) -> str | None:
    try:
        return None if await schema_is_current(url) else OTHER_VERSION
    except StoreUnavailable as error:
        return f"cannot be read ({error})"


def _print_json(value: object) -> None:
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")
